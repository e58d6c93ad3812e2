/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { ApiError } from '../api/client';
import { useT } from '../i18n';
import { HelpIcon, RefreshIcon } from './icons';

export function Skeleton({ height, width }: { height: number | string; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} aria-hidden="true" />;
}

/** What the API said, and a way to ask again. */
export function ErrorState({ error, retry }: { error: Error; retry: () => void }) {
  const t = useT();
  const detail = error instanceof ApiError && error.status > 0 ? `${error.status} ${error.code}${error.field ? ` (${error.field})` : ''}: ` : '';
  return (
    <div className="state" role="alert">
      <strong>{t('state.failed')}</strong>
      <span className="mono">{detail + error.message}</span>
      <button type="button" className="btn small" onClick={retry}>
        <RefreshIcon size={14} /> {t('state.retry')}
      </button>
    </div>
  );
}

export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <span>{title}</span>
      {children}
    </div>
  );
}

/** A tooltip beside a small mark, on hover and focus. */
export function Help({ text }: { text: string }) {
  const [at, setAt] = useState<{ x: number; y: number } | null>(null);
  const show = (target: HTMLElement) => {
    const box = target.getBoundingClientRect();
    setAt({ x: Math.min(box.left, window.innerWidth - 300), y: box.bottom + 6 });
  };
  return (
    <>
      <button type="button" className="help" aria-label={text} onMouseEnter={(e) => show(e.currentTarget)} onFocus={(e) => show(e.currentTarget)} onMouseLeave={() => setAt(null)} onBlur={() => setAt(null)}>
        <HelpIcon size={13} />
      </button>
      {at && createPortal(<div className="tip" role="tooltip" style={{ left: at.x, top: at.y }}>{text}</div>, document.body)}
    </>
  );
}
