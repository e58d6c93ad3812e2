/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client';
import { useRangeQuery, useTrace } from '../api/queries';
import type { Flow, LatencyParts, TraceDetail } from '../api/types';
import { FlowChart, flowHeight } from '../charts/flow-chart';
import { useT } from '../i18n';
import { formatCount, formatDateTime, formatDuration, formatShort } from '../model/format';
import type { UrlState } from '../state/url';
import type { UpdateUrl } from '../state/use-url';
import { CheckIcon, ChevronDown, ChevronUp, CloseIcon, CopyIcon, DownloadIcon } from '../ui/icons';
import { SumCost } from '../ui/money';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { SpanPane } from './span-pane';
import { Waterfall } from './waterfall';
import { errorWords } from './words';

interface TraceDrawerProps {
  url: UrlState;
  update: UpdateUrl;
  traceId: string;
  onPrevious: (() => void) | null;
  onNext: (() => void) | null;
}

type View = 'waterfall' | 'flow' | 'json';

/** One trace beside the list: figures, where the time went, its spans, and one span's own facts. */
export function TraceDrawer({ url, update, traceId, onPrevious, onNext }: TraceDrawerProps) {
  const t = useT();
  const detail = useTrace(traceId);
  const [view, setView] = useState<View>('waterfall');
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const trace = detail.data?.trace;
  const span = detail.data?.spans.find((s) => s.spanId === url.span);
  const gone = detail.error instanceof ApiError && detail.error.status === 404;
  return (
    <aside className="drawer" ref={box} tabIndex={-1} role="dialog" aria-label={`${t('trace.title')} ${traceId}`}>
      <div className="drawer-head">
        <h2 className="ellipsis">{trace?.name ?? t('trace.title')}</h2>
        {trace && <span className={`badge ${trace.status === 'error' ? 'bad' : 'good'}`}>{trace.status === 'ok' ? t('status.ok') : trace.errorClass ? errorWords(trace.errorClass, t) : t('status.error')}</span>}
        <div className="grow" />
        {detail.data && <SaveButton detail={detail.data} />}
        <button type="button" className="btn small icon" disabled={!onPrevious} aria-label={t('trace.previous')} title={`${t('trace.previous')} (k)`} onClick={() => onPrevious?.()}>
          <ChevronUp />
        </button>
        <button type="button" className="btn small icon" disabled={!onNext} aria-label={t('trace.next')} title={`${t('trace.next')} (j)`} onClick={() => onNext?.()}>
          <ChevronDown />
        </button>
        <button type="button" className="btn small icon" aria-label={t('trace.close')} title={`${t('trace.close')} (Esc)`} onClick={() => update({ trace: null, span: null })}>
          <CloseIcon />
        </button>
      </div>
      <div className="drawer-sub">
        <CopyId id={traceId} />
        {trace && (
          <>
            <span className="num">{formatDateTime(trace.start, true)}</span>
            {[trace.environment, trace.team, trace.user].filter((x) => x !== '').map((x, i) => (
              <span key={i} className="badge">
                {x}
              </span>
            ))}
            {trace.sessionId !== null && (
              <button type="button" className="linklike" onClick={() => update({ tab: 'replay', session: trace.sessionId, step: null, trace: null, span: null })}>
                {trace.sessionId}
              </button>
            )}
            {trace.tags.map((tag) => (
              <span key={tag} className="badge accent">
                {tag}
              </span>
            ))}
          </>
        )}
      </div>
      {gone ? (
        <EmptyState title={t('trace.notFound')} />
      ) : detail.error ? (
        <ErrorState error={detail.error} retry={() => void detail.refetch()} />
      ) : !detail.data || !trace ? (
        <div style={{ padding: 16, display: 'grid', gap: 10 }}>
          <Skeleton height={48} />
          <Skeleton height={320} />
        </div>
      ) : (
        <>
          <Facts detail={detail.data} />
          {detail.data.latencyParts && <Parts parts={detail.data.latencyParts} />}
          <div className="drawer-tabs">
            <div className="segmented" role="tablist" aria-label={t('trace.title')}>
              {(['waterfall', 'flow', 'json'] as const).map((v) => (
                <button key={v} type="button" role="tab" aria-selected={view === v} onClick={() => setView(v)}>
                  {t(`trace.${v}`)}
                </button>
              ))}
            </div>
            {detail.data.truncated && <span className="badge warn">{t('state.truncated')}</span>}
          </div>
          <div className="drawer-body">
            {view === 'waterfall' && <Waterfall spans={detail.data.spans} selected={url.span} onSelect={(id) => update({ span: id }, 'replace')} />}
            {view === 'flow' && <TraceFlow url={url} trace={detail.data} />}
            {view === 'json' && <pre className="json" tabIndex={0}>{JSON.stringify(detail.data, null, 2)}</pre>}
            {view === 'waterfall' && span && <SpanPane key={span.spanId} traceId={traceId} span={span} onClose={() => update({ span: null }, 'replace')} />}
          </div>
        </>
      )}
    </aside>
  );
}

function Facts({ detail }: { detail: TraceDetail }) {
  const t = useT();
  const { trace } = detail;
  const kinds = (['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'saved'] as const).filter((k) => trace.tokens[k] > 0);
  return (
    <dl className="drawer-facts" data-facts>
      <div>
        <dt>{t('trace.duration')}</dt>
        <dd>{formatDuration(trace.durationMs)}</dd>
      </div>
      <div data-fact="cost">
        <dt>{t('trace.cost')}</dt>
        <dd>
          <SumCost usd={trace.costUsd} unpricedCalls={trace.unpricedCalls} calls={trace.callCount} />
        </dd>
      </div>
      <div>
        <dt>{t('trace.tokens')}</dt>
        <dd>
          {formatCount(trace.tokens.total)} <small>{kinds.map((k) => `${t(`tokens.${k}`)} ${formatShort(trace.tokens[k])}`).join(' · ')}</small>
        </dd>
      </div>
      <div>
        <dt>{t('trace.calls')}</dt>
        <dd>{formatCount(trace.callCount)}</dd>
      </div>
      <div>
        <dt>{t('trace.spans')}</dt>
        <dd>{formatCount(trace.spanCount)}</dd>
      </div>
      <div>
        <dt>{t('trace.errors')}</dt>
        <dd style={trace.errorCount > 0 ? { color: 'var(--bad)' } : undefined}>{formatCount(trace.errorCount)}</dd>
      </div>
    </dl>
  );
}

function Parts({ parts }: { parts: LatencyParts }) {
  const t = useT();
  const list = [
    { word: t('parts.overhead'), ms: parts.gatewayOverheadMs, color: 'var(--c8)' },
    { word: t('parts.queue'), ms: parts.queueMs, color: 'var(--c3)' },
    { word: t('parts.prefill'), ms: parts.prefillMs, color: 'var(--c5)' },
    { word: t('parts.decode'), ms: parts.decodeMs, color: 'var(--c2)' },
  ].filter((p): p is { word: string; ms: number; color: string } => p.ms !== null);
  if (list.length === 0) return null;
  return (
    <div className="parts" aria-label={t('parts.title')}>
      <span className="muted" style={{ fontSize: 12 }}>
        {t('parts.title')}
        {parts.joinedBy !== null && ` · ${t(`parts.joined.${parts.joinedBy}`)}`}
      </span>
      <div className="parts-bar" aria-hidden="true">
        {list.map((p) => (
          <i key={p.word} style={{ flexGrow: Math.max(p.ms, 0), background: p.color }} />
        ))}
      </div>
      <div className="parts-legend">
        {list.map((p) => (
          <span key={p.word}>
            <span className="swatch" style={{ background: p.color }} />
            {p.word} <b className="num">{formatDuration(p.ms)}</b>
          </span>
        ))}
      </div>
    </div>
  );
}

function TraceFlow({ url, trace }: { url: UrlState; trace: TraceDetail }) {
  const t = useT();
  // Wide enough for the trace; the endpoint wants a range.
  const range = { from: new Date(trace.trace.start - 1000).toISOString(), to: new Date(trace.trace.end + 60_000).toISOString() };
  const flow = useRangeQuery<Flow>('/api/v1/flow', { ...url, range, filters: {} }, { traceId: trace.trace.traceId });
  return (
    <div className={flow.isPlaceholderData ? 'stale' : ''} style={{ flex: 1, padding: 16, minWidth: 0 }}>
      {flow.error ? (
        <ErrorState error={flow.error} retry={() => void flow.refetch()} />
      ) : !flow.data ? (
        <Skeleton height={360} />
      ) : flow.data.nodes.length === 0 ? (
        <EmptyState title={t('analytics.noFlow')} />
      ) : (
        <FlowChart flow={flow.data} height={flowHeight(flow.data)} />
      )}
    </div>
  );
}

function CopyId({ id }: { id: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="linklike mono"
      style={{ display: 'inline-flex', gap: 5, alignItems: 'center' }}
      title={t('trace.copyId')}
      onClick={() => {
        void navigator.clipboard.writeText(id).then(() => {
          setCopied(true);
          window.setTimeout(() => setCopied(false), 1500);
        });
      }}
    >
      {id}
      {copied ? <CheckIcon size={13} /> : <CopyIcon size={13} />}
      <span className="visually-hidden" role="status">
        {copied ? t('trace.copied') : ''}
      </span>
    </button>
  );
}

function SaveButton({ detail }: { detail: TraceDetail }) {
  const t = useT();
  const save = () => {
    const address = URL.createObjectURL(new Blob([JSON.stringify(detail, null, 2)], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `trace-${detail.trace.traceId}.json`;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <button type="button" className="btn small icon" aria-label={t('trace.export')} title={t('trace.export')} onClick={save}>
      <DownloadIcon />
    </button>
  );
}
