/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Dimension, ErrorClass, Layer } from '../api/types';
import { DEFAULT_RANGE, type Range } from '../model/range';

export const TABS = ['overview', 'analytics', 'replay', 'traces', 'grafana', 'costs', 'pipeline', 'langfuse'] as const;
export type Tab = (typeof TABS)[number];

/** Filters in the order the API documents them. */
export const FILTERS = ['project', 'service', 'environment', 'provider', 'model', 'operation', 'team', 'apiKey', 'user'] as const;
export type FilterName = (typeof FILTERS)[number];
export type Filters = Partial<Record<FilterName, string[]>>;

export const GROUPS: readonly Dimension[] = ['model', 'provider', 'service', 'environment', 'operation', 'team', 'apiKey', 'user', 'layer', 'project', 'errorClass'];

export const REFRESH = ['off', '10s', '30s', '1m'] as const;
export type Refresh = (typeof REFRESH)[number];
export const REFRESH_MS: Record<Refresh, number | false> = { off: false, '10s': 10_000, '30s': 30_000, '1m': 60_000 };

/** All of the screen's state that a shared link carries. */
export interface UrlState {
  tab: Tab;
  range: Range;
  refresh: Refresh;
  layer: Layer | 'auto';
  filters: Filters;
  /** Overview charts broken down by; null = not. */
  by: Dimension | null;
  /** Analytics table. */
  groupBy: Dimension[];
  tableSort: string;
  heatmap: 'duration' | 'ttft' | 'tpot';
  /** Lists of traces and sessions. */
  sort: string;
  q: string;
  status: 'ok' | 'error' | null;
  errorClass: ErrorClass | null;
  minDurationMs: number | null;
  unpriced: boolean;
  trace: string | null;
  span: string | null;
  session: string | null;
  /** Span id of the replay's current step. */
  step: string | null;
}

export const DEFAULTS: UrlState = {
  tab: 'overview',
  range: DEFAULT_RANGE,
  refresh: '30s',
  layer: 'auto',
  filters: {},
  by: null,
  groupBy: ['model'],
  tableSort: '-cost',
  heatmap: 'duration',
  sort: '-start',
  q: '',
  status: null,
  errorClass: null,
  minDurationMs: null,
  unpriced: false,
  trace: null,
  span: null,
  session: null,
  step: null,
};

const LAYERS: readonly string[] = ['auto', 'gateway', 'gateway_request', 'engine', 'client', 'direct'];
const ERROR_CLASSES: readonly string[] = ['rate_limit', 'timeout', 'context_length', 'content_filter', 'auth', 'bad_request', 'upstream_5xx', 'connection', 'cancelled', 'budget', 'other'];

/** Where the screen is mounted. */
export function basePath(pathname: string): string {
  return pathname === '/admin/monitoring' || pathname.startsWith('/admin/monitoring/') ? '/admin/monitoring' : '/';
}

function oneOf<T extends string>(value: string | null, allowed: readonly string[], fallback: T): T {
  return value !== null && allowed.includes(value) ? (value as T) : fallback;
}

/** Reads a location; whatever it does not know or cannot read takes its default. */
export function parseUrl(pathname: string, search: string): UrlState {
  const p = new URLSearchParams(search);
  const base = basePath(pathname);
  const segment = pathname.slice(base.length).replace(/^\/+|\/+$/g, '').split('/')[0] ?? '';
  // The AgentOps SDK prints /sessions?trace_id=…; its dashboard also knows /traces?trace_id=….
  const printed = p.get('trace_id');
  const byPath: Tab = segment === 'sessions' ? (printed ? 'traces' : 'replay') : oneOf(segment, TABS, 'overview');
  const filters: Filters = {};
  for (const name of FILTERS) {
    const values = [...new Set(p.getAll(name))];
    if (values.length > 0) filters[name] = values;
  }
  const groupBy = [...new Set((p.get('groupBy') ?? '').split(','))].filter((d): d is Dimension => (GROUPS as readonly string[]).includes(d)).slice(0, 3);
  const by = p.get('by');
  const min = Number(p.get('minDurationMs') ?? '');
  return {
    tab: oneOf(p.get('tab'), TABS, printed ? 'traces' : byPath),
    range: { from: p.get('from') ?? DEFAULT_RANGE.from, to: p.get('to') ?? DEFAULT_RANGE.to },
    refresh: oneOf(p.get('refresh'), REFRESH, DEFAULTS.refresh),
    layer: oneOf(p.get('layer'), LAYERS, 'auto'),
    filters,
    by: by !== null && (GROUPS as readonly string[]).includes(by) ? (by as Dimension) : null,
    groupBy: groupBy.length > 0 ? groupBy : DEFAULTS.groupBy,
    tableSort: p.get('tableSort') ?? DEFAULTS.tableSort,
    heatmap: oneOf(p.get('heatmap'), ['duration', 'ttft', 'tpot'], 'duration'),
    sort: p.get('sort') ?? DEFAULTS.sort,
    q: p.get('q') ?? '',
    status: p.get('status') === 'ok' || p.get('status') === 'error' ? (p.get('status') as 'ok' | 'error') : null,
    errorClass: ERROR_CLASSES.includes(p.get('errorClass') ?? '') ? (p.get('errorClass') as ErrorClass) : null,
    minDurationMs: Number.isFinite(min) && min > 0 ? min : null,
    unpriced: p.get('unpriced') === '1',
    trace: p.get('trace') ?? printed,
    span: p.get('span'),
    session: p.get('session'),
    step: p.get('step'),
  };
}

/** The query string of a state: only what differs from the defaults, so that links carry what was chosen. */
export function toSearch(s: UrlState): string {
  const p = new URLSearchParams();
  const put = (name: string, value: string, fallback: string) => {
    if (value !== fallback) p.set(name, value);
  };
  put('tab', s.tab, DEFAULTS.tab);
  if (s.range.from !== DEFAULT_RANGE.from || s.range.to !== DEFAULT_RANGE.to) {
    p.set('from', s.range.from);
    p.set('to', s.range.to);
  }
  put('refresh', s.refresh, DEFAULTS.refresh);
  put('layer', s.layer, DEFAULTS.layer);
  for (const name of FILTERS) for (const value of s.filters[name] ?? []) p.append(name, value);
  put('by', s.by ?? '', '');
  put('groupBy', s.groupBy.join(','), DEFAULTS.groupBy.join(','));
  put('tableSort', s.tableSort, DEFAULTS.tableSort);
  put('heatmap', s.heatmap, DEFAULTS.heatmap);
  put('sort', s.sort, DEFAULTS.sort);
  put('q', s.q, '');
  put('status', s.status ?? '', '');
  put('errorClass', s.errorClass ?? '', '');
  put('minDurationMs', s.minDurationMs === null ? '' : String(s.minDurationMs), '');
  put('unpriced', s.unpriced ? '1' : '', '');
  put('trace', s.trace ?? '', '');
  put('span', s.span ?? '', '');
  put('session', s.session ?? '', '');
  put('step', s.step ?? '', '');
  const text = p.toString();
  return text === '' ? '' : `?${text}`;
}
