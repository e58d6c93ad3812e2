/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { CallRow, CostKind, ErrorClass, Layer, Role, SessionStep, SpanContent, Tokens, TraceRow, TraceSpan } from '../src/api/types.ts';

/** Made-up traffic for work on the screen: the same seed gives the same traces, ending now. */
export interface MockTrace {
  row: TraceRow;
  spans: TraceSpan[];
  calls: CallRow[];
}

export const PICO = 1_000_000_000_000n;

export function usd(pico: bigint): string {
  const digits = pico.toString().padStart(13, '0');
  const fraction = digits.slice(-12).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -12) : `${digits.slice(0, -12)}.${fraction}`;
}

export function pico(text: string | null): bigint {
  if (text === null) return 0n;
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * PICO + BigInt(fraction.padEnd(12, '0'));
}

function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Model {
  name: string;
  provider: string;
  /** Picodollars a token; null = no price. */
  input: bigint | null;
  output: bigint;
  slow: number;
  own: boolean;
}

const MODELS: Model[] = [
  { name: 'gpt-4o', provider: 'openai', input: 2_500_000n, output: 10_000_000n, slow: 1.4, own: false },
  { name: 'gpt-4o-mini', provider: 'openai', input: 150_000n, output: 600_000n, slow: 0.7, own: false },
  { name: 'claude-sonnet-4-5', provider: 'anthropic', input: 3_000_000n, output: 15_000_000n, slow: 1.9, own: false },
  { name: 'qwen-235b', provider: 'hosted_vllm', input: 200_000n, output: 800_000n, slow: 1.1, own: true },
  { name: 'llama-3.3-70b-internal', provider: 'hosted_vllm', input: null, output: 0n, slow: 0.9, own: true },
];
const EMBEDDING: Model = { name: 'text-embedding-3-small', provider: 'openai', input: 20_000n, output: 0n, slow: 0.1, own: false };
const TEAMS = ['platform', 'search', 'support', '데이터분석', ''];
const USERS = ['mina.kim', 'j.park', 'alice', 'bob', 'svc-batch', 'carol', 'dh.lee'];
const AGENTS = ['planner', 'researcher', 'writer', 'critic'];
const TOOLS = ['web_search', 'sql_query', 'read_file', 'calculator'];
const ERRORS: { errorClass: ErrorClass; http: number; message: string }[] = [
  { errorClass: 'rate_limit', http: 429, message: 'RateLimitError: Rate limit reached for gpt-4o in organization org-demo on tokens per min (TPM): Limit 30000, Used 29412' },
  { errorClass: 'timeout', http: 408, message: 'APITimeoutError: Request timed out after 60.0 seconds' },
  { errorClass: 'context_length', http: 400, message: "ContextWindowExceededError: This model's maximum context length is 32768 tokens, however you requested 41022 tokens" },
  { errorClass: 'upstream_5xx', http: 503, message: 'ServiceUnavailableError: upstream connect error or disconnect/reset before headers' },
  { errorClass: 'auth', http: 401, message: 'AuthenticationError: Incorrect API key provided' },
];

export const NO_TOKENS: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, total: 0, saved: 0 };

export function generate(nowMs: number): MockTrace[] {
  const next = random(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const hex = (n: number) => Array.from({ length: n }, () => Math.floor(next() * 16).toString(16)).join('');
  const heavy = (mean: number) => mean * Math.exp((next() + next() + next() - 1.5) * 1.3);
  const traces: MockTrace[] = [];

  for (let t = nowMs - 48 * 36e5; t < nowMs - 400; ) {
    const recent = nowMs - t < 4 * 36e5;
    const wave = 1 + 0.45 * Math.sin(t / 9e5) + 0.25 * Math.sin(t / 2.1e5);
    t += (recent ? 5200 : 70_000) * (-Math.log(1 - next()) / wave);
    if (t >= nowMs - 400) break;
    traces.push(trace(t));
  }
  return traces;

  function trace(start: number): MockTrace {
    const traceId = hex(32);
    const kind = next() < 0.55 ? 'chat' : next() < 0.8 ? 'agent' : 'embedding';
    const team = pick(TEAMS);
    const user = pick(USERS);
    const sessionId = kind === 'agent' || next() < 0.4 ? `sess-${user}-${Math.floor(start / 18e5) % 1000}` : null;
    const spans: TraceSpan[] = [];
    const calls: CallRow[] = [];
    const common = { project: 'default', environment: next() < 0.85 ? 'production' : 'staging', team, user, apiKey: `sk-${team || 'shared'}`, sessionId };

    const span = (role: Role, layer: Layer | null, name: string, parent: string | null, at: number, ms: number, service: string, extra: Partial<TraceSpan> = {}): TraceSpan => {
      const s: TraceSpan = {
        spanId: hex(16), parentSpanId: parent, name, role, layer, counted: layer !== null, kind: role === 'GATEWAY_ROOT' ? 'server' : layer ? 'client' : 'internal',
        service, scope: role === 'ENGINE' ? 'vllm.llm_engine' : role === 'AGENT' || role === 'TOOL' ? 'agentops' : 'litellm', start: at, end: at + ms, durationMs: ms,
        provider: null, model: null, operation: null, agent: null, tool: null, status: 'ok', errorClass: null, httpStatus: null, message: null, tokens: null,
        costKind: 'none', costUsd: null, reportedUsd: null, computedUsd: null, timeToFirstTokenMs: null, streaming: null, cacheHit: null,
        attributes: { 'gen_ai.operation.name': 'chat' }, resource: { 'service.name': service, 'deployment.environment': common.environment, 'telemetry.sdk.language': 'python' },
        events: [], links: [], hasContent: false, ...extra,
      };
      spans.push(s);
      return s;
    };

    const call = (parent: string | null, at: number, model: Model, operation: string): { end: number; ok: boolean } => {
      const input = Math.round(heavy(operation === 'embeddings' ? 400 : 1600));
      const output = operation === 'embeddings' ? 0 : Math.round(heavy(320));
      const hot = Math.sin(at / 17e5) > 0.86;
      const failed = next() < (hot ? 0.16 : 0.025);
      const error = failed ? pick(ERRORS) : null;
      const cacheHit = !failed && next() < 0.05;
      const streaming = operation === 'chat' && next() < 0.6;
      const ttft = heavy(240) * model.slow;
      const ms = cacheHit ? 4 + next() * 6 : failed ? heavy(900) : operation === 'embeddings' ? heavy(90) : ttft + output * heavy(7) * model.slow;
      const cacheRead = next() < 0.3 ? Math.round(input * 0.6) : 0;
      const reasoning = model.name === 'qwen-235b' && output > 0 ? Math.round(output * 0.4) : 0;
      const tokens: Tokens | null = failed ? null : cacheHit ? { ...NO_TOKENS, saved: input + output } : { input: input - cacheRead, cacheRead, cacheWrite: 0, output: output - reasoning, reasoning, total: input + output, saved: 0 };
      const priced = model.input !== null;
      const computed = priced && tokens && !cacheHit ? BigInt(tokens.input) * (model.input ?? 0n) + BigInt(cacheRead) * ((model.input ?? 0n) / 2n) + BigInt(output) * model.output : null;
      const reported = computed !== null && !model.own && next() < 0.8 ? computed + (next() < 0.1 ? computed / 100n : 0n) : null;
      const costKind: CostKind = failed ? 'none' : cacheHit ? 'cache_hit' : reported !== null ? 'reported' : computed !== null ? 'computed' : 'unpriced';
      const cost = cacheHit ? 0n : (reported ?? computed);
      const money = { costKind, costUsd: cost === null ? null : usd(cost), reportedUsd: reported === null ? null : usd(reported), computedUsd: computed === null ? null : usd(computed) };
      const facts = {
        provider: model.provider, model: model.name, operation, status: failed ? ('error' as const) : ('ok' as const), errorClass: error?.errorClass ?? null,
        httpStatus: error?.http ?? 200, message: error?.message ?? null, tokens, streaming, cacheHit, timeToFirstTokenMs: streaming && !failed ? Math.min(ttft, ms) : null, ...money,
      };
      const s = span('GATEWAY_CALL', 'gateway', `${operation} ${model.name}`, parent, at, ms, 'litellm', { ...facts, hasContent: !failed && operation === 'chat', attributes: { 'gen_ai.operation.name': operation, 'gen_ai.request.model': model.name, 'gen_ai.response.id': `chatcmpl-${hex(12)}`, 'gen_ai.request.temperature': '0.2', 'litellm.call_id': `${hex(8)}-${hex(4)}`, 'llm.is_streaming': String(streaming), 'metadata.user_api_key_alias': common.apiKey, 'metadata.user_api_key_team_alias': team } });
      if (failed) s.events.push({ t: s.end - 1, name: 'exception', attributes: { 'exception.type': facts.message?.split(':')[0] ?? '', 'exception.message': facts.message ?? '' } });
      span('RAW', null, 'raw_gen_ai_request', s.spanId, at + 0.4, ms - 0.8, 'litellm', { status: facts.status });
      const queueMs = model.own && !failed && !cacheHit ? heavy(14) : null;
      calls.push({
        traceId, spanId: s.spanId, parentSpanId: parent, layer: 'gateway', name: s.name, start: s.start, end: s.end, durationMs: ms,
        timePerOutputTokenMs: streaming && output > 0 && !failed ? Math.max(0, ms - ttft) / output : null, queueMs: null, prefillMs: null, decodeMs: null, service: 'litellm', ...common, ...facts,
        priceBook: computed === null ? null : 'book-2026-11-20', priceEntry: computed === null ? null : `${model.provider}/${model.name}@2026-01-01`,
      });
      if (queueMs !== null && tokens) {
        const prefill = heavy(120);
        span('ENGINE', 'engine', 'llm_request', s.spanId, at + 3, Math.max(1, ms - 5), 'vllm', { model: model.name, tokens, counted: true, streaming, attributes: { 'gen_ai.latency.time_in_queue': (queueMs / 1000).toFixed(4), 'gen_ai.latency.time_to_first_token': ((queueMs + prefill) / 1000).toFixed(4), 'gen_ai.usage.prompt_tokens': String(input), 'gen_ai.usage.completion_tokens': String(output) } });
      }
      return { end: s.end, ok: !failed };
    };

    const request = (parent: string | null, at: number, model: Model, operation: string): { end: number; ok: boolean } => {
      const root = span('GATEWAY_ROOT', 'gateway_request', 'Received Proxy Server Request', parent, at, 0, 'litellm');
      span('INFRA', null, 'auth', root.spanId, at + 0.6, 2.1, 'litellm');
      span('INFRA', null, 'redis', root.spanId, at + 2.9, 0.8, 'litellm');
      let last = call(root.spanId, at + 4 + next() * 3, model, operation);
      if (!last.ok && next() < 0.7) last = call(root.spanId, last.end + 30 + next() * 200, model, operation);
      root.end = last.end + 2;
      root.durationMs = root.end - root.start;
      root.status = last.ok ? 'ok' : 'error';
      return { end: root.end, ok: last.ok };
    };

    let ok = true;
    if (kind === 'agent') {
      const root = span('WORKFLOW', null, 'answer_question.workflow', null, start, 0, 'agent-portal', { hasContent: false });
      let at = start + 3;
      const steps = 2 + Math.floor(next() * 4);
      for (let i = 0; i < steps; i++) {
        const name = AGENTS[Math.min(i, AGENTS.length - 1)] as string;
        const agent = span('AGENT', null, `${name}.agent`, root.spanId, at, 0, 'agent-portal', { agent: name });
        const model = i % 2 === 0 ? (MODELS[0] as Model) : pick(MODELS);
        let result = request(agent.spanId, at + 2, model, 'chat');
        if (next() < 0.6) {
          const tool = pick(TOOLS);
          const ms = heavy(350);
          const bad = next() < 0.06;
          span('TOOL', null, `${tool}.tool`, agent.spanId, result.end + 2, ms, 'agent-portal', { tool, agent: name, status: bad ? 'error' : 'ok', message: bad ? 'ToolError: connection refused' : null, errorClass: bad ? 'connection' : null });
          result = request(agent.spanId, result.end + ms + 5, model, 'chat');
        }
        agent.end = result.end + 1;
        agent.durationMs = agent.end - agent.start;
        agent.status = result.ok ? 'ok' : 'error';
        ok = result.ok;
        at = agent.end + 4;
      }
      root.end = at;
      root.durationMs = at - start;
      root.status = ok ? 'ok' : 'error';
    } else {
      ok = request(null, start, kind === 'embedding' ? EMBEDDING : pick(MODELS), kind === 'embedding' ? 'embeddings' : 'chat').ok;
    }
    const root = spans[0] as TraceSpan;
    const costs = calls.filter((c) => c.costUsd !== null);
    return {
      spans,
      calls,
      row: {
        traceId, name: root.name, service: root.service, start, end: root.end, durationMs: root.end - start, spanCount: spans.length, callCount: calls.length,
        errorCount: spans.filter((s) => s.status === 'error').length, status: ok ? 'ok' : 'error', errorClass: [...calls].reverse().find((c) => c.status === 'error')?.errorClass ?? null,
        models: [...new Set(calls.map((c) => c.model))].slice(0, 5), agents: [...new Set(spans.map((s) => s.agent).filter((a) => a !== null))].slice(0, 5), tokens: sumTokens(calls),
        costUsd: costs.length === 0 ? null : usd(costs.reduce((sum, c) => sum + pico(c.costUsd), 0n)), unpricedCalls: calls.filter((c) => c.costKind === 'unpriced').length,
        tags: kind === 'agent' ? ['agent', 'v2'] : [], ...common,
      },
    };
  }
}

export function sumTokens(calls: readonly { tokens: Tokens | null }[]): Tokens {
  const sum = { ...NO_TOKENS };
  for (const { tokens } of calls) if (tokens) for (const kind of Object.keys(sum) as (keyof Tokens)[]) sum[kind] += tokens[kind];
  return sum;
}

export function contentOf(span: TraceSpan): SpanContent {
  if (!span.hasContent) return { spanId: span.spanId, state: 'none', parts: [] };
  return {
    spanId: span.spanId,
    state: 'on',
    parts: [
      { direction: 'input', role: 'system', text: 'You are a careful analyst. Answer in the language of the question and name your sources.', key: 'gen_ai.prompt.0.content' },
      { direction: 'input', role: 'user', text: '지난주 대비 토큰 사용량이 왜 늘었는지 세 줄로 요약해 줘.\nUse the table `usage_daily`.', key: 'gen_ai.prompt.1.content' },
      { direction: 'output', role: 'assistant', text: '1. 검색 팀의 배치 작업이 화요일에 추가되었습니다 (+38%).\n2. 평균 프롬프트 길이가 1,540에서 1,910 토큰으로 늘었습니다.\n3. 캐시 적중률은 5.2%로 변화가 없습니다.\n\n```sql\nSELECT team, sum(tokens) FROM usage_daily GROUP BY team\n```', key: 'gen_ai.completion.0.content' },
    ],
  };
}

const STEP_ROLES: readonly Role[] = ['AGENT', 'TOOL', 'WORKFLOW', 'GATEWAY_CALL', 'CLIENT_SDK'];

export function stepsOf(trace: MockTrace): SessionStep[] {
  const byId = new Map(trace.spans.map((s) => [s.spanId, s]));
  const depth = (s: TraceSpan): number => {
    const parent = s.parentSpanId === null ? undefined : byId.get(s.parentSpanId);
    return parent ? depth(parent) + (STEP_ROLES.includes(parent.role) ? 1 : 0) : 0;
  };
  const seen = new Set<string>();
  return trace.spans
    .filter((s) => STEP_ROLES.includes(s.role))
    .sort((a, b) => a.start - b.start)
    .map((s) => {
      const retry = s.role === 'GATEWAY_CALL' && seen.has(s.parentSpanId ?? '');
      if (s.role === 'GATEWAY_CALL') seen.add(s.parentSpanId ?? '');
      return {
        traceId: trace.row.traceId, spanId: s.spanId, parentSpanId: s.parentSpanId, depth: depth(s), name: s.name, role: s.role, layer: s.layer, service: s.service, model: s.model,
        agent: s.agent, tool: s.tool, start: s.start, end: s.end, durationMs: s.durationMs, status: s.status, errorClass: s.errorClass, message: s.message, retry,
        tokens: s.tokens, costKind: s.costKind, costUsd: s.costUsd, hasContent: s.hasContent,
      };
    });
}
