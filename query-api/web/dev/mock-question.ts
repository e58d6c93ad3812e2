/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is asked of the mocked API: a range and filters, with the rows that are in it.
 */
import type { CallRow, RangeAnswer } from '../src/api/types.ts';
import { boundToMs } from '../src/model/range.ts';
import { generate, type MockTrace } from './mock-data.ts';

export const BORN = Date.now();
export const TRACES = generate(BORN);

export class Bad extends Error {
  readonly status: number;
  readonly field: string | null;
  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

export interface Asked {
  p: URLSearchParams;
  from: number;
  to: number;
  traces: MockTrace[];
  calls: CallRow[];
}

const DIMENSIONS = ['project', 'service', 'environment', 'provider', 'model', 'operation', 'team', 'apiKey', 'user'] as const;

export function ask(p: URLSearchParams): Asked {
  const now = Date.now();
  const from = boundToMs(p.get('from') ?? 'now-1h', now);
  const to = boundToMs(p.get('to') ?? 'now', now);
  if (from === null) throw new Bad(400, `from is no time: ${p.get('from')}`, 'from');
  if (to === null) throw new Bad(400, `to is no time: ${p.get('to')}`, 'to');
  if (from >= to) throw new Bad(400, 'from must be before to', 'from');
  const snappedFrom = Math.floor(from / 60_000) * 60_000;
  const snappedTo = Math.ceil(to / 60_000) * 60_000;
  return { p, ...window(p, snappedFrom, snappedTo) };
}

export function window(p: URLSearchParams, from: number, to: number): Omit<Asked, 'p'> {
  const passes = (call: CallRow) => DIMENSIONS.every((d) => p.getAll(d).length === 0 || p.getAll(d).includes(call[d]));
  const filtered = DIMENSIONS.some((d) => p.getAll(d).length > 0);
  const traces = TRACES.filter((t) => t.row.start >= from && t.row.start < to && (!filtered || t.calls.some(passes)));
  const calls = TRACES.filter((t) => t.row.end >= from && t.row.start < to).flatMap((t) => t.calls.filter((c) => c.end >= from && c.end < to && passes(c)));
  return { from, to, traces, calls };
}

export function base(a: Asked): RangeAnswer {
  const engine = a.traces.flatMap((t) => t.spans.filter((s) => s.role === 'ENGINE')).length;
  return { from: iso(a.from), to: iso(a.to), layers: { counted: ['gateway', 'direct'], notCounted: { engine: { calls: engine, usd: '0' } } }, completeThrough: iso(Date.now() - 900), source: 'windows' };
}

export const iso = (ms: number) => new Date(ms).toISOString();
