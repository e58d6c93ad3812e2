/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A metric of time series and of sorting: its name in the API, the rollup columns it needs and its
 * expression over their aggregates.
 *
 * @param name name in the API
 * @param columns rollup columns
 * @param expression outer SQL; NULL where there is no data
 * @param empty value of a step without rows: 0 for counts, null else
 * @param money whether the value is money
 * @param exemplar column pair of the trace to open, or null
 */
public record Metric(
    String name,
    Set<String> columns,
    String expression,
    @Nullable Long empty,
    boolean money,
    @Nullable String exemplar) {
  private static final Map<String, Metric> ALL = all();

  /** The metric of that name, or null. */
  public static @Nullable Metric of(String name) {
    return ALL.get(name);
  }

  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Counts of {@code gateway_request}, read from rows of that layer. */
  public boolean ofRequests() {
    return name.equals("requests");
  }

  /** Counted from the table of spans. */
  public boolean ofEvents() {
    return name.equals("events");
  }

  private static Map<String, Metric> all() {
    Map<String, Metric> m = new LinkedHashMap<>();
    count(m, "calls", "calls", null);
    count(m, "errors", "errors", "latest_error");
    m.put(
        "failRate",
        new Metric(
            "failRate",
            Set.of("calls", "errors"),
            "if(sum(m_calls) = 0, NULL, sum(m_errors) / sum(m_calls))",
            null,
            false,
            "latest_error"));
    count(m, "requests", "calls", null);
    count(m, "events", "calls", null);
    money(m, "cost", "cost", "sum(m_priced) = 0", "priced");
    money(m, "cost.reported", "reported_cost", "sum(m_reported_cost) = 0", null);
    money(m, "cost.computed", "computed_cost", "sum(m_computed_cost) = 0", null);
    count(m, "unpricedCalls", "unpriced", null);
    count(m, "cacheHits", "cache_hits", null);
    count(m, "streamingCalls", "streaming", null);
    count(m, "noUsageCalls", "without_usage", null);
    count(m, "tokens.input", "input_tokens", null);
    count(m, "tokens.cacheRead", "cache_read_tokens", null);
    count(m, "tokens.cacheWrite", "cache_write_tokens", null);
    count(m, "tokens.output", "output_tokens", null);
    count(m, "tokens.reasoning", "reasoning_tokens", null);
    List<String> kinds = CallsReader.TOKEN_COLUMNS;
    List<String> sums = new ArrayList<>();
    kinds.forEach(k -> sums.add("sum(m_" + k + ")"));
    m.put(
        "tokens.total",
        new Metric(
            "tokens.total",
            new LinkedHashSet<>(kinds),
            "(" + String.join(" + ", sums) + ")",
            0L,
            false,
            null));
    count(m, "tokens.saved", "saved_tokens", null);
    for (LatencyKind kind : LatencyKind.values()) {
      String exemplar = kind == LatencyKind.DURATION ? "slowest" : null;
      String p = kind.prefix();
      latency(m, kind, "avg", "sum(m_" + p + "_sum_us) / sum(m_" + p + "_count) / 1000", exemplar);
      latency(m, kind, "max", "max(m_" + p + "_max_us) / 1000", exemplar);
      for (int percent : new int[] {50, 90, 95, 99}) {
        latency(
            m,
            kind,
            "p" + percent,
            "least("
                + quantile("m_" + p + "_sketch", percent / 100.0)
                + ", max(m_"
                + p
                + "_max_us) / 1000)",
            exemplar);
      }
    }
    return m;
  }

  /**
   * Quantile of a merged sketch in ms; the merge must not be empty. As {@code
   * LatencySketch.quantileMs}.
   */
  private static String quantile(String sketch, double p) {
    String merged = "sumMap(" + sketch + ")";
    String at =
        "mapKeys("
            + merged
            + ")[arrayFirstIndex(x -> x >= greatest(1, ceil("
            + p
            + " * arraySum(mapValues("
            + merged
            + ")))), arrayCumSum(mapValues("
            + merged
            + ")))]";
    return "if(" + at + " = -32768, 0., exp2((" + at + " + 0.5) / 32))";
  }

  private static void count(
      Map<String, Metric> m, String name, String column, @Nullable String exemplar) {
    m.put(name, new Metric(name, Set.of(column), "sum(m_" + column + ")", 0L, false, exemplar));
  }

  private static void money(
      Map<String, Metric> m, String name, String column, String absent, @Nullable String extra) {
    Set<String> columns = new LinkedHashSet<>();
    columns.add(column);
    if (extra != null) {
      columns.add(extra);
    }
    m.put(
        name,
        new Metric(
            name, columns, "if(" + absent + ", NULL, sum(m_" + column + "))", null, true, null));
  }

  private static void latency(
      Map<String, Metric> m,
      LatencyKind kind,
      String statistic,
      String value,
      @Nullable String exemplar) {
    String name = kind.apiName() + "." + statistic;
    Set<String> columns = new LinkedHashSet<>();
    columns.add(kind.prefix() + "_count");
    switch (statistic) {
      case "avg" -> columns.add(kind.prefix() + "_sum_us");
      case "max" -> columns.add(kind.prefix() + "_max_us");
      default -> {
        columns.add(kind.prefix() + "_sketch");
        columns.add(kind.prefix() + "_max_us");
      }
    }
    String expression = "if(sum(m_" + kind.prefix() + "_count) = 0, NULL, round(" + value + ", 6))";
    m.put(name, new Metric(name, columns, expression, null, false, exemplar));
  }
}
