/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sums, series and shares over the mocked rows.
 */
import type {
  Breakdown, CallRow, Coverage, CoverageModel, Dimension, Distribution, ErrorClass, Failures, Flow, FlowEdge, FlowKind, FlowNode,
  Heatmap, Metric, Overview, Timeseries, Tokens, Totals,
} from '../src/api/types.ts';
import { pico, sumTokens, usd } from './mock-data.ts';
import { Bad, base, BORN, iso, TRACES, type Asked, window } from './mock-question.ts';

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

export function overview(a: Asked): Overview {
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

export function timeseries(a: Asked): Timeseries {
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

export function breakdown(a: Asked): Breakdown {
  const groupBy = (a.p.get('groupBy') ?? 'model').split(',') as Dimension[];
  const sort = a.p.get('sort') ?? '-cost';
  const limit = Number(a.p.get('limit') ?? 50);
  const sign = sort.startsWith('-') ? -1 : 1;
  const rows = grouped(a.calls, groupBy).map(({ key, calls }) => ({ key, calls, row: { key, ...totals(calls, null) } }));
  rows.sort((x, y) => sign * (sortKey(x.row, sort.replace('-', '')) - sortKey(y.row, sort.replace('-', ''))));
  const rest = rows.slice(limit).flatMap((r) => r.calls);
  return { ...base(a), groupBy, sort, rows: rows.slice(0, limit).map((r) => r.row), other: rest.length === 0 ? null : totals(rest, null) };
}

export function heatmap(a: Asked): Heatmap {
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

export function failures(a: Asked): Failures {
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

export function flow(a: Asked): Flow {
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

function both(calls: CallRow[]): CoverageModel['both'] {
  const two = calls.filter((c) => c.reportedUsd !== null && c.computedUsd !== null);
  const r = two.reduce((s, c) => s + pico(c.reportedUsd), 0n);
  const c = two.reduce((s, x) => s + pico(x.computedUsd), 0n);
  return { calls: two.length, reportedUsd: usd(r), computedUsd: usd(c), driftUsd: usd(r - c), driftRatio: c === 0n ? null : Number(r - c) / Number(c) };
}

export const BOOK = { version: 'book-2026-11-20', loadedAt: iso(BORN - 5e6), files: ['defaults.yaml', 'models.yaml'], entryCount: 143 };

export function coverage(a: Asked): Coverage {
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
