/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { CostKind, Usd } from '../api/types';
import { useT } from '../i18n';
import { formatUsd, parseUsd } from '../model/money';

/** The cost of many calls: unknown and partly unknown are told apart from nothing. */
export function SumCost({ usd, unpricedCalls, calls }: { usd: Usd | null; unpricedCalls: number; calls: number }) {
  const t = useT();
  // Cache hits alone cost nothing: beside calls without a price that would read as free.
  if (unpricedCalls > 0 && (usd === null || parseUsd(usd) === 0n)) return <span className="badge warn" title={t('tile.unpriced', { n: unpricedCalls })}>{t('cost.unpriced')}</span>;
  if (usd === null) return <span className="muted">{calls > 0 ? '—' : ''}</span>;
  return (
    <span className="num" title={`$${usd}`}>
      {formatUsd(usd)}
      {unpricedCalls > 0 && (
        <span className="partial" title={t('cost.partial', { n: unpricedCalls })} aria-label={t('cost.partial', { n: unpricedCalls })}>
          {' '}
          +?
        </span>
      )}
    </span>
  );
}

/** The cost of one call, and how it came about. */
export function CallCost({ usd, kind }: { usd: Usd | null; kind: CostKind }) {
  const t = useT();
  if (kind === 'unpriced') return <span className="badge warn">{t('cost.unpriced')}</span>;
  if (usd === null) return <span className="muted" title={kind === 'none' ? t('cost.none') : undefined}>—</span>;
  return <span className="num" title={`$${usd} · ${t(`cost.${kind}`)}`}>{formatUsd(usd)}</span>;
}
