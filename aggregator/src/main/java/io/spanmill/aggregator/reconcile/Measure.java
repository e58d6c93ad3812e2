/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import java.util.ArrayList;
import java.util.List;

/**
 * A figure that rollups and calls both tell, as SQL over either.
 *
 * @param name column of the rollup tables
 * @param ofCalls aggregate over rows of {@code calls}
 * @param ofRollups aggregate over rows of a rollup table
 */
record Measure(String name, String ofCalls, String ofRollups) {
  /** Every additive figure, sketches by the number of values they hold. */
  static final List<Measure> ALL = all();

  private static List<Measure> all() {
    List<Measure> out = new ArrayList<>();
    out.add(sum("calls", "count()"));
    out.add(sum("errors", "countIf(failed)"));
    out.add(sum("streaming", "countIf(streaming)"));
    out.add(sum("cache_hits", "countIf(cache_hit)"));
    out.add(
        sum(
            "without_usage",
            "countIf(input_tokens = -1 AND output_tokens = -1 AND saved_tokens = -1)"));
    for (String kind :
        List.of("input", "cache_read", "cache_write", "output", "reasoning", "saved")) {
      out.add(sum(kind + "_tokens", "sum(greatest(" + kind + "_tokens, 0))"));
    }
    for (String money : List.of("cost", "reported_cost", "computed_cost")) {
      out.add(
          new Measure(
              money, "sum(ifNull(" + money + ", toDecimal128(0, 12)))", "sum(" + money + ")"));
    }
    out.add(sum("priced", "countIf(priced = 'priced')"));
    out.add(sum("unpriced", "countIf(priced = 'unpriced')"));
    for (String kind : List.of("duration", "ttft", "tpot", "queue", "prefill", "decode")) {
      String told = kind + "_us >= 0";
      out.add(sum(kind + "_count", "countIf(" + told + ")"));
      out.add(sum(kind + "_sum_us", "sumIf(" + kind + "_us, " + told + ")"));
      out.add(
          new Measure(
              kind + "_sketch",
              "toInt64(countIf(" + told + "))",
              "toInt64(sum(arraySum(mapValues(" + kind + "_sketch))))"));
    }
    return List.copyOf(out);
  }

  private static Measure sum(String name, String ofCalls) {
    return new Measure(name, "toInt64(" + ofCalls + ")", "sum(" + name + ")");
  }

  /** Select items {@code f0, f1, …} over calls. */
  static String callColumns() {
    return columns(Measure::ofCalls);
  }

  /** The same over rollup rows. */
  static String rollupColumns() {
    return columns(Measure::ofRollups);
  }

  private static String columns(java.util.function.Function<Measure, String> expression) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < ALL.size(); i++) {
      out.append(i == 0 ? "" : ", ").append(expression.apply(ALL.get(i))).append(" AS f").append(i);
    }
    return out.toString();
  }

  /** Array of the sums of one side as text. */
  static String sums(int side, int figures) {
    StringBuilder out = new StringBuilder("[");
    for (int i = 0; i < figures; i++) {
      out.append(i == 0 ? "" : ", ").append("toString(").append(sumOf(side, i)).append(')');
    }
    return out.append(']').toString();
  }

  /** Condition: some figure differs between side 0 and side 1. */
  static String differ(int figures) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < figures; i++) {
      out.append(i == 0 ? "" : " OR ").append(sumOf(0, i)).append(" != ").append(sumOf(1, i));
    }
    return out.toString();
  }

  private static String sumOf(int side, int figure) {
    return "sumIf(f" + figure + ", side = " + side + ")";
  }
}
