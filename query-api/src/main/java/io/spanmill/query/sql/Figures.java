/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.LatencySketch;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * Measures of one set of calls as read from rollups. Mutable while rows are added; not thread-safe.
 */
public final class Figures {
  public long calls;
  public long errors;
  public long streaming;
  public long cacheHits;
  public long withoutUsage;
  public long inputTokens;
  public long cacheReadTokens;
  public long cacheWriteTokens;
  public long outputTokens;
  public long reasoningTokens;
  public long savedTokens;
  public BigDecimal cost = BigDecimal.ZERO;
  public BigDecimal reported = BigDecimal.ZERO;
  public BigDecimal computed = BigDecimal.ZERO;
  public long priced;
  public long unpriced;
  private final Map<LatencyKind, Latency> latencies = new EnumMap<>(LatencyKind.class);

  /** One distribution; microseconds. */
  public static final class Latency {
    public long count;
    public long sumMicros;
    public long maxMicros = -1;
    public final LatencySketch sketch = new LatencySketch();

    /** The q-quantile in milliseconds, never above the maximum; NaN if empty. */
    public double quantileMs(double q) {
      double ms = sketch.quantileMs(q);
      return maxMicros < 0 ? ms : Math.min(ms, maxMicros / 1000.0);
    }
  }

  /** The distribution of this kind; empty if it was not asked for. */
  public Latency latency(LatencyKind kind) {
    return latencies.computeIfAbsent(kind, k -> new Latency());
  }

  public long totalTokens() {
    return inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens + reasoningTokens;
  }

  /** Adds a row that has the counters and these distributions. */
  void add(Row row, Set<LatencyKind> kinds) {
    calls += row.integer("calls");
    errors += row.integer("errors");
    streaming += row.integer("streaming");
    cacheHits += row.integer("cache_hits");
    withoutUsage += row.integer("without_usage");
    inputTokens += row.integer("input_tokens");
    cacheReadTokens += row.integer("cache_read_tokens");
    cacheWriteTokens += row.integer("cache_write_tokens");
    outputTokens += row.integer("output_tokens");
    reasoningTokens += row.integer("reasoning_tokens");
    savedTokens += row.integer("saved_tokens");
    cost = cost.add(money(row, "cost"));
    reported = reported.add(money(row, "reported_cost"));
    computed = computed.add(money(row, "computed_cost"));
    priced += row.integer("priced");
    unpriced += row.integer("unpriced");
    for (LatencyKind kind : kinds) {
      Latency l = latency(kind);
      String p = kind.prefix();
      l.count += row.integer(p + "_count");
      l.sumMicros += row.integer(p + "_sum_us");
      l.maxMicros = Math.max(l.maxMicros, row.integer(p + "_max_us"));
      l.sketch.merge(row.sketch(p + "_sketch"));
    }
  }

  private static BigDecimal money(Row row, String column) {
    BigDecimal v = row.money(column);
    return v == null ? BigDecimal.ZERO : v;
  }
}
