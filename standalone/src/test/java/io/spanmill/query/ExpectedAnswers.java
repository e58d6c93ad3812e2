/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PricedState;
import io.spanmill.query.BruteForce.Asked;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What plain sums over calls say to the answers of {@link RoutingIT}'s questions. */
final class ExpectedAnswers {
  private static final long DAY = 86_400_000;
  private static final long HOUR = 3_600_000;

  /** Columns that spans have too; events are counted where a filter asks for no other. */
  private static final Set<Dimension> OF_SPANS =
      EnumSet.of(
          Dimension.PROVIDER,
          Dimension.MODEL,
          Dimension.OPERATION,
          Dimension.ERROR_CLASS,
          Dimension.SERVICE,
          Dimension.ENVIRONMENT,
          Dimension.USER);

  private final List<NormalizedSpan> calls;
  private final BruteForce plain;

  ExpectedAnswers(List<NormalizedSpan> calls) {
    this.calls = calls;
    this.plain = new BruteForce(calls);
  }

  /** Whether spans have the columns that are filtered by. */
  static boolean tellsEvents(Asked asked) {
    return OF_SPANS.containsAll(asked.filters().keySet());
  }

  void overview(Asked asked, JsonNode answer) {
    assertThat(Instant.parse(answer.get("from").asText()).toEpochMilli())
        .as("from")
        .isEqualTo(asked.fromMs());
    assertThat(Instant.parse(answer.get("to").asText()).toEpochMilli())
        .as("to")
        .isEqualTo(asked.toMs());
    BruteForce.checkTotals(answer.get("totals"), plain.counted(asked), plain.requests(asked));
    checkEvents(answer.at("/totals/events"), asked);
    checkNotCounted(asked, answer);
    long length = asked.toMs() - asked.fromMs();
    Asked before = asked.during(Math.max(0, asked.fromMs() - length), asked.fromMs());
    BruteForce.checkTotals(answer.get("previous"), plain.counted(before), plain.requests(before));
    checkEvents(answer.at("/previous/events"), before);
  }

  private void checkEvents(JsonNode events, Asked asked) {
    if (!tellsEvents(asked)) {
      assertThat(events.isNull()).as("events that filters do not fit: " + events).isTrue();
      return;
    }
    assertThat(events.asLong(-1))
        .as("events")
        .isEqualTo(
            plain.inRange(asked).stream().filter(c -> c.layer != Layer.GATEWAY_REQUEST).count());
  }

  private void checkNotCounted(Asked asked, JsonNode answer) {
    Map<String, List<NormalizedSpan>> beside =
        plain.inRange(asked).stream()
            .filter(c -> !BruteForce.counts(asked, c))
            .collect(Collectors.groupingBy(Dimension.LAYER::of));
    JsonNode told = answer.at("/layers/notCounted");
    assertThat(told.size()).as("notCounted " + told).isEqualTo(beside.size());
    beside.forEach(
        (layer, of) -> {
          assertThat(told.at("/" + layer + "/calls").asLong()).as(layer).isEqualTo(of.size());
          assertThat(new BigDecimal(told.at("/" + layer + "/usd").asText()))
              .isEqualByComparingTo(BruteForce.usd(of, c -> c.costPicoUsd));
        });
  }

  void breakdown(Asked asked, List<Dimension> groupBy, int limit, JsonNode answer) {
    List<NormalizedSpan> counted = plain.counted(asked);
    List<NormalizedSpan> requests = plain.requests(asked);
    boolean byRequests = answer.get("sort").asText().equals("-requests");
    int keys =
        (byRequests ? requests : counted)
            .stream().map(c -> RandomQuestions.key(c, groupBy)).collect(Collectors.toSet()).size();
    assertThat(answer.get("rows").size()).as("rows").isEqualTo(Math.min(limit, keys));
    Set<List<String>> shown = new HashSet<>();
    for (JsonNode row : answer.get("rows")) {
      List<String> key = groupBy.stream().map(d -> row.at("/key/" + d.apiName()).asText()).toList();
      assertThat(shown.add(key)).as("key once " + key).isTrue();
      explain(
          key.toString(),
          () ->
              BruteForce.checkTotals(
                  row,
                  BruteForce.where(counted, c -> RandomQuestions.key(c, groupBy).equals(key)),
                  BruteForce.where(requests, c -> RandomQuestions.key(c, groupBy).equals(key))));
    }
    List<NormalizedSpan> rest =
        BruteForce.where(counted, c -> !shown.contains(RandomQuestions.key(c, groupBy)));
    List<NormalizedSpan> restOfRequests =
        BruteForce.where(requests, c -> !shown.contains(RandomQuestions.key(c, groupBy)));
    if (rest.isEmpty() && restOfRequests.isEmpty()) {
      assertThat(answer.get("other").isNull()).as("other " + answer.get("other")).isTrue();
    } else {
      BruteForce.checkTotals(answer.get("other"), rest, restOfRequests);
    }
    checkOrder(answer, counted, groupBy, shown);
  }

  /** No group that was left out has more of what it is sorted by. */
  private static void checkOrder(
      JsonNode answer,
      List<NormalizedSpan> counted,
      List<Dimension> groupBy,
      Set<List<String>> shown) {
    String sort = answer.get("sort").asText();
    if (!sort.equals("-errors") && !sort.equals("-tokens.total")) {
      return;
    }
    Map<List<String>, Long> values = new HashMap<>();
    for (NormalizedSpan c : counted) {
      values.merge(
          RandomQuestions.key(c, groupBy),
          BruteForce.count(List.of(c), sort.substring(1)),
          Long::sum);
    }
    long least = Long.MAX_VALUE;
    for (JsonNode row : answer.get("rows")) {
      List<String> key = groupBy.stream().map(d -> row.at("/key/" + d.apiName()).asText()).toList();
      assertThat(values.get(key)).as("sorted").isLessThanOrEqualTo(least);
      least = values.get(key);
    }
    for (Map.Entry<List<String>, Long> e : values.entrySet()) {
      if (!shown.contains(e.getKey())) {
        assertThat(e.getValue()).as("left out " + e.getKey()).isLessThanOrEqualTo(least);
      }
    }
  }

  void timeseries(
      Asked asked,
      String metric,
      List<Dimension> groupBy,
      long step,
      ZoneId zone,
      JsonNode answer) {
    List<NormalizedSpan> of =
        switch (metric) {
          case "requests" -> plain.requests(asked);
          case "events" ->
              BruteForce.where(plain.inRange(asked), c -> c.layer != Layer.GATEWAY_REQUEST);
          default -> plain.counted(asked);
        };
    List<List<String>> keys = new ArrayList<>();
    for (JsonNode series : answer.get("series")) {
      keys.add(groupBy.stream().map(d -> series.at("/key/" + d.apiName()).asText()).toList());
    }
    assertThat(new HashSet<>(keys)).as("each series once").hasSameSizeAs(keys);
    int all =
        of.stream().map(c -> RandomQuestions.key(c, groupBy)).collect(Collectors.toSet()).size();
    assertThat(keys).hasSize(groupBy.isEmpty() ? 1 : Math.min(51, all));
    List<String> other = groupBy.stream().map(d -> Cube.OTHER).toList();
    for (int i = 0; i < keys.size(); i++) {
      List<String> key = keys.get(i);
      List<NormalizedSpan> ofSeries =
          groupBy.isEmpty()
              ? of
              : BruteForce.where(
                  of,
                  c ->
                      key.equals(other)
                          ? !keys.contains(RandomQuestions.key(c, groupBy))
                          : RandomQuestions.key(c, groupBy).equals(key));
      JsonNode points = answer.get("series").get(i).get("points");
      explain("series " + key, () -> checkPoints(asked, metric, step, zone, points, ofSeries));
    }
  }

  private void checkPoints(
      Asked asked,
      String metric,
      long step,
      ZoneId zone,
      JsonNode points,
      List<NormalizedSpan> of) {
    assertThat(points.size()).isPositive().isLessThanOrEqualTo(1000);
    List<Long> starts = new ArrayList<>();
    points.forEach(p -> starts.add(p.get(0).asLong()));
    assertThat(starts.get(0)).as("first step").isLessThanOrEqualTo(asked.fromMs());
    checkStarts(starts, step, zone, asked.toMs());
    for (int i = 0; i < starts.size(); i++) {
      long from = starts.get(i);
      long to = i + 1 < starts.size() ? starts.get(i + 1) : Long.MAX_VALUE;
      List<NormalizedSpan> within =
          BruteForce.where(of, c -> c.eventTimeMs >= from && c.eventTimeMs < to);
      JsonNode value = points.get(i).get(1);
      if (metric.equals("events")) {
        assertThat(value.asLong(-1)).as("events").isEqualTo(within.size());
      } else {
        explain(
            Instant.ofEpochMilli(from).toString(), () -> BruteForce.check(metric, value, within));
      }
    }
  }

  /** Steps follow each other; those of whole days begin at midnight of the zone. */
  private static void checkStarts(List<Long> starts, long step, ZoneId zone, long toMs) {
    LocalDate day = LocalDate.ofInstant(Instant.ofEpochMilli(starts.get(0)), zone);
    for (int i = 0; i < starts.size(); i++) {
      if (step % DAY == 0 && !zone.getId().equals("UTC")) {
        assertThat(starts.get(i))
            .as("midnight of " + day + " in " + zone)
            .isEqualTo(day.atStartOfDay(zone).toInstant().toEpochMilli());
        day = day.plusDays(step / DAY);
      } else {
        assertThat(starts.get(i)).isEqualTo(starts.get(0) + i * step);
        assertThat(starts.get(i) % step).isZero();
      }
      assertThat(starts.get(i)).isLessThan(toMs);
    }
    assertThat(starts.get(starts.size() - 1) + step + HOUR).as("last").isGreaterThan(toMs);
  }

  void heatmap(Asked asked, String metric, JsonNode answer) {
    List<Double> bounds = new ArrayList<>();
    answer.get("buckets").forEach(b -> bounds.add(b.asDouble()));
    List<NormalizedSpan> counted = plain.counted(asked);
    for (int i = 0; i < answer.get("columns").size(); i++) {
      JsonNode column = answer.get("columns").get(i);
      JsonNode next = answer.get("columns").get(i + 1);
      long from = column.get("t").asLong();
      long to = next == null ? Long.MAX_VALUE : next.get("t").asLong();
      long[] expected = new long[bounds.size()];
      for (NormalizedSpan c : counted) {
        long us =
            switch (metric) {
              case "duration" -> c.durationMicros;
              case "ttft" -> c.ttftMicros;
              default -> c.tpotMicros;
            };
        if (us >= 0 && c.eventTimeMs >= from && c.eventTimeMs < to) {
          // By the bucket's upper bound: a duration on a bound belongs below it.
          double upper = LatencySketch.upperBoundMs(LatencySketch.indexOf(us));
          int at = 0;
          while (bounds.get(at) < upper - 1e-6) {
            at++;
          }
          expected[at]++;
        }
      }
      for (int b = 0; b < expected.length; b++) {
        assertThat(column.get("counts").get(b).asLong()).as("column " + i).isEqualTo(expected[b]);
      }
    }
  }

  void failures(Asked asked, JsonNode answer) {
    Map<String, List<NormalizedSpan>> byClass =
        plain.counted(asked).stream()
            .filter(c -> c.failed)
            .collect(Collectors.groupingBy(Dimension.ERROR_CLASS::of));
    long total = byClass.values().stream().mapToLong(List::size).sum();
    assertThat(answer.get("total").asLong()).isEqualTo(total);
    assertThat(answer.get("rows").size()).isEqualTo(byClass.size());
    for (JsonNode row : answer.get("rows")) {
      List<NormalizedSpan> of = byClass.getOrDefault(row.get("errorClass").asText(), List.of());
      assertThat(row.get("count").asLong()).isEqualTo(of.size());
      BruteForce.checkRatio(row.get("share"), of.size(), total);
      long newest = of.stream().mapToLong(c -> c.eventTimeMs).max().orElse(-1);
      assertThat(row.get("lastSeen").asLong()).isEqualTo(newest);
      assertThat(of.stream().filter(c -> c.eventTimeMs == newest).map(c -> c.errorMessage))
          .contains(row.at("/latest/message").asText());
      long ofModels = 0;
      for (JsonNode model : row.get("models")) {
        String name = model.get("model").asText();
        assertThat(model.get("count").asLong())
            .isEqualTo(of.stream().filter(c -> c.model.equals(name)).count());
        ofModels += model.get("count").asLong();
      }
      assertThat(ofModels).isLessThanOrEqualTo(of.size());
    }
  }

  void coverage(Asked asked, JsonNode answer) {
    List<NormalizedSpan> counted = plain.counted(asked);
    JsonNode totals = answer.get("totals");
    assertThat(totals.get("calls").asLong()).as("calls").isEqualTo(counted.size());
    assertThat(totals.get("pricedCalls").asLong())
        .isEqualTo(counted.stream().filter(c -> c.priced == PricedState.PRICED).count());
    for (String metric : List.of("unpricedCalls", "noUsageCalls", "cacheHits")) {
      BruteForce.check(metric, totals.get(metric), counted);
    }
    assertThat(totals.get("badCostCalls").asLong())
        .isEqualTo(counted.stream().filter(c -> c.has(NormalizedSpan.BAD_COST)).count());
    List<NormalizedSpan> both =
        BruteForce.where(counted, c -> c.reportedPicoUsd >= 0 && c.computedPicoUsd >= 0);
    assertThat(totals.at("/both/calls").asLong()).isEqualTo(both.size());
    assertThat(new BigDecimal(totals.at("/both/driftUsd").asText()))
        .isEqualByComparingTo(
            BruteForce.usd(both, c -> c.reportedPicoUsd)
                .subtract(BruteForce.usd(both, c -> c.computedPicoUsd)));
    Set<List<String>> seen = new HashSet<>();
    for (JsonNode row : answer.get("models")) {
      List<String> key =
          List.of(
              row.get("layer").asText(), row.get("provider").asText(), row.get("model").asText());
      assertThat(seen.add(key)).isTrue();
      List<NormalizedSpan> of =
          BruteForce.where(
              plain.inRange(asked),
              c ->
                  (BruteForce.counts(asked, c) || c.layer == Layer.ENGINE)
                      && RandomQuestions.key(
                              c, List.of(Dimension.LAYER, Dimension.PROVIDER, Dimension.MODEL))
                          .equals(key));
      assertThat(row.get("calls").asLong()).as("calls of " + key).isEqualTo(of.size());
      assertThat(row.at("/tokens/total").asLong())
          .isEqualTo(of.stream().mapToLong(NormalizedSpan::totalTokens).sum());
      assertThat(row.get("unpricedTokens").asLong())
          .isEqualTo(
              of.stream()
                  .filter(c -> c.priced == PricedState.UNPRICED)
                  .mapToLong(NormalizedSpan::totalTokens)
                  .sum());
    }
    checkServices(
        answer.get("enginesWithoutModel"),
        BruteForce.where(
            plain.inRange(asked),
            c -> c.layer == Layer.ENGINE && (c.model.isEmpty() || c.model.equals("unknown"))));
    checkServices(
        answer.get("clientWithoutGateway"),
        BruteForce.where(
            plain.inRange(asked),
            c ->
                c.layer == Layer.CLIENT
                    && calls.stream()
                        .noneMatch(
                            g ->
                                g.layer == Layer.GATEWAY
                                    && g.project.equals(c.project)
                                    && g.traceIdLo == c.traceIdLo
                                    && g.eventTimeMs >= asked.fromMs() - HOUR
                                    && g.eventTimeMs < asked.toMs() + HOUR)));
  }

  private static void checkServices(JsonNode rows, List<NormalizedSpan> expected) {
    Map<String, Long> told = new HashMap<>();
    rows.forEach(r -> told.put(r.get("service").asText(), r.get("calls").asLong()));
    assertThat(told)
        .isEqualTo(
            expected.stream()
                .collect(Collectors.groupingBy(c -> c.service, Collectors.counting())));
  }

  /** Names the question where an assertion about its answer fails. */
  static void explain(String what, Runnable check) {
    try {
      check.run();
    } catch (AssertionError e) {
      throw new AssertionError(what + "\n" + e.getMessage(), e);
    }
  }
}
