/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Layer;
import io.spanmill.model.WindowKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What lists keep is not read again while nothing is written about it, and is read again, whole,
 * when something was.
 */
class KeptRowsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final String PROJECT = "kept";
  private static final Set<String> PROJECTS = Set.of(PROJECT);
  private static final LayerScope SCOPE = new LayerScope(Map.of(PROJECT, Set.of(Layer.GATEWAY)));
  private static final long HOUR = WindowKind.HOUR.lengthMs();
  private static final long NOW = System.currentTimeMillis();
  private static final long THIS_HOUR = WindowKind.HOUR.startOf(NOW);

  /** Two traces of one session and one of another, in hours of their own. */
  private static final String A = "a".repeat(32);

  private static final String B = "b".repeat(32);
  private static final String C = "c".repeat(32);
  private static final Map<String, Long> AT =
      Map.of(A, THIS_HOUR - 30 * HOUR, B, THIS_HOUR - 20 * HOUR, C, THIS_HOUR - 10 * HOUR);
  private static final Question ALL =
      new Question(
          new TimeRange(THIS_HOUR - 48 * HOUR, THIS_HOUR + HOUR), SCOPE, Filters.NONE, List.of());

  private ClickHouse clickHouse;
  private Database database;
  private TraceBounds bounds;
  private CallsReader calls;
  private CallsInOrder callsInOrder;
  private TracesReader traces;

  @BeforeEach
  void write() {
    Settings settings = servers.settings(Map.of());
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    for (String table :
        List.of("spans", "calls", "trace_bounds", "session_traces", "span_hours", "call_hours")) {
      clickHouse.execute(sql("TRUNCATE TABLE " + table));
    }
    AT.forEach((trace, at) -> span(trace, 1, at + 60_000, trace.equals(C) ? "late" : "early"));
    AT.forEach((trace, at) -> call(trace, 1, at + 60_000, 0, "0.5"));
    longSettled();
    database = new Database(settings);
    bounds = new TraceBounds(database);
    calls = new CallsReader(database);
    callsInOrder = new CallsInOrder(database, () -> 0);
    traces = new TracesReader(database, calls);
  }

  @AfterEach
  void close() {
    database.close();
    clickHouse.close();
  }

  private static io.spanmill.clickhouse.Sql sql(String text) {
    return io.spanmill.clickhouse.Sql.of(text);
  }

  private void span(String trace, int id, long at, String session) {
    span(trace, id, at, at, session);
  }

  private void span(String trace, int id, long begin, long end, String session) {
    clickHouse.execute(
        sql(
            ("INSERT INTO spans (project, ts, trace_id, span_id, arrival_time, start_time, end_time,"
                    + " name, session) SELECT '%s', fromUnixTimestamp64Milli(%d, 'UTC') AS ts,"
                    + " unhex('%s'), unhex('%016x'), now64(3), fromUnixTimestamp64Milli(%d, 'UTC'),"
                    + " ts, 'span', '%s'")
                .formatted(PROJECT, end, trace, id, begin, session)));
  }

  private void call(String trace, int id, long at, int version, String usd) {
    clickHouse.execute(
        sql(
            ("INSERT INTO calls (project, layer, event_time, trace_id, span_id, version, start_time,"
                    + " cost, priced) SELECT '%s', 'gateway', fromUnixTimestamp64Milli(%d, 'UTC') AS"
                    + " event_time, unhex('%s'), unhex('%016x'), %d, event_time, toDecimal128('%s', 12),"
                    + " 'priced'")
                .formatted(PROJECT, at, trace, id, version, usd)));
  }

  /** All hours were last written into an hour ago. */
  private void longSettled() {
    for (String table : List.of("span_hours", "call_hours")) {
      boolean newest = table.equals("span_hours");
      clickHouse.execute(sql("TRUNCATE TABLE " + table));
      for (long at : AT.values()) {
        clickHouse.execute(
            sql(
                ("INSERT INTO %s SELECT '%s', toDateTime(%d, 'UTC'), now64(3) - INTERVAL 1 HOUR"
                        + (newest ? ", fromUnixTimestamp64Milli(%d, 'UTC')" : ""))
                    .formatted(table, PROJECT, at / 1000, at + 60_000)));
      }
    }
  }

  private WrittenHours written() {
    return WrittenHours.read(database, PROJECTS, ALL.range());
  }

  @Test
  void aTrace_isReadAgainWhenSomethingIsWrittenAboutIt() {
    List<Set<String>> read = new ArrayList<>();
    KeptTraces kept =
        new KeptTraces(
            bounds,
            (projects, places) -> {
              read.add(Set.copyOf(places.traces()));
              return traces.whole(projects, places);
            },
            () -> 0);
    List<String> lows = AT.keySet().stream().map(KeptTraces::low).toList();
    assertThat(kept.read(PROJECTS, lows, 0, written())).hasSize(3);
    kept.read(PROJECTS, lows, 0, written());
    assertThat(read).as("read once").containsExactly(AT.keySet());

    span(A, 2, AT.get(B) + 120_000, "early");
    Map<String, List<WholeTrace>> after = kept.read(PROJECTS, lows, 0, written());
    assertThat(read).hasSize(2);
    assertThat(read.get(1)).as("what has spans where something was written").contains(A);
    assertThat(read.get(1)).doesNotContain(C);
    assertThat(after.get(KeptTraces.low(A)).get(0).summary().integer("spans")).isEqualTo(2);

    call(C, 1, AT.get(C) + 60_000, 1, "7");
    WholeTrace repriced = kept.read(PROJECTS, lows, 0, written()).get(KeptTraces.low(C)).get(0);
    assertThat(repriced.calls().get(0).money("cost")).isEqualByComparingTo("7");
  }

  @Test
  void aCall_isReadAgainWhenItsHourIsWrittenInto() {
    KeptCalls kept = new KeptCalls(database, () -> 0);
    List<Collection<CallKey>> read = new ArrayList<>();
    List<CallKey> asked =
        AT.entrySet().stream()
            .map(
                e ->
                    new CallKey(
                        PROJECT,
                        "gateway",
                        e.getValue() + 60_000,
                        e.getKey(),
                        "%016x".formatted(1)))
            .toList();
    Runnable ask =
        () ->
            kept.newest(
                asked,
                kept.written(ALL),
                missing -> {
                  read.add(new HashSet<>(missing));
                  return calls.ofTraces(
                      PROJECTS, missing.stream().map(CallKey::trace).toList(), 100);
                });
    ask.run();
    ask.run();
    assertThat(read).as("read once").containsExactly(new HashSet<>(asked));

    call(B, 1, AT.get(B) + 60_000, 1, "7");
    ask.run();
    assertThat(read).hasSize(2);
    assertThat(read.get(1)).allMatch(call -> call.trace().equals(B)).hasSize(1);
    CallQuery dearest =
        new CallQuery("cost", true, null, null, null, null, null, null, null, null, 1);
    assertThat(callsInOrder.list(ALL, dearest).get(0).text("trace")).as("the dearest").isEqualTo(B);
  }

  @Test
  void theGreatest_areThoseWrittenSinceToo() {
    List<String> order = greatest();
    assertThat(order).hasSize(3);
    long before = database.counters()[0];
    assertThat(greatest()).isEqualTo(order);
    assertThat(database.counters()[0] - before).as("queries for what was written").isEqualTo(1);

    call(A, 2, AT.get(C) + 60_000, 0, "9");
    assertThat(greatest().get(0)).isEqualTo(A);
  }

  @Test
  void anOrder_isReadAgainWhereSomethingIsWritten() {
    TraceFinder finder = new TraceFinder(database, traces, () -> 0);
    List<String> byId = AT.keySet().stream().sorted().toList();
    assertThat(shortest(finder)).isEqualTo(byId);
    long before = database.counters()[0];
    assertThat(shortest(finder)).isEqualTo(byId);
    assertThat(database.counters()[0] - before).as("queries for what was written").isEqualTo(1);

    // Longer now, and seen in the hour of another.
    span(A, 2, AT.get(B) + 120_000, "early");
    call(C, 2, AT.get(C) + 60_000, 0, "3");
    assertThat(shortest(finder)).containsExactly(B, C, A);
    // Not before the range any more, but behind its begin.
    Question later =
        ALL.during(new TimeRange(AT.get(A) + HOUR, AT.get(A) + HOUR + ALL.range().lengthMs()));
    assertThat(ids(finder, later)).as("what is left of them").containsExactly(A, B, C);
  }

  private static List<String> shortest(TraceFinder finder) {
    return ids(finder, ALL);
  }

  private static List<String> ids(TraceFinder finder, Question q) {
    TraceQuery query =
        new TraceQuery("duration", false, null, null, null, null, null, null, null, null, 50);
    return finder.find(q, query).traces().stream().map(TraceFinder.Found::traceId).toList();
  }

  @Test
  void moreIdsThanAParameterHolds_areLookedFor() {
    List<String> ids = new ArrayList<>(List.of(B));
    for (int i = 0; i < 20_000; i++) {
      ids.add("%032x".formatted(i));
    }
    assertThat(bounds.places(PROJECTS, ids, 0).traces()).containsExactly(B);
    Sql named = new Sql().add("SELECT DISTINCT lower(hex(trace_id)) AS trace FROM spans WHERE ");
    assertThat(database.query(named.in("lower(hex(trace_id))", ids)))
        .singleElement()
        .satisfies(row -> assertThat(row.text("trace")).isEqualTo(B));
  }

  @Test
  void bounds_areRenewedInTheBackgroundBeforeTheyNoLongerHold() {
    KeptBounds kept = new KeptBounds(database);
    KeptBounds.Asked asked = new KeptBounds.Asked("renewed", SCOPE, "cost", ALL.range().lengthMs());
    List<Set<Long>> read = Collections.synchronizedList(new ArrayList<>());
    KeptBounds.Source source =
        (hours, count) -> {
          read.add(Set.copyOf(hours));
          return List.of(new KeptBounds.Bound("x", BigDecimal.valueOf(read.size())));
        };
    Function<WrittenHours, KeptBounds.Bound> ask =
        written -> kept.greatest(asked, ALL.range(), written, false, 10, source).get(0);
    ask.apply(new WrittenHours(Map.of(), NOW));
    assertThat(read).containsExactly(Set.of());

    // So many hours are still asked for apart, but not for long.
    Map<Long, Long> since = new HashMap<>();
    for (int hour = 1; hour <= 13; hour++) {
      since.put(THIS_HOUR - hour * HOUR, NOW);
    }
    WrittenHours later = new WrittenHours(since, NOW + 2 * SpanHours.SETTLED_MS);
    ask.apply(later);
    await().untilAsserted(() -> assertThat(read).hasSize(3));
    assertThat(read).as("what is waited for and what is not").contains(since.keySet(), Set.of());
    await().untilAsserted(() -> assertThat(open(ask, later, read)).isEmpty());
    assertThat(ask.apply(later).value()).isGreaterThan(BigDecimal.ONE);
  }

  /** The hours that were asked for apart. */
  private static List<Set<Long>> open(
      Function<WrittenHours, KeptBounds.Bound> ask, WrittenHours written, List<Set<Long>> read) {
    int before = read.size();
    ask.apply(written);
    return List.copyOf(read.subList(before, read.size()));
  }

  @Test
  void firstQuestions_areAskedAgainWhenClickHouseFails() {
    clickHouse.execute(
        sql(
            "INSERT INTO rollup_summary_all (project, layer, series_hash, calls) VALUES ('"
                + PROJECT
                + "', 'gateway', 1, 1)"));
    Queries queries =
        new Queries(
            database,
            servers.settings(Map.of()),
            Clock.systemUTC(),
            new CubeSet(List.of(), List.of()));
    clickHouse.execute(sql("RENAME TABLE trace_bounds TO bounds_that_are_gone"));
    List<Long> pauses = new ArrayList<>();
    new FirstQuestions(
            queries,
            Clock.systemUTC(),
            ms -> {
              pauses.add(ms);
              if (pauses.size() == 2) {
                clickHouse.execute(sql("RENAME TABLE bounds_that_are_gone TO trace_bounds"));
              }
            })
        .run();
    assertThat(pauses).as("pauses").hasSize(2).isSorted();
    long nowMs = System.currentTimeMillis();
    Question month =
        new Question(
            new TimeRange(nowMs - 720 * HOUR, nowMs),
            queries.layers().auto(queries.knownProjects()),
            Filters.NONE,
            List.of());
    long before = database.counters()[1];
    queries
        .traceFinder()
        .find(
            month,
            new TraceQuery("duration", true, null, null, null, null, null, null, null, null, 50));
    assertThat(database.counters()[1] - before).as("rows read").isLessThan(20);
  }

  @Test
  void firstQuestions_endWhenClickHouseFailsForLong() {
    clickHouse.execute(sql("RENAME TABLE rollup_summary_all TO sums_that_are_gone"));
    try {
      Queries queries =
          new Queries(
              database,
              servers.settings(Map.of()),
              Clock.systemUTC(),
              new CubeSet(List.of(), List.of()));
      List<Long> pauses = new ArrayList<>();
      new FirstQuestions(queries, Clock.systemUTC(), pauses::add).run();
      assertThat(pauses).as("pauses").hasSizeBetween(5, 20);
    } finally {
      clickHouse.execute(sql("RENAME TABLE sums_that_are_gone TO rollup_summary_all"));
    }
  }

  @Test
  void aTraceThatRetentionDeleted_isLeftOutOfAgentOpsList() {
    Queries queries =
        new Queries(
            database,
            servers.settings(Map.of(Keys.RETENTION_SPANS, "1", Keys.RETENTION_CALLS, "1")),
            Clock.systemUTC(),
            new CubeSet(List.of(), List.of()));
    assertThat(agentOpsList(queries)).containsExactly(C, B, A);
    clickHouse.execute(
        sql("ALTER TABLE spans DELETE WHERE trace_id = unhex('" + A + "')")
            .setting("mutations_sync", 2));
    assertThat(agentOpsList(queries)).containsExactly(C, B);
  }

  private static List<String> agentOpsList(Queries queries) {
    return queries.agentOps().list(ALL, null, "start_time", true, 50, 0).page().stream()
        .map(WholeTrace::id)
        .toList();
  }

  private List<String> greatest() {
    return bounds.greatest(ALL, "cost", written()).stream().map(KeptBounds.Bound::key).toList();
  }

  @Test
  void aSession_isReadAgainWhenItsHoursAreWrittenInto() {
    KeptSessions kept = new KeptSessions();
    SessionRows rows = new SessionRows(database, new SessionNamings(database));
    KeptSessions.Source source = (of, sessions) -> rows.read(ALL, of, sessions);
    SessionTraces.Key early = new SessionTraces.Key(PROJECT, "early");
    SessionTraces.Key late = new SessionTraces.Key(PROJECT, "late");
    SessionTraces.Found found =
        new SessionTraces.Found(
            Map.of(early, Set.of(A, B), late, Set.of(C)),
            Map.of(
                A, Map.of(PROJECT, Set.of(minute(A))),
                B, Map.of(PROJECT, Set.of(minute(B))),
                C, Map.of(PROJECT, Set.of(minute(C)))));
    List<SessionTraces.Key> asked = List.of(early, late);
    assertThat(kept.read(ALL, found, asked, written(), source)).hasSize(2);
    WrittenHours same = written();
    long before = database.counters()[0];
    assertThat(kept.read(ALL, found, asked, same, source)).hasSize(2);
    assertThat(database.counters()[0] - before).as("queries for known sessions").isZero();

    call(B, 1, AT.get(B) + 60_000, 1, "7");
    List<Session> after = kept.read(ALL, found, asked, written(), source);
    assertThat(after)
        .filteredOn(s -> s.id().equals("early"))
        .singleElement()
        .satisfies(s -> assertThat(s.cost()).isEqualByComparingTo("7.5"));
  }

  private static long minute(String trace) {
    return (AT.get(trace) + 60_000) / 60_000 * 60;
  }

  @Test
  void sums_areReadOfTheHoursThatWereWrittenInto() {
    KeptFigures<TraceSums> kept = new KeptFigures<>(bounds);
    List<FoundTraces> read = new ArrayList<>();
    KeptFigures.Source<TraceSums> source = counting(new TraceSums.Source(database), read);
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");
    assertThat(read).isNotEmpty();
    read.clear();
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");
    assertThat(read).as("nothing was written").isEmpty();

    // One trace goes on in another's day, and one costs more.
    span(A, 2, AT.get(C) + 180_000, "early");
    call(B, 1, AT.get(B) + 60_000, 1, "7");
    assertSums(kept.read(ALL, null, source, split()), 3, 4, "8");
    // Worked out by day, of which the trace has two.
    longSettled();
    KeptFigures<TraceSums> others = new KeptFigures<>(bounds);
    assertSums(others.read(ALL, null, source, split()), 3, 4, "8");
    read.clear();
    assertSums(others.read(ALL, null, source, split()), 3, 4, "8");
    assertThat(read).as("nothing was written").isEmpty();
  }

  @Test
  void tracesThatBeganOutsideTheRange_areInNoSum() {
    String before = "d".repeat(32);
    String after = "e".repeat(32);
    // Each has its one span in an hour that is over, as those that are in the range have.
    span(before, 1, ALL.range().fromMs() - HOUR, AT.get(B) + 60_000, "");
    span(after, 1, ALL.range().toMs() + HOUR, AT.get(C) + 60_000, "");
    longSettled();
    KeptFigures<TraceSums> kept = new KeptFigures<>(bounds);
    KeptFigures.Source<TraceSums> source = new TraceSums.Source(database);
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");

    // Known of these hours, and written into since.
    span("f".repeat(32), 1, ALL.range().fromMs() - HOUR, AT.get(A) + 60_000, "");
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");
    longSettled();
    assertSums(kept.read(ALL, null, source, split()), 3, 3, "1.5");
  }

  private SplitRange split() {
    return SplitRange.of(database, bounds, ALL, 0);
  }

  private static KeptFigures.Source<TraceSums> counting(
      TraceSums.Source source, List<FoundTraces> read) {
    return new KeptFigures.Source<>() {
      @Override
      public TraceSums none() {
        return source.none();
      }

      @Override
      public Map<Long, TraceSums> read(FoundTraces found) {
        read.add(found);
        return source.read(found);
      }
    };
  }

  private static void assertSums(TraceSums sums, long traces, long spans, String usd) {
    assertThat(sums.traces()).as("traces").isEqualTo(traces);
    assertThat(sums.spans()).as("spans").isEqualTo(spans);
    assertThat(sums.money()).hasSize(1);
    assertThat(sums.money().get(0).money("cost")).as("money").isEqualByComparingTo(usd);
  }
}
