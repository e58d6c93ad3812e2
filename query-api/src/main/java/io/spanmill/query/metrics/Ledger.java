/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LatencyKind;
import io.spanmill.query.sql.LedgerReader.Labels;
import io.spanmill.query.sql.LedgerReader.Line;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The counters as they are shown: never lower than shown before, at most so many label sets, and a
 * new series at 0 first, so that a rate over its appearance sees its first calls. Since when a
 * series is shown is known from {@link ShownSeries}, the same for all replicas. Not thread-safe.
 */
final class Ledger {
  /** Label value of the sets beyond the limit. */
  static final String OTHER = "__other__";

  /** Part of a label set that is there from its first call. */
  static final String WHOLE = "";

  private final int maxSeries;
  private final long atZeroMs;
  private final Set<Labels> admitted = new LinkedHashSet<>();
  private final Map<ShownSeries.Series, Long> firstShownMs = new HashMap<>();
  private final Map<Labels, Counters> shown = new LinkedHashMap<>();
  private boolean loaded;

  /**
   * @param atZeroMs how long a new series is shown at 0
   */
  Ledger(int maxSeries, long atZeroMs) {
    this.maxSeries = maxSeries;
    this.atZeroMs = atZeroMs;
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
      histograms.forEach(
          (k, v) -> {
            if (isThere(k, v)) {
              out.histograms.put(k, new double[v.length]);
            }
          });
      return out;
    }

    /** Durations are there with the first call, the other kinds with their first value. */
    static boolean isThere(LatencyKind kind, double[] cumulative) {
      return kind == LatencyKind.DURATION || cumulative[Histograms.BOUNDS] > 0;
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

  /** Takes over since when series are shown, oldest first where the limit decides. */
  void know(Map<ShownSeries.Series, Long> firstMs) {
    firstMs.forEach((series, ms) -> firstShownMs.merge(series, ms, Math::min));
    firstMs.entrySet().stream()
        .filter(e -> e.getKey().part().equals(WHOLE) && !isOther(e.getKey().labels()))
        .sorted(
            Map.Entry.<ShownSeries.Series, Long>comparingByValue()
                .thenComparing(e -> e.getKey().labels().toString()))
        .limit(maxSeries)
        .forEach(e -> admitted.add(e.getKey().labels()));
  }

  /**
   * Takes over what was read; figures that are lower than known stay as they were.
   *
   * @return series that were not known: to be told to {@link ShownSeries} and {@link #know} before
   *     they are shown
   */
  Set<ShownSeries.Series> update(List<Line> lines) {
    Map<Labels, Counters> read = new LinkedHashMap<>();
    for (Line line : lines) {
      add(read.computeIfAbsent(label(line.labels()), l -> new Counters()), line);
    }
    Set<ShownSeries.Series> unknown = new LinkedHashSet<>();
    read.forEach(
        (labels, counters) -> {
          shown.computeIfAbsent(labels, l -> new Counters()).raiseTo(counters);
          for (ShownSeries.Series series : series(labels, counters)) {
            if (!firstShownMs.containsKey(series)) {
              unknown.add(series);
            }
          }
        });
    loaded = true;
    return unknown;
  }

  /** The parts that appear by themselves: the set, each class of error, rarer histograms. */
  private static List<ShownSeries.Series> series(Labels labels, Counters counters) {
    List<ShownSeries.Series> out = new ArrayList<>();
    out.add(new ShownSeries.Series(labels, WHOLE));
    counters.errorsByClass.keySet().forEach(c -> out.add(ofClass(labels, c)));
    counters.histograms.forEach(
        (kind, cumulative) -> {
          if (kind != LatencyKind.DURATION && Counters.isThere(kind, cumulative)) {
            out.add(new ShownSeries.Series(labels, kind.apiName()));
          }
        });
    return out;
  }

  private static ShownSeries.Series ofClass(Labels labels, String errorClass) {
    return new ShownSeries.Series(labels, "class " + errorClass);
  }

  /** What to show now. */
  Map<Labels, Counters> show(long nowMs) {
    Map<Labels, Counters> out = new LinkedHashMap<>();
    shown.forEach(
        (labels, counters) -> {
          if (isNew(new ShownSeries.Series(labels, WHOLE), nowMs)) {
            out.put(labels, counters.zero());
            return;
          }
          Counters some = new Counters();
          some.raiseTo(counters);
          some.errorsByClass.replaceAll(
              (errorClass, n) -> isNew(ofClass(labels, errorClass), nowMs) ? 0.0 : n);
          some.histograms.entrySet().removeIf(e -> !Counters.isThere(e.getKey(), e.getValue()));
          some.histograms.replaceAll(
              (kind, n) ->
                  kind != LatencyKind.DURATION
                          && isNew(new ShownSeries.Series(labels, kind.apiName()), nowMs)
                      ? new double[n.length]
                      : n);
          out.put(labels, some);
        });
    return out;
  }

  private boolean isNew(ShownSeries.Series series, long nowMs) {
    Long first = firstShownMs.get(series);
    return first == null || nowMs - first < atZeroMs;
  }

  /** The label set under which these labels are shown, which is one of them from now on. */
  private Labels label(Labels labels) {
    Labels out = admit(labels);
    if (!isOther(out)) {
      admitted.add(out);
    }
    return out;
  }

  /** The label set under which these labels are, or would be, shown. */
  Labels admit(Labels labels) {
    return admitted.contains(labels) || admitted.size() < maxSeries
        ? labels
        : new Labels(labels.project(), labels.layer(), OTHER, OTHER, OTHER);
  }

  private static boolean isOther(Labels labels) {
    return labels.provider().equals(OTHER)
        && labels.model().equals(OTHER)
        && labels.operation().equals(OTHER);
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
