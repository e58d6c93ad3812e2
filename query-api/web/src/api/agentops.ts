/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The answers of AgentOps' routes, as AgentOps names and types them. The screen reads none of them; they are here because the
 * OpenAPI document takes its schemas from these files.
 *
 * Times are ISO 8601 in UTC, durations whole nanoseconds, money decimal text except where said.
 */

export interface AgentOpsKey {
  /** An API key that is a UUID. */
  api_key: string;
}

export interface AgentOpsToken {
  token: string;
  project_id: string;
  project_prem_status: string;
}

export interface AgentOpsBearer {
  bearer: string;
}

export interface AgentOpsClaims {
  message: string;
  payload: {
    /** Epoch seconds. */
    exp: number;
    aud: string;
    project_id: string;
    project_prem_status: string;
    api_key: string;
  };
  /** Without an offset. */
  expires_at: string;
}

export interface AgentOpsTraceMetrics {
  span_count: number;
  trace_count: number;
  success_count: number;
  fail_count: number;
  indeterminate_count: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_input_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
  /** Seven decimals, like the costs below. */
  prompt_cost: string;
  completion_cost: string;
  average_cost_per_trace: string;
  total_cost: string;
}

export interface AgentOpsSpanMetrics {
  total_tokens: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_input_tokens: number;
  reasoning_tokens: number;
  success_tokens: number;
  fail_tokens: number;
  indeterminate_tokens: number;
  prompt_cost: string;
  completion_cost: string;
  total_cost: string;
}

export interface AgentOpsTraceItem {
  freeplan_truncated: boolean;
  trace_id: string;
  root_service_name: string;
  root_span_name: string;
  start_time: string;
  end_time: string;
  duration: number;
  span_count: number;
  error_count: number;
  tags: string[] | null;
  /** A number here, USD; null if no call has a price. */
  total_cost: number | null;
}

export interface AgentOpsTraces {
  traces: AgentOpsTraceItem[];
  metrics: AgentOpsTraceMetrics;
  total: number;
  limit: number;
  offset: number;
  freeplan_truncated: boolean;
}

export interface AgentOpsSpanSummary {
  span_id: string;
  /** Empty at the root. */
  parent_span_id: string;
  span_name: string;
  span_kind: string;
  start_time: string;
  end_time: string;
  duration: number;
  status_code: 'OK' | 'ERROR' | 'UNSET';
  status_message: string;
}

export interface AgentOpsOpenSpan extends AgentOpsSpanSummary {
  service_name: string;
  attributes: Record<string, unknown>;
  resource_attributes: Record<string, unknown>;
  /** Dotted keys are objects; values are text. */
  span_attributes: Record<string, unknown>;
}

export interface AgentOpsSpan extends AgentOpsOpenSpan {
  freeplan_truncated: boolean;
  span_type: 'request' | 'agent' | 'tool' | 'other' | null;
  event_timestamps: string[];
  event_names: string[];
  event_attributes: Record<string, unknown>[];
  link_trace_ids: string[];
  link_span_ids: string[];
  link_trace_states: string[];
  link_attributes: Record<string, unknown>[];
  /** Null unless the span counts as a call. */
  metrics: AgentOpsSpanMetrics | null;
}

export interface AgentOpsTrace {
  freeplan_truncated: boolean;
  project_id: string;
  trace_id: string;
  tags: string[];
  metrics: AgentOpsTraceMetrics;
  spans: AgentOpsSpan[];
}

export interface AgentOpsPublicTrace {
  trace_id: string;
  project_id: string;
  tags: string[];
  spans: AgentOpsSpanSummary[];
}

export interface AgentOpsByState {
  all: number;
  success: number;
  fail: number;
}

export interface AgentOpsMetrics {
  project_id: string;
  trace_count: number;
  span_count: { total: number; success: number; fail: number; unknown: number; indeterminate: number };
  token_metrics: {
    /** Five decimals. */
    total_cost: string;
    average_cost_per_session: string;
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: AgentOpsByState;
    avg_tokens: AgentOpsByState;
  };
  duration_metrics: {
    min_duration_ns: number | null;
    max_duration_ns: number | null;
    avg_duration_ns: number;
    total_duration_ns: number | null;
    trace_durations: number[];
  };
  success_datetime: string[];
  fail_datetime: string[];
  indeterminate_datetime: string[];
  /** How many traces have so many spans, by the bucket's begin. */
  spans_per_trace: Record<string, number>;
  /** Ascending. */
  trace_durations: number[];
  /** USD by day of UTC. */
  trace_cost_dates: Record<string, number>;
  start_time: string;
  end_time: string;
  freeplan_truncated: boolean;
}

export interface AgentOpsUpload {
  url: string;
  size: number;
}

export interface AgentOpsLog {
  content: string;
  trace_id: string;
  freeplan_truncated: boolean;
}

export interface AgentOpsPublicProject {
  id: string;
  name: string;
  environment: string;
}

export interface AgentOpsProjectItem {
  id: string;
  name: string;
  api_key: string;
  org: { id: string; name: string; prem_status: string; current_user_role: string };
  span_count: number;
  trace_count: number;
}

export type AgentOpsProjects = AgentOpsProjectItem[];

export interface AgentOpsProject {
  id: string;
  org_id: string;
  name: string;
  environment: string;
  api_key: string;
  org: {
    id: string;
    name: string;
    prem_status: string;
    subscription_id: string | null;
    subscription_end_date: string | null;
    subscription_start_date: string | null;
    subscription_cancel_at_period_end: boolean | null;
    current_user_role: string;
    current_member_count: number | null;
    max_member_count: number | null;
    current_project_count: number;
    max_project_count: number | null;
    paid_member_count: number | null;
  };
}

export interface AgentOpsUser {
  id: string;
  full_name: string;
  avatar_url: string | null;
  billing_address: string | null;
  payment_method: string | null;
  email: string | null;
  survey_is_complete: boolean;
}

/** What is wrong, in AgentOps' words: text, or with status 422 every wrong value. */
export interface AgentOpsErrorBody {
  detail?: string | { type: string; loc: (string | number)[]; msg: string; input: unknown; ctx?: Record<string, unknown> }[];
  /** Of the token routes, and of errors of the server. */
  error?: string;
}

export interface AgentOpsLegacyError {
  path: string;
  message: string;
}
