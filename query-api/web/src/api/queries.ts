/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { keepPreviousData, QueryClient, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { isRelative } from '../model/range';
import { REFRESH_MS, type UrlState } from '../state/url';
import { ApiError, getJson, type Params } from './client';
import type { Metric, Page, Runs, Status, Timeseries, TraceDetail } from './types';

/** Answers that a retry cannot change are shown at once. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
        retryDelay: (attempt) => 500 * 2 ** attempt,
        refetchOnWindowFocus: false,
      },
    },
  });
}

/** Range, layer and filters of the URL as parameters every endpoint takes. */
export function rangeParams(url: UrlState): Params {
  return { from: url.range.from, to: url.range.to, layer: url.layer === 'auto' ? null : url.layer, ...url.filters };
}

/** Absolute ranges do not refresh: they show the same until asked again. */
export function refreshInterval(url: UrlState): number | false {
  return isRelative(url.range) ? REFRESH_MS[url.refresh] : false;
}

/** One GET over the range of the URL, refreshed with it; keeps what it shows while the next answer is under way. */
export function useRangeQuery<T>(path: string, url: UrlState, extra: Params = {}, enabled = true) {
  const params = { ...rangeParams(url), ...extra };
  return useQuery({
    queryKey: [path, params],
    queryFn: ({ signal }) => getJson<T>(path, params, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refreshInterval(url),
    enabled,
  });
}

export interface ManySeries {
  /** The one question, where it is one. */
  asked: Params | null;
  answers: (Timeseries | undefined)[];
  pending: boolean;
  stale: boolean;
  error: Error | null;
  refetch: () => void;
}

/** Several metrics of one chart, asked side by side. */
export function useTimeseries(url: UrlState, metrics: readonly Metric[], groupBy: string | null = null): ManySeries {
  const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const ask = (metric: Metric): Params => ({ ...rangeParams(url), metric, groupBy, tz });
  const [first, ...others] = metrics;
  const asked = first !== undefined && others.length === 0 ? ask(first) : null;
  const many = useQueries({
    queries: metrics.map((metric) => {
      const params = ask(metric);
      return {
        queryKey: ['/api/v1/timeseries', params],
        queryFn: ({ signal }: { signal: AbortSignal }) => getJson<Timeseries>('/api/v1/timeseries', params, signal),
        placeholderData: keepPreviousData,
        refetchInterval: refreshInterval(url),
      };
    }),
    combine: (results) => ({
      answers: results.map((r) => r.data),
      pending: results.some((r) => r.isPending),
      stale: results.some((r) => r.isPlaceholderData),
      error: results.find((r) => r.error)?.error ?? null,
      refetch: () => results.forEach((r) => void r.refetch()),
    }),
  });
  return { ...many, asked };
}

/** A keyset-paged list over the range of the URL. */
export function useRows<Row>(path: string, url: UrlState, extra: Params, enabled = true, intervalMs: number | false = false) {
  const params = { ...rangeParams(url), limit: 100, ...extra };
  return useInfiniteQuery({
    queryKey: [path, 'rows', params],
    queryFn: ({ signal, pageParam }) => getJson<Page<Row>>(path, { ...params, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    // Further pages would all be asked for again, and the list would move under the reader.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : intervalMs),
    enabled,
  });
}

export function useStatus(intervalMs: number | false) {
  return useQuery({
    queryKey: ['/api/v1/status'],
    queryFn: ({ signal }) => getJson<Status>('/api/v1/status', {}, signal),
    refetchInterval: intervalMs,
    placeholderData: keepPreviousData,
  });
}

export function useRuns(intervalMs: number | false) {
  return useQuery({
    queryKey: ['/api/v1/runs'],
    queryFn: ({ signal }) => getJson<Runs>('/api/v1/runs', { limit: 100 }, signal),
    refetchInterval: intervalMs,
    placeholderData: keepPreviousData,
  });
}

export function useTrace(traceId: string | null) {
  return useQuery({
    queryKey: ['/api/v1/traces', traceId],
    queryFn: ({ signal }) => getJson<TraceDetail>(`/api/v1/traces/${encodeURIComponent(traceId ?? '')}`, {}, signal),
    enabled: traceId !== null,
    staleTime: 30_000,
  });
}

/** Prompt and completion of one span, asked for only when opened. */
export function useContent(traceId: string, spanId: string | null) {
  return useQuery({
    queryKey: ['/api/v1/traces', traceId, 'content', spanId],
    queryFn: async ({ signal }) => {
      const answer = await getJson<TraceDetail>(`/api/v1/traces/${encodeURIComponent(traceId)}`, { content: spanId }, signal);
      return answer.content ?? null;
    },
    enabled: spanId !== null,
    staleTime: Infinity,
  });
}
