/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Dimension, EpochMs, Series, Timeseries } from '../api/types';

/** A line as charts draw it: numbers only, null = gap. */
export interface Line {
  id: string;
  name: string;
  points: [EpochMs, number | null][];
  exemplars: (string | null)[];
}

export const OTHER = '__other__';

/** Words for a key: its values in the order of the dimensions asked for; `blank` stands for unknown ones. */
export function keyLabel(key: Partial<Record<Dimension, string>>, blank: string, other: string): string {
  const values = Object.values(key).map((v) => (v === '' ? blank : v === OTHER ? other : v));
  return values.length === 0 ? '' : values.join(' · ');
}

function toNumber(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}

/** One line per series; money becomes a number here, for drawing only. */
export function toLines(answer: Timeseries, name: (series: Series) => string): Line[] {
  return answer.series.map((series, index) => ({
    id: `${answer.metric}/${index}/${Object.values(series.key).join('/')}`,
    name: name(series),
    points: series.points.map(([t, v]) => [t, toNumber(v)]),
    exemplars: series.exemplars ?? [],
  }));
}

/**
 * Counts per step as counts per second. The step that the data does not cover to its end counts by the time it does cover. When that is less
 * than a fifth of the step it is a gap, so that the line does not seem to fall at its end; but where nothing was counted before it, it is all
 * there is to show, and counts by a fifth of the step. Steps wholly beyond are gaps.
 */
export function perSecond(line: Line, stepMs: number, fromMs: number, completeMs: number | null): Line {
  const least = stepMs / 5;
  let counted = false;
  const points = line.points.map(([t, v]): [EpochMs, number | null] => {
    if (v === null) return [t, null];
    const start = Math.max(t, fromMs);
    const end = completeMs === null ? t + stepMs : Math.min(t + stepMs, Math.max(completeMs, t));
    const covered = end - start;
    if (covered < least && (counted || v === 0 || start > t)) return [t, null];
    counted ||= v > 0;
    return [t, (v * 1000) / Math.max(covered, least)];
  });
  return { ...line, points };
}

/** Sum of the drawn values; for legends. */
export function sumOf(line: Line): number {
  return line.points.reduce((sum, [, v]) => sum + (v ?? 0), 0);
}

/** Last value drawn, null when all are gaps. */
export function lastOf(line: Line): number | null {
  for (let i = line.points.length - 1; i >= 0; i--) {
    const v = line.points[i]?.[1];
    if (v !== null && v !== undefined) return v;
  }
  return null;
}

/** The step a moment falls in; −1 outside. Points are ascending and evenly spaced by about `stepMs`. */
export function stepAt(points: readonly [EpochMs, unknown][], stepMs: number, t: EpochMs): number {
  let low = 0;
  let high = points.length - 1;
  let found = -1;
  while (low <= high) {
    const mid = (low + high) >> 1;
    if ((points[mid]?.[0] ?? 0) <= t) {
      found = mid;
      low = mid + 1;
    } else high = mid - 1;
  }
  // A day of 25 hours is a step too: half a step of grace.
  return found >= 0 && t < (points[found]?.[0] ?? 0) + stepMs * 1.5 ? found : -1;
}

/** A small line as SVG paths: `line` breaks at gaps, `area` closes each of its pieces down to the floor. Both "" with fewer than two values. */
export function spark(points: readonly [EpochMs, number | null][], width: number, height: number): { line: string; area: string } {
  const values = points.map(([, v]) => v).filter((v): v is number => v !== null);
  if (values.length < 2) return { line: '', area: '' };
  const max = Math.max(...values);
  const min = Math.min(...values, 0);
  const span = max - min || 1;
  const pieces: [string, string][][] = [];
  let piece: [string, string][] | null = null;
  points.forEach(([, v], i) => {
    if (v === null) {
      piece = null;
      return;
    }
    if (piece === null) pieces.push((piece = []));
    piece.push([((i / (points.length - 1)) * width).toFixed(1), (height - ((v - min) / span) * height).toFixed(1)]);
  });
  const drawn = pieces.map((p) => p.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join(''));
  const closed = pieces.map((p, i) => `${drawn[i]}L${p.at(-1)?.[0]} ${height}L${p[0]?.[0]} ${height}Z`);
  return { line: drawn.join(''), area: closed.join('') };
}

/** True where a point has a gap on both sides: a line alone would not show it. */
export function isAlone(points: readonly [EpochMs, number | null][], i: number): boolean {
  return points[i]?.[1] != null && points[i - 1]?.[1] == null && points[i + 1]?.[1] == null;
}
