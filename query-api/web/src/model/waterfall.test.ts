/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { TraceSpan } from '../api/types';
import { bar, extent, ticks, waterfallRows } from './waterfall';

const span = (spanId: string, parentSpanId: string | null, start: number, end: number, over: Partial<TraceSpan> = {}) =>
  ({ spanId, parentSpanId, start, end, role: 'OTHER', status: 'ok', ...over }) as TraceSpan;

const shape = (rows: ReturnType<typeof waterfallRows>) => rows.map((r) => `${'.'.repeat(r.depth)}${r.span.spanId}`);

describe('waterfallRows', () => {
  const spans = [span('c', 'a', 5, 9), span('b', 'a', 1, 4), span('a', null, 0, 10), span('d', 'b', 2, 3)];

  it('puts parents before children and siblings by start', () => {
    expect(shape(waterfallRows(spans, new Set(), false))).toEqual(['a', '.b', '..d', '.c']);
  });
  it('folds what lies below', () => {
    const rows = waterfallRows(spans, new Set(['b']), false);
    expect(shape(rows)).toEqual(['a', '.b', '.c']);
    expect(rows[1]).toMatchObject({ collapsed: true, descendants: 1 });
  });
  it('shows a span whose parent is not kept as a root', () => {
    expect(shape(waterfallRows([span('x', 'gone', 0, 1)], new Set(), false))).toEqual(['x']);
  });
  it('hands children of hidden spans to the nearest shown ancestor, and keeps failed ones', () => {
    const raw = [span('a', null, 0, 9), span('i', 'a', 1, 8, { role: 'INFRA' }), span('k', 'i', 2, 3), span('e', 'a', 4, 5, { role: 'INFRA', status: 'error' })];
    expect(shape(waterfallRows(raw, new Set(), true))).toEqual(['a', '.k', '.e']);
  });
  it('shows each span once when parents go round in a circle', () => {
    const circle = [span('a', 'b', 0, 1), span('b', 'a', 0, 2), span('s', 's', 3, 4)];
    expect(shape(waterfallRows(circle, new Set(), false)).map((x) => x.replaceAll('.', '')).sort()).toEqual(['a', 'b', 's']);
    expect(shape(waterfallRows(circle, new Set(), true))).toHaveLength(3);
  });
});

describe('axis', () => {
  it('spans all spans', () => expect(extent([span('a', null, 3, 5), span('b', null, 1, 4)])).toEqual({ from: 1, to: 5 }));
  it('is never empty', () => {
    expect(extent([]).to).toBeGreaterThan(extent([]).from);
    expect(extent([span('a', null, 1, 1)]).to).toBeGreaterThan(1);
  });
  it('places bars in per cent and inside', () => {
    expect(bar(2, 4, { from: 0, to: 10 })).toEqual({ left: 20, width: 20 });
    expect(bar(-5, 50, { from: 0, to: 10 })).toEqual({ left: 0, width: 100 });
  });
  it('has round marks', () => {
    expect(ticks(1000)).toEqual([0, 200, 400, 600, 800]);
    expect(ticks(7)).toEqual([0, 2, 4, 6]);
    expect(ticks(0.3).length).toBeGreaterThan(2);
  });
});
