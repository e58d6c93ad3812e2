/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Layer;
import io.spanmill.model.WindowKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The first traces and sessions from the least up, found by few parts of them, are those that
 * sorting all rows gives: with many that are equal, traces that go over borders of hours, rows that
 * come late and twice, ids that have a half in common, and traces that tell no name, several, or
 * the id of another. {@code -Dupwards.seed} takes another seed.
 */
class UpwardsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long SEED = Long.getLong("upwards.seed", 20261126L);
  private static final long HOUR = WindowKind.HOUR.lengthMs();
  private static final long BASE = WindowKind.HOUR.startOf(System.currentTimeMillis()) - 60 * HOUR;
  private static final Set<String> PROJECTS = Set.of("alpha", "beta");
  private static final LayerScope SCOPE =
      new LayerScope(Map.of("alpha", Set.of(Layer.GATEWAY), "beta", Set.of(Layer.GATEWAY)));
  private static final List<Integer> COUNTS = List.of(1, 7, 40);

  /** Both ends within hours. */
  private static final Question Q =
      new Question(
          new TimeRange(BASE + HOUR / 3, BASE + 34 * HOUR + HOUR / 4),
          SCOPE,
          Filters.NONE,
          List.of());

  private static ClickHouse clickHouse;
  private static Database database;

  @BeforeAll
  static void write() {
    System.out.println("upwards.seed=" + SEED);
    Settings settings = servers.settings(Map.of(Keys.RETENTION_SPANS, "60"));
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    execute("SYSTEM STOP MERGES");
    insertSpans("n < 2");
    // Late, and some of the first ones a second time.
    insertSpans("n >= 2");
    insertSpans("n < 2 AND toHour(end_time) % 6 = 0 AND h % 3 = 0");
    execute(
        "INSERT INTO calls (project, layer, event_time, trace_id, span_id, start_time, cost,"
            + " input_tokens, priced) SELECT project, if(cityHash64(span_id) % 4 = 0, 'engine',"
            + " 'gateway'), ts, trace_id, span_id, start_time,"
            + " toDecimal128(cityHash64(span_id, 1) % 3, 12), cityHash64(span_id, 2) % 3, 'priced'"
            + " FROM spans FINAL WHERE cityHash64(trace_id) % 3 > 0");
    execute(
        "INSERT INTO calls (project, layer, event_time, trace_id, span_id, start_time, version,"
            + " input_tokens, priced) SELECT project, layer, event_time, trace_id, span_id,"
            + " start_time, 1, input_tokens, 'unpriced' FROM calls"
            + " WHERE cityHash64(trace_id, 3) % 5 = 0");
    for (String table : List.of("span_hours", "call_hours")) {
      execute("CREATE TABLE settled_" + table + " ENGINE = Memory AS SELECT * FROM " + table);
      execute("TRUNCATE TABLE " + table);
      execute(
          "INSERT INTO "
              + table
              + " SELECT * REPLACE (now64(3) - INTERVAL 1 HOUR AS written_at) FROM settled_"
              + table);
    }
    database = new Database(settings);
  }

  @AfterAll
  static void close() {
    database.close();
    clickHouse.close();
  }

  private static void execute(String sql) {
    clickHouse.execute(io.spanmill.clickhouse.Sql.of(sql));
  }

  /** Of 500 traces; a number of one, {@code h}, decides everything about it. */
  private static void insertSpans(String which) {
    String trace =
        "concat(hex(cityHash64(t, 1, seed)), hex(cityHash64(t - (t % 25 = 1), 2, seed)))";
    execute(
        "INSERT INTO spans (project, ts, trace_id, span_id, arrival_time, start_time, end_time,"
            + " failed, session) WITH "
            + SEED
            + " AS seed, (t -> unhex("
            + trace
            + ")) AS id SELECT project, end_time, id(t), unhex(hex(cityHash64(t, n))), now64(3),"
            + " fromUnixTimestamp64Nano(toInt64((begin + n * gap) * 1000000 + n), 'UTC') AS"
            + " start_time, start_time + toIntervalMillisecond(length) AS end_time,"
            + " cityHash64(h, n) % 4 = 0, if(cityHash64(h, n, 1) % 2 = 0, '', name) FROM (SELECT t, n,"
            + " cityHash64(t, seed) AS h, if(cityHash64(intDiv(t, 2), seed) % 3 = 0, 'beta', 'alpha') AS project,"
            + " [0, 0, 30, 5400000][1 + intDiv(h, 8) % 4] AS gap,"
            + " if(cityHash64(h, 9) % 20 = 0, 7200000, cityHash64(h, n % 2) % 16)"
            + " AS length, "
            + BASE
            + " + if(h % 5 = 0, "
            + HOUR
            + " * (h % 35) - 12, cityHash64(h) % (36 * "
            + HOUR
            + ")) AS begin, multiIf(h % 7 < 2 OR (t % 2 = 1 AND h % 7 < 5), '', h % 7 < 4,"
            + " lower(hex(id(t + 1))), h % 7 < 6, concat('0name', toString(cityHash64(h, intDiv(n, 2))"
            + " % 40)), concat('session-', toString(cityHash64(h, 5) % 60))) AS name"
            + " FROM (SELECT toInt64(number) AS t FROM numbers(500)) ARRAY JOIN range(1 + "
            + "cityHash64(t, 7) % 4) AS n) WHERE "
            + which);
  }

  private static WrittenHours written() {
    return WrittenHours.read(database, PROJECTS, Q.range().ofTraces());
  }

  @Test
  void traces_areTheFirstOfAll() {
    TracesUpwards upwards = new TracesUpwards(database);
    Map<String, String> values =
        Map.of("start", "s", "duration", "e - s", "spans", "n", "errors", "failures");
    values.forEach(
        (sort, value) -> {
          List<String> all = allTraces(value);
          assertThat(all).as("traces").hasSizeGreaterThan(300);
          for (int count : COUNTS) {
            List<TraceFinder.Found> found = upwards.first(Q, sort, written(), count);
            assertThat(found).as(sort).isNotNull();
            assertThat(found.stream().map(f -> f.traceId() + " " + f.sortValue()).toList())
                .as(sort + " " + count)
                .isEqualTo(all.subList(0, count));
          }
        });
  }

  private static List<String> allTraces(String value) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, toString(" + value + ") AS v FROM (")
            .add("SELECT trace_id, min(toUnixTimestamp64Nano(start_time)) AS s,")
            .add(" max(toUnixTimestamp64Nano(end_time)) AS e, count() AS n,")
            .add(" countIf(failed) AS failures FROM spans FINAL WHERE ");
    sql.during("ts", Q.range().ofTraces());
    sql.add(" AND toUnixTimestamp64Milli(start_time) <= ").bind(Q.range().toMs());
    sql.add(" GROUP BY trace_id) WHERE s >= ").bind(Q.range().fromMs() * 1_000_000);
    sql.add(" AND s < ").bind(Q.range().toMs() * 1_000_000);
    sql.add(" ORDER BY " + value + ", trace_id");
    return database.query(sql).stream().map(r -> r.text("trace") + " " + r.text("v")).toList();
  }

  @Test
  void sessions_areTheFirstOfAll() {
    SessionsUpwards upwards =
        new SessionsUpwards(database, new SessionsInOrder(database), new TraceBounds(database));
    Map<String, String> values =
        Map.of(
            "start",
            "min(s)",
            "duration",
            "max(e) - min(s)",
            "cost",
            "if(sum(priced) = 0, toDecimal128(-1, 12), sum(cost))",
            "tokens",
            "sum(tokens)");
    Set<String> decided = new HashSet<>();
    values.forEach(
        (sort, value) -> {
          List<String> all = allSessions(value);
          assertThat(all).as("sessions").hasSizeGreaterThan(150);
          for (int count : COUNTS) {
            List<SessionsInOrder.Place> found = upwards.first(Q, sort, count);
            if (found == null && Set.of("cost", "tokens").contains(sort)) {
              // Too few of those that were looked at have none.
              continue;
            }
            decided.add(sort);
            assertThat(found).as(sort).isNotNull();
            assertThat(
                    found.stream()
                        .map(p -> p.key().project() + " " + p.key().id() + " " + plain(p.value()))
                        .toList())
                .as(sort + " " + count)
                .isEqualTo(all.subList(0, count));
          }
        });
    assertThat(decided).as("orders").isEqualTo(values.keySet());
  }

  private static String plain(BigDecimal value) {
    return value.stripTrailingZeros().toPlainString();
  }

  private static List<String> allSessions(String value) {
    Sql sql =
        new Sql()
            .add(
                "SELECT project, sid, toString(v) AS place FROM (SELECT t.project AS project, sid, ")
            .add(value + " AS v FROM (SELECT project, trace_id,")
            .add(" argMinIf(session, (start_time, session), session != '') AS told,")
            .add(" if(told = '', lower(hex(trace_id)), told) AS sid,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS s,")
            .add(" max(toUnixTimestamp64Nano(end_time)) AS e FROM spans FINAL WHERE ");
    sql.during("ts", Q.range());
    sql.add(" GROUP BY project, trace_id) AS t LEFT JOIN (SELECT trace_id,")
        .add(" countIf(priced = 'priced') AS priced, sum(input_tokens) AS tokens,")
        .add(" sum(ifNull(cost, toDecimal128(0, 12))) AS cost FROM calls FINAL")
        .add(" WHERE layer = 'gateway' AND ");
    sql.during("event_time", Q.range());
    sql.add(" GROUP BY trace_id) AS c ON c.trace_id = t.trace_id GROUP BY project, sid)")
        .add(" ORDER BY v, project, sid");
    return database.query(sql).stream()
        .map(
            r ->
                r.text("project")
                    + " "
                    + r.text("sid")
                    + " "
                    + plain(new BigDecimal(r.text("place"))))
        .toList();
  }
}
