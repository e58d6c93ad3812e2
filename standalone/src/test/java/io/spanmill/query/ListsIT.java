/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.ListedRows.DAY;
import static io.spanmill.query.ListedRows.in;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.ListedRows.Call;
import io.spanmill.query.ListedRows.Span;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Lists walked page by page hold what sorting all rows gives, in every order: with rows that are in
 * the table twice, with calls that were repriced up and down, with traces and sessions that go on
 * over hours and days. {@code -Dlists.seed} takes another seed.
 */
class ListsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SEED = Long.getLong("lists.seed", 20261126L);
  private static final long NOW = System.currentTimeMillis() - 60_000;
  private static final long HOUR = 3_600_000;
  private static final long FROM = NOW - 30 * DAY;
  private static final long TO = NOW - 5_000;
  private static final int TRACES = 420;
  private static final Random random = new Random(SEED);
  private static final ListedRows rows = new ListedRows(random, NOW);
  private static final HttpClient http = HttpClient.newHttpClient();
  private static final List<Span> spans = rows.spans();
  private static final List<Call> calls = rows.calls();

  private static final List<Boolean> DOWN = List.of(true);
  private static final List<Boolean> BOTH = List.of(true, false);

  /** One of them, by chance: there are many combinations. */
  private static final List<Boolean> ANY = List.of();

  private static final String ALL = "";
  private static final String TEAM = "&team=team-1";
  private static final String USER = "&user=J%C3%B6rg%201";

  /** Calls that are left by what a list is narrowed by. */
  private static final Map<String, Predicate<Call>> NARROWED_CALLS =
      Map.of(
          ALL,
          c -> true,
          TEAM,
          c -> c.team().equals("team-1"),
          "&status=error",
          Call::failed,
          "&user=user-3&status=ok",
          c -> c.user().equals("user-3") && !c.failed(),
          "&minDurationMs=250&maxDurationMs=1000",
          c -> c.durationUs() >= 250_000 && c.durationUs() <= 1_000_000,
          "&costKind=unpriced",
          c -> c.cost() < 0,
          "&minCostUsd=0.000006",
          c -> c.cost() >= 6_000_000);

  /** The same of traces. */
  private static final Map<String, Predicate<ListedTrace>> NARROWED_TRACES =
      Map.of(
          ALL,
          t -> true,
          TEAM,
          t -> t.teams.contains("team-1"),
          "&status=error",
          ListedTrace::failed,
          "&team=team-1&minDurationMs=700",
          t -> t.teams.contains("team-1") && t.endNs - t.startNs >= 700_000_000L,
          "&minCostUsd=0.000006",
          t -> t.sortCost() >= 6_000_000);

  private static ClickHouse clickHouse;
  private static QueryService service;

  @BeforeAll
  static void write() {
    System.out.println("lists.seed=" + SEED);
    Settings settings =
        servers.settings(Map.of(Keys.QUERY_RATE_LIMIT, "100000", Keys.RETENTION_SPANS, "60"));
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    clickHouse.execute(Sql.of("SYSTEM STOP MERGES"));
    for (int i = 0; i < TRACES; i++) {
      rows.trace(i, NOW - (long) (1000 * Math.exp(random.nextDouble() * Math.log(35 * 86_400))));
    }
    ListedRows.insert(clickHouse, spans);
    ListedRows.insert(clickHouse, spans.stream().filter(s -> random.nextInt(4) == 0).toList());
    ListedRows.insertCalls(clickHouse, calls);
    ListedRows.insertCalls(clickHouse, calls.stream().filter(c -> random.nextInt(4) == 0).toList());
    List<Call> repriced = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      if (random.nextInt(5) == 0) {
        calls.set(i, calls.get(i).repriced(random.nextInt(4) == 0 ? -1 : rows.cost()));
        repriced.add(calls.get(i));
      }
    }
    ListedRows.insertCalls(clickHouse, repriced);
    // By which the projects are known.
    clickHouse.execute(
        Sql.of(
            "INSERT INTO rollup_summary_all (project, layer, series_hash, calls) VALUES"
                + " ('alpha', 'gateway', 1, 1), ('beta', 'gateway', 2, 1)"));
    service = QueryService.start(settings);
  }

  @AfterAll
  static void close() {
    service.close();
    clickHouse.close();
  }

  @Test
  void calls_pageByPage_areAllCallsInOrder() throws Exception {
    checkCalls(NARROWED_CALLS.keySet(), BOTH, 0);
  }

  private static void checkCalls(
      Collection<String> narrowings, List<Boolean> directions, long agoMs) throws Exception {
    long from = FROM - agoMs;
    long to = TO - agoMs;
    Map<String, Function<Call, Object>> sorts = new LinkedHashMap<>();
    sorts.put("start", Call::placeNs);
    sorts.put("duration", Call::durationUs);
    sorts.put("cost", c -> c.cost() < 0 ? -1_000_000_000_000L : c.cost());
    sorts.put("tokens", Call::tokens);
    Map<String, Call> byId = new HashMap<>();
    calls.forEach(c -> byId.put(c.trace() + c.id(), c));
    for (String narrowing : narrowings) {
      for (Map.Entry<String, Function<Call, Object>> sort : sorts.entrySet()) {
        List<Call> expected =
            new ArrayList<>(
                calls.stream()
                    .filter(c -> c.layer().equals("gateway") && in(c.eventMs(), from, to))
                    .filter(NARROWED_CALLS.get(narrowing))
                    .toList());
        expected.sort(
            Comparator.comparing((Call c) -> (Long) sort.getValue().apply(c))
                .thenComparing(Call::trace)
                .thenComparing(Call::id));
        check(
            "calls",
            sort.getKey(),
            narrowing,
            r -> r.path("traceId").asText() + r.path("spanId").asText(),
            expected.stream().map(c -> c.trace() + c.id()).toList(),
            directions,
            r -> assertShown(r, byId.get(r.path("traceId").asText() + r.path("spanId").asText())),
            from,
            to);
      }
    }
  }

  private static void assertShown(JsonNode row, Call call) {
    assertThat(row.at("/tokens/total").asLong()).as("tokens of " + row).isEqualTo(call.tokens());
    assertUsd(row, call.cost() >= 0, call.cost());
  }

  private static void assertUsd(JsonNode row, boolean priced, long pico) {
    String usd = row.path("costUsd").asText(null);
    assertThat(usd == null).as("no cost of " + row).isEqualTo(!priced);
    if (usd != null) {
      assertThat(new BigDecimal(usd)).as("cost of " + row).isEqualByComparingTo(usd(pico));
    }
  }

  private static BigDecimal usd(long pico) {
    return BigDecimal.valueOf(pico, 12);
  }

  @Test
  void failures_nameTheNewestOfEachClass() throws Exception {
    long to = TO - TO % 60_000;
    long from = to - to % DAY - 20 * DAY;
    List<Call> failed =
        calls.stream()
            .filter(c -> c.failed() && c.layer().equals("gateway") && in(c.eventMs(), from, to))
            .sorted(Comparator.comparing(Call::eventMs).reversed().thenComparing(Call::id))
            .toList();
    // Windows of minutes are kept for a week; before, calls are counted themselves.
    clickHouse.execute(
        Sql.of(
                "INSERT INTO rollup_model_minute (project, layer, window_start, series_hash,"
                    + " error_class, calls, errors) SELECT project, layer,"
                    + " toStartOfMinute(event_time), 1 + (error_class = 'auth'), error_class, count(),"
                    + " count() FROM calls FINAL WHERE failed GROUP BY 1, 2, 3, 4, 5")
            .setting("max_partitions_per_insert_block", "0"));
    JsonNode rows = get("/api/v1/failures?layer=gateway&from=" + from + "&to=" + to).path("rows");
    assertThat(rows).as("classes").hasSize(2);
    for (JsonNode row : rows) {
      String error = row.path("errorClass").asText();
      List<String> newest =
          failed.stream()
              .filter(c -> (c.id().endsWith("1") ? "timeout" : "auth").equals(error))
              .map(Call::trace)
              .limit(50)
              .distinct()
              .limit(10)
              .toList();
      List<String> told = new ArrayList<>();
      row.path("traceIds").forEach(t -> told.add(t.asText()));
      assertThat(told).as(error).isEqualTo(newest);
      assertThat(row.at("/latest/traceId").asText()).isEqualTo(newest.get(0));
    }
  }

  @Test
  void traces_pageByPage_areAllTracesInOrder() throws Exception {
    checkTraces(NARROWED_TRACES.keySet(), BOTH, 0);
  }

  private static void checkTraces(
      Collection<String> narrowings, List<Boolean> directions, long agoMs) throws Exception {
    long from = FROM - agoMs;
    long to = TO - agoMs;
    Map<String, Function<ListedTrace, Long>> sorts = new LinkedHashMap<>();
    sorts.put("start", t -> t.startNs);
    sorts.put("duration", t -> t.endNs - t.startNs);
    sorts.put("cost", ListedTrace::sortCost);
    sorts.put("tokens", t -> t.tokens);
    sorts.put("spans", t -> t.spans);
    sorts.put("errors", t -> t.errors);
    for (String narrowing : narrowings) {
      for (Map.Entry<String, Function<ListedTrace, Long>> sort : sorts.entrySet()) {
        List<ListedTrace> all = ListedTrace.of(rows, from, to);
        Map<String, ListedTrace> byId = new HashMap<>();
        all.forEach(t -> byId.put(t.id, t));
        List<ListedTrace> expected = new ArrayList<>(all);
        expected.removeIf(NARROWED_TRACES.get(narrowing).negate());
        expected.sort(Comparator.comparing(sort.getValue()).thenComparing(t -> t.id));
        check(
            "traces",
            sort.getKey(),
            narrowing,
            r -> r.path("traceId").asText(),
            expected.stream().map(t -> t.id).toList(),
            directions,
            r -> assertShown(r, byId.get(r.path("traceId").asText()), from, to),
            from,
            to);
      }
    }
  }

  private static final List<String> TEXTS =
      List.of(
          "nothing has this",
          "root 7",
          "ROOT",
          "Gold",
          "session-1",
          "SESSION-59alpha",
          "ession-2",
          "ssion-",
          "jÖRG 3",
          "örg",
          "%_",
          "3f",
          "c0F",
          "7");

  /** Texts, each in a range that ends now or in one that has both ends within hours. */
  private interface Searched {
    void check(String text, long from, long to) throws Exception;
  }

  private static void search(Searched list) throws Exception {
    List<String> texts = new ArrayList<>(TEXTS);
    String id = spans.get(random.nextInt(spans.size())).trace();
    texts.addAll(List.of(id, id.toUpperCase(Locale.ROOT), id.substring(3, 25)));
    for (String text : texts) {
      if (random.nextInt(3) > 0) {
        list.check(text, FROM, TO);
      } else {
        list.check(text, NOW - 9 * DAY + 1_234_567, NOW - DAY - 7_654_321);
      }
    }
  }

  private static String searching(String text) {
    return "&q=" + URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void tracesWithAText_pageByPage_areAllThatHaveIt() throws Exception {
    search(ListsIT::checkTracesWith);
  }

  private static void checkTracesWith(String text, long from, long to) throws Exception {
    Set<String> having = new HashSet<>();
    for (Span s : spans) {
      boolean id = text.length() == 32 && text.equalsIgnoreCase(s.trace());
      if (in(s.ts(), from, to + DAY) && (id || (text.length() < 32 && s.has(text)))) {
        having.add(s.trace());
      }
    }
    List<String> others = List.of("cost", "duration", "tokens");
    for (String sort : List.of("start", others.get(random.nextInt(others.size())))) {
      Function<ListedTrace, Long> by =
          switch (sort) {
            case "cost" -> ListedTrace::sortCost;
            case "duration" -> t -> t.endNs - t.startNs;
            case "tokens" -> t -> t.tokens;
            default -> t -> t.startNs;
          };
      boolean failed = random.nextInt(4) == 0;
      List<ListedTrace> expected = new ArrayList<>(ListedTrace.of(rows, from, to));
      expected.removeIf(t -> !having.contains(t.id) || (failed && !t.failed()));
      expected.sort(Comparator.comparing(by).thenComparing(t -> t.id));
      check(
          "traces",
          sort,
          searching(text) + (failed ? "&status=error" : ""),
          r -> r.path("traceId").asText(),
          expected.stream().map(t -> t.id).toList(),
          random.nextInt(4) == 0 ? BOTH : DOWN,
          r -> {},
          from,
          to);
    }
  }

  private static void assertShown(JsonNode row, ListedTrace trace, long from, long to) {
    if (spans.stream().anyMatch(s -> s.trace().equals(trace.id) && !in(s.ts(), from, to))) {
      // Rows show the whole of a trace of which the list knows a part.
      return;
    }
    assertThat(row.path("spanCount").asLong()).as("spans of " + row).isEqualTo(trace.spans);
    assertThat(row.path("errorCount").asLong()).as("errors of " + row).isEqualTo(trace.errors);
    assertThat(row.path("durationMs").decimalValue())
        .as("duration of " + row)
        .isEqualByComparingTo(
            BigDecimal.valueOf(Math.floorDiv(trace.endNs - trace.startNs, 1000L), 3));
    assertThat(row.at("/tokens/total").asLong()).as("tokens of " + row).isEqualTo(trace.tokens);
    assertUsd(row, trace.priced, trace.cost);
    assertThat(row.path("status").asText().equals("error"))
        .as("status of " + row)
        .isEqualTo(trace.failed());
  }

  @Test
  void sessions_pageByPage_areAllSessionsInOrder() throws Exception {
    checkSessions(List.of(ALL, TEAM, USER));
  }

  private static void checkSessions(List<String> narrowings) throws Exception {
    for (String narrowing : narrowings) {
      checkSessions(narrowing, BOTH, FROM, TO);
    }
  }

  @Test
  void sessionsWithAText_pageByPage_areAllThatHaveIt() throws Exception {
    search(
        (text, from, to) ->
            checkSessions(ALL, random.nextInt(4) == 0 ? BOTH : DOWN, from, to, text));
  }

  private static void checkSessions(String narrowing, List<Boolean> directions, long from, long to)
      throws Exception {
    checkSessions(narrowing, directions, from, to, "");
  }

  private static void checkSessions(
      String narrowing, List<Boolean> directions, long from, long to, String text)
      throws Exception {
    Map<String, Function<ListedSession, Long>> sorts = new LinkedHashMap<>();
    sorts.put("start", s -> s.startNs);
    sorts.put("duration", s -> s.endNs - s.startNs);
    sorts.put("cost", s -> s.priced ? s.cost : -1_000_000_000_000L);
    sorts.put("tokens", s -> s.tokens);
    sorts.put("errors", s -> s.errors);
    for (Map.Entry<String, Function<ListedSession, Long>> sort : sorts.entrySet()) {
      if (!text.isEmpty() && !sort.getKey().equals("start") && random.nextInt(4) > 0) {
        continue;
      }
      List<ListedSession> expected =
          new ArrayList<>(
              ListedSession.of(
                  rows,
                  narrowing.equals(USER) ? "Jörg 1" : "",
                  narrowing.equals(TEAM) ? "team-1" : "",
                  from,
                  to));
      expected.removeIf(s -> !s.has(text));
      expected.sort(Comparator.comparing(sort.getValue()).thenComparing(s -> s.key));
      check(
          "sessions",
          sort.getKey(),
          narrowing + (text.isEmpty() ? "" : searching(text)),
          ListedSession::told,
          expected.stream().map(ListedSession::told).toList(),
          directions,
          r -> {},
          from,
          to);
    }
  }

  /**
   * Bounds of hours that nothing is written into are kept; what comes later into a few of them, for
   * traces and sessions that go back long before, must be in the lists.
   */
  @Test
  void whatIsWrittenLater_isInTheLists() throws Exception {
    for (String hours : List.of("span_hours", "call_hours")) {
      boolean newest = hours.equals("span_hours");
      clickHouse.execute(
          Sql.of(
              "CREATE TABLE settled_"
                  + hours
                  + " ENGINE = Memory AS SELECT DISTINCT project, hour"
                  + " FROM "
                  + hours));
      clickHouse.execute(Sql.of("TRUNCATE TABLE " + hours));
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO "
                      + hours
                      + " SELECT project, hour, now64(3) - INTERVAL 1 HOUR"
                      + (newest ? ", toDateTime64(hour, 3)" : "")
                      + " FROM settled_"
                      + hours)
              .setting("max_partitions_per_insert_block", "0"));
    }
    // The range moves on; what leaves it and what comes into it was there before.
    for (long agoMs : new long[] {3 * HOUR + 1_234_567, 0}) {
      checkAny(agoMs);
    }
    checkAgentOps();
    searchNewest();

    int spansBefore = spans.size();
    int callsBefore = calls.size();
    for (int i = 0; i < 30; i++) {
      rows.trace(TRACES + i, NOW - random.nextInt(4 * 3_600_000));
    }
    for (int i = 0; i < 60; i++) {
      // Goes on with what began any time before.
      Span old = spans.get(random.nextInt(spansBefore));
      long at = (NOW - random.nextInt(2 * 3_600_000)) * 1_000_000;
      String id = String.format("%08x%08x", 0xffff, i);
      spans.add(
          new Span(old.project(), old.trace(), id, false, at, at + 7_000_000, true, old.session()));
      calls.add(
          new Call(
              old.project(),
              "gateway",
              at / 1_000_000 + 7,
              old.trace(),
              id,
              0,
              at,
              7_000,
              true,
              900 + i,
              90_000_000L + i));
    }
    ListedRows.insert(clickHouse, spans.subList(spansBefore, spans.size()));
    ListedRows.insertCalls(clickHouse, calls.subList(callsBefore, calls.size()));
    List<Call> repriced = new ArrayList<>();
    long hour = NOW - NOW % 3_600_000 - 5 * DAY;
    for (int i = 0; i < callsBefore; i++) {
      if (in(calls.get(i).eventMs(), hour, hour + 12 * 3_600_000) && calls.get(i).version() == 0) {
        calls.set(i, calls.get(i).repriced(70_000_000L + i));
        repriced.add(calls.get(i));
      }
    }
    ListedRows.insertCalls(clickHouse, repriced);
    checkAny(0);
    checkAgentOps();
    searchNewest();

    // What comes a second time changes nothing, a price that falls moves what came first.
    ListedRows.insert(clickHouse, spans.stream().filter(s -> random.nextInt(5) == 0).toList());
    ListedRows.insertCalls(clickHouse, calls.stream().filter(c -> random.nextInt(5) == 0).toList());
    List<Call> cheaper = new ArrayList<>();
    for (int i = callsBefore; i < calls.size(); i++) {
      calls.set(i, calls.get(i).repriced(random.nextInt(3) == 0 ? -1 : 1_000_000L));
      cheaper.add(calls.get(i));
    }
    ListedRows.insertCalls(clickHouse, cheaper);
    checkAny(0);
    checkAgentOps();
  }

  private static void searchNewest() throws Exception {
    checkTracesWith(random.nextBoolean() ? "root 7" : "jörg", FROM, TO);
    checkSessions(ALL, DOWN, FROM, TO, "session-1");
  }

  private static void checkAny(long agoMs) throws Exception {
    checkCalls(List.of(ALL, TEAM), ANY, agoMs);
    checkTraces(List.of(ALL, TEAM), ANY, agoMs);
    checkSessions(ALL, ANY, FROM - agoMs, TO - agoMs);
    checkSessions(TEAM, ANY, FROM - agoMs, TO - agoMs);
  }

  @Test
  void agentOps_pageByPage_hasAllTracesInOrderAndTheirSums() throws Exception {
    checkAgentOps();
  }

  private static void checkAgentOps() throws Exception {
    AgentOpsLists lists = new AgentOpsLists(spans, calls, random, ListsIT::get);
    lists.check("beta", 0, 0, "");
    lists.check("alpha", FROM, 0, "");
    // Ends within hours, and traces that go on after the end.
    lists.check("alpha", NOW - 9 * DAY + 1_234_567, NOW - 2 * DAY - 7_654_321, "");
    lists.check("beta", NOW - DAY, 0, "");
    lists.check("beta", 0, 0, random.nextBoolean() ? "root 7" : "ROOT");
    lists.check("alpha", NOW - 12 * DAY, NOW, "Gold");
    String id = spans.get(random.nextInt(spans.size())).trace();
    lists.check("alpha", FROM, 0, List.of("3f", "A7", id.substring(5, 29)).get(random.nextInt(3)));
    lists.check("alpha", FROM, 0, "nothing");
  }

  /** More traces than are held by their ids to look for them, and more than fit one parameter. */
  @Test
  void aSessionOfVeryManyTraces_hasItsPlace() throws Exception {
    // In ranges of their own, so that the other tests look for traces by their ids.
    aSessionOf(20_500, "c0ffee0000000000", NOW - 34 * DAY);
    aSessionOf(9_000, "c0ffee0000000001", NOW - 38 * DAY);
  }

  private static void aSessionOf(int traces, String high, long from) throws Exception {
    long beginNs = (from + DAY / 2) * 1_000_000;
    clickHouse.execute(
        Sql.of(
                "INSERT INTO spans (project, ts, trace_id, span_id, arrival_time, start_time, end_time,"
                    + " failed, session, name) SELECT 'alpha', end_time,"
                    + " unhex(concat({high:String}, lpad(hex(number), 16, '0'))),"
                    + " unhex(lpad(hex(number), 16, '0')), now64(3),"
                    + " fromUnixTimestamp64Nano(toInt64({begin:Int64} + number * 100000000), 'UTC')"
                    + " AS start_time, start_time + INTERVAL 5 MILLISECOND AS end_time,"
                    + " number % 7 = 0, 'crowd', 'span' FROM numbers({traces:Int64})")
            .with("begin", beginNs)
            .with("high", high)
            .with("traces", traces));
    int others = spans.size();
    for (int n = 0; n < traces; n++) {
      long at = beginNs + n * 100_000_000L;
      spans.add(
          new Span(
              "alpha",
              String.format("%s%016x", high, n),
              String.format("%016x", n),
              true,
              at,
              at + 5_000_000,
              n % 7 == 0,
              "crowd"));
    }
    checkSessions(ALL, DOWN, from, from + DAY);
    spans.subList(others, spans.size()).clear();
  }

  /** The first pages in both directions. */
  private static void check(
      String list,
      String sort,
      String narrowing,
      Function<JsonNode, String> key,
      List<String> ascending,
      List<Boolean> directions,
      Consumer<JsonNode> row,
      long from,
      long to)
      throws Exception {
    for (boolean descending : directions.equals(ANY) ? List.of(random.nextBoolean()) : directions) {
      List<String> expected = new ArrayList<>(ascending);
      if (descending) {
        Collections.reverse(expected);
      }
      int limit = 10 + random.nextInt(110);
      String path =
          "/api/v1/"
              + list
              + "?layer=gateway&from="
              + from
              + "&to="
              + to
              + "&limit="
              + limit
              + "&sort="
              + (descending ? "-" : "")
              + sort
              + narrowing;
      List<String> found = new ArrayList<>();
      String cursor = "";
      while (cursor != null && found.size() < 3 * limit) {
        JsonNode page = get(path + (cursor.isEmpty() ? "" : "&cursor=" + cursor));
        page.path("rows")
            .forEach(
                r -> {
                  found.add(key.apply(r));
                  row.accept(r);
                });
        cursor = page.path("nextCursor").asText(null);
      }
      assertThat(found)
          .as(path)
          .isEqualTo(cursor == null ? expected : expected.subList(0, found.size()));
    }
  }

  private static JsonNode get(String path) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(path + " " + answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }
}
