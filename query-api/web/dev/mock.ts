/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import type { Calls, Runs, Status } from '../src/api/types.ts';
import { BOOK, breakdown, coverage, failures, flow, heatmap, overview, timeseries } from './mock-figures.ts';
import { page, sessionDetail, sessions, sorted, traceDetail, traceList } from './mock-lists.ts';
import { ask, Bad, base, BORN, iso, TRACES } from './mock-question.ts';

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
