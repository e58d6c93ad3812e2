/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { getJson } from '../api/client';
import { rangeParams, refreshInterval, useRows } from '../api/queries';
import type { SessionDetail, SessionRow, SessionStep } from '../api/types';
import type { ScreenProps } from '../app';
import { ExportLinks } from '../ui/export-links';
import { useT } from '../i18n';
import { formatClock, formatCount, formatDuration, formatShort, formatWhen } from '../model/format';
import { picoToUsd, pauseMs, scrubberPlaces, soFar } from '../model/replay';
import { DEFAULTS } from '../state/url';
import { hrefOf } from '../state/use-url';
import { ChevronLeft, ChevronRight, FirstIcon, LastIcon, PauseIcon, PlayIcon } from '../ui/icons';
import { CallCost, SumCost } from '../ui/money';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { roleColor } from './role-color';
import { Content } from './span-pane';
import { SearchField } from './traces';
import { isTyping, useListKeys } from './use-list-keys';
import { errorWords } from './words';
import './replay.css';
import './traces.css';

const ROW = 66;
const STEP = 32;
/** More marks than pixels help nobody. */
const MOST_MARKS = 400;
const SPEEDS = [0.5, 1, 2, 5, 20];

export function Replay({ url, update }: ScreenProps) {
  const t = useT();
  const list = useRows<SessionRow>('/api/v1/sessions', url, { sort: '-start', q: url.q }, true, refreshInterval(url));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 8 });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= rows.length - 15) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lastShown, rows.length]);
  const at = rows.findIndex((r) => r.sessionId === url.session);
  const search = useRef<HTMLInputElement>(null);
  const [now] = useState(() => Date.now());
  useListKeys({
    walk: (by) => {
      const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
      if (!row) return;
      virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
      update({ session: row.sessionId, step: null }, 'replace');
    },
    open: () => undefined,
    close: () => update({ session: null, step: null }),
    search: () => search.current?.focus(),
  });
  return (
    <div className="replay">
      <section className="panel" aria-label={t('replay.sessions')}>
        <div style={{ padding: 10, borderBottom: '1px solid var(--line)', display: 'flex' }}>
          <SearchField value={url.q} placeholder={t('replay.search')} inputRef={search} onChange={(q) => update({ q }, 'replace')} />
          <ExportLinks asked={{ path: '/api/v1/sessions', params: { ...rangeParams(url), sort: '-start', q: url.q } }} of={t('replay.sessions')} />
        </div>
        <div className={`list-scroll${list.isPlaceholderData ? ' stale' : ''}`} ref={scroller} tabIndex={0} data-sessions>
          {list.error ? (
            <ErrorState error={list.error} retry={() => void list.refetch()} />
          ) : list.isPending ? (
            <div style={{ padding: 12, display: 'grid', gap: 12 }}>
              {Array.from({ length: 9 }, (_, i) => (
                <Skeleton key={i} height={50} />
              ))}
            </div>
          ) : rows.length === 0 ? (
            <EmptyState title={t('replay.none')} />
          ) : (
            <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
              {items.map((item) => {
                const row = rows[item.index];
                return row ? (
                  <a
                    key={row.sessionId}
                    className={`session${row.sessionId === url.session ? ' open' : ''}`}
                    aria-current={row.sessionId === url.session}
                    data-session={row.sessionId}
                    href={hrefOf({ ...DEFAULTS, tab: 'replay', range: url.range, session: row.sessionId })}
                    style={{ transform: `translateY(${item.start}px)` }}
                    onClick={(e) => {
                      if (e.metaKey || e.ctrlKey || e.shiftKey) return;
                      e.preventDefault();
                      update({ session: row.sessionId, step: null });
                    }}
                  >
                    <SessionLines row={row} now={now} />
                  </a>
                ) : null;
              })}
            </div>
          )}
        </div>
      </section>
      <section className="panel" aria-label={t('tab.replay')}>
        {url.session === null ? <EmptyState title={t('replay.pick')} /> : <Player key={url.session} sessionId={url.session} url={url} update={update} status={undefined} />}
      </section>
    </div>
  );
}

function SessionLines({ row, now }: { row: SessionRow; now: number }) {
  const t = useT();
  return (
    <>
      <div className="session-line">
        <span className={`dot ${row.status === 'error' ? 'bad' : 'good'}`} />
        <b className="ellipsis grow">{row.kind === 'trace' ? row.name : row.sessionId}</b>
        <span className="muted num">{formatWhen(row.start, now)}</span>
      </div>
      <div className="session-line">
        <span className="ellipsis grow muted">
          {[row.user, row.agents.join(', ') || row.models.join(', ')].filter((x) => x !== '').join(' · ') || t(`replay.kind.${row.kind}`)}
        </span>
      </div>
      <div className="session-line num">
        <span className="ellipsis grow">
          {t('replay.calls', { n: formatCount(row.callCount) })} · {formatDuration(row.durationMs)}
          {row.errorCount > 0 && <span style={{ color: 'var(--bad)' }}> · {t('traces.errors')} {row.errorCount}</span>}
        </span>
        <SumCost usd={row.costUsd} unpricedCalls={row.unpricedCalls} calls={row.callCount} />
      </div>
    </>
  );
}

function Player({ sessionId, url, update }: ScreenProps & { sessionId: string }) {
  const t = useT();
  const project = url.filters.project?.[0] ?? null;
  const detail = useQuery({
    queryKey: ['/api/v1/sessions', sessionId, project],
    queryFn: ({ signal }) => getJson<SessionDetail>(`/api/v1/sessions/${encodeURIComponent(sessionId)}`, { project }, signal),
    placeholderData: keepPreviousData,
  });
  if (detail.error) return <ErrorState error={detail.error} retry={() => void detail.refetch()} />;
  if (!detail.data)
    return (
      <div style={{ padding: 16, display: 'grid', gap: 10 }}>
        <Skeleton height={44} />
        <Skeleton height={360} />
      </div>
    );
  if (detail.data.steps.length === 0) return <EmptyState title={t('replay.none')} />;
  return <Steps detail={detail.data} stepId={url.step} setStep={(step) => update({ step }, 'replace')} openTrace={(step) => update({ tab: 'traces', trace: step.traceId, span: step.spanId })} />;
}

interface StepsProps {
  detail: SessionDetail;
  stepId: string | null;
  setStep: (spanId: string) => void;
  openTrace: (step: SessionStep) => void;
}

function Steps({ detail, stepId, setStep, openTrace }: StepsProps) {
  const t = useT();
  const { steps } = detail;
  const at = Math.max(0, steps.findIndex((s) => s.spanId === stepId));
  const step = steps[at] as SessionStep;
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const rows = useRef<HTMLDivElement>(null);
  const go = useCallback(
    (index: number) => {
      const next = steps[Math.min(Math.max(index, 0), steps.length - 1)];
      if (next) setStep(next.spanId);
    },
    [steps, setStep],
  );
  const atEnd = at >= steps.length - 1;
  useEffect(() => {
    if (!playing) return;
    if (atEnd) {
      setPlaying(false);
      return;
    }
    const timer = window.setTimeout(() => go(at + 1), pauseMs(steps, at, speed));
    return () => window.clearTimeout(timer);
  }, [playing, at, atEnd, speed, steps, go]);
  const toggle = useCallback(() => {
    if (!playing && atEnd) go(0);
    setPlaying(!playing);
  }, [playing, atEnd, go]);
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (isTyping(e.target) || e.metaKey || e.ctrlKey || e.altKey) return;
      const onControl = e.target instanceof HTMLElement && e.target.closest('button, a, [role=tab]') !== null;
      if (e.key === ' ' && !onControl) toggle();
      else if ((e.key === 'ArrowRight' || e.key === 'ArrowLeft') && !(e.target instanceof HTMLElement && e.target.closest('[role=tablist]'))) {
        setPlaying(false);
        go(at + (e.key === 'ArrowRight' ? 1 : -1));
      } else return;
      e.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [toggle, go, at]);
  const virtual = useVirtualizer({ count: steps.length, getScrollElement: () => rows.current, estimateSize: () => STEP, overscan: 16 });
  useEffect(() => virtual.scrollToIndex(at, { align: 'auto' }), [at, virtual]);
  const sum = useMemo(() => soFar(steps, at), [steps, at]);
  return (
    <div className="player">
      <div className="player-bar">
        <div className="group">
          <IconButton label={t('replay.first')} disabled={at === 0} onClick={() => go(0)}>
            <FirstIcon />
          </IconButton>
          <IconButton label={t('replay.back')} disabled={at === 0} onClick={() => go(at - 1)}>
            <ChevronLeft />
          </IconButton>
          <IconButton label={t(playing ? 'replay.pause' : 'replay.play')} onClick={toggle} primary>
            {playing ? <PauseIcon /> : <PlayIcon />}
          </IconButton>
          <IconButton label={t('replay.forth')} disabled={atEnd} onClick={() => go(at + 1)}>
            <ChevronRight />
          </IconButton>
          <IconButton label={t('replay.last')} disabled={atEnd} onClick={() => go(steps.length - 1)}>
            <LastIcon />
          </IconButton>
        </div>
        <Scrubber steps={steps} at={at} go={go} />
        <span className="num muted" style={{ fontSize: 12 }}>
          {t('replay.position', { n: at + 1, total: steps.length })}
        </span>
        <select className="select small" aria-label={t('replay.speed')} value={speed} onChange={(e) => setSpeed(Number(e.target.value))}>
          {SPEEDS.map((s) => (
            <option key={s} value={s}>
              {s}×
            </option>
          ))}
        </select>
      </div>
      <div className="sofar" aria-live="off">
        <span>{t('replay.soFar')}</span>
        <span>
          {t('replay.elapsed')} <b>{formatDuration(sum.elapsedMs)}</b>
        </span>
        <span>
          {t('trace.calls')} <b>{formatCount(sum.calls)}</b>
        </span>
        <span>
          {t('trace.errors')} <b style={sum.failed > 0 ? { color: 'var(--bad)' } : undefined}>{formatCount(sum.failed)}</b>
        </span>
        <span>
          {t('trace.tokens')} <b>{formatCount(sum.tokens)}</b>
        </span>
        <span>
          {t('trace.cost')}{' '}
          <b>
            <SumCost usd={picoToUsd(sum.costPicoUsd)} unpricedCalls={sum.unpricedCalls} calls={sum.calls} />
          </b>
        </span>
        <span className="grow" />
        <span>{t('replay.keys')}</span>
      </div>
      <div className="player-body">
        <div className="steps" ref={rows} data-steps>
          {detail.truncated && <p className="badge warn">{t('state.truncated')}</p>}
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const s = steps[index];
              return s ? (
                <button key={s.traceId + s.spanId} type="button" className={`step${index === at ? ' now' : index > at ? ' future' : ''}`} aria-current={index === at ? 'step' : undefined} style={{ transform: `translateY(${start}px)` }} onClick={() => go(index)}>
                  <span className="muted num" style={{ fontSize: 11.5 }}>
                    {formatClock(s.start)}
                  </span>
                  <span className="swatch" style={{ background: roleColor(s) }} />
                  <span className="ellipsis" style={{ paddingLeft: Math.min(s.depth, 12) * 14 }}>
                    {stepName(s)} {s.retry && <span className="badge warn">{t('replay.retry')}</span>} <span className="muted">{t(`role.${s.role}`)}</span>
                  </span>
                  <span className="num muted">{formatDuration(s.durationMs)}</span>
                </button>
              ) : null;
            })}
          </div>
        </div>
        <StepDetail step={step} playing={playing} openTrace={() => openTrace(step)} />
      </div>
    </div>
  );
}

function stepName(step: SessionStep): string {
  return (step.role === 'AGENT' ? step.agent : step.role === 'TOOL' ? step.tool : null) ?? step.name;
}

function StepDetail({ step, playing, openTrace }: { step: SessionStep; playing: boolean; openTrace: () => void }) {
  const t = useT();
  return (
    <div className="step-detail" data-step={step.spanId} tabIndex={0}>
      <div style={{ display: 'flex', gap: 8, alignItems: 'center', marginBottom: 10 }}>
        <span className="swatch" style={{ background: roleColor(step) }} />
        <h3 className="grow">{stepName(step)}</h3>
        <button type="button" className="btn small" onClick={openTrace}>
          {t('replay.openTrace')}
        </button>
      </div>
      {step.status === 'error' && (
        <div className="errorbox">
          <b>{step.errorClass === null ? t('status.error') : errorWords(step.errorClass, t)}</b>
          {step.message !== null && <div>{step.message}</div>}
        </div>
      )}
      <dl className="kv" style={{ marginBottom: 14 }}>
        <dt>{t('span.role')}</dt>
        <dd>{t(`role.${step.role}`)}</dd>
        <dt>{t('span.service')}</dt>
        <dd>{step.service}</dd>
        {step.model !== null && (
          <>
            <dt>{t('span.model')}</dt>
            <dd>{step.model}</dd>
          </>
        )}
        <dt>{t('span.start')}</dt>
        <dd>{formatClock(step.start, true)}</dd>
        <dt>{t('span.duration')}</dt>
        <dd>{formatDuration(step.durationMs)}</dd>
        {step.tokens !== null && (
          <>
            <dt>{t('span.tokens')}</dt>
            <dd>{formatShort(step.tokens.total)}</dd>
          </>
        )}
        {(step.costUsd !== null || step.costKind === 'unpriced') && (
          <>
            <dt>{t('span.cost')}</dt>
            <dd>
              <CallCost usd={step.costUsd} kind={step.costKind} />
            </dd>
          </>
        )}
      </dl>
      {/* While playing fast nobody reads: content is asked for when a step is stopped at. */}
      {step.hasContent && !playing && <Content traceId={step.traceId} spanId={step.spanId} hasContent />}
      {step.hasContent && playing && <Skeleton height={120} />}
    </div>
  );
}

function Scrubber({ steps, at, go }: { steps: readonly SessionStep[]; at: number; go: (index: number) => void }) {
  const t = useT();
  const places = useMemo(() => scrubberPlaces(steps), [steps]);
  const every = Math.ceil(steps.length / MOST_MARKS);
  const seek = (e: PointerEvent<HTMLDivElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    const wanted = (e.clientX - box.left) / box.width;
    let best = 0;
    places.forEach((p, i) => {
      if (Math.abs(p - wanted) < Math.abs((places[best] ?? 0) - wanted)) best = i;
    });
    go(best);
  };
  return (
    <div
      className="scrub"
      role="slider"
      tabIndex={0}
      aria-label={t('replay.position', { n: at + 1, total: steps.length })}
      aria-valuemin={1}
      aria-valuemax={steps.length}
      aria-valuenow={at + 1}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        seek(e);
      }}
      onPointerMove={(e) => {
        if (e.buttons === 1) seek(e);
      }}
    >
      {places.map((p, i) => i % every !== 0 ? null : (
        <i key={i} className={i <= at ? 'past' : ''} style={{ left: `${p * 100}%`, background: roleColor(steps[i] as SessionStep) }} />
      ))}
      <b style={{ left: `${(places[at] ?? 0) * 100}%` }} />
    </div>
  );
}

function IconButton({ label, disabled = false, primary = false, onClick, children }: { label: string; disabled?: boolean; primary?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className={`btn icon${primary ? ' primary' : ''}`} aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {children}
    </button>
  );
}
