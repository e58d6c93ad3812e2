/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lists of the mocked rows, page by page, and one of each.
 */
import type { Page, SessionDetail, SessionRow, Sessions, Tokens, TraceDetail, TraceRow, Traces } from '../src/api/types.ts';
import { contentOf, pico, stepsOf, sumTokens, type MockTrace, usd } from './mock-data.ts';
import { Bad, base, TRACES, type Asked } from './mock-question.ts';

export function page<Row>(rows: Row[], p: URLSearchParams): Page<Row> {
  const limit = Number(p.get('limit') ?? 100);
  const start = Number(p.get('cursor') ?? 0);
  return { rows: rows.slice(start, start + limit), nextCursor: start + limit < rows.length ? String(start + limit) : null };
}

interface Listed {
  start: number;
  durationMs: number;
  costUsd: string | null;
  tokens: Tokens | null;
}

export function sorted<Row extends Listed>(rows: Row[], sort: string, more: Record<string, (r: Row) => number> = {}): Row[] {
  const keys: Record<string, (r: Row) => number> = { start: (r) => r.start, duration: (r) => r.durationMs, cost: (r) => Number(r.costUsd ?? -1), tokens: (r) => r.tokens?.total ?? -1, ...more };
  const key = keys[sort.replace('-', '')];
  if (!key) throw new Bad(400, `cannot sort by ${sort}`, 'sort');
  const sign = sort.startsWith('-') ? -1 : 1;
  return [...rows].sort((x, y) => sign * (key(x) - key(y)));
}

export function traceList(a: Asked): Traces {
  const q = (a.p.get('q') ?? '').toLowerCase();
  const rows = a.traces
    .map((t) => t.row)
    .filter((r) => q === '' || [r.traceId, r.name, r.user, r.sessionId ?? '', ...r.tags].some((x) => x.toLowerCase().includes(q)))
    .filter((r) => !a.p.get('status') || r.status === a.p.get('status'))
    .filter((r) => !a.p.get('errorClass') || r.errorClass === a.p.get('errorClass'))
    .filter((r) => r.durationMs >= Number(a.p.get('minDurationMs') ?? 0))
    .filter((r) => a.p.get('costKind') !== 'unpriced' || r.unpricedCalls > 0)
    .filter((r) => !a.p.get('sessionId') || r.sessionId === a.p.get('sessionId'));
  const list = sorted<TraceRow>(rows, a.p.get('sort') ?? '-start', { spans: (r) => r.spanCount, errors: (r) => r.errorCount });
  return { ...base(a), ...page(list, a.p), total: list.length };
}

export function traceDetail(id: string, p: URLSearchParams): TraceDetail {
  const trace = TRACES.find((t) => t.row.traceId === id);
  if (!trace) throw new Bad(404, `no span of trace ${id} is kept`);
  const wanted = p.get('content');
  const layers = { counted: ['gateway' as const, 'direct' as const], notCounted: {} };
  if (wanted) {
    const span = trace.spans.find((s) => s.spanId === wanted);
    if (!span) throw new Bad(404, `no span ${wanted} in trace ${id}`, 'content');
    return { trace: trace.row, layers, spans: [span], truncated: false, content: contentOf(span) };
  }
  const engine = trace.spans.find((s) => s.role === 'ENGINE');
  const parts = engine ? { gatewayOverheadMs: 9.4, queueMs: Number(engine.attributes['gen_ai.latency.time_in_queue']) * 1000, prefillMs: 118, decodeMs: Math.max(1, engine.durationMs - 140), joinedBy: 'trace' as const, engineTraceId: id } : null;
  return { trace: trace.row, layers, spans: [...trace.spans].sort((x, y) => x.start - y.start), truncated: false, latencyParts: parts };
}

function sessionRows(traces: MockTrace[]): Map<string, { row: SessionRow; traces: MockTrace[] }> {
  const groups = new Map<string, MockTrace[]>();
  for (const t of traces) {
    const id = t.row.sessionId ?? t.row.traceId;
    groups.set(id, [...(groups.get(id) ?? []), t]);
  }
  return new Map(
    [...groups].map(([sessionId, list]) => {
      const rows = list.map((t) => t.row);
      const costs = rows.filter((r) => r.costUsd !== null);
      const first = rows[0] as TraceRow;
      const start = Math.min(...rows.map((r) => r.start));
      const end = Math.max(...rows.map((r) => r.end));
      const tokens = sumTokens(rows);
      const row: SessionRow = {
        sessionId, kind: first.sessionId === null ? 'trace' : 'session', sources: first.sessionId === null ? [] : ['session'], project: first.project, name: first.name, start, end, durationMs: end - start, traceCount: rows.length, callCount: rows.reduce((s, r) => s + r.callCount, 0),
        errorCount: rows.reduce((s, r) => s + r.errorCount, 0), status: rows.some((r) => r.status === 'error') ? 'error' : 'ok', tokens, costUsd: costs.length === 0 ? null : usd(costs.reduce((s, r) => s + pico(r.costUsd), 0n)),
        unpricedCalls: rows.reduce((s, r) => s + r.unpricedCalls, 0), user: first.user, models: [...new Set(rows.flatMap((r) => r.models))].slice(0, 5), agents: [...new Set(rows.flatMap((r) => r.agents))].slice(0, 5),
      };
      return [sessionId, { row, traces: list }];
    }),
  );
}

export function sessions(a: Asked): Sessions {
  const q = (a.p.get('q') ?? '').toLowerCase();
  const rows = [...sessionRows(a.traces).values()].map((s) => s.row).filter((r) => q === '' || [r.sessionId, r.user, ...r.agents, ...r.models].some((x) => x.toLowerCase().includes(q)));
  return { ...base(a), ...page(sorted(rows, a.p.get('sort') ?? '-start', { errors: (r) => r.errorCount }), a.p) };
}

export function sessionDetail(id: string): SessionDetail {
  const found = sessionRows(TRACES).get(id);
  if (!found) throw new Bad(404, `no session ${id}`);
  return { session: found.row, steps: found.traces.flatMap(stepsOf).sort((x, y) => x.start - y.start), truncated: false };
}
