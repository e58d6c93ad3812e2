/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LatencyKind;
import io.spanmill.query.sql.LedgerReader.Labels;
import io.spanmill.query.sql.LedgerReader.Line;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The counters as they are shown: never lower than shown before, at most so many label sets, and a
 * new one at 0 first, so that a rate over its appearance sees its first calls. Not thread-safe.
 */
final class Ledger {
  /** Label value of the sets beyond the limit. */
  static final String OTHER = "__other__";

  /** How long a new label set is shown at 0 after it was first shown. */
  private static final long AT_ZERO_MS = 10_000;

  private final int maxSeries;
  private final Set<Labels> admitted = new LinkedHashSet<>();
  private final Map<Labels, Long> shownSinceMs = new LinkedHashMap<>();
  private final Map<Labels, Counters> shown = new LinkedHashMap<>();
  private boolean loaded;

  Ledger(int maxSeries) {
    this.maxSeries = maxSeries;
  }

  /** Counters of one label set. */
  static final class Counters {
    /** calls, errors, tokens by kind, unpriced: in the order of {@link #NAMES}. */
    final double[] values = new double[NAMES.size()];

    final Map<String, Double> errorsByClass = new TreeMap<>();

    /** Per kind: cumulative counts per bound, then the count and the sum in seconds. */
    final Map<LatencyKind, double[]> histograms = new LinkedHashMap<>();

    void raiseTo(Counters newer) {
      raise(values, newer.values);
      newer.errorsByClass.forEach((k, v) -> errorsByClass.merge(k, v, Math::max));
      newer.histograms.forEach(
          (k, v) -> raise(histograms.computeIfAbsent(k, n -> new double[v.length]), v));
    }

    Counters zero() {
      Counters out = new Counters();
      errorsByClass.keySet().forEach(k -> out.errorsByClass.put(k, 0.0));
      histograms.forEach((k, v) -> out.histograms.put(k, new double[v.length]));
      return out;
    }

    private static void raise(double[] mine, double[] newer) {
      for (int i = 0; i < mine.length; i++) {
        mine[i] = Math.max(mine[i], newer[i]);
      }
    }
  }

  static final List<String> NAMES =
      List.of(
          "calls",
          "errors",
          "cost",
          "unpriced",
          "input",
          "cache_read",
          "cache_write",
          "output",
          "reasoning",
          "saved");

  static int index(String name) {
    return NAMES.indexOf(name);
  }

  /** Whether the ledger was read at least once. */
  boolean loaded() {
    return loaded;
  }

  /** Takes over what was read; figures that are lower than known stay as they were. */
  void update(List<Line> lines) {
    Map<Labels, Counters> read = new LinkedHashMap<>();
    for (Line line : lines) {
      Counters counters = read.computeIfAbsent(admit(line.labels()), l -> new Counters());
      add(counters, line);
    }
    read.forEach(
        (labels, counters) -> shown.computeIfAbsent(labels, l -> new Counters()).raiseTo(counters));
    if (!loaded) {
      // What was there before this process came is no news to whoever scrapes it.
      shown.keySet().forEach(l -> shownSinceMs.put(l, Long.MIN_VALUE / 2));
      loaded = true;
    }
  }

  /** What to show now. */
  Map<Labels, Counters> show(long nowMs) {
    Map<Labels, Counters> out = new LinkedHashMap<>();
    shown.forEach(
        (labels, counters) -> {
          long since = shownSinceMs.computeIfAbsent(labels, l -> nowMs);
          out.put(labels, nowMs - since < AT_ZERO_MS ? counters.zero() : counters);
        });
    return out;
  }

  /** The label set under which these labels are shown. */
  Labels admit(Labels labels) {
    if (admitted.contains(labels)) {
      return labels;
    }
    if (admitted.size() < maxSeries) {
      admitted.add(labels);
      return labels;
    }
    return new Labels(labels.project(), labels.layer(), OTHER, OTHER, OTHER);
  }

  private static void add(Counters to, Line line) {
    Figures f = line.figures();
    double[] v = {
      f.calls,
      f.errors,
      f.cost.doubleValue(),
      f.unpriced,
      f.inputTokens,
      f.cacheReadTokens,
      f.cacheWriteTokens,
      f.outputTokens,
      f.reasoningTokens,
      f.savedTokens
    };
    for (int i = 0; i < v.length; i++) {
      to.values[i] += v[i];
    }
    if (!line.errorClass().isEmpty()) {
      to.errorsByClass.merge(line.errorClass(), (double) f.errors, Double::sum);
    }
    for (LatencyKind kind : Histograms.KINDS) {
      double[] cumulative = Histograms.cumulative(f.latency(kind));
      double[] mine = to.histograms.computeIfAbsent(kind, k -> new double[cumulative.length]);
      for (int i = 0; i < mine.length; i++) {
        mine[i] += cumulative[i];
      }
    }
  }
}
