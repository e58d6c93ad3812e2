/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { DurationMs, EpochMs, Heatmap } from '../api/types';

/** A heatmap as it is drawn: only the rows between the fastest and the slowest call. */
export interface HeatGrid {
  times: EpochMs[];
  /** One a row, from fast to slow: calls in (low, high]. */
  rows: { low: DurationMs; high: DurationMs }[];
  /** Column, row, count; cells without calls are left out. */
  cells: [number, number, number][];
  most: number;
}

export function heatGrid(answer: Heatmap): HeatGrid {
  let first = Infinity;
  let last = -1;
  for (const column of answer.columns) {
    column.counts.forEach((count, i) => {
      if (count === 0) return;
      first = Math.min(first, i);
      last = Math.max(last, i);
    });
  }
  const times = answer.columns.map((c) => c.t);
  if (last < 0) return { times, rows: [], cells: [], most: 0 };
  const rows = answer.buckets.slice(first, last + 1).map((high, i) => ({ low: answer.buckets[first + i - 1] ?? 0, high }));
  const cells: [number, number, number][] = [];
  let most = 0;
  answer.columns.forEach((column, x) => {
    for (let i = first; i <= last; i++) {
      const count = column.counts[i] ?? 0;
      if (count === 0) continue;
      cells.push([x, i - first, count]);
      most = Math.max(most, count);
    }
  });
  return { times, rows, cells, most };
}
