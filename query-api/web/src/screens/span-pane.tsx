/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useState } from 'react';
import { useContent } from '../api/queries';
import type { SpanContent, TraceSpan } from '../api/types';
import { useT } from '../i18n';
import { formatCount, formatDateTime, formatDuration } from '../model/format';
import { CloseIcon } from '../ui/icons';
import { CallCost } from '../ui/money';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { roleColor } from './role-color';
import { errorWords } from './words';

type View = 'content' | 'attributes' | 'events';

/** One span: its facts, and by choice its content, attributes or events. */
export function SpanPane({ traceId, span, onClose }: { traceId: string; span: TraceSpan; onClose: () => void }) {
  const t = useT();
  const [view, setView] = useState<View>(span.hasContent ? 'content' : 'attributes');
  const views: View[] = ['content', 'attributes', ...(span.events.length + span.links.length > 0 ? (['events'] as const) : [])];
  return (
    <section className="spanpane" aria-label={`${t('trace.spanDetail')} ${span.name}`} data-span-pane={span.spanId}>
      <div className="spanpane-head">
        <div style={{ display: 'flex', gap: 8, alignItems: 'flex-start' }}>
          <span className="swatch" style={{ background: roleColor(span), marginTop: 5 }} />
          <h3 className="grow">{span.name}</h3>
          <button type="button" className="btn plain small icon" aria-label={t('trace.close')} onClick={onClose}>
            <CloseIcon size={14} />
          </button>
        </div>
      </div>
      <div className="spanpane-body" style={{ paddingTop: 0 }}>
        {span.status === 'error' && (
          <div className="errorbox">
            <b>
              {span.errorClass === null ? t('status.error') : errorWords(span.errorClass, t)}
              {span.httpStatus !== null && ` · HTTP ${span.httpStatus}`}
            </b>
            {span.message !== null && <div>{span.message}</div>}
          </div>
        )}
        <SpanFacts span={span} />
        <div className="segmented" role="tablist" aria-label={t('trace.spanDetail')} style={{ margin: '14px 0 10px' }}>
          {views.map((v) => (
            <button key={v} type="button" role="tab" aria-selected={view === v} onClick={() => setView(v)}>
              {t(`trace.${v}`)}
            </button>
          ))}
        </div>
        {view === 'content' && <Content traceId={traceId} spanId={span.spanId} hasContent={span.hasContent} />}
        {view === 'attributes' && (
          <>
            <Attributes values={span.attributes} />
            <h4>{t('trace.resource')}</h4>
            <Attributes values={span.resource} />
          </>
        )}
        {view === 'events' && (
          <>
            {span.events.map((event, i) => (
              <div key={i}>
                <h4>
                  {event.name} <span className="muted num">+{formatDuration(event.t - span.start)}</span>
                </h4>
                <Attributes values={event.attributes} />
              </div>
            ))}
            {span.links.length > 0 && (
              <>
                <h4>{t('trace.links')}</h4>
                {span.links.map((link) => (
                  <div key={link.traceId + link.spanId} className="mono">
                    <a href={`?tab=traces&trace=${encodeURIComponent(link.traceId)}&span=${encodeURIComponent(link.spanId)}`}>{link.traceId}</a>
                  </div>
                ))}
              </>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function SpanFacts({ span }: { span: TraceSpan }) {
  const t = useT();
  const kinds = (['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'saved'] as const).filter((k) => (span.tokens?.[k] ?? 0) > 0);
  return (
    <dl className="kv">
      <dt>{t('span.start')}</dt>
      <dd>{formatDateTime(span.start, true)}</dd>
      <dt>{t('span.duration')}</dt>
      <dd>{formatDuration(span.durationMs)}</dd>
      {span.timeToFirstTokenMs !== null && (
        <>
          <dt>{t('span.ttft')}</dt>
          <dd>{formatDuration(span.timeToFirstTokenMs)}</dd>
        </>
      )}
      <dt>{t('span.role')}</dt>
      <dd>
        {t(`role.${span.role}`)}
        {span.layer !== null && ` · ${t(`layer.${span.layer}`)}`}
        {span.layer !== null && !span.counted && <div className="muted">{t('trace.notCounted')}</div>}
      </dd>
      <dt>{t('span.service')}</dt>
      <dd>{span.service}</dd>
      {span.model !== null && (
        <>
          <dt>{t('span.model')}</dt>
          <dd>
            {span.model}
            {span.provider !== null && span.provider !== '' && <span className="muted"> · {span.provider}</span>}
          </dd>
        </>
      )}
      {span.tokens !== null && (
        <>
          <dt>{t('span.tokens')}</dt>
          <dd>
            {formatCount(span.tokens.total)}
            {kinds.length > 0 && <div className="muted">{kinds.map((k) => `${t(`tokens.${k}`)} ${formatCount(span.tokens?.[k] ?? 0)}`).join(' · ')}</div>}
          </dd>
        </>
      )}
      {(span.costUsd !== null || span.costKind === 'unpriced') && (
        <>
          <dt>{t('span.cost')}</dt>
          <dd>
            <CallCost usd={span.costUsd} kind={span.costKind} />
            {span.costKind !== 'none' && span.costKind !== 'unpriced' && <div className="muted">{t(`cost.${span.costKind}`)}</div>}
          </dd>
        </>
      )}
      <dt>{t('span.id')}</dt>
      <dd className="mono">{span.spanId}</dd>
    </dl>
  );
}

function Attributes({ values }: { values: Record<string, string> }) {
  const names = Object.keys(values).sort();
  if (names.length === 0) return <p className="muted">—</p>;
  return (
    <dl className="kv mono">
      {names.map((name) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{values[name]}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Asked for only when this is on the screen. */
export function Content({ traceId, spanId, hasContent }: { traceId: string; spanId: string; hasContent: boolean }) {
  const t = useT();
  const content = useContent(traceId, hasContent ? spanId : null);
  if (!hasContent) return <p className="muted">{t('trace.noContent')}</p>;
  if (content.error) return <ErrorState error={content.error} retry={() => void content.refetch()} />;
  if (content.data === undefined) return <Skeleton height={140} />;
  if (content.data === null) return <EmptyState title={t('trace.noContent')} />;
  return <Messages content={content.data} />;
}

function Messages({ content }: { content: SpanContent }) {
  const t = useT();
  if (content.state !== 'on' && content.state !== 'redacted') return <p className="muted">{t(`content.${content.state}`)}</p>;
  return (
    <div data-content>
      {content.state === 'redacted' && <p className="muted">{t('content.redacted')}</p>}
      {content.parts.map((part, i) => (
        <div key={i} className={`message ${part.direction}`}>
          <div className="message-head" title={part.key}>
            {part.role ?? t(`content.${part.direction}`)}
          </div>
          <pre>{part.text}</pre>
        </div>
      ))}
    </div>
  );
}
