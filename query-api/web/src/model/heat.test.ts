/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { Heatmap } from '../api/types';
import { heatGrid } from './heat';

const answer = (columns: number[][]) => ({ buckets: [1, 2, 4, 8], columns: columns.map((counts, i) => ({ t: i * 1000, counts })) }) as Heatmap;

describe('heatGrid', () => {
  it('keeps the rows between the fastest and the slowest call', () => {
    expect(heatGrid(answer([[0, 3, 0, 0], [0, 0, 1, 0]]))).toEqual({
      times: [0, 1000],
      rows: [{ low: 1, high: 2 }, { low: 2, high: 4 }],
      cells: [[0, 0, 3], [1, 1, 1]],
      most: 3,
    });
  });
  it('counts the first row from zero', () => expect(heatGrid(answer([[2, 0, 0, 0]])).rows).toEqual([{ low: 0, high: 1 }]));
  it('is empty without calls', () => expect(heatGrid(answer([[0, 0, 0, 0]]))).toMatchObject({ rows: [], cells: [], most: 0 }));
});
