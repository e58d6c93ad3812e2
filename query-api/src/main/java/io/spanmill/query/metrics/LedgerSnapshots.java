/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LatencyKind;
import io.spanmill.query.sql.LedgerReader.Labels;
import io.spanmill.query.sql.LedgerReader.Recent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Writes the ledger as Prometheus metrics. */
final class LedgerSnapshots {
  private static final String REQUESTS = "gateway_request";
  private static final double[] QUANTILES = {0.5, 0.9, 0.95, 0.99};
  private static final Map<LatencyKind, String> HISTOGRAM_NAMES =
      Map.of(
          LatencyKind.DURATION, "llm_call_duration",
          LatencyKind.TTFT, "llm_time_to_first_token",
          LatencyKind.TPOT, "llm_time_per_output_token");
  private static final Map<LatencyKind, String> HELP =
      Map.of(
          LatencyKind.DURATION, "Duration of calls",
          LatencyKind.TTFT, "Time to the first token",
          LatencyKind.TPOT, "Time per output token after the first");
  private static final List<String> TOKEN_TYPES =
      List.of("input", "cache_read", "cache_write", "output", "reasoning", "saved");

  private final Predicate<Labels> visible;
  private final UnaryOperator<Labels> admit;

  LedgerSnapshots(Predicate<Labels> visible, UnaryOperator<Labels> admit) {
    this.visible = visible;
    this.admit = admit;
  }

  List<MetricSnapshot> of(
      Map<Labels, Ledger.Counters> all, Map<Labels, BigDecimal> corrections, List<Recent> recent) {
    Map<Labels, Ledger.Counters> calls = new LinkedHashMap<>();
    Map<Labels, Ledger.Counters> requests = new LinkedHashMap<>();
    all.forEach(
        (labels, counters) -> {
          if (visible.test(labels)) {
            (labels.layer().equals(REQUESTS) ? requests : calls).put(labels, counters);
          }
        });
    List<MetricSnapshot> out = new ArrayList<>();
    out.add(counter("llm_calls", "Counted calls (attempts) by layer", calls, "calls"));
    out.add(counter("llm_errors", "Failed calls (attempts) by layer", calls, "errors"));
    out.add(errorsByClass(calls));
    out.add(counter("llm_requests", "User-visible requests to the gateway", requests, "calls"));
    out.add(
        counter("llm_requests_failed", "User-visible requests that failed", requests, "errors"));
    out.add(tokens(calls));
    out.add(counter("llm_cost_usd", "Cost of calls as metered, in USD", calls, "cost"));
    out.add(counter("llm_unpriced_calls", "Calls whose cost is unknown", calls, "unpriced"));
    out.add(corrections(corrections));
    Map<Labels, Recent> newest = byLabels(recent);
    for (LatencyKind kind : Histograms.KINDS) {
      out.add(histogram(kind, calls, newest));
      out.add(quantiles(kind, newest));
    }
    return out;
  }

  private static io.prometheus.metrics.model.snapshots.Labels labels(Labels l, String... more) {
    List<String> pairs =
        new ArrayList<>(
            List.of(
                "project", l.project(),
                "layer", l.layer(),
                "provider", l.provider(),
                "model", l.model(),
                "operation", l.operation()));
    pairs.addAll(List.of(more));
    return io.prometheus.metrics.model.snapshots.Labels.of(pairs.toArray(new String[0]));
  }

  private static MetricSnapshot counter(
      String name, String help, Map<Labels, Ledger.Counters> series, String value) {
    CounterSnapshot.Builder out = CounterSnapshot.builder().name(name).help(help);
    int at = Ledger.index(value);
    series.forEach((l, c) -> out.dataPoint(point(labels(l), c.values[at])));
    return out.build();
  }

  private static CounterSnapshot.CounterDataPointSnapshot point(
      io.prometheus.metrics.model.snapshots.Labels labels, double value) {
    return CounterSnapshot.CounterDataPointSnapshot.builder().labels(labels).value(value).build();
  }

  private static MetricSnapshot errorsByClass(Map<Labels, Ledger.Counters> series) {
    CounterSnapshot.Builder out =
        CounterSnapshot.builder()
            .name("llm_errors_by_class")
            .help("Failed calls (attempts) by class of error");
    series.forEach(
        (l, c) ->
            c.errorsByClass.forEach((k, v) -> out.dataPoint(point(labels(l, "class", k), v))));
    return out.build();
  }

  private static MetricSnapshot tokens(Map<Labels, Ledger.Counters> series) {
    CounterSnapshot.Builder out =
        CounterSnapshot.builder()
            .name("llm_tokens")
            .help("Tokens by disjoint type; saved ones were spared by response-cache hits");
    series.forEach(
        (l, c) ->
            TOKEN_TYPES.forEach(
                t -> out.dataPoint(point(labels(l, "type", t), c.values[Ledger.index(t)]))));
    return out.build();
  }

  private MetricSnapshot corrections(Map<Labels, BigDecimal> corrections) {
    Map<Labels, BigDecimal> shown = new LinkedHashMap<>();
    corrections.forEach(
        (labels, usd) -> {
          if (visible.test(labels)) {
            shown.merge(admit.apply(labels), usd, BigDecimal::add);
          }
        });
    GaugeSnapshot.Builder out =
        GaugeSnapshot.builder()
            .name("llm_cost_correction_usd")
            .help("What repricing changed of the cost as metered, in USD; add it to llm_cost_usd");
    shown.forEach(
        (labels, usd) ->
            out.dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(labels(labels))
                    .value(usd.doubleValue())
                    .build()));
    return out.build();
  }

  private static MetricSnapshot histogram(
      LatencyKind kind, Map<Labels, Ledger.Counters> series, Map<Labels, Recent> newest) {
    HistogramSnapshot.Builder out =
        HistogramSnapshot.builder()
            .name(HISTOGRAM_NAMES.get(kind) + "_seconds")
            .help(HELP.get(kind) + ", in seconds");
    series.forEach(
        (l, c) -> {
          double[] cumulative = c.histograms.get(kind);
          if (cumulative == null) {
            return;
          }
          ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
          double before = 0;
          for (int k = 0; k < Histograms.BOUNDS; k++) {
            buckets.bucket(Histograms.boundSeconds(k), Math.round(cumulative[k] - before));
            before = cumulative[k];
          }
          buckets.bucket(
              Double.POSITIVE_INFINITY, Math.round(cumulative[Histograms.BOUNDS] - before));
          HistogramSnapshot.HistogramDataPointSnapshot.Builder point =
              HistogramSnapshot.HistogramDataPointSnapshot.builder()
                  .labels(labels(l))
                  .classicHistogramBuckets(buckets.build())
                  .sum(cumulative[Histograms.BOUNDS + 1]);
          Exemplar slowest = kind == LatencyKind.DURATION ? slowest(newest.get(l)) : null;
          if (slowest != null) {
            point.exemplars(Exemplars.of(slowest));
          }
          out.dataPoint(point.build());
        });
    return out.build();
  }

  private static @Nullable Exemplar slowest(@Nullable Recent recent) {
    if (recent == null || recent.slowestMicros() < 0) {
      return null;
    }
    return Exemplar.builder()
        .value(recent.slowestMicros() / 1e6)
        .labels(io.prometheus.metrics.model.snapshots.Labels.of("trace_id", recent.slowestTrace()))
        .timestampMillis(recent.slowestMinuteMs())
        .build();
  }

  /** Summaries, for the label {@code quantile} is theirs; count and sum are the histogram's. */
  private static MetricSnapshot quantiles(LatencyKind kind, Map<Labels, Recent> newest) {
    SummarySnapshot.Builder out =
        SummarySnapshot.builder()
            .name(HISTOGRAM_NAMES.get(kind) + "_quantile_seconds")
            .help(HELP.get(kind) + ": quantiles of the last five minutes, in seconds");
    newest.forEach(
        (l, r) -> {
          Figures.Latency latency = r.latencies().getOrDefault(kind, new Figures.Latency());
          if (latency.sketch.size() == 0) {
            return;
          }
          Quantiles.Builder quantiles = Quantiles.builder();
          for (double q : QUANTILES) {
            quantiles.quantile(q, latency.quantileMs(q) / 1000);
          }
          out.dataPoint(
              SummarySnapshot.SummaryDataPointSnapshot.builder()
                  .labels(labels(l, "window", "5m"))
                  .quantiles(quantiles.build())
                  .build());
        });
    return out.build();
  }

  private Map<Labels, Recent> byLabels(List<Recent> recent) {
    Map<Labels, Recent> out = new LinkedHashMap<>();
    for (Recent r : recent) {
      if (visible.test(r.labels()) && !r.labels().layer().equals(REQUESTS)) {
        out.merge(admit.apply(r.labels()), r, LedgerSnapshots::merged);
      }
    }
    return out;
  }

  private static Recent merged(Recent a, Recent b) {
    Map<LatencyKind, Figures.Latency> latencies = new HashMap<>();
    for (LatencyKind kind : Histograms.KINDS) {
      Figures.Latency sum = new Figures.Latency();
      for (Recent r : List.of(a, b)) {
        Figures.Latency one = r.latencies().getOrDefault(kind, new Figures.Latency());
        sum.sketch.merge(one.sketch);
        sum.maxMicros = Math.max(sum.maxMicros, one.maxMicros);
      }
      latencies.put(kind, sum);
    }
    Recent slower = a.slowestMicros() >= b.slowestMicros() ? a : b;
    return new Recent(
        a.labels(),
        latencies,
        slower.slowestMicros(),
        slower.slowestTrace(),
        slower.slowestMinuteMs());
  }
}
