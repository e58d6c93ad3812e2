/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The measures' columns, and how one row of {@code calls} looks as a rollup of a single call: that
 * is what makes both tables answer the same question by the same outer query.
 */
final class RollupColumns {
  /** Counters and money: column to its expression over {@code calls}. */
  private static final Map<String, String> COUNTERS = counters();

  private RollupColumns() {}

  static final List<String> COUNTER_NAMES = List.copyOf(counters().keySet());

  static boolean isMoney(String column) {
    return column.endsWith("cost");
  }

  /** {@code expression AS m_column, …} for the inner query over a rollup table or {@code calls}. */
  static String of(boolean windows, Iterable<String> columns) {
    List<String> out = new ArrayList<>();
    for (String c : columns) {
      out.add((windows ? c : ofCall(c)) + " AS m_" + c);
    }
    return String.join(", ", out);
  }

  /** The aggregates of {@link #aggregates} over such a table itself. */
  static String sumsOf(boolean windows, Iterable<String> columns) {
    List<String> out = new ArrayList<>();
    for (String c : columns) {
      out.add(aggregate(c, windows ? c : ofCall(c)) + " AS " + c);
    }
    return String.join(", ", out);
  }

  /** Columns of a distribution. */
  static List<String> latency(LatencyKind kind, boolean sketch) {
    String p = kind.prefix();
    List<String> out = new ArrayList<>(List.of(p + "_count", p + "_sum_us", p + "_max_us"));
    if (sketch) {
      out.add(p + "_sketch");
    }
    return out;
  }

  /** Outer aggregates of these columns, each under its own name. */
  static String aggregates(Set<String> columns) {
    List<String> out = new ArrayList<>();
    for (String c : columns) {
      out.add(aggregate(c) + " AS " + c);
    }
    return String.join(", ", out);
  }

  /** The aggregate of one column. */
  static String aggregate(String c) {
    return aggregate(c, "m_" + c);
  }

  private static String aggregate(String c, String of) {
    if (c.endsWith("_max_us")) {
      return "max(" + of + ")";
    }
    if (c.endsWith("_sketch")) {
      return "sumMap(" + of + ")";
    }
    return "sum(" + of + ")";
  }

  private static String ofCall(String c) {
    String counter = COUNTERS.get(c);
    if (counter != null) {
      return counter;
    }
    return switch (c) {
      case "slowest_us" -> "duration_us";
      case "slowest_trace" -> "trace_id";
      case "latest_error_ms" -> "if(failed, toUnixTimestamp64Milli(event_time), -1)";
      case "latest_error_trace" -> "trace_id";
      default -> latencyOfCall(c);
    };
  }

  private static String latencyOfCall(String c) {
    String prefix = c.substring(0, c.indexOf('_'));
    String us = prefix + "_us";
    return switch (c.substring(prefix.length())) {
      case "_count" -> prefix.equals("duration") ? "toInt64(1)" : "toInt64(" + us + " >= 0)";
      case "_sum_us" -> "greatest(" + us + ", 0)";
      case "_max_us" -> us;
      case "_sketch" ->
          prefix.equals("duration")
              ? bucketMap(us)
              : "if(" + us + " >= 0, " + bucketMap(us) + ", map())";
      default -> throw new IllegalArgumentException("unknown column " + c);
    };
  }

  /** One call's sketch; the same bucket as {@code LatencySketch.indexOf}. */
  private static String bucketMap(String us) {
    return "map(" + bucketIndex(us) + ", toUInt64(1))";
  }

  static String bucketIndex(String us) {
    return "if(" + us + " <= 0, toInt16(-32768), toInt16(ceil(log2(" + us + " / 1000.) * 32) - 1))";
  }

  private static Map<String, String> counters() {
    Map<String, String> m = new LinkedHashMap<>();
    m.put("calls", "toInt64(1)");
    m.put("errors", "toInt64(failed)");
    m.put("streaming", "toInt64(streaming)");
    m.put("cache_hits", "toInt64(cache_hit)");
    m.put(
        "without_usage", "toInt64(input_tokens = -1 AND output_tokens = -1 AND saved_tokens = -1)");
    for (String kind :
        List.of(
            "input_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "output_tokens",
            "reasoning_tokens",
            "saved_tokens")) {
      m.put(kind, "greatest(" + kind + ", 0)");
    }
    for (String money : List.of("cost", "reported_cost", "computed_cost")) {
      m.put(money, "ifNull(" + money + ", toDecimal128(0, 12))");
    }
    m.put("priced", "toInt64(priced = 'priced')");
    m.put("unpriced", "toInt64(priced = 'unpriced')");
    return m;
  }
}
