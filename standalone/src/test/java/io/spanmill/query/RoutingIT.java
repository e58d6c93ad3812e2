/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PricedState;
import io.spanmill.model.WindowKind;
import io.spanmill.query.BruteForce.Asked;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Random questions get the same answer by every route (the cube the planner takes, each other cube,
 * {@code calls}), and it is the one that plain sums over the calls give. {@code -Drouting.seed}
 * takes another seed, {@code -Drouting.questions} more questions.
 */
class RoutingIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long NOW = Instant.parse("2026-11-10T10:23:45.678Z").toEpochMilli();
  private static final long TICK = NOW - 1500;
  private static final long COMPLETE = NOW - 1200;
  private static final long DAY = 86_400_000;
  private static final long HOUR = 3_600_000;
  private static final int MINUTE_DAYS = 14;
  private static final int HOUR_DAYS = 30;
  private static final long SEED = Long.getLong("routing.seed", 20261110L);
  private static final int QUESTIONS = Integer.getInteger("routing.questions", 16);

  private static final List<Dimension> FILTERED =
      List.of(
          Dimension.PROVIDER,
          Dimension.MODEL,
          Dimension.OPERATION,
          Dimension.ERROR_CLASS,
          Dimension.SERVICE,
          Dimension.ENVIRONMENT,
          Dimension.TEAM,
          Dimension.API_KEY,
          Dimension.USER);

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

  private static final List<String> ZONES =
      List.of("UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Asia/Kolkata");

  private static final Random random = new Random(SEED);
  private static final HttpClient http = HttpClient.newHttpClient();

  /** Services by the cubes they may read; the first is the one that runs. */
  private static final Map<String, QueryService> services = new LinkedHashMap<>();

  private static List<NormalizedSpan> calls = List.of();
  private static BruteForce plain = new BruteForce(List.of());

  @BeforeAll
  static void write() {
    System.out.println("routing.seed=" + SEED);
    Settings settings =
        servers.settings(
            Map.of(
                Keys.RETENTION_MINUTE,
                Integer.toString(MINUTE_DAYS),
                Keys.RETENTION_HOUR,
                Integer.toString(HOUR_DAYS),
                Keys.QUERY_RATE_LIMIT,
                "100000"));
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      // Nothing merges, and nothing is dropped as too old by today's clock.
      clickHouse.execute(Sql.of("SYSTEM STOP MERGES"));
      calls = new RandomCalls(random, NOW).next(3000);
      plain = new BruteForce(calls);
      new FoldedCalls(clickHouse, random, TICK, RoutingIT::keptFromMs).write(calls);
      String spans =
          "INSERT INTO spans (project, ts, trace_id, span_id, arrival_time, source_offset, layer,"
              + " service, environment, provider, model, operation, error_class, user)"
              + " SELECT project, event_time, trace_id, span_id, arrival_time, rowNumberInAllBlocks(),"
              + " layer, service, environment, provider, model, operation, error_class, user"
              + " FROM calls FINAL WHERE layer != 'gateway_request'";
      clickHouse.execute(Sql.of(spans).setting("max_partitions_per_insert_block", "0"));
      clickHouse.execute(
          Sql.of(spans + " AND reinterpretAsUInt64(reverse(span_id)) % 5 = 0")
              .setting("max_partitions_per_insert_block", "0"));
      // Long settled: counts of whole hours are kept then, and must stay right.
      clickHouse.execute(Sql.of("TRUNCATE TABLE span_hours"));
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO span_hours SELECT project, toStartOfHour(ts), now64(3) - INTERVAL 1"
                      + " HOUR, max(ts) FROM spans GROUP BY project, toStartOfHour(ts)")
              .setting("max_partitions_per_insert_block", "0"));
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO progress (kind, sink_partition, source_partition, source_offset,"
                      + " tick_ms) SELECT arrayJoin(['spans', 'calls', 'rollups']), 0, 0, 100,"
                      + " {tick:Int64}")
              .with("tick", TICK));
      clickHouse.execute(
          Sql.of("INSERT INTO source_ends VALUES (0, {at:Int64}, 100), (0, {later:Int64}, 101)")
              .with("at", COMPLETE)
              .with("later", NOW - 100));
    }
    Clock clock = Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC);
    services.put("planned", QueryService.start(settings, clock));
    services.put("calls", QueryService.start(settings, clock, List.of()));
    for (Cube cube : Cube.BUILT_IN) {
      services.put(cube.name(), QueryService.start(settings, clock, List.of(cube)));
    }
  }

  @AfterAll
  static void close() {
    services.values().forEach(QueryService::close);
  }

  private static long keptFromMs(WindowKind kind) {
    return switch (kind) {
      case MINUTE -> NOW - MINUTE_DAYS * DAY;
      case HOUR -> NOW - HOUR_DAYS * DAY;
      case DAY, ALL -> 0;
    };
  }

  @Test
  void overview_isTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    for (int i = 0; i < QUESTIONS; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = snapped(ask(given, true));
      String path = path("/api/v1/overview", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      explain(path, () -> checkOverview(asked, answer));
    }
  }

  private static void checkOverview(Asked asked, JsonNode answer) {
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

  private static void checkEvents(JsonNode events, Asked asked) {
    if (!OF_SPANS.containsAll(asked.filters().keySet())) {
      assertThat(events.isNull()).as("events that filters do not fit: " + events).isTrue();
      return;
    }
    assertThat(events.asLong(-1))
        .as("events")
        .isEqualTo(
            plain.inRange(asked).stream().filter(c -> c.layer != Layer.GATEWAY_REQUEST).count());
  }

  private static void checkNotCounted(Asked asked, JsonNode answer) {
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

  @Test
  void breakdown_isTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    List<String> sorts =
        List.of(
            "-cost", "calls", "-errors", "-tokens.total", "-latency.p95", "-requests", "ttft.avg");
    for (int i = 0; i < QUESTIONS; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      List<Dimension> groupBy = groupBy(given, 1);
      Asked asked = snapped(ask(given, !groupBy.contains(Dimension.LAYER)));
      given.put("sort", sorts.get(random.nextInt(sorts.size())));
      int limit = 1 + random.nextInt(random.nextBoolean() ? 6 : 900);
      given.put("limit", Integer.toString(limit));
      String path = path("/api/v1/breakdown", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, groupBy);
      explain(path, () -> checkBreakdown(asked, groupBy, limit, answer));
    }
  }

  private static void checkBreakdown(
      Asked asked, List<Dimension> groupBy, int limit, JsonNode answer) {
    List<NormalizedSpan> counted = plain.counted(asked);
    List<NormalizedSpan> requests = plain.requests(asked);
    boolean byRequests = answer.get("sort").asText().equals("-requests");
    int keys =
        (byRequests ? requests : counted)
            .stream().map(c -> key(c, groupBy)).collect(Collectors.toSet()).size();
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
                  BruteForce.where(counted, c -> key(c, groupBy).equals(key)),
                  BruteForce.where(requests, c -> key(c, groupBy).equals(key))));
    }
    List<NormalizedSpan> rest = BruteForce.where(counted, c -> !shown.contains(key(c, groupBy)));
    List<NormalizedSpan> restOfRequests =
        BruteForce.where(requests, c -> !shown.contains(key(c, groupBy)));
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
      values.merge(key(c, groupBy), BruteForce.count(List.of(c), sort.substring(1)), Long::sum);
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

  @Test
  void timeseries_isTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    List<String> metrics = new ArrayList<>(io.spanmill.query.sql.Metric.names());
    Collections.shuffle(metrics, random);
    for (int i = 0; i < QUESTIONS; i++) {
      String metric = metrics.get(i % metrics.size());
      Map<String, String> given = new LinkedHashMap<>();
      boolean events = metric.equals("events");
      List<Dimension> groupBy = events ? List.of() : groupBy(given, 0);
      Asked asked = snapped(ask(given, !groupBy.contains(Dimension.LAYER)));
      if (events && !OF_SPANS.containsAll(asked.filters().keySet())) {
        continue;
      }
      given.put("metric", metric);
      ZoneId zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
      given.put("tz", zone.getId());
      long step = step(given, asked);
      String path = path("/api/v1/timeseries", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, groupBy);
      explain(path, () -> checkTimeseries(asked, metric, groupBy, step, zone, answer));
    }
  }

  private static void checkTimeseries(
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
    int all = of.stream().map(c -> key(c, groupBy)).collect(Collectors.toSet()).size();
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
                          ? !keys.contains(key(c, groupBy))
                          : key(c, groupBy).equals(key));
      JsonNode points = answer.get("series").get(i).get("points");
      explain("series " + key, () -> checkPoints(asked, metric, step, zone, points, ofSeries));
    }
  }

  private static void checkPoints(
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

  @Test
  void heatmap_isTheSameByEveryRoute_andCountsEveryCall() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = snapped(ask(given, true));
      String metric = List.of("duration", "ttft", "tpot").get(random.nextInt(3));
      given.put("metric", metric);
      step(given, asked);
      String path = path("/api/v1/latency/heatmap", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      explain(path, () -> checkHeatmap(asked, metric, answer));
    }
  }

  private static void checkHeatmap(Asked asked, String metric, JsonNode answer) {
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

  @Test
  void failures_areTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = snapped(ask(given, true));
      String path = path("/api/v1/failures", asked, given);
      JsonNode answer =
          sameByEveryRoute(path, asked, List.of(Dimension.ERROR_CLASS, Dimension.MODEL));
      explain(path, () -> checkFailures(asked, answer));
    }
  }

  private static void checkFailures(Asked asked, JsonNode answer) {
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

  @Test
  void coverage_isWhatPlainSumsGive() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = snapped(ask(given, true));
      String path = path("/api/v1/coverage", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      explain(path, () -> checkCoverage(asked, answer));
    }
  }

  private static void checkCoverage(Asked asked, JsonNode answer) {
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
                      && key(c, List.of(Dimension.LAYER, Dimension.PROVIDER, Dimension.MODEL))
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

  @Test
  void emptyRange_givesNulls_notZeros() throws Exception {
    long from = NOW - 400 * DAY;
    JsonNode answer = get("planned", "/api/v1/overview?from=" + from + "&to=" + (from + HOUR));
    JsonNode totals = answer.get("totals");
    for (String pointer :
        List.of(
            "/failRate",
            "/requests/failRate",
            "/cost/usd",
            "/cost/reportedUsd",
            "/latencyMs/avg",
            "/latencyMs/p95",
            "/timeToFirstTokenMs/max")) {
      assertThat(totals.at(pointer).isNull()).as(pointer).isTrue();
    }
    assertThat(totals.get("calls").asLong()).isZero();
    JsonNode series =
        get(
            "planned",
            "/api/v1/timeseries?metric=latency.p95&step=10m&from=" + from + "&to=" + (from + HOUR));
    series.at("/series/0/points").forEach(p -> assertThat(p.get(1).isNull()).isTrue());
  }

  @Test
  void completeThrough_isThatOfTheSource() throws Exception {
    JsonNode answer = get("planned", "/api/v1/overview?from=now-1h");
    assertThat(Instant.parse(answer.get("completeThrough").asText()).toEpochMilli())
        .isEqualTo(COMPLETE);
  }

  @Test
  void whatNoCubeCovers_isRefused_whereCallsAreTooMany() throws Exception {
    Clock clock = Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC);
    Settings few =
        servers.settings(
            Map.of(
                Keys.QUERY_RAW_MAX_ROWS,
                "1000",
                Keys.RETENTION_MINUTE,
                Integer.toString(MINUTE_DAYS),
                Keys.RETENTION_HOUR,
                Integer.toString(HOUR_DAYS)));
    try (QueryService service = QueryService.start(few, clock)) {
      String range = "from=" + (NOW - 20 * DAY) + "&to=" + NOW;
      HttpResponse<String> answer =
          send(service, "/api/v1/breakdown?groupBy=user,errorClass&" + range);
      assertThat(answer.statusCode()).isEqualTo(400);
      JsonNode error = JSON.readTree(answer.body()).get("error");
      assertThat(error.get("code").asText()).isEqualTo("not_covered");
      assertThat(error.get("message").asText())
          .contains("project, layer, errorClass, user")
          .contains("query.raw.max.rows = 1000")
          .contains("cubes.file");
      // A filter needs its dimension as a group does: it is never left out instead.
      answer = send(service, "/api/v1/overview?user=user-1&service=shop&" + range);
      assertThat(JSON.readTree(answer.body()).at("/error/code").asText()).isEqualTo("not_covered");
      assertThat(JSON.readTree(answer.body()).at("/error/message").asText())
          .contains("service")
          .contains("user");
      // Minutes of a range that only hours are kept for.
      answer = send(service, "/api/v1/timeseries?groupBy=user&step=5m&from=now-2h&metric=calls");
      assertThat(JSON.readTree(answer.body()).at("/error/code").asText()).isEqualTo("not_covered");
      assertThat(send(service, "/api/v1/overview?" + range).statusCode()).isEqualTo(200);
      assertThat(send(service, "/api/v1/breakdown?groupBy=team,model&" + range).statusCode())
          .isEqualTo(200);
    }
  }

  // Questions

  /** A random question; puts its layer parameter into {@code given}. */
  private static Asked ask(Map<String, String> given, boolean disjoint) {
    long length =
        switch (random.nextInt(6)) {
          case 0 -> 60_000 + random.nextLong(20 * 60_000);
          case 1, 2 -> random.nextLong(5 * HOUR) + 1;
          case 3 -> random.nextLong(4 * DAY) + HOUR;
          default -> random.nextLong(45 * DAY) + DAY;
        };
    long to =
        switch (random.nextInt(4)) {
          case 0 -> NOW;
          case 1 -> NOW - random.nextLong(2 * HOUR);
          case 2 -> NOW + random.nextLong(HOUR);
          default -> NOW - random.nextLong(40 * DAY);
        };
    Set<String> projects = new TreeSet<>(RandomCalls.PROJECTS);
    if (random.nextBoolean()) {
      projects.remove(RandomCalls.PROJECTS.get(random.nextInt(3)));
      if (random.nextBoolean()) {
        projects.removeIf(p -> projects.size() > 1);
      }
    }
    Set<Layer> layers = null;
    if (random.nextInt(3) == 0) {
      layers = EnumSet.of(Layer.values()[random.nextInt(Layer.values().length)]);
      if (random.nextInt(3) == 0) {
        layers = EnumSet.of(Layer.GATEWAY, Layer.DIRECT);
      }
      if (!disjoint && random.nextBoolean()) {
        layers = EnumSet.allOf(Layer.class);
      }
      given.put("layer", layers.stream().map(Layer::label).collect(Collectors.joining("&layer=")));
    }
    Map<Dimension, List<String>> filters = new EnumMap<>(Dimension.class);
    for (int n = random.nextInt(3); n > 0; n--) {
      Dimension d = FILTERED.get(random.nextInt(FILTERED.size()));
      Set<String> values = new TreeSet<>();
      for (int v = 1 + random.nextInt(2); v > 0; v--) {
        values.add(d.of(calls.get(random.nextInt(calls.size()))));
      }
      if (random.nextInt(12) == 0) {
        values.clear();
        values.add(d == Dimension.ERROR_CLASS ? ErrorClass.OTHER.label() : "no such value");
      }
      filters.put(d, List.copyOf(values));
    }
    return new Asked(to - length, to, projects, layers, filters);
  }

  private static List<Dimension> groupBy(Map<String, String> given, int least) {
    Set<Dimension> out = EnumSet.noneOf(Dimension.class);
    for (int n = least + random.nextInt(3); n > 0; n--) {
      out.add(Dimension.values()[random.nextInt(Dimension.values().length)]);
    }
    if (!out.isEmpty()) {
      given.put("groupBy", out.stream().map(Dimension::apiName).collect(Collectors.joining(",")));
    }
    return List.copyOf(out);
  }

  private static long step(Map<String, String> given, Asked asked) {
    long[] steps = {
      60_000, 300_000, 420_000, 1_800_000, HOUR, 3 * HOUR, DAY, DAY, DAY, 2 * DAY, 7 * DAY
    };
    long step = steps[random.nextInt(steps.length)];
    while ((asked.toMs() - asked.fromMs()) / step > 900) {
      step = DAY;
    }
    given.put("step", Long.toString(step));
    return step;
  }

  /** The effective range: outward to the finest window that is kept at each end. */
  private static Asked snapped(Asked asked) {
    long from = asked.fromMs() - asked.fromMs() % keptAt(asked.fromMs());
    long rest = asked.toMs() % keptAt(asked.toMs());
    return asked.during(
        from, rest == 0 ? asked.toMs() : asked.toMs() + keptAt(asked.toMs()) - rest);
  }

  private static long keptAt(long ms) {
    return ms >= NOW - MINUTE_DAYS * DAY ? 60_000 : ms >= NOW - HOUR_DAYS * DAY ? HOUR : DAY;
  }

  private static List<String> key(NormalizedSpan call, List<Dimension> groupBy) {
    return groupBy.stream().map(d -> d.of(call)).toList();
  }

  private static String path(String endpoint, Asked asked, Map<String, String> given) {
    StringBuilder out = new StringBuilder(endpoint);
    // Anything within the outermost windows snaps to the same range.
    out.append("?from=").append(asked.fromMs() + random.nextInt(50_000));
    out.append("&to=").append(asked.toMs() - random.nextInt(9_000));
    asked.projects().forEach(p -> out.append("&project=").append(p));
    given.forEach((k, v) -> out.append('&').append(k).append('=').append(v));
    asked
        .filters()
        .forEach(
            (d, values) ->
                values.forEach(
                    v ->
                        out.append('&')
                            .append(d.apiName())
                            .append('=')
                            .append(URLEncoder.encode(v, StandardCharsets.UTF_8))));
    return out.toString();
  }

  // Answers

  /** The answer; routes over a cube that lacks a dimension asked for would be calls again. */
  private static JsonNode sameByEveryRoute(String path, Asked asked, List<Dimension> groupBy)
      throws Exception {
    Set<Dimension> needed = EnumSet.noneOf(Dimension.class);
    needed.addAll(asked.filters().keySet());
    needed.addAll(groupBy);
    JsonNode planned = get("planned", path);
    for (String route : services.keySet()) {
      if (Cube.BUILT_IN.stream()
          .anyMatch(c -> c.name().equals(route) && !c.dimensions().containsAll(needed))) {
        continue;
      }
      assertThat(withoutRoute(get(route, path)))
          .as(route + ": " + path)
          .isEqualTo(withoutRoute(planned));
    }
    return planned;
  }

  private static JsonNode withoutRoute(JsonNode answer) {
    ObjectNode out = answer.deepCopy();
    out.remove(List.of("source", "completeThrough"));
    return out;
  }

  private static JsonNode get(String route, String path) throws Exception {
    QueryService service = services.get(route);
    HttpResponse<String> answer = send(service, path);
    assertThat(answer.statusCode()).as(route + ": " + path + ": " + answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static HttpResponse<String> send(@Nullable QueryService service, String path)
      throws Exception {
    if (service == null) {
      throw new IllegalStateException("not started");
    }
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Names the question where an assertion about its answer fails. */
  private static void explain(String what, Runnable check) {
    try {
      check.run();
    } catch (AssertionError e) {
      throw new AssertionError(what + "\n" + e.getMessage(), e);
    }
  }
}
