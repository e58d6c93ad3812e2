/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.model.Dimension;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Sums over the calls themselves, call by call, and how an answer must agree with them. */
final class BruteForce {
  /** What the sketch promises. */
  static final double QUANTILE_ERROR = 0.011;

  private static final Map<String, ToLongFunction<NormalizedSpan>> LATENCIES =
      Map.of(
          "latency", c -> c.durationMicros,
          "ttft", c -> c.ttftMicros,
          "tpot", c -> c.tpotMicros,
          "queue", c -> c.queueMicros,
          "prefill", c -> c.prefillMicros,
          "decode", c -> c.decodeMicros);

  private static final Map<String, ToLongFunction<NormalizedSpan>> COUNTS =
      Map.ofEntries(
          Map.entry("calls", c -> 1),
          Map.entry("requests", c -> 1),
          Map.entry("errors", c -> c.failed ? 1 : 0),
          Map.entry("unpricedCalls", c -> c.priced == PricedState.UNPRICED ? 1 : 0),
          Map.entry("cacheHits", c -> c.cacheHit ? 1 : 0),
          Map.entry("streamingCalls", c -> c.streaming ? 1 : 0),
          Map.entry("noUsageCalls", c -> c.hasUsage() ? 0 : 1),
          Map.entry("tokens.input", c -> Math.max(0, c.inputTokens)),
          Map.entry("tokens.cacheRead", c -> Math.max(0, c.cacheReadTokens)),
          Map.entry("tokens.cacheWrite", c -> Math.max(0, c.cacheWriteTokens)),
          Map.entry("tokens.output", c -> Math.max(0, c.outputTokens)),
          Map.entry("tokens.reasoning", c -> Math.max(0, c.reasoningTokens)),
          Map.entry("tokens.total", NormalizedSpan::totalTokens),
          Map.entry("tokens.saved", c -> Math.max(0, c.savedTokens)));

  private final List<NormalizedSpan> all;

  BruteForce(List<NormalizedSpan> all) {
    this.all = all;
  }

  /**
   * What was asked.
   *
   * @param layers null: those that count by themselves
   */
  record Asked(
      long fromMs,
      long toMs,
      Set<String> projects,
      @Nullable Set<Layer> layers,
      Map<Dimension, List<String>> filters) {

    Asked during(long from, long to) {
      return new Asked(from, to, projects, layers, filters);
    }
  }

  static Set<Layer> auto(String project) {
    return switch (project) {
      case "alpha" -> EnumSet.of(Layer.GATEWAY, Layer.DIRECT);
      case "beta" -> EnumSet.of(Layer.CLIENT, Layer.DIRECT);
      default -> EnumSet.of(Layer.ENGINE);
    };
  }

  static boolean counts(Asked asked, NormalizedSpan c) {
    Set<Layer> layers = asked.layers() == null ? auto(c.project) : asked.layers();
    return layers.contains(c.layer);
  }

  /** Calls of the range that pass the filters, in any layer. */
  List<NormalizedSpan> inRange(Asked asked) {
    return where(
        all,
        c ->
            c.eventTimeMs >= asked.fromMs()
                && c.eventTimeMs < asked.toMs()
                && asked.projects().contains(c.project)
                && asked.filters().entrySet().stream()
                    .allMatch(f -> f.getValue().contains(f.getKey().of(c))));
  }

  List<NormalizedSpan> counted(Asked asked) {
    return where(inRange(asked), c -> counts(asked, c));
  }

  List<NormalizedSpan> requests(Asked asked) {
    return where(inRange(asked), c -> c.layer == Layer.GATEWAY_REQUEST);
  }

  static List<NormalizedSpan> where(List<NormalizedSpan> calls, Predicate<NormalizedSpan> test) {
    return calls.stream().filter(test).toList();
  }

  static BigDecimal usd(List<NormalizedSpan> calls, ToLongFunction<NormalizedSpan> pico) {
    BigDecimal sum = BigDecimal.ZERO;
    for (NormalizedSpan c : calls) {
      long p = pico.applyAsLong(c);
      sum = p == PicoUsd.ABSENT ? sum : sum.add(BigDecimal.valueOf(p, 12));
    }
    return sum;
  }

  static long count(List<NormalizedSpan> calls, String metric) {
    return calls.stream().mapToLong(COUNTS.get(metric)).sum();
  }

  /** An object of totals as overview and breakdown write it. */
  static void checkTotals(
      JsonNode totals, List<NormalizedSpan> counted, List<NormalizedSpan> requests) {
    for (String metric : COUNTS.keySet()) {
      if (!metric.equals("requests") && !metric.equals("unpricedCalls")) {
        assertThat(totals.at("/" + metric.replace('.', '/')).asLong(-1))
            .as(metric)
            .isEqualTo(count(counted, metric));
      }
    }
    checkRatio(totals.get("failRate"), count(counted, "errors"), counted.size());
    assertThat(totals.at("/requests/count").asLong(-1)).as("requests").isEqualTo(requests.size());
    assertThat(totals.at("/requests/failed").asLong(-1)).isEqualTo(count(requests, "errors"));
    checkRatio(totals.at("/requests/failRate"), count(requests, "errors"), requests.size());
    check("cost", totals.at("/cost/usd"), counted);
    check("cost.reported", totals.at("/cost/reportedUsd"), counted);
    check("cost.computed", totals.at("/cost/computedUsd"), counted);
    check("unpricedCalls", totals.at("/cost/unpricedCalls"), counted);
    Map<String, String> kinds =
        Map.of(
            "latencyMs", "latency", "timeToFirstTokenMs", "ttft", "timePerOutputTokenMs", "tpot");
    kinds.forEach(
        (field, kind) ->
            List.of("avg", "p50", "p90", "p95", "p99", "max")
                .forEach(s -> check(kind + "." + s, totals.at("/" + field + "/" + s), counted)));
  }

  /** One value of a metric. */
  static void check(String metric, JsonNode value, List<NormalizedSpan> calls) {
    if (COUNTS.containsKey(metric)) {
      assertThat(value.isIntegralNumber()).as(metric + " of " + value).isTrue();
      assertThat(value.asLong()).as(metric).isEqualTo(count(calls, metric));
    } else if (metric.equals("failRate")) {
      checkRatio(value, count(calls, "errors"), calls.size());
    } else if (metric.startsWith("cost")) {
      checkMoney(metric, value, calls);
    } else {
      checkLatency(metric, value, calls);
    }
  }

  private static void checkMoney(String metric, JsonNode value, List<NormalizedSpan> calls) {
    BigDecimal sum =
        usd(
            calls,
            c ->
                switch (metric) {
                  case "cost" -> c.costPicoUsd;
                  case "cost.reported" -> c.reportedPicoUsd;
                  default -> c.computedPicoUsd;
                });
    boolean known =
        metric.equals("cost")
            ? calls.stream().anyMatch(c -> c.priced == PricedState.PRICED)
            : sum.signum() != 0;
    if (known) {
      assertThat(value.isTextual()).as(metric + " is text: " + value).isTrue();
      assertThat(new BigDecimal(value.asText())).as(metric).isEqualByComparingTo(sum);
    } else {
      assertThat(value.isNull()).as(metric + " of nothing: " + value).isTrue();
    }
  }

  private static void checkLatency(String metric, JsonNode value, List<NormalizedSpan> calls) {
    String kind = metric.substring(0, metric.indexOf('.'));
    String statistic = metric.substring(metric.indexOf('.') + 1);
    long[] micros =
        calls.stream().mapToLong(LATENCIES.get(kind)).filter(us -> us >= 0).sorted().toArray();
    if (micros.length == 0) {
      assertThat(value.isNull()).as(metric + " of nothing: " + value).isTrue();
      return;
    }
    assertThat(value.isNumber()).as(metric + ": " + value).isTrue();
    double max = micros[micros.length - 1] / 1000.0;
    switch (statistic) {
      case "max" -> assertThat(value.asDouble()).as(metric).isEqualTo(max);
      case "avg" -> {
        long sum = 0;
        for (long us : micros) {
          sum += us;
        }
        double avg = (double) sum / micros.length / 1000;
        assertThat(value.asDouble()).as(metric).isCloseTo(avg, within(1e-6 + avg * 1e-12));
      }
      default -> {
        double q = Integer.parseInt(statistic.substring(1)) / 100.0;
        double exact = micros[(int) Math.max(1, Math.ceil(q * micros.length)) - 1] / 1000.0;
        assertThat(value.asDouble())
            .as(metric)
            .isCloseTo(exact, within(exact * QUANTILE_ERROR))
            .isLessThanOrEqualTo(max);
      }
    }
  }

  static void checkRatio(JsonNode value, long part, long whole) {
    if (whole == 0) {
      assertThat(value.isNull()).as("share of nothing: " + value).isTrue();
    } else {
      assertThat(value.asDouble(-1)).isCloseTo((double) part / whole, within(1e-12));
    }
  }
}
