/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react';
import { rangeParams, refreshInterval, useRows } from '../api/queries';
import type { ErrorClass, Traces as TracesAnswer, TraceRow } from '../api/types';
import type { ScreenProps } from '../app';
import { ExportLinks } from '../ui/export-links';
import { useT, type Key } from '../i18n';
import { formatCount, formatDuration, formatShort, formatWhen } from '../model/format';
import { hrefOf } from '../state/use-url';
import { DEFAULTS } from '../state/url';
import { ChevronDown, ChevronUp, LiveIcon, SearchIcon } from '../ui/icons';
import { SumCost } from '../ui/money';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { LiveCalls } from './live';
import { TraceDrawer } from './trace-drawer';
import { useListKeys } from './use-list-keys';
import { errorWords, valueWords } from './words';
import './traces.css';

const ROW = 40;
const COLUMNS: { id: string; word: Key; sort?: string; right?: boolean }[] = [
  { id: 'time', word: 'traces.time', sort: 'start' },
  { id: 'name', word: 'traces.name' },
  { id: 'models', word: 'traces.models' },
  { id: 'status', word: 'traces.status', sort: 'errors' },
  { id: 'duration', word: 'traces.duration', sort: 'duration', right: true },
  { id: 'spans', word: 'traces.spans', sort: 'spans', right: true },
  { id: 'tokens', word: 'traces.tokens', sort: 'tokens', right: true },
  { id: 'cost', word: 'traces.cost', sort: 'cost', right: true },
  { id: 'who', word: 'traces.who' },
];
const ERROR_CLASSES: ErrorClass[] = ['rate_limit', 'timeout', 'context_length', 'content_filter', 'auth', 'bad_request', 'upstream_5xx', 'connection', 'cancelled', 'budget', 'other'];
const SLOWER = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

export function Traces({ url, update }: ScreenProps) {
  const t = useT();
  const [live, setLive] = useState(false);
  const asked = {
    sort: url.sort,
    q: url.q,
    status: url.status,
    errorClass: url.errorClass,
    minDurationMs: url.minDurationMs,
    costKind: url.unpriced ? 'unpriced' : null,
  };
  const list = useRows<TraceRow>('/api/v1/traces', url, asked, !live, refreshInterval(url));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const first = list.data?.pages[0] as TracesAnswer | undefined;
  const [cursor, setCursor] = useState<string | null>(url.trace);
  const at = rows.findIndex((row) => row.traceId === (url.trace ?? cursor));
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= rows.length - 30) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lastShown, rows.length]);

  const goTo = useCallback(
    (index: number) => {
      const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
      if (!row) return;
      setCursor(row.traceId);
      virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
      if (url.trace !== null) update({ trace: row.traceId, span: null }, 'replace');
    },
    [rows, url.trace, update, virtual],
  );
  useListKeys({
    walk: (by) => goTo(at < 0 ? 0 : at + by),
    open: () => cursor !== null && update({ trace: cursor, span: null }),
    close: () => url.trace !== null && update({ trace: null, span: null }),
    search: () => search.current?.focus(),
  });
  const slowest = useMemo(() => rows.reduce((max, row) => Math.max(max, row.durationMs), 1), [rows]);

  return (
    <>
      <div className="listbar">
        <SearchField value={url.q} placeholder={t('traces.search')} inputRef={search} onChange={(q) => update({ q }, 'replace')} />
        <select className="select" aria-label={t('traces.status')} value={url.status ?? ''} onChange={(e) => update({ status: (e.target.value || null) as 'ok' | 'error' | null })}>
          <option value="">
            {t('traces.status')}: {t('traces.any')}
          </option>
          <option value="ok">{t('traces.ok')}</option>
          <option value="error">{t('traces.error')}</option>
        </select>
        <select className="select" aria-label={t('dim.errorClass')} value={url.errorClass ?? ''} onChange={(e) => update({ errorClass: (e.target.value || null) as ErrorClass | null })}>
          <option value="">
            {t('dim.errorClass')}: {t('traces.any')}
          </option>
          {ERROR_CLASSES.map((c) => (
            <option key={c} value={c}>
              {errorWords(c, t)}
            </option>
          ))}
        </select>
        <select className="select" aria-label={t('traces.minDuration')} value={url.minDurationMs ?? ''} onChange={(e) => update({ minDurationMs: e.target.value === '' ? null : Number(e.target.value) })}>
          <option value="">
            {t('traces.minDuration')}: {t('traces.any')}
          </option>
          {[...new Set([...SLOWER, ...(url.minDurationMs === null ? [] : [url.minDurationMs])])].sort((a, b) => a - b).map((ms) => (
            <option key={ms} value={ms}>
              ≥ {formatDuration(ms)}
            </option>
          ))}
        </select>
        <label className="check">
          <input type="checkbox" checked={url.unpriced} onChange={(e) => update({ unpriced: e.target.checked })} />
          {t('traces.unpricedOnly')}
        </label>
        <div className="grow" />
        <span className="muted num" style={{ fontSize: 12, whiteSpace: 'nowrap' }}>
          {first && !live ? (first.total !== null ? t('traces.count', { n: formatCount(first.total) }) : t('traces.loaded', { n: formatCount(rows.length) })) : ''}
        </span>
        <ExportLinks asked={{ path: '/api/v1/traces', params: { ...rangeParams(url), ...asked } }} of={t('tab.traces')} />
        <button type="button" className={`btn${live ? ' on' : ''}`} aria-pressed={live} onClick={() => setLive(!live)}>
          <LiveIcon size={15} />
          {t(live ? 'live.stop' : 'live.start')}
        </button>
      </div>
      {live ? (
        <LiveCalls url={url} onOpen={(trace) => update({ trace, span: null })} />
      ) : (
        <div className={`panel list${list.isPlaceholderData ? ' stale' : ''}`}>
          <div className="list-scroll" ref={scroller} role="grid" aria-label={t('tab.traces')} aria-rowcount={first?.total ?? rows.length} tabIndex={0}>
            <div className="trace-row list-head" role="row">
              {COLUMNS.map((column) => (
                <div key={column.id} role="columnheader" className={column.right ? 'r' : ''} aria-sort={column.sort === undefined ? undefined : url.sort === column.sort ? 'ascending' : url.sort === `-${column.sort}` ? 'descending' : 'none'}>
                  {column.sort === undefined ? (
                    t(column.word)
                  ) : (
                    <SortButton word={t(column.word)} name={column.sort} sort={url.sort} onSort={(sort) => update({ sort })} />
                  )}
                </div>
              ))}
            </div>
            {list.error ? (
              <ErrorState error={list.error} retry={() => void list.refetch()} />
            ) : list.isPending ? (
              <div style={{ padding: 12, display: 'grid', gap: 12 }}>
                {Array.from({ length: 14 }, (_, i) => (
                  <Skeleton key={i} height={22} />
                ))}
              </div>
            ) : rows.length === 0 ? (
              <EmptyState title={t('traces.none')}>
                {(url.q !== '' || url.status !== null || url.errorClass !== null || url.minDurationMs !== null || url.unpriced || Object.keys(url.filters).length > 0) && (
                  <button type="button" className="btn small" onClick={() => update({ q: '', status: null, errorClass: null, minDurationMs: null, unpriced: false, filters: {} })}>
                    {t('state.clearFilters')}
                  </button>
                )}
              </EmptyState>
            ) : (
              <div style={{ height: virtual.getTotalSize(), position: 'relative', minWidth: 'var(--trace-min)' }}>
                {items.map((item) => {
                  const row = rows[item.index];
                  if (!row) return null;
                  return (
                    <Row
                      key={row.traceId}
                      row={row}
                      index={item.index}
                      top={item.start}
                      current={item.index === at}
                      open={row.traceId === url.trace}
                      slowest={slowest}
                      href={hrefOf({ ...DEFAULTS, tab: 'traces', range: url.range, trace: row.traceId })}
                      onOpen={() => {
                        setCursor(row.traceId);
                        update({ trace: row.traceId, span: null }, url.trace === null ? 'push' : 'replace');
                      }}
                    />
                  );
                })}
              </div>
            )}
          </div>
          <div className="list-foot">
            <span>{isFetchingNextPage ? t('traces.more') : hasNextPage || rows.length === 0 ? '' : t('traces.end')}</span>
            <span className="grow" />
            <span>{t('traces.keys')}</span>
          </div>
        </div>
      )}
      {url.trace !== null && <TraceDrawer url={url} update={update} traceId={url.trace} onPrevious={at > 0 ? () => goTo(at - 1) : null} onNext={at >= 0 && at < rows.length - 1 ? () => goTo(at + 1) : null} />}
    </>
  );
}

interface RowProps {
  row: TraceRow;
  index: number;
  top: number;
  current: boolean;
  open: boolean;
  slowest: number;
  href: string;
  onOpen: () => void;
}

function Row({ row, index, top, current, open, slowest, href, onOpen }: RowProps) {
  const t = useT();
  const [now] = useState(() => Date.now());
  const share = Math.max(1, Math.sqrt(row.durationMs / slowest) * 100);
  return (
    <a
      className={`trace-row${current ? ' current' : ''}${open ? ' open' : ''}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={open}
      data-trace={row.traceId}
      href={href}
      tabIndex={-1}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey) return;
        e.preventDefault();
        onOpen();
      }}
    >
      <div role="gridcell" className="num muted">
        {formatWhen(row.start, now)}
      </div>
      <div role="gridcell" className="ellipsis" title={`${row.name} · ${row.traceId}`}>
        <span className="trace-name">{row.name}</span> <span className="muted">{row.service}</span>
      </div>
      <div role="gridcell" className="ellipsis" title={row.models.join(', ')}>
        {row.models.length === 0 ? <span className="muted">—</span> : row.models.map((m) => valueWords(m, t)).join(', ')}
      </div>
      <div role="gridcell" className="ellipsis">
        {row.status === 'error' ? (
          <span className="badge bad">{row.errorClass === null ? t('traces.error') : errorWords(row.errorClass, t)}</span>
        ) : (
          <>
            <span className="badge good">{t('traces.ok')}</span>
            {row.errorCount > 0 && row.errorClass !== null && (
              <span className="muted" title={errorWords(row.errorClass, t)}>
                {' '}
                {t('traces.recovered')}
              </span>
            )}
          </>
        )}
      </div>
      <div role="gridcell" className="num durcell">
        <span className="durbar" aria-hidden="true">
          <i style={{ width: `${share}%` }} />
        </span>
        {formatDuration(row.durationMs)}
      </div>
      <div role="gridcell" className="r num">
        {formatCount(row.spanCount)}
      </div>
      <div role="gridcell" className="r num">
        {formatShort(row.tokens.total)}
      </div>
      <div role="gridcell" className="r">
        <SumCost usd={row.costUsd} unpricedCalls={row.unpricedCalls} calls={row.callCount} />
      </div>
      <div role="gridcell" className="ellipsis muted" title={[row.user, row.team, row.sessionId ?? ''].filter((x) => x !== '').join(' · ')}>
        {row.user || row.team || '—'}
      </div>
    </a>
  );
}

/** A column's head that sorts on the server; the second press turns the order. */
export function SortButton({ word, name, sort, onSort }: { word: string; name: string; sort: string; onSort: (sort: string) => void }) {
  const t = useT();
  const on = sort === name || sort === `-${name}`;
  return (
    <button type="button" className={`sort${on ? ' on' : ''}`} title={t('traces.sortBy', { column: word })} onClick={() => onSort(sort === `-${name}` ? name : `-${name}`)}>
      {word}
      {sort === name ? <ChevronUp size={12} /> : <ChevronDown size={12} />}
    </button>
  );
}

interface SearchFieldProps {
  value: string;
  placeholder: string;
  inputRef?: RefObject<HTMLInputElement | null>;
  onChange: (value: string) => void;
}

/** Asks the server when the typing rests. */
export function SearchField({ value, placeholder, inputRef, onChange }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    // Changed from outside: back button, cleared filters.
    setSent(value);
    setText(value);
  }
  useEffect(() => {
    if (text === sent) return;
    const timer = window.setTimeout(() => {
      setSent(text);
      onChange(text);
    }, 250);
    return () => window.clearTimeout(timer);
  }, [text, sent, onChange]);
  return (
    <div className="search" style={{ flex: '1 1 220px', maxWidth: 340 }}>
      <SearchIcon size={15} />
      <input ref={inputRef} className="input" type="search" placeholder={placeholder} aria-label={placeholder} value={text} onChange={(e) => setText(e.target.value)} />
    </div>
  );
}
