/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Overview } from '../api/types';
import { useT } from '../i18n';
import { change, changeUsd, formatChange, formatCount, formatDuration, formatPercent } from '../model/format';
import { formatUsd } from '../model/money';
import { spark as sparkOf, type Line } from '../model/series';
import { ErrorState, Help, Skeleton } from '../ui/states';

interface TilesProps {
  overview: UseQueryResult<Overview>;
  /** Drawn small in the tiles; what the charts beneath already asked for. */
  rate: readonly Line[];
  cost: readonly Line[];
  latency: readonly Line[];
  errors: readonly Line[];
}

/** Whether more of a figure is good, bad, or neither. */
type Sense = 'more-is-bad' | 'neutral';

export function Tiles({ overview, rate, cost, latency, errors }: TilesProps) {
  const t = useT();
  if (overview.data === undefined) {
    return (
      <div className="grid tiles">
        {[0, 1, 2, 3].map((i) =>
          overview.error && i === 0 ? (
            <div key={i} className="panel" style={{ gridColumn: '1 / -1', height: 148 }}>
              <ErrorState error={overview.error} retry={() => void overview.refetch()} />
            </div>
          ) : overview.error ? null : (
            <Skeleton key={i} height={148} />
          ),
        )}
      </div>
    );
  }
  const { totals, previous } = overview.data;
  const { cost: money } = totals;
  const na = '—';
  const usd = (value: string | null) => (value === null ? na : formatUsd(value));
  const ms = (value: number | null) => (value === null ? na : formatDuration(value));
  const percent = (value: number | null) => (value === null ? na : formatPercent(value));
  const unpriced = money.unpricedCalls;
  return (
    <div className={`grid tiles${overview.isPlaceholderData ? ' stale' : ''}`}>
      {overview.isRefetchError && overview.error && (
        <div className="panel" style={{ gridColumn: '1 / -1' }}>
          <ErrorState error={overview.error} retry={() => void overview.refetch()} />
        </div>
      )}
      <Tile
        name="cost"
        title={t('tile.cost')}
        help={t('tile.help.cost')}
        value={money.usd === null ? (unpriced > 0 ? t('tile.noCost') : na) : formatUsd(money.usd)}
        exact={money.usd}
        ratio={changeUsd(money.usd, previous.cost.usd)}
        before={usd(previous.cost.usd)}
        sense="neutral"
        lines={[
          t('tile.costParts', { reported: usd(money.reportedUsd), computed: usd(money.computedUsd) }),
          unpriced > 0 ? (
            <span key="u" className="badge warn" data-unpriced={unpriced}>
              {t('tile.unpriced', { n: formatCount(unpriced) })}
            </span>
          ) : totals.calls > 0 ? (
            t('tile.unpricedNone')
          ) : (
            ''
          ),
        ]}
        spark={merged(cost)}
      />
      <Tile
        name="events"
        title={t('tile.events')}
        help={t('tile.help.events')}
        value={totals.events === null ? na : formatCount(totals.events)}
        exact={totals.events}
        ratio={change(totals.events, previous.events)}
        before={previous.events === null ? na : formatCount(previous.events)}
        sense="neutral"
        lines={[t('tile.eventsParts', { calls: formatCount(totals.calls), requests: formatCount(totals.requests.count) }), '']}
        spark={merged(rate)}
      />
      <Tile
        name="latency"
        title={t('tile.latency')}
        help={t('tile.help.latency')}
        value={ms(totals.latencyMs.avg)}
        exact={totals.latencyMs.avg}
        ratio={change(totals.latencyMs.avg, previous.latencyMs.avg)}
        before={ms(previous.latencyMs.avg)}
        sense="more-is-bad"
        lines={[t('tile.latencyParts', { p50: ms(totals.latencyMs.p50), p95: ms(totals.latencyMs.p95), p99: ms(totals.latencyMs.p99) }), '']}
        spark={latency[0]?.points ?? []}
      />
      <Tile
        name="failRate"
        title={t('tile.failRate')}
        help={t('tile.help.failRate')}
        value={percent(totals.failRate)}
        exact={totals.failRate}
        ratio={change(totals.failRate, previous.failRate)}
        before={percent(previous.failRate)}
        sense="more-is-bad"
        lines={[t('tile.failParts', { errors: formatCount(totals.errors), calls: formatCount(totals.calls) }), t('tile.failRequests', { rate: percent(totals.requests.failRate) })]}
        spark={merged(errors)}
        sparkColor="var(--bad)"
      />
    </div>
  );
}

/** Several lines as their sum. */
function merged(lines: readonly Line[]): [number, number | null][] {
  const first = lines[0];
  if (!first) return [];
  return first.points.map(([time], i) => {
    const values = lines.map((l) => l.points[i]?.[1] ?? null).filter((v): v is number => v !== null);
    return [time, values.length === 0 ? null : values.reduce((a, b) => a + b, 0)];
  });
}

interface TileProps {
  name: string;
  title: string;
  help: string;
  value: string;
  /** The API's own figure, as it came. */
  exact: string | number | null;
  ratio: number | null;
  before: string;
  sense: Sense;
  lines: readonly [ReactNode, ReactNode];
  spark: [number, number | null][];
  sparkColor?: string;
}

function Tile({ name, title, help, value, exact, ratio, before, sense, lines, spark, sparkColor }: TileProps) {
  const t = useT();
  const tone = ratio === null || sense === 'neutral' || Math.abs(ratio) < 0.001 ? '' : ratio > 0 ? 'bad' : 'good';
  const path = sparkOf(spark, 100, 30);
  return (
    <section className="panel tile" aria-label={title} data-tile={name} data-exact={exact ?? ''}>
      <h2>
        {title}
        <Help text={help} />
      </h2>
      <div className="tile-value" title={exact === null ? undefined : String(exact)}>
        {value}
      </div>
      {path.line !== '' && (
        <svg className="tile-spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true" style={sparkColor === undefined ? undefined : { color: sparkColor }}>
          <path className="area" d={path.area} />
          <path d={path.line} />
        </svg>
      )}
      <div className="tile-delta" title={ratio === null ? undefined : t('tile.vsPrevious', { value: before })}>
        {ratio === null ? (
          <span>{t('tile.noPrevious')}</span>
        ) : (
          <>
            <span className={`badge num ${tone}`}>{formatChange(ratio)}</span>
            <span className="ellipsis">{t('tile.vsPrevious', { value: before })}</span>
          </>
        )}
      </div>
      <div className="tile-line ellipsis" style={{ marginTop: 5 }}>
        {lines[0]}
      </div>
      <div className="tile-line ellipsis">{lines[1]}</div>
    </section>
  );
}
