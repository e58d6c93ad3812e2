/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { Timeseries } from '../api/types';
import { isAlone, keyLabel, lastOf, perSecond, spark, stepAt, sumOf, toLines, type Line } from './series';

const line = (...values: (number | null)[]): Line => ({ id: 'x', name: 'x', points: values.map((v, i) => [i * 60_000, v]), exemplars: [] });

describe('perSecond', () => {
  it('divides by the step', () => {
    expect(perSecond(line(60, null, 0), 60_000, 0, null).points.map((p) => p[1])).toEqual([1, null, 0]);
  });
  it('divides the last step by the part that is complete', () => {
    expect(perSecond(line(60, 30), 60_000, 0, 90_000).points.map((p) => p[1])).toEqual([1, 1]);
  });
  it('leaves out a step that has hardly begun, and those not begun', () => {
    expect(perSecond(line(60, 3, 0), 60_000, 0, 65_000).points.map((p) => p[1])).toEqual([1, null, null]);
  });
  it('shows a step that has hardly begun where there is nothing else', () => {
    expect(perSecond(line(null, 0, 24, 0), 60_000, 0, 121_000).points.map((p) => p[1])).toEqual([null, 0, 2, null]);
    expect(perSecond(line(24, 60), 60_000, 59_000, null).points.map((p) => p[1])).toEqual([null, 1]);
    expect(perSecond(line(0, 24), 60_000, 0, 59_000).points.map((p) => p[1])).toEqual([0, 2]);
  });
});

describe('keyLabel', () => {
  it('words blanks and the folded rest', () => {
    expect(keyLabel({ model: 'm', team: '' }, 'none', 'other')).toBe('m · none');
    expect(keyLabel({ model: '__other__' }, 'none', 'other')).toBe('other');
    expect(keyLabel({}, 'none', 'other')).toBe('');
  });
});

describe('toLines', () => {
  it('draws decimal strings as numbers', () => {
    const answer = { metric: 'cost', series: [{ key: { model: 'm' }, points: [[0, '0.25'], [1, null]] }] } as unknown as Timeseries;
    expect(toLines(answer, (s) => s.key.model ?? '')).toEqual([{ id: 'cost/0/m', name: 'm', points: [[0, 0.25], [1, null]], exemplars: [] }]);
  });
});

describe('stepAt', () => {
  const points = line(1, 2, 3).points;
  it('finds the step of a moment', () => {
    expect(stepAt(points, 60_000, 0)).toBe(0);
    expect(stepAt(points, 60_000, 119_999)).toBe(1);
    expect(stepAt(points, 60_000, -1)).toBe(-1);
    expect(stepAt(points, 60_000, 900_000)).toBe(-1);
  });
});

describe('legend figures', () => {
  it('skip gaps', () => {
    expect(sumOf(line(1, null, 2))).toBe(3);
    expect(lastOf(line(1, 2, null))).toBe(2);
    expect(lastOf(line(null))).toBeNull();
  });
});

describe('spark', () => {
  it('breaks at gaps and closes each piece', () => {
    expect(spark(line(0, 10, null, 5).points, 30, 10)).toEqual({ line: 'M0.0 10.0L10.0 0.0M30.0 5.0', area: 'M0.0 10.0L10.0 0.0L10.0 10L0.0 10ZM30.0 5.0L30.0 10L30.0 10Z' });
  });
  it('needs two values', () => expect(spark(line(1).points, 30, 10)).toEqual({ line: '', area: '' }));
});

describe('isAlone', () => {
  it('finds points between gaps', () => {
    const { points } = line(1, null, 2, 3, null, 4);
    expect(points.map((_, i) => isAlone(points, i))).toEqual([true, false, false, false, false, true]);
  });
});
