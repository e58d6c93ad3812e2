/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import type {
  Breakdown, CallRow, Calls, Coverage, CoverageModel, Dimension, Distribution, ErrorClass, Failures, Flow, FlowEdge, FlowKind, FlowNode, Heatmap, Metric, Overview, Page, RangeAnswer,
  Runs, SessionDetail, SessionRow, Sessions, Status, Timeseries, Tokens, Totals, TraceDetail, TraceRow, Traces,
} from '../src/api/types.ts';
import { boundToMs } from '../src/model/range.ts';
import { contentOf, generate, pico, stepsOf, sumTokens, usd, type MockTrace } from './mock-data.ts';

const BORN = Date.now();
const TRACES = generate(BORN);

class Bad extends Error {
  readonly status: number;
  readonly field: string | null;
  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

interface Asked {
  p: URLSearchParams;
  from: number;
  to: number;
  traces: MockTrace[];
  calls: CallRow[];
}

const DIMENSIONS = ['project', 'service', 'environment', 'provider', 'model', 'operation', 'team', 'apiKey', 'user'] as const;

function ask(p: URLSearchParams): Asked {
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

function window(p: URLSearchParams, from: number, to: number): Omit<Asked, 'p'> {
  const passes = (call: CallRow) => DIMENSIONS.every((d) => p.getAll(d).length === 0 || p.getAll(d).includes(call[d]));
  const filtered = DIMENSIONS.some((d) => p.getAll(d).length > 0);
  const traces = TRACES.filter((t) => t.row.start >= from && t.row.start < to && (!filtered || t.calls.some(passes)));
  const calls = TRACES.filter((t) => t.row.end >= from && t.row.start < to).flatMap((t) => t.calls.filter((c) => c.end >= from && c.end < to && passes(c)));
  return { from, to, traces, calls };
}

function base(a: Asked): RangeAnswer {
  const engine = a.traces.flatMap((t) => t.spans.filter((s) => s.role === 'ENGINE')).length;
  return { from: iso(a.from), to: iso(a.to), layers: { counted: ['gateway', 'direct'], notCounted: { engine: { calls: engine, usd: '0' } } }, completeThrough: iso(Date.now() - 900), source: 'windows' };
}

const iso = (ms: number) => new Date(ms).toISOString();

function distribution(values: (number | null)[]): Distribution {
  const sorted = values.filter((v): v is number => v !== null).sort((x, y) => x - y);
  if (sorted.length === 0) return { avg: null, p50: null, p90: null, p95: null, p99: null, max: null };
  const q = (f: number) => sorted[Math.min(sorted.length - 1, Math.floor(f * sorted.length))] as number;
  return { avg: sorted.reduce((s, v) => s + v, 0) / sorted.length, p50: q(0.5), p90: q(0.9), p95: q(0.95), p99: q(0.99), max: q(1) };
}

function sum(calls: CallRow[], of: (c: CallRow) => string | null): string | null {
  const known = calls.filter((c) => of(c) !== null);
  return known.length === 0 ? null : usd(known.reduce((s, c) => s + pico(of(c)), 0n));
}

function totals(calls: CallRow[], events: number | null, requests = 0, failed = 0): Totals {
  const errors = calls.filter((c) => c.status === 'error').length;
  return {
    events, calls: calls.length, errors, failRate: calls.length === 0 ? null : errors / calls.length, requests: { count: requests, failed, failRate: requests === 0 ? null : failed / requests },
    cost: { usd: sum(calls, (c) => c.costUsd), reportedUsd: sum(calls, (c) => c.reportedUsd), computedUsd: sum(calls, (c) => c.computedUsd), unpricedCalls: calls.filter((c) => c.costKind === 'unpriced').length },
    tokens: sumTokens(calls), latencyMs: distribution(calls.map((c) => c.durationMs)), timeToFirstTokenMs: distribution(calls.map((c) => c.timeToFirstTokenMs)), timePerOutputTokenMs: distribution(calls.map((c) => c.timePerOutputTokenMs)),
    streamingCalls: calls.filter((c) => c.streaming).length, cacheHits: calls.filter((c) => c.cacheHit).length, noUsageCalls: calls.filter((c) => c.tokens === null).length,
  };
}

function windowTotals(a: Omit<Asked, 'p'>): Totals {
  const roots = a.traces.flatMap((t) => t.spans.filter((s) => s.role === 'GATEWAY_ROOT'));
  return totals(a.calls, a.traces.reduce((s, t) => s + t.spans.length, 0), roots.length, roots.filter((s) => s.status === 'error').length);
}

function overview(a: Asked): Overview {
  const length = a.to - a.from;
  return { ...base(a), totals: windowTotals(a), previous: { ...windowTotals(window(a.p, a.from - length, a.from)), from: iso(a.from - length), to: iso(a.from) }, lateness: { p50Ms: 1240, p99Ms: 5320 } };
}

const STEPS = [10e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3, 36e5, 108e5, 216e5, 864e5];

function stepOf(a: Asked): number {
  return STEPS.find((s) => (a.to - a.from) / s <= 120) ?? 864e5;
}

function metric(calls: CallRow[], name: Metric): number | string | null {
  const [head = '', tail = ''] = name.split('.');
  const t = () => totals(calls, null);
  switch (head) {
    case 'calls':
      return calls.length;
    case 'errors':
      return t().errors;
    case 'failRate':
      return t().failRate;
    case 'cost':
      return sum(calls, (c) => c.costUsd);
    case 'unpricedCalls':
      return t().cost.unpricedCalls;
    case 'tokens':
      return sumTokens(calls)[tail as keyof Tokens];
    case 'latency':
      return distribution(calls.map((c) => c.durationMs))[tail as keyof Distribution];
    case 'ttft':
      return distribution(calls.map((c) => c.timeToFirstTokenMs))[tail as keyof Distribution];
    case 'tpot':
      return distribution(calls.map((c) => c.timePerOutputTokenMs))[tail as keyof Distribution];
    default:
      throw new Bad(400, `unknown metric ${name}`, 'metric');
  }
}

function dimension(c: CallRow, d: Dimension): string {
  return c[d] ?? '';
}

interface Group {
  key: Partial<Record<Dimension, string>>;
  calls: CallRow[];
}

function grouped(calls: CallRow[], dims: Dimension[]): Group[] {
  const groups = new Map<string, Group>();
  for (const c of calls) {
    const id = dims.map((d) => dimension(c, d)).join('\u0000');
    const group: Group = groups.get(id) ?? { key: Object.fromEntries(dims.map((d) => [d, dimension(c, d)])), calls: [] };
    group.calls.push(c);
    groups.set(id, group);
  }
  return [...groups.values()].sort((x, y) => y.calls.length - x.calls.length);
}

function timeseries(a: Asked): Timeseries {
  const name = (a.p.get('metric') ?? '') as Metric;
  const groupBy = a.p.get('groupBy');
  const step = stepOf(a);
  const first = Math.floor(a.from / step) * step;
  const groups: Group[] = groupBy ? grouped(name === 'errors' ? a.calls.filter((c) => c.status === 'error') : a.calls, groupBy.split(',') as Dimension[]) : [{ key: {}, calls: a.calls }];
  return {
    ...base(a),
    metric: name,
    step,
    series: groups.map(({ key, calls }) => {
      const buckets = new Map<number, CallRow[]>();
      for (const c of calls) {
        const t = Math.floor(c.end / step) * step;
        buckets.set(t, [...(buckets.get(t) ?? []), c]);
      }
      const times = Array.from({ length: Math.ceil((a.to - first) / step) }, (_, i) => first + i * step);
      const slowest = (list: CallRow[]) => list.reduce<CallRow | null>((s, c) => (s === null || c.durationMs > s.durationMs ? c : s), null)?.traceId ?? null;
      return { key, points: times.map((t) => [t, metric(buckets.get(t) ?? [], name)]), exemplars: times.map((t) => slowest(buckets.get(t) ?? [])) };
    }),
  };
}

function sortKey(row: Totals, name: string): number {
  const values: Record<string, number | null> = {
    calls: row.calls, errors: row.errors, failRate: row.failRate, cost: row.cost.usd === null ? null : Number(row.cost.usd), unpricedCalls: row.cost.unpricedCalls, 'tokens.input': row.tokens.input, 'tokens.output': row.tokens.output, 'tokens.cacheRead': row.tokens.cacheRead,
    'tokens.total': row.tokens.total, 'latency.avg': row.latencyMs.avg, 'latency.p50': row.latencyMs.p50, 'latency.p95': row.latencyMs.p95, 'latency.p99': row.latencyMs.p99, 'ttft.p50': row.timeToFirstTokenMs.p50, 'tpot.p50': row.timePerOutputTokenMs.p50,
  };
  if (!(name in values)) throw new Bad(400, `cannot sort by ${name}`, 'sort');
  return values[name] ?? -1;
}

function breakdown(a: Asked): Breakdown {
  const groupBy = (a.p.get('groupBy') ?? 'model').split(',') as Dimension[];
  const sort = a.p.get('sort') ?? '-cost';
  const limit = Number(a.p.get('limit') ?? 50);
  const sign = sort.startsWith('-') ? -1 : 1;
  const rows = grouped(a.calls, groupBy).map(({ key, calls }) => ({ key, calls, row: { key, ...totals(calls, null) } }));
  rows.sort((x, y) => sign * (sortKey(x.row, sort.replace('-', '')) - sortKey(y.row, sort.replace('-', ''))));
  const rest = rows.slice(limit).flatMap((r) => r.calls);
  return { ...base(a), groupBy, sort, rows: rows.slice(0, limit).map((r) => r.row), other: rest.length === 0 ? null : totals(rest, null) };
}

function heatmap(a: Asked): Heatmap {
  const name = (a.p.get('metric') ?? 'duration') as Heatmap['metric'];
  const value = (c: CallRow) => (name === 'duration' ? c.durationMs : name === 'ttft' ? c.timeToFirstTokenMs : c.timePerOutputTokenMs);
  const step = STEPS.find((s) => (a.to - a.from) / s <= 72) ?? 864e5;
  const buckets = Array.from({ length: 30 }, (_, i) => 2 ** (i / 2) * (name === 'tpot' ? 0.1 : 1));
  const first = Math.floor(a.from / step) * step;
  const columns = Array.from({ length: Math.ceil((a.to - first) / step) }, (_, i) => ({ t: first + i * step, counts: buckets.map(() => 0) }));
  for (const c of a.calls) {
    const v = value(c);
    const column = columns[Math.floor((c.end - first) / step)];
    if (v === null || !column) continue;
    const i = buckets.findIndex((b) => v <= b);
    const at = i < 0 ? buckets.length - 1 : i;
    column.counts[at] = (column.counts[at] ?? 0) + 1;
  }
  return { ...base(a), metric: name, step, buckets, columns };
}

function failures(a: Asked): Failures {
  const failed = a.calls.filter((c) => c.status === 'error');
  const rows = grouped(failed, ['errorClass']).map(({ key, calls }) => {
    const latest = calls.reduce((x, y) => (y.end > x.end ? y : x));
    return {
      errorClass: key.errorClass as ErrorClass, count: calls.length, share: calls.length / failed.length, lastSeen: latest.end,
      latest: { message: latest.message, httpStatus: latest.httpStatus, provider: latest.provider, model: latest.model, traceId: latest.traceId, spanId: latest.spanId },
      traceIds: [...new Set([...calls].reverse().map((c) => c.traceId))].slice(0, 10),
      models: grouped(calls, ['model']).slice(0, 5).map((g) => ({ model: g.key.model ?? '', count: g.calls.length })),
    };
  });
  return { ...base(a), rows, total: failed.length };
}

function flow(a: Asked): Flow {
  const only = a.p.get('traceId');
  const traces = only ? TRACES.filter((t) => t.row.traceId === only) : a.traces;
  const nodes = new Map<string, { node: FlowNode; ms: number[]; cost: bigint }>();
  const edges = new Map<string, { edge: FlowEdge; ms: number[]; cost: bigint }>();
  const nodeOf = (kind: FlowKind, name: string) => {
    const id = `${kind}:${name}`;
    const found = nodes.get(id) ?? { node: { id, kind, name, count: 0, errors: 0, failRate: null, p50Ms: null, p95Ms: null, costUsd: null, unpricedCalls: 0, totalTokens: 0 }, ms: [], cost: 0n };
    nodes.set(id, found);
    return found;
  };
  for (const trace of traces) {
    const ids = new Map<string, string>();
    for (const s of trace.spans) {
      const kind: FlowKind | null = s.role === 'AGENT' ? 'agent' : s.role === 'TOOL' ? 'tool' : s.role === 'WORKFLOW' ? 'workflow' : s.role === 'GATEWAY_CALL' ? 'model' : null;
      const parent = s.parentSpanId === null ? undefined : ids.get(s.parentSpanId);
      if (kind === null) {
        if (parent) ids.set(s.spanId, parent);
        else if (s.role === 'GATEWAY_ROOT') ids.set(s.spanId, nodeOf('service', s.service).node.id);
        continue;
      }
      const name = kind === 'model' ? (s.model ?? '') : (s.agent !== null && kind === 'agent' ? s.agent : (s.tool ?? s.name));
      const n = nodeOf(kind, name);
      ids.set(s.spanId, n.node.id);
      n.node.count++;
      n.ms.push(s.durationMs);
      n.cost += pico(s.costUsd);
      n.node.totalTokens += s.tokens?.total ?? 0;
      if (s.status === 'error') n.node.errors++;
      if (s.costKind === 'unpriced') n.node.unpricedCalls++;
      if (parent && parent !== n.node.id) {
        const key = `${parent}>${n.node.id}`;
        const e = edges.get(key) ?? { edge: { source: parent, target: n.node.id, count: 0, errors: 0, failRate: null, p50Ms: null, p95Ms: null, costUsd: null, loop: false, retries: 0 }, ms: [], cost: 0n };
        edges.set(key, e);
        e.edge.count++;
        e.ms.push(s.durationMs);
        e.cost += pico(s.costUsd);
        if (s.status === 'error') {
          e.edge.errors++;
          e.edge.retries++;
        }
      }
    }
  }
  const finish = <T extends FlowNode | FlowEdge>(item: T, ms: number[], cost: bigint): T => {
    const d = distribution(ms);
    return { ...item, failRate: item.count === 0 ? null : item.errors / item.count, p50Ms: d.p50, p95Ms: d.p95, costUsd: cost === 0n ? null : usd(cost) };
  };
  return {
    ...base(a), nodes: [...nodes.values()].map((n) => finish(n.node, n.ms, n.cost)), edges: [...edges.values()].map((e) => finish(e.edge, e.ms, e.cost)), traceCount: traces.length, truncated: false,
  };
}

function page<Row>(rows: Row[], p: URLSearchParams): Page<Row> {
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

function sorted<Row extends Listed>(rows: Row[], sort: string, more: Record<string, (r: Row) => number> = {}): Row[] {
  const keys: Record<string, (r: Row) => number> = { start: (r) => r.start, duration: (r) => r.durationMs, cost: (r) => Number(r.costUsd ?? -1), tokens: (r) => r.tokens?.total ?? -1, ...more };
  const key = keys[sort.replace('-', '')];
  if (!key) throw new Bad(400, `cannot sort by ${sort}`, 'sort');
  const sign = sort.startsWith('-') ? -1 : 1;
  return [...rows].sort((x, y) => sign * (key(x) - key(y)));
}

function traceList(a: Asked): Traces {
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

function traceDetail(id: string, p: URLSearchParams): TraceDetail {
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

function sessions(a: Asked): Sessions {
  const q = (a.p.get('q') ?? '').toLowerCase();
  const rows = [...sessionRows(a.traces).values()].map((s) => s.row).filter((r) => q === '' || [r.sessionId, r.user, ...r.agents, ...r.models].some((x) => x.toLowerCase().includes(q)));
  return { ...base(a), ...page(sorted(rows, a.p.get('sort') ?? '-start', { errors: (r) => r.errorCount }), a.p) };
}

function sessionDetail(id: string): SessionDetail {
  const found = sessionRows(TRACES).get(id);
  if (!found) throw new Bad(404, `no session ${id}`);
  return { session: found.row, steps: found.traces.flatMap(stepsOf).sort((x, y) => x.start - y.start), truncated: false };
}

function both(calls: CallRow[]): CoverageModel['both'] {
  const two = calls.filter((c) => c.reportedUsd !== null && c.computedUsd !== null);
  const r = two.reduce((s, c) => s + pico(c.reportedUsd), 0n);
  const c = two.reduce((s, x) => s + pico(x.computedUsd), 0n);
  return { calls: two.length, reportedUsd: usd(r), computedUsd: usd(c), driftUsd: usd(r - c), driftRatio: c === 0n ? null : Number(r - c) / Number(c) };
}

const BOOK = { version: 'book-2026-11-20', loadedAt: iso(BORN - 5e6), files: ['defaults.yaml', 'models.yaml'], entryCount: 143 };

function coverage(a: Asked): Coverage {
  const t = totals(a.calls, null);
  const models = grouped(a.calls, ['provider', 'model']).map(({ key, calls }): CoverageModel => {
    const unpriced = calls.filter((c) => c.costKind === 'unpriced');
    return {
      layer: 'gateway', provider: key.provider ?? '', model: key.model ?? '', calls: calls.length, pricedCalls: calls.filter((c) => c.costUsd !== null).length, unpricedCalls: unpriced.length, noUsageCalls: calls.filter((c) => c.tokens === null).length,
      cacheHits: calls.filter((c) => c.cacheHit).length, tokens: sumTokens(calls), unpricedTokens: sumTokens(unpriced).total, costUsd: sum(calls, (c) => c.costUsd), both: both(calls),
    };
  });
  models.sort((x, y) => y.unpricedCalls - x.unpricedCalls || y.calls - x.calls);
  const price = (provider: string, model: string, input: string, output: string) => ({ id: `${provider}/${model}@2026-01-01`, provider, model, validFrom: '2026-01-01T00:00:00Z', validTo: null, inputUsdPerMillion: input, cacheReadUsdPerMillion: usd(pico(input) / 2n), cacheWriteUsdPerMillion: null, outputUsdPerMillion: output, reasoningUsdPerMillion: null, perRequestUsd: null, tiers: model.startsWith('claude') ? [{ aboveTokens: 200_000, inputUsdPerMillion: '6', outputUsdPerMillion: '22.5' }] : [] });
  return {
    ...base(a),
    totals: { calls: t.calls, pricedCalls: a.calls.filter((c) => c.costUsd !== null).length, unpricedCalls: t.cost.unpricedCalls, noUsageCalls: t.noUsageCalls, cacheHits: t.cacheHits, badCostCalls: 0, badTimeCalls: 3, reportedUsd: t.cost.reportedUsd, computedUsd: t.cost.computedUsd, both: both(a.calls) },
    models,
    engines: [{ model: 'meta-llama/Llama-3.1-8B-Instruct', engines: 2, gpus: 4, hours: 2, gpuHours: 8, costUsd: '19.92', calls: 5120, tokens: 6_140_000, usdPerMillionTokens: '3.244300', busyHours: 1.42, idleShare: 0.29, listPrice: { calls: 5120, tokens: 6_140_000, costUsd: '1.842', usdPerMillionTokens: '0.3' } }],
    enginesWithoutModel: [{ service: 'vllm-batch', host: 'gpu-07', calls: 412, hint: 'services:\n  vllm-batch: <model>' }],
    clientWithoutGateway: [{ service: 'notebook', host: 'nb-3', calls: 28, usd: '0.412', hint: 'layers.direct=service:notebook' }],
    priceBook: BOOK,
    prices: [price('openai', 'gpt-4o', '2.5', '10'), price('openai', 'gpt-4o-mini', '0.15', '0.6'), price('anthropic', 'claude-sonnet-4-5', '3', '15'), price('hosted_vllm', 'qwen-235b', '0.2', '0.8'), price('openai', 'text-embedding-3-small', '0.02', '0')],
  };
}

function status(): Status {
  const now = Date.now();
  const table = (name: string, rows: number, bytes: number) => ({ table: name, rows, bytes, lastWrite: iso(now - 700) });
  return {
    version: '0.1.0', commit: null, startedAt: iso(BORN), now: iso(now), state: 'up', warnings: [], auth: { mode: 'loopback', project: 'default', roles: ['ingest', 'read'] }, projects: ['default'], contentMode: 'on',
    upstreams: { grafana: { configured: false, path: '/api/proxy/grafana/', setting: 'proxy.grafana.url' }, langfuse: { configured: false, path: null, setting: 'proxy.langfuse.url' }, agentops: { configured: false, path: null, setting: 'agentops.upstream.url', url: null, project: null, state: 'not_asked', askedAt: null, problem: null } },
    rollups: {
      edition: 0,
      cubes: [
        { cube: 'summary', dimensions: [], windows: ['minute', 'hour', 'day', 'all'], filled: true, filledFrom: null },
        { cube: 'model', dimensions: ['provider', 'model', 'operation', 'errorClass'], windows: ['minute', 'hour', 'day', 'all'], filled: true, filledFrom: null },
        { cube: 'tenant', dimensions: ['provider', 'model', 'tenant'], windows: ['hour', 'day'], filled: false, filledFrom: null },
      ],
    },
    completeThrough: iso(now - 900), lateness: { p50Ms: 1240, p99Ms: 5320 },
    topics: [
      { topic: 'otlp_spans', partitions: 8, records: 18_233, readers: [{ reader: 'rollup', lagRecords: 4, lagMs: 210 }, { reader: 'sink-spans', lagRecords: 12, lagMs: 640 }], watermark: iso(now - 900) },
      { topic: 'llm_calls', partitions: 8, records: 12_040, readers: [{ reader: 'sink-calls', lagRecords: 0, lagMs: 0 }], watermark: iso(now - 700) },
      { topic: 'llm_rollups', partitions: 8, records: 88_120, readers: [{ reader: 'sink-rollups', lagRecords: 31, lagMs: 900 }], watermark: iso(now - 900) },
      { topic: 'otlp_spans_dlq', partitions: 8, records: 2, readers: [], watermark: null },
    ],
    tables: [table('spans', 1_204_331, 318e6), table('span_content', 402_113, 911e6), table('calls', 288_402, 44e6), table('rollup_summary_minute', 12_012, 3.1e6), table('rollup_traffic_minute', 88_201, 21e6)],
    deadLetters: { count: 2, latest: [{ topic: 'otlp_spans', partition: 3, offset: 18_211, at: now - 36e5, project: 'default', reason: 'truncated: field 2 of ResourceSpans ends past the record' }] },
    foldedSeries: [{ cube: 'usage', dimension: 'user', window: 'hour', folded: 318, limit: 10_000 }], dedup: { horizonMs: 864e5, entries: 412_008, maxEntries: 10_000_000, duplicates: 1402 },
    priceBook: BOOK, lastReconcile: { at: iso(now - 72e5), from: iso(now - 96e5), to: iso(now - 72e5), differences: 0 }, components: [{ name: 'Kafka', version: '4.1.0' }, { name: 'ClickHouse', version: '26.7.1' }, { name: 'Java', version: '17.0.17' }],
  };
}

function runs(): Runs {
  const now = Date.now();
  const line = (calls: number, beforeUsd: string, afterUsd: string) => ({ calls, beforeUsd, afterUsd, differenceUsd: '0', newlyPriced: 0, noLongerPriced: 0 });
  return {
    rows: [
      { kind: 'reprice', id: 2, name: 'april', state: 'applying', startedAt: iso(now - 4e5), finishedAt: null, heardAt: iso(now - 3e5), figures: {} },
      { kind: 'reconcile', id: 41, name: 'hourly', state: 'same', startedAt: iso(now - 72e5), finishedAt: iso(now - 72e5 + 1102), heardAt: iso(now - 72e5 + 1102), figures: { differences: 0 } },
      { kind: 'rebuild', id: 3, name: 'with tenants', state: 'failed', startedAt: iso(now - 9e6), finishedAt: iso(now - 888e4), heardAt: iso(now - 888e4), figures: { error: 'the job did not go over to edition 2 in partitions [1] within 120 s: is an aggregator running?' } },
      { kind: 'rebuild', id: 2, name: 'with tenants', state: 'done', startedAt: iso(now - 99e6), finishedAt: iso(now - 98e6), heardAt: iso(now - 98e6), figures: { edition: 1, calls: 288_402 } },
      { kind: 'reprice', id: 1, name: 'march', state: 'done', startedAt: iso(now - 96e7), finishedAt: iso(now - 95.9e7), heardAt: iso(now - 95.9e7), figures: { layers: { gateway: line(1412, '18.204', '17.9316'), client: line(31, '0.402', '0.398') } } },
    ],
  };
}

function answer(url: URL): unknown {
  const p = url.searchParams;
  const path = url.pathname.replace('/api/v1/', '');
  const trace = /^traces\/([^/]+)$/.exec(path);
  if (trace) return traceDetail(decodeURIComponent(trace[1] ?? ''), p);
  const session = /^sessions\/([^/]+)$/.exec(path);
  if (session) return sessionDetail(decodeURIComponent(session[1] ?? ''));
  if (path === 'status') return status();
  if (path === 'runs') return runs();
  const a = ask(p);
  switch (path) {
    case 'overview':
      return overview(a);
    case 'timeseries':
      return timeseries(a);
    case 'breakdown':
      return breakdown(a);
    case 'latency/heatmap':
      return heatmap(a);
    case 'failures':
      return failures(a);
    case 'flow':
      return flow(a);
    case 'calls': {
      const calls: Calls = { ...base(a), ...page(sorted(a.calls, p.get('sort') ?? '-start'), p) };
      return calls;
    }
    case 'traces':
      return traceList(a);
    case 'sessions':
      return sessions(a);
    case 'coverage':
      return coverage(a);
    default:
      throw new Bad(404, `no such path: ${url.pathname}`);
  }
}

function live(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const timer = setInterval(() => {
    const trace = TRACES[Math.floor(Math.random() * TRACES.length)];
    const call = trace?.calls[0];
    if (call) response.write(`event: call\ndata: ${JSON.stringify({ ...call, start: Date.now() - call.durationMs, end: Date.now() })}\n\n`);
  }, 400);
  response.on('close', () => clearInterval(timer));
}

function handle(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (!url.pathname.startsWith('/api/v1/')) return next();
  if (url.pathname === '/api/v1/live') return live(response);
  const send = (code: number, body: unknown) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.method === 'POST' && url.pathname === '/api/v1/login') return send(200, { project: 'default', roles: ['read'] });
    send(200, answer(url));
  } catch (error) {
    const bad = error instanceof Bad ? error : new Bad(500, String(error));
    send(bad.status, { error: { code: bad.status === 404 ? 'not_found' : 'bad_request', message: bad.message, field: bad.field } });
  }
}

/** Answers /api/v1 in the dev and preview servers; never part of the build. */
export function mockApi(): Plugin {
  return {
    name: 'spanmill-mock-api',
    configureServer(server) {
      server.middlewares.use(handle);
    },
    configurePreviewServer(server) {
      // Stricter than the query API's own, so that the browser test finds what a policy would stop.
      server.middlewares.use((_request, response, next) => {
        response.setHeader('Content-Security-Policy', "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'");
        next();
      });
      server.middlewares.use(handle);
    },
  };
}
