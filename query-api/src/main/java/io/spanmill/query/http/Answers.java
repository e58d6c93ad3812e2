/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LatencyKind;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parts that many answers share. */
final class Answers {
  private Answers() {}

  /** What every answer over a range begins with. */
  static Map<String, @Nullable Object> range(
      Question q, RollupReader.Origin origin, Map<String, RollupReader.Beside> notCounted) {
    return object(
        "from", Json.iso(q.range().fromMs()),
        "to", Json.iso(q.range().toMs()),
        "layers", layers(q.scope(), notCounted),
        "completeThrough", Json.iso(origin.completeThroughMs()),
        "source", origin.source());
  }

  static Map<String, @Nullable Object> layers(
      LayerScope scope, Map<String, RollupReader.Beside> notCounted) {
    Map<String, @Nullable Object> beside = new LinkedHashMap<>();
    notCounted.forEach(
        (layer, b) -> beside.put(layer, object("calls", b.calls(), "usd", Json.usd(b.cost()))));
    return object("counted", scope.layers(), "notCounted", beside);
  }

  static Map<String, @Nullable Object> totals(@Nullable Long events, Figures f, Figures requests) {
    return object(
        "events", events,
        "calls", f.calls,
        "errors", f.errors,
        "failRate", Json.ratio(f.errors, f.calls),
        "requests",
            object(
                "count", requests.calls,
                "failed", requests.errors,
                "failRate", Json.ratio(requests.errors, requests.calls)),
        "cost", cost(f),
        "tokens", tokens(f),
        "latencyMs", distribution(f.latency(LatencyKind.DURATION)),
        "timeToFirstTokenMs", distribution(f.latency(LatencyKind.TTFT)),
        "timePerOutputTokenMs", distribution(f.latency(LatencyKind.TPOT)),
        "streamingCalls", f.streaming,
        "cacheHits", f.cacheHits,
        "noUsageCalls", f.withoutUsage);
  }

  static Map<String, @Nullable Object> tokens(Figures f) {
    return object(
        "input", f.inputTokens,
        "cacheRead", f.cacheReadTokens,
        "cacheWrite", f.cacheWriteTokens,
        "output", f.outputTokens,
        "reasoning", f.reasoningTokens,
        "total", f.totalTokens(),
        "saved", f.savedTokens);
  }

  /** A distribution; every field null if it is empty. */
  static Map<String, @Nullable Object> distribution(Figures.Latency l) {
    boolean empty = l.count == 0;
    return object(
        "avg", empty ? null : rounded((double) l.sumMicros / l.count / 1000),
        "p50", quantile(l, 0.5),
        "p90", quantile(l, 0.9),
        "p95", quantile(l, 0.95),
        "p99", quantile(l, 0.99),
        "max", empty || l.maxMicros < 0 ? null : rounded(l.maxMicros / 1000.0));
  }

  private static Map<String, @Nullable Object> cost(Figures f) {
    return object(
        "usd",
        f.priced == 0 ? null : Json.usd(f.cost),
        "reportedUsd",
        nonZero(f.reported),
        "computedUsd",
        nonZero(f.computed),
        "unpricedCalls",
        f.unpriced);
  }

  /** Rollups keep no count of calls with a figure, so a sum of 0 stands for none. */
  private static @Nullable String nonZero(BigDecimal sum) {
    return sum.signum() == 0 ? null : Json.usd(sum);
  }

  private static @Nullable Double quantile(Figures.Latency l, double q) {
    return l.sketch.size() == 0 ? null : rounded(l.quantileMs(q));
  }

  private static Double rounded(double ms) {
    return BigDecimal.valueOf(ms).setScale(6, RoundingMode.HALF_UP).doubleValue();
  }
}
