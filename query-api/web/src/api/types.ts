/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The answers of `/api/v1`, field by field: what the query API writes and the screen reads. All in one file, as `npm run schemas` makes the OpenAPI document's schemas of it.
 *
 * Conventions that hold everywhere:
 * - names are camelCase; a field that has no value is `null`, never left out and never 0 (fields marked `?` alone may be left out);
 * - money is a decimal string in USD with up to 12 places, without exponent ("0.0123"); never a JSON number;
 * - durations are milliseconds as JSON numbers, with a fraction where known;
 * - times in rows, points and spans are epoch milliseconds as JSON numbers, with a fraction down to a microsecond where known;
 * - `from`, `to`, `completeThrough` and other times of the answer itself are RFC 3339 strings in UTC;
 * - intervals are half-open, [from, to);
 * - a list is `{rows, nextCursor}`; `nextCursor` is null on the last page, else the opaque value for `?cursor=`;
 * - unknown dimension values are "" in keys and rows of dimensions; the folded rest is `__other__`.
 */

/** RFC 3339 in UTC. */
export type Iso = string;
/** Epoch milliseconds, with a fraction where known. */
export type EpochMs = number;
/** Milliseconds. */
export type DurationMs = number;
/** Decimal string, USD. */
export type Usd = string;
/** 0..1. */
export type Ratio = number;

export type Layer = 'gateway' | 'gateway_request' | 'engine' | 'client' | 'direct';

/** What a span is. `RAW` and `INFRA` spans appear in traces only. */
export type Role =
  | 'GATEWAY_CALL'
  | 'GATEWAY_ROOT'
  | 'ENGINE'
  | 'CLIENT_SDK'
  | 'AGENT'
  | 'TOOL'
  | 'WORKFLOW'
  | 'RAW'
  | 'INFRA'
  | 'OTHER';

export type ErrorClass =
  | 'rate_limit'
  | 'timeout'
  | 'context_length'
  | 'content_filter'
  | 'auth'
  | 'bad_request'
  | 'upstream_5xx'
  | 'connection'
  | 'cancelled'
  | 'budget'
  | 'other';

/** `unset` is OTLP's own; a call is `error` by status, `error.type` or HTTP status ≥ 400, else `ok`. */
export type SpanStatus = 'ok' | 'error' | 'unset';

/** Names accepted as filters and in `groupBy`; `errorClass` groups `breakdown` and `timeseries` too. */
export type Dimension =
  | 'project'
  | 'service'
  | 'environment'
  | 'layer'
  | 'provider'
  | 'model'
  | 'operation'
  | 'team'
  | 'apiKey'
  | 'user'
  | 'errorClass';

/** Every error answer has this body; `field` names the parameter at fault, or null. */
export interface ApiErrorBody {
  error: { code: string; message: string; field: string | null };
}

/** Tokens by kind. `input` is uncached input, `output` excludes reasoning, `total` is the sum of the five kinds; `saved` stands apart. */
export interface Tokens {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  total: number;
  /** Tokens a response-cache hit spared; in no other figure. */
  saved: number;
}

/** Which layers the figures count, and what the other layers saw beside them (never added). */
export interface Layers {
  counted: Layer[];
  /** By layer; a layer without calls in the range is left out. */
  notCounted: Partial<Record<Layer, { calls: number; usd: Usd }>>;
}

/** `windows` = rollups alone; `calls` = fact table alone; `mixed` = windows with ends cut from calls. */
export type Source = 'windows' | 'calls' | 'mixed';

/** Carried by every answer over a range. */
export interface RangeAnswer {
  /** Effective range, snapped outward. */
  from: Iso;
  to: Iso;
  layers: Layers;
  /** All that ingest acknowledged before this arrival time is counted; null before anything arrived. */
  completeThrough: Iso | null;
  source: Source;
}

/** A distribution; every field null when nothing was measured. */
export interface Distribution {
  avg: DurationMs | null;
  p50: DurationMs | null;
  p90: DurationMs | null;
  p95: DurationMs | null;
  p99: DurationMs | null;
  max: DurationMs | null;
}

export interface Cost {
  /** Reported where present, else computed; null when no call in the range has a cost. */
  usd: Usd | null;
  reportedUsd: Usd | null;
  computedUsd: Usd | null;
  /** Calls with usage but no price: their money is unknown, not zero. */
  unpricedCalls: number;
}

/** The figures of one set of calls. */
export interface Totals {
  /** Spans kept, of every role; null where the grouping cannot say (spans have no team, for one). */
  events: number | null;
  /** Attempts in the counted layers. */
  calls: number;
  errors: number;
  /** errors / calls; null without calls. */
  failRate: Ratio | null;
  /** User-visible requests, of `gateway_request`. */
  requests: { count: number; failed: number; failRate: Ratio | null };
  cost: Cost;
  tokens: Tokens;
  latencyMs: Distribution;
  timeToFirstTokenMs: Distribution;
  timePerOutputTokenMs: Distribution;
  streamingCalls: number;
  cacheHits: number;
  /** Calls that reported no tokens. */
  noUsageCalls: number;
}

/** GET /api/v1/overview */
export interface Overview extends RangeAnswer {
  totals: Totals;
  /** The same figures for the window of equal length just before `from`. */
  previous: Totals & { from: Iso; to: Iso };
  /** Arrival − span end of the spans in the range; null without spans. */
  lateness: { p50Ms: DurationMs; p99Ms: DurationMs } | null;
}

/**
 * Metric names of `timeseries` (and `sort` of `breakdown`, with or without a leading `-`).
 * `latency.*`, `ttft.*`, `tpot.*` take avg, p50, p90, p95, p99, max; queue, prefill and decode likewise.
 */
export type Metric =
  | 'calls'
  | 'errors'
  | 'failRate'
  | 'requests'
  | 'events'
  | 'cost'
  | 'cost.reported'
  | 'cost.computed'
  | 'unpricedCalls'
  | 'cacheHits'
  | 'streamingCalls'
  | `tokens.${keyof Tokens}`
  | `${'latency' | 'ttft' | 'tpot' | 'queue' | 'prefill' | 'decode'}.${keyof Distribution}`;

/** [start of the step, value]; counts are per step (not per second), money is a decimal string, null = no data in the step. */
export type Point = [EpochMs, number | Usd | null];

export interface Series {
  /** Values of the `groupBy` dimensions; {} without grouping. The rest past 50 series has `__other__` in each. */
  key: Partial<Record<Dimension, string>>;
  points: Point[];
  /** Trace to open for a step, where one is kept (slowest, or latest error for error metrics): same order as `points`. */
  exemplars?: (string | null)[];
}

/** GET /api/v1/timeseries?metric&groupBy&step&tz — `step` in the request: `60s`, `1m`, `1h`, `1d`, milliseconds, or absent for automatic. */
export interface Timeseries extends RangeAnswer {
  metric: Metric;
  /** Nominal length of a step. */
  step: DurationMs;
  /** Every step of the range is present in every series, empty ones as 0 (counts) or null (ratios, quantiles, money). */
  series: Series[];
}

export type BreakdownRow = Totals & { key: Partial<Record<Dimension, string>> };

/** GET /api/v1/breakdown?groupBy=model,team&sort=-cost&limit= */
export interface Breakdown extends RangeAnswer {
  groupBy: Dimension[];
  sort: string;
  rows: BreakdownRow[];
  /** What `limit` left out, folded series included; null when nothing was. */
  other: Totals | null;
}

/** GET /api/v1/latency/heatmap?metric=duration|ttft|tpot */
export interface Heatmap extends RangeAnswer {
  metric: 'duration' | 'ttft' | 'tpot';
  step: DurationMs;
  /** Ascending upper bounds in ms; `counts[i]` has the calls in (buckets[i−1], buckets[i]], from 0 for the first. */
  buckets: DurationMs[];
  /** One per step, empty steps included. */
  columns: { t: EpochMs; counts: number[] }[];
}

export interface FailureRow {
  errorClass: ErrorClass;
  count: number;
  /** count / all failures in the range. */
  share: Ratio;
  /** When the latest one ended. */
  lastSeen: EpochMs;
  latest: {
    /** Shortened to 500 characters; null where the sender gave none. */
    message: string | null;
    httpStatus: number | null;
    provider: string;
    model: string;
    traceId: string;
    spanId: string;
  };
  /** Up to 10, newest first, each once. */
  traceIds: string[];
  /** Up to 5 most hit, most first. */
  models: { model: string; count: number }[];
}

/** GET /api/v1/failures — rows by count, most first. */
export interface Failures extends RangeAnswer {
  rows: FailureRow[];
  total: number;
}

export type FlowKind = 'agent' | 'tool' | 'model' | 'workflow' | 'service';

export interface FlowNode {
  /** `kind:name`, unique in the answer. */
  id: string;
  kind: FlowKind;
  name: string;
  count: number;
  errors: number;
  failRate: Ratio | null;
  p50Ms: DurationMs | null;
  p95Ms: DurationMs | null;
  /** Model nodes, and agents by the calls beneath them; null where none has a cost. */
  costUsd: Usd | null;
  unpricedCalls: number;
  totalTokens: number;
}

export interface FlowEdge {
  /** Node ids. */
  source: string;
  target: string;
  count: number;
  errors: number;
  failRate: Ratio | null;
  p50Ms: DurationMs | null;
  p95Ms: DurationMs | null;
  costUsd: Usd | null;
  /** The edge closes a cycle (target reached source before). */
  loop: boolean;
  /** Of `count`, attempts after the first one of the same call. */
  retries: number;
}

/** GET /api/v1/flow?traceId= — over the range, or of one trace. */
export interface Flow extends RangeAnswer {
  nodes: FlowNode[];
  edges: FlowEdge[];
  /** Traces read; `truncated` when the limit on spans cut some off. */
  traceCount: number;
  truncated: boolean;
}

/** How a call came to its money. `none`: failed without usage, neither priced nor unpriced. */
export type CostKind = 'reported' | 'computed' | 'cache_hit' | 'unpriced' | 'none';

/** One counted call (attempt) or gateway request. */
export interface CallRow {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  project: string;
  layer: Layer;
  /** Span name as sent. */
  name: string;
  start: EpochMs;
  end: EpochMs;
  durationMs: DurationMs;
  timeToFirstTokenMs: DurationMs | null;
  timePerOutputTokenMs: DurationMs | null;
  queueMs: DurationMs | null;
  prefillMs: DurationMs | null;
  decodeMs: DurationMs | null;
  provider: string;
  model: string;
  operation: string;
  service: string;
  environment: string;
  team: string;
  apiKey: string;
  user: string;
  sessionId: string | null;
  status: 'ok' | 'error';
  errorClass: ErrorClass | null;
  httpStatus: number | null;
  /** Status message, shortened to 500 characters. */
  message: string | null;
  streaming: boolean;
  cacheHit: boolean;
  /** null when the sender reported no usage. */
  tokens: Tokens | null;
  costKind: CostKind;
  /** null when unpriced or none. */
  costUsd: Usd | null;
  reportedUsd: Usd | null;
  computedUsd: Usd | null;
  /** Version of the price book and the entry used; null when nothing was computed. */
  priceBook: string | null;
  priceEntry: string | null;
}

/** Keyset page. */
export interface Page<Row> {
  rows: Row[];
  nextCursor: string | null;
}

/** GET /api/v1/calls?sort=-start|-duration|-cost|-tokens (with or without `-`) &q &status=ok|error &errorClass &minDurationMs &maxDurationMs &minCostUsd &costKind &traceId &cursor &limit */
export type Calls = RangeAnswer & Page<CallRow>;

export interface TraceRow {
  traceId: string;
  project: string;
  /** Name of the root span, or of the earliest span kept when the root is missing. */
  name: string;
  /** Service of that span. */
  service: string;
  environment: string;
  /** Earliest start and latest end of all spans. */
  start: EpochMs;
  end: EpochMs;
  durationMs: DurationMs;
  spanCount: number;
  /** Counted calls (attempts). */
  callCount: number;
  /** Spans with an error, of any role. */
  errorCount: number;
  /** `error` when the root, the gateway request or, lacking both, the last counted call failed: a retried failure alone is `ok`. */
  status: 'ok' | 'error';
  /** Of the latest failed call, also when the trace recovered; null without one. */
  errorClass: ErrorClass | null;
  /** Distinct, by first appearance, at most 5 each. */
  models: string[];
  agents: string[];
  tokens: Tokens;
  /** Sum over counted calls; null when none has a cost. */
  costUsd: Usd | null;
  unpricedCalls: number;
  user: string;
  team: string;
  apiKey: string;
  sessionId: string | null;
  tags: string[];
}

/**
 * GET /api/v1/traces?sort=-start|-duration|-cost|-tokens|-spans|-errors (with or without `-`) &q (trace id, root name, tag, user, session)
 * &status &errorClass &minDurationMs &maxDurationMs &minCostUsd &sessionId &cursor &limit. A trace is in the range when its start is.
 */
export type Traces = RangeAnswer &
  Page<TraceRow> & {
    /** Matching traces when cheap to know, else null. */
    total: number | null;
  };

export interface TraceSpan {
  spanId: string;
  /** null at a root; may name a span that is not kept. */
  parentSpanId: string | null;
  name: string;
  role: Role;
  /** Layer in which the span counts or would count; null for other roles. */
  layer: Layer | null;
  /** False for a span that repeats an already counted attempt, and for roles that never count. */
  counted: boolean;
  /** OTLP kind in lower case: internal, server, client, producer, consumer, unspecified. */
  kind: string;
  service: string;
  /** Instrumentation scope, "" if unnamed. */
  scope: string;
  start: EpochMs;
  end: EpochMs;
  durationMs: DurationMs;
  provider: string | null;
  model: string | null;
  operation: string | null;
  /** Agent or tool name for those roles. */
  agent: string | null;
  tool: string | null;
  status: SpanStatus;
  errorClass: ErrorClass | null;
  httpStatus: number | null;
  /** Status message, shortened to 500 characters. */
  message: string | null;
  tokens: Tokens | null;
  costKind: CostKind;
  costUsd: Usd | null;
  reportedUsd: Usd | null;
  computedUsd: Usd | null;
  timeToFirstTokenMs: DurationMs | null;
  streaming: boolean | null;
  cacheHit: boolean | null;
  /** Span attributes without message content; values as text. */
  attributes: Record<string, string>;
  resource: Record<string, string>;
  events: { t: EpochMs; name: string; attributes: Record<string, string> }[];
  links: { traceId: string; spanId: string }[];
  /** Content is kept for this span and can be asked for. */
  hasContent: boolean;
}

/** Where a request's time went, from gateway and engine spans joined by trace or response id; each null when unknown. */
export interface LatencyParts {
  /** Gateway request minus what lies beneath it. */
  gatewayOverheadMs: DurationMs | null;
  queueMs: DurationMs | null;
  prefillMs: DurationMs | null;
  decodeMs: DurationMs | null;
  /** Engine spans may stand in another trace. */
  joinedBy: 'trace' | 'response_id' | null;
  engineTraceId: string | null;
}

export interface SpanContent {
  spanId: string;
  /** `on` as sent, `redacted` masked on arrival, `off` not kept by setting, `expired` past its retention, `none` never sent. */
  state: 'on' | 'redacted' | 'off' | 'expired' | 'none';
  /** In the order of the conversation. */
  parts: {
    direction: 'input' | 'output' | 'other';
    /** system, user, assistant, tool …; null when the sender named none. */
    role: string | null;
    text: string;
    /** Attribute or event the text came from. */
    key: string;
  }[];
}

/**
 * GET /api/v1/traces/{traceId} — spans by start, parents before children on equal starts. With `?content=spanId` the answer has
 * `content`, and `spans` holds that span alone. 404 `not_found` when no span is kept.
 */
export interface TraceDetail {
  trace: TraceRow;
  layers: Layers;
  spans: TraceSpan[];
  /** True when the limit on spans of one trace cut some off (`trace.spanCount` has the whole count). */
  truncated: boolean;
  latencyParts?: LatencyParts | null;
  content?: SpanContent;
}

export type SessionKind = 'session' | 'conversation' | 'litellm' | 'agentops' | 'trace';

export interface SessionRow {
  sessionId: string;
  /**
   * Who named it first: `session` an application by `session.id` or its framework's key, `conversation` by
   * `gen_ai.conversation.id`, `litellm` a LiteLLM by its session, `agentops` an AgentOps SDK, whose traces are sessions;
   * `trace` = nobody, the trace stands for it.
   */
  kind: SessionKind;
  /** All that named it so, the first first; empty if nobody did. */
  sources: SessionKind[];
  project: string;
  /** Name of the first trace's root. */
  name: string;
  start: EpochMs;
  end: EpochMs;
  durationMs: DurationMs;
  traceCount: number;
  callCount: number;
  errorCount: number;
  status: 'ok' | 'error';
  tokens: Tokens;
  costUsd: Usd | null;
  unpricedCalls: number;
  user: string;
  models: string[];
  agents: string[];
}

/** GET /api/v1/sessions?sort=-start|-duration|-cost|-tokens|-errors &q &cursor &limit */
export type Sessions = RangeAnswer & Page<SessionRow>;

/** One step of a replay: an agent, tool or workflow span, a counted call, or a gateway request. */
export interface SessionStep {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  /** Depth under the trace's root among the steps shown, 0 at the top. */
  depth: number;
  name: string;
  role: Role;
  layer: Layer | null;
  service: string;
  model: string | null;
  agent: string | null;
  tool: string | null;
  start: EpochMs;
  end: EpochMs;
  durationMs: DurationMs;
  status: SpanStatus;
  errorClass: ErrorClass | null;
  message: string | null;
  /** An attempt after the first of the same call. */
  retry: boolean;
  tokens: Tokens | null;
  costKind: CostKind;
  costUsd: Usd | null;
  hasContent: boolean;
}

/** GET /api/v1/sessions/{id}?project= — steps by start. */
export interface SessionDetail {
  session: SessionRow;
  steps: SessionStep[];
  truncated: boolean;
}

/** GET /api/v1/live — server-sent events, `data` is JSON. */
export type LiveEvent =
  /** A finished, counted call. */
  | { event: 'call'; data: CallRow }
  /** The reader was too slow, or more came than the limit lets through: so many calls were left out, null if nobody knows how many. */
  | { event: 'dropped'; data: { calls: number | null } }
  /** Every 15 s. */
  | { event: 'ping'; data: { completeThrough: Iso | null } };

export interface CoverageModel {
  layer: Layer;
  provider: string;
  model: string;
  calls: number;
  pricedCalls: number;
  unpricedCalls: number;
  noUsageCalls: number;
  cacheHits: number;
  tokens: Tokens;
  /** Tokens of the unpriced calls (sum of the five kinds). */
  unpricedTokens: number;
  costUsd: Usd | null;
  /** Over the calls that have both figures, so that they can be compared. */
  both: { calls: number; reportedUsd: Usd; computedUsd: Usd; driftUsd: Usd; driftRatio: Ratio | null };
}

/** One dated entry of the price book. Prices are USD per million tokens, null where the entry has none. */
export interface PriceEntry {
  id: string;
  provider: string;
  model: string;
  validFrom: Iso | null;
  validTo: Iso | null;
  inputUsdPerMillion: Usd | null;
  cacheReadUsdPerMillion: Usd | null;
  cacheWriteUsdPerMillion: Usd | null;
  outputUsdPerMillion: Usd | null;
  reasoningUsdPerMillion: Usd | null;
  perRequestUsd: Usd | null;
  /** Context tiers beyond the base price: from how many input tokens. */
  tiers: { aboveTokens: number; inputUsdPerMillion: Usd | null; outputUsdPerMillion: Usd | null }[];
}

export interface PriceBookInfo {
  /** Version id that call rows name. */
  version: string;
  loadedAt: Iso | null;
  /** File names, without folders. */
  files: string[];
  entryCount: number;
}

/** GPU hours × rate of the engines of a model, over all projects. */
export interface EngineCost {
  model: string;
  engines: number;
  gpus: number;
  hours: number;
  gpuHours: number;
  costUsd: Usd | null;
  calls: number;
  tokens: number;
  usdPerMillionTokens: Usd | null;
  /** Hours in which at least one request was served. */
  busyHours: number;
  idleShare: Ratio | null;
  /** What the counted calls of the same model cost; null where there are none. */
  listPrice: { calls: number; tokens: number; costUsd: Usd | null; usdPerMillionTokens: Usd | null } | null;
}

/** GET /api/v1/coverage */
export interface Coverage extends RangeAnswer {
  totals: {
    calls: number;
    pricedCalls: number;
    unpricedCalls: number;
    noUsageCalls: number;
    cacheHits: number;
    /** Calls whose reported cost was negative, non-finite or absurd. */
    badCostCalls: number;
    /** Calls whose span end was unusable. */
    badTimeCalls: number;
    reportedUsd: Usd | null;
    computedUsd: Usd | null;
    both: { calls: number; reportedUsd: Usd; computedUsd: Usd; driftUsd: Usd; driftRatio: Ratio | null };
  };
  /** Counted layers and engine; unpriced first, then by calls. At most 500. */
  models: CoverageModel[];
  /** What own engines with a rate cost, spread over the tokens they served; null for callers who see one project. */
  engines: EngineCost[] | null;
  /** Engine spans that name no model, with the line for `config/engines.yaml`. */
  enginesWithoutModel: { service: string; host: string; calls: number; hint: string }[];
  /** Client calls that met no gateway call in their trace, with the setting that declares them direct. */
  clientWithoutGateway: { service: string; host: string; calls: number; usd: Usd | null; hint: string }[];
  priceBook: PriceBookInfo | null;
  /** Entries that the models of the range used or could use. At most 500. */
  prices: PriceEntry[];
}

export interface TopicStatus {
  topic: string;
  partitions: number;
  /** Sum of end offsets minus log starts; null when Kafka was not asked or did not answer. */
  records: number | null;
  /** Who reads it: `rollup`, `sink-calls`, `sink-rollups`, `sink-spans` …; records and age of the oldest unread one. */
  readers: { reader: string; lagRecords: number | null; lagMs: DurationMs | null }[];
  /** Arrival time up to which this topic is visible in ClickHouse; null before anything arrived. */
  watermark: Iso | null;
}

export interface TableStatus {
  table: string;
  /** Rows and bytes on disk of active parts. */
  rows: number;
  bytes: number;
  lastWrite: Iso | null;
}

export interface DeadLetter {
  topic: string;
  partition: number;
  offset: number;
  at: EpochMs;
  project: string;
  reason: string;
}

/** GET /api/v1/status */
export interface UpstreamTool {
  configured: boolean;
  /** Where it is opened here; null when it is not configured or not open to the caller. */
  path: string | null;
  /** The key to set. */
  setting: string;
}

/** Another AgentOps beside this; what it is is told to callers who may read its project. */
export interface UpstreamAgentOps extends UpstreamTool {
  url: string | null;
  /** The project here that it stands beside. */
  project: string | null;
  state: 'not_asked' | 'up' | 'failing';
  askedAt: Iso | null;
  /** Why it did not answer when it was asked last. */
  problem: string | null;
}

export interface CubeStatus {
  cube: string;
  dimensions: string[];
  windows: ('minute' | 'hour' | 'day' | 'all')[];
  /** False until `./spanmill rebuild` fills it: until then it answers nothing. */
  filled: boolean;
  /** The first window it answers from; null if from the beginning. */
  filledFrom: Iso | null;
}

export interface Status {
  version: string;
  /** Short commit id of the build; null when built outside a checkout. */
  commit: string | null;
  startedAt: Iso;
  now: Iso;
  /** `up` as expected; `starting` before the first data; `degraded` with reasons in `warnings`. */
  state: 'up' | 'starting' | 'degraded';
  /** To show on the screen: anonymous access, folded series, stalled sink … */
  warnings: { code: string; message: string }[];
  auth: { mode: 'keys' | 'loopback' | 'anonymous'; project: string | null; roles: string[] };
  /** Projects the caller may read. */
  projects: string[];
  /** Storage of prompts and completions. */
  contentMode: 'off' | 'redact' | 'on';
  /** Proxied tools; `path` is where the screen opens it, null when not configured; `setting` is the key to set. */
  upstreams: { grafana: UpstreamTool; langfuse: UpstreamTool; agentops: UpstreamAgentOps };
  completeThrough: Iso | null;
  lateness: { p50Ms: DurationMs; p99Ms: DurationMs } | null;
  topics: TopicStatus[];
  /** The edition of the rollups that is read, and what its cubes answer. */
  rollups: { edition: number; cubes: CubeStatus[] };
  tables: TableStatus[];
  deadLetters: { count: number; latest: DeadLetter[] };
  /** Series folded into `__other__` in the current window, by cube and dimension; only where any were. */
  foldedSeries: { cube: string; dimension: string; window: string; folded: number; limit: number }[];
  dedup: { horizonMs: DurationMs; entries: number | null; maxEntries: number; duplicates: number | null };
  priceBook: PriceBookInfo | null;
  lastReconcile: { at: Iso; from: Iso; to: Iso; differences: number } | null;
  /** Kafka, ClickHouse, Java …; null where unknown. */
  components: { name: string; version: string | null }[];
}

/** One run of reconcile, rebuild or reprice. */
export interface Run {
  kind: 'reconcile' | 'rebuild' | 'reprice';
  /** 1, 2, 3 … within its kind. */
  id: number;
  name: string;
  /** Of reconcile: `running`, `same`, `different`, `unknown`; of rebuild: `running`, `done`, `failed`, `abandoned`; of reprice: `planning`, `planned`, `applying`, `done`, `declined`, `abandoned`. */
  state: 'running' | 'same' | 'different' | 'unknown' | 'done' | 'failed' | 'abandoned' | 'planning' | 'planned' | 'applying' | 'declined';
  startedAt: Iso;
  /** null while it is not over. */
  finishedAt: Iso | null;
  /** When it last said something; one that is not over and has been silent for a minute has died. */
  heardAt: Iso;
  /** What it did, as its kind tells it. */
  figures: Record<string, unknown>;
}

/** GET /api/v1/runs: newest first; empty for a key of one project, as figures are of all projects together. */
export interface Runs {
  rows: Run[];
}

/** POST /api/v1/login with `{key}` sets the cookie; 401 `unauthorized` for a wrong key. */
export interface LoginRequest {
  key: string;
}

export interface LoginAnswer {
  project: string;
  roles: ('ingest' | 'read' | 'metrics' | 'admin')[];
}
