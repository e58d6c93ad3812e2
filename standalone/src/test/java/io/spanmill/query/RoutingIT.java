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
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import io.spanmill.query.BruteForce.Asked;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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

  private static final List<String> ZONES =
      List.of("UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Asia/Kolkata");

  private static final Random random = new Random(SEED);
  private static final HttpClient http = HttpClient.newHttpClient();

  /** Services by the cubes they may read; the first is the one that runs. */
  private static final Map<String, QueryService> services = new LinkedHashMap<>();

  private static RandomQuestions questions = questions(List.of());
  private static ExpectedAnswers expected = new ExpectedAnswers(List.of());

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
      List<NormalizedSpan> calls = new RandomCalls(random, NOW).next(3000);
      questions = questions(calls);
      expected = new ExpectedAnswers(calls);
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

  private static RandomQuestions questions(List<NormalizedSpan> calls) {
    return new RandomQuestions(random, NOW, MINUTE_DAYS, HOUR_DAYS, calls);
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
      Asked asked = questions.snapped(questions.ask(given, true));
      String path = questions.path("/api/v1/overview", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      ExpectedAnswers.explain(path, () -> expected.overview(asked, answer));
    }
  }

  @Test
  void breakdown_isTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    List<String> sorts =
        List.of(
            "-cost", "calls", "-errors", "-tokens.total", "-latency.p95", "-requests", "ttft.avg");
    for (int i = 0; i < QUESTIONS; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      List<Dimension> groupBy = questions.groupBy(given, 1);
      Asked asked = questions.snapped(questions.ask(given, !groupBy.contains(Dimension.LAYER)));
      given.put("sort", sorts.get(random.nextInt(sorts.size())));
      int limit = 1 + random.nextInt(random.nextBoolean() ? 6 : 900);
      given.put("limit", Integer.toString(limit));
      String path = questions.path("/api/v1/breakdown", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, groupBy);
      ExpectedAnswers.explain(path, () -> expected.breakdown(asked, groupBy, limit, answer));
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
      List<Dimension> groupBy = events ? List.of() : questions.groupBy(given, 0);
      Asked asked = questions.snapped(questions.ask(given, !groupBy.contains(Dimension.LAYER)));
      if (events && !ExpectedAnswers.tellsEvents(asked)) {
        continue;
      }
      given.put("metric", metric);
      ZoneId zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
      given.put("tz", zone.getId());
      long step = questions.step(given, asked);
      String path = questions.path("/api/v1/timeseries", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, groupBy);
      ExpectedAnswers.explain(
          path, () -> expected.timeseries(asked, metric, groupBy, step, zone, answer));
    }
  }

  @Test
  void heatmap_isTheSameByEveryRoute_andCountsEveryCall() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = questions.snapped(questions.ask(given, true));
      String metric = List.of("duration", "ttft", "tpot").get(random.nextInt(3));
      given.put("metric", metric);
      questions.step(given, asked);
      String path = questions.path("/api/v1/latency/heatmap", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      ExpectedAnswers.explain(path, () -> expected.heatmap(asked, metric, answer));
    }
  }

  @Test
  void failures_areTheSameByEveryRoute_andWhatPlainSumsGive() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = questions.snapped(questions.ask(given, true));
      String path = questions.path("/api/v1/failures", asked, given);
      JsonNode answer =
          sameByEveryRoute(path, asked, List.of(Dimension.ERROR_CLASS, Dimension.MODEL));
      ExpectedAnswers.explain(path, () -> expected.failures(asked, answer));
    }
  }

  @Test
  void coverage_isWhatPlainSumsGive() throws Exception {
    for (int i = 0; i < QUESTIONS / 2; i++) {
      Map<String, String> given = new LinkedHashMap<>();
      Asked asked = questions.snapped(questions.ask(given, true));
      String path = questions.path("/api/v1/coverage", asked, given);
      JsonNode answer = sameByEveryRoute(path, asked, List.of());
      ExpectedAnswers.explain(path, () -> expected.coverage(asked, answer));
    }
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
}
