/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { TraceSpan } from '../api/types';
import { useT } from '../i18n';
import { formatDuration, formatShort } from '../model/format';
import { bar, extent, ticks, waterfallRows, type WaterfallRow } from '../model/waterfall';
import { ChevronDown, ChevronRight } from '../ui/icons';
import { CallCost } from '../ui/money';
import { roleColor } from './role-color';

interface WaterfallProps {
  spans: readonly TraceSpan[];
  selected: string | null;
  onSelect: (spanId: string | null) => void;
}

const ROW = 30;

/** The spans as a tree over their common time axis, with tokens and cost beside each. */
export function Waterfall({ spans, selected, onSelect }: WaterfallProps) {
  const t = useT();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [hideBackstage, setHideBackstage] = useState(true);
  const rows = useMemo(() => waterfallRows(spans, collapsed, hideBackstage), [spans, collapsed, hideBackstage]);
  const axis = useMemo(() => extent(spans), [spans]);
  const marks = useMemo(() => ticks(axis.to - axis.from), [axis]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 20 });
  const at = rows.findIndex((r) => r.span.spanId === selected);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    // A span named by the address is brought into view once.
    if (selected !== null && at >= 0 && shown.current !== selected) virtual.scrollToIndex(at, { align: 'auto' });
    shown.current = selected;
  }, [selected, at, virtual]);
  const toggle = (id: string) => setCollapsed((old) => (old.has(id) ? new Set([...old].filter((x) => x !== id)) : new Set([...old, id])));
  const keys = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    const row = rows[at];
    if (by !== 0) onSelect(rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.span.spanId ?? null);
    else if (row && row.descendants > 0 && ((e.key === 'ArrowLeft' && !row.collapsed) || (e.key === 'ArrowRight' && row.collapsed))) toggle(row.span.spanId);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const hidden = spans.filter((s) => (s.role === 'RAW' || s.role === 'INFRA') && s.status !== 'error').length;
  return (
    <div className="waterfall" data-waterfall>
      <div className="wf-row wf-head">
        <div className="wf-name" style={{ paddingLeft: 8 }}>
          {t('span.name')}
        </div>
        <div className="wf-axis">
          {marks.map((ms) => (
            <span key={ms} className="wf-tick" style={{ left: `${(ms / (axis.to - axis.from)) * 100}%` }}>
              {formatDuration(ms)}
            </span>
          ))}
        </div>
        <div className="r tok">{t('trace.tokens')}</div>
        <div className="r">{t('trace.cost')}</div>
      </div>
      <div className="wf-scroll" ref={scroller} tabIndex={0} role="tree" aria-label={t('trace.waterfall')} aria-activedescendant={at >= 0 ? `wf-${selected}` : undefined} onKeyDown={keys}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return row ? (
              <Line key={row.span.spanId} row={row} top={item.start} axis={axis} marks={marks} selected={row.span.spanId === selected} onSelect={() => onSelect(row.span.spanId === selected ? null : row.span.spanId)} onToggle={() => toggle(row.span.spanId)} />
            ) : null;
          })}
        </div>
      </div>
      {hidden > 0 && (
        <div className="list-foot">
          <label className="check">
            <input type="checkbox" checked={hideBackstage} onChange={(e) => setHideBackstage(e.target.checked)} />
            {t('trace.hideInfra')} ({hidden})
          </label>
        </div>
      )}
    </div>
  );
}

interface LineProps {
  row: WaterfallRow;
  top: number;
  axis: { from: number; to: number };
  marks: readonly number[];
  selected: boolean;
  onSelect: () => void;
  onToggle: () => void;
}

function Line({ row, top, axis, marks, selected, onSelect, onToggle }: LineProps) {
  const t = useT();
  const { span, depth, descendants, collapsed } = row;
  const named = span.role === 'AGENT' ? span.agent : span.role === 'TOOL' ? span.tool : null;
  const place = bar(span.start, span.end, axis);
  const color = roleColor(span);
  const repeated = span.layer !== null && !span.counted;
  const labelRight = place.left + place.width < 82;
  const first = span.timeToFirstTokenMs !== null && span.durationMs > 0 ? Math.min(100, (span.timeToFirstTokenMs / span.durationMs) * 100) : null;
  const title = [t(`role.${span.role}`), span.model, repeated ? t('trace.notCounted') : null, span.message].filter((x) => x !== null && x !== '').join(' · ');
  return (
    <div id={`wf-${span.spanId}`} className={`wf-row item${selected ? ' selected' : ''}`} role="treeitem" aria-level={depth + 1} aria-selected={selected} aria-expanded={descendants > 0 ? !collapsed : undefined} data-span={span.spanId} style={{ transform: `translateY(${top}px)` }} title={title} onClick={onSelect}>
      <div className="wf-name" style={{ paddingLeft: Math.min(depth, 12) * 14 }}>
        {descendants > 0 ? (
          <button
            type="button"
            className="wf-toggle"
            tabIndex={-1}
            aria-label={t(collapsed ? 'trace.expand' : 'trace.collapse', { name: span.name })}
            onClick={(e) => {
              e.stopPropagation();
              onToggle();
            }}
          >
            {collapsed ? <ChevronRight size={13} /> : <ChevronDown size={13} />}
          </button>
        ) : (
          <span style={{ width: 18, flex: 'none' }} />
        )}
        <span className="swatch" style={{ background: color }} />
        <span className={`ellipsis${repeated ? ' dim' : ''}`}>{named ?? span.name}</span>
        {collapsed && <span className="badge">+{descendants}</span>}
        {span.status === 'error' && span.httpStatus !== null && <span className="badge bad">{span.httpStatus}</span>}
        <span className="ellipsis muted" style={{ fontSize: 11.5, flexShrink: 2 }}>
          {named !== null ? t(`role.${span.role}`) : span.service}
        </span>
      </div>
      <div className="wf-axis">
        {marks.slice(1).map((ms) => (
          <span key={ms} className="wf-tick" style={{ left: `${(ms / (axis.to - axis.from)) * 100}%`, opacity: 0.5 }} />
        ))}
        <span className="wf-bar" style={{ left: `${place.left}%`, width: `${place.width}%`, background: color, opacity: repeated ? 0.45 : 1 }}>
          {first !== null && <i style={{ width: `${first}%` }} />}
        </span>
        <span className="wf-label" style={labelRight ? { left: `calc(${place.left + place.width}% + 6px)` } : place.left > 18 ? { right: `calc(${100 - place.left}% + 6px)` } : { left: `calc(${place.left}% + 6px)`, color: 'var(--on-accent)' }}>
          {formatDuration(span.durationMs)}
        </span>
      </div>
      <div className="r num tok">{span.tokens && span.tokens.total > 0 ? <span className={repeated ? 'dim' : ''}>{formatShort(span.tokens.total)}</span> : span.cacheHit ? <span className="badge good">{t('trace.cacheHit')}</span> : ''}</div>
      <div className="r">{span.costUsd !== null || span.costKind === 'unpriced' ? <CallCost usd={span.costUsd} kind={span.costKind} /> : ''}</div>
    </div>
  );
}
