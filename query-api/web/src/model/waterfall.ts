/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EpochMs, Role, TraceSpan } from '../api/types';

/** A span at its place in the tree. */
export interface WaterfallRow {
  span: TraceSpan;
  depth: number;
  /** Spans below it that are shown or folded away. */
  descendants: number;
  collapsed: boolean;
}

/** Spans of a trace that say how a call went, not what it was. */
const BACKSTAGE: readonly Role[] = ['RAW', 'INFRA'];

/**
 * The tree in reading order: parents before children, siblings by start. A span whose parent is not there stands as a root; hidden spans
 * hand their children to the nearest shown ancestor. Spans that name each other as parents (broken senders) are shown once each.
 */
export function waterfallRows(spans: readonly TraceSpan[], collapsed: ReadonlySet<string>, hideBackstage: boolean): WaterfallRow[] {
  const byId = new Map(spans.map((s) => [s.spanId, s]));
  const isHidden = (s: TraceSpan) => hideBackstage && BACKSTAGE.includes(s.role) && s.status !== 'error';
  const shownParent = (s: TraceSpan): string | null => {
    const seen = new Set<string>([s.spanId]);
    let at = s.parentSpanId;
    while (at !== null && !seen.has(at)) {
      seen.add(at);
      const parent = byId.get(at);
      if (!parent) return null;
      if (!isHidden(parent)) return parent.spanId;
      at = parent.parentSpanId;
    }
    return null;
  };
  const children = new Map<string | null, TraceSpan[]>();
  for (const span of spans) {
    if (isHidden(span)) continue;
    const parent = shownParent(span);
    const list = children.get(parent);
    if (list) list.push(span);
    else children.set(parent, [span]);
  }
  for (const list of children.values()) list.sort((a, b) => a.start - b.start || b.end - a.end);

  const rows: WaterfallRow[] = [];
  const placed = new Set<string>();
  const count = new Map<string, number>();
  const descendants = (id: string): number => {
    const known = count.get(id);
    if (known !== undefined) return known;
    count.set(id, 0);
    const n = (children.get(id) ?? []).reduce((sum, child) => sum + 1 + descendants(child.spanId), 0);
    count.set(id, n);
    return n;
  };
  const place = (root: TraceSpan) => {
    const stack: [TraceSpan, number][] = [[root, 0]];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const [span, depth] = top;
      if (placed.has(span.spanId)) continue;
      placed.add(span.spanId);
      const folded = collapsed.has(span.spanId);
      rows.push({ span, depth, descendants: descendants(span.spanId), collapsed: folded });
      const below = children.get(span.spanId) ?? [];
      if (folded) below.forEach((child) => swallow(child));
      else for (let i = below.length - 1; i >= 0; i--) stack.push([below[i] as TraceSpan, depth + 1]);
    }
  };
  const swallow = (span: TraceSpan) => {
    if (placed.has(span.spanId)) return;
    placed.add(span.spanId);
    for (const child of children.get(span.spanId) ?? []) swallow(child);
  };
  for (const root of children.get(null) ?? []) place(root);
  // What is left hangs in a circle of parents.
  for (const span of spans) if (!isHidden(span) && !placed.has(span.spanId)) place(span);
  return rows;
}

/** Earliest start and latest end; at least a microsecond long. */
export function extent(spans: readonly TraceSpan[]): { from: EpochMs; to: EpochMs } {
  let from = Infinity;
  let to = -Infinity;
  for (const s of spans) {
    from = Math.min(from, s.start);
    to = Math.max(to, s.end);
  }
  return Number.isFinite(from) ? { from, to: Math.max(to, from + 0.001) } : { from: 0, to: 1 };
}

/** Place of a span on the axis in per cent. */
export function bar(start: EpochMs, end: EpochMs, axis: { from: EpochMs; to: EpochMs }): { left: number; width: number } {
  const length = axis.to - axis.from;
  const clamp = (v: number) => Math.min(100, Math.max(0, v));
  const left = clamp(((start - axis.from) / length) * 100);
  return { left, width: clamp(((end - axis.from) / length) * 100) - left };
}

/** Round marks for an axis of so many ms: about `count`, the first 0, none at the very end. */
export function ticks(lengthMs: number, count = 5): number[] {
  const rough = lengthMs / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power * 10;
  const marks: number[] = [];
  for (let i = 0; i * step < lengthMs * 0.97; i++) marks.push(i * step);
  return marks;
}
