/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MigrationsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @Test
  void threeServicesThatStartAtOnce_makeOneSchema() throws Exception {
    Settings settings = settings("together", Map.of());
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Callable<Void>> starts = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      starts.add(
          () -> {
            try (ClickHouse own = ClickHouse.open(settings)) {
              own.awaitReady(Duration.ofSeconds(120));
              Migrations.apply(own, settings);
            }
            return null;
          });
    }
    for (Future<Void> start : threads.invokeAll(starts)) {
      start.get();
    }
    threads.shutdown();
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      assertThat(clickHouse.number(Sql.of("SELECT toUInt64(count()) FROM schema_migrations FINAL")))
          .isEqualTo(Migrations.FILES.size());
      assertThat(tables(clickHouse))
          .contains("calls", "spans", "span_content", "duplicates", "progress", "status", "runs")
          .containsAll(
              Cube.BUILT_IN.stream()
                  .flatMap(cube -> cube.windows().stream().map(cube::table))
                  .toList());
    }
  }

  @Test
  void retention_followsTheSettings() {
    Settings first =
        settings(
            "keep",
            Map.of(
                Keys.RETENTION_CONTENT, "3",
                Keys.RETENTION_MINUTE, "14",
                Keys.RETENTION_HOUR, "400"));
    try (ClickHouse clickHouse = ClickHouse.open(first)) {
      Migrations.apply(clickHouse, first);
      assertThat(engine(clickHouse, "span_content")).contains("toIntervalDay(3)");
      assertThat(engine(clickHouse, "rollup_model_minute")).contains("toIntervalDay(14)");
      assertThat(engine(clickHouse, "rollup_model_hour")).contains("toIntervalDay(400)");
      assertThat(engine(clickHouse, "rollup_model_all")).doesNotContain("TTL");
      assertThat(engine(clickHouse, "metric_series")).doesNotContain("TTL");

      Migrations.apply(clickHouse, first.with(Map.of(Keys.RETENTION_CONTENT, "9")));
      assertThat(engine(clickHouse, "span_content"))
          .contains("toIntervalDay(9)")
          .doesNotContain("toIntervalDay(3)");
    }
  }

  @Test
  void aConfiguredCube_getsItsTables() {
    Settings settings = settings("cubes", Map.of());
    Cube cube =
        new Cube(
            "teams",
            List.of(Dimension.PROJECT, Dimension.LAYER, Dimension.TEAM),
            List.of(),
            Set.of(WindowKind.HOUR, WindowKind.DAY));
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings, List.of(Cube.SUMMARY, cube));
      assertThat(tables(clickHouse)).contains("rollup_teams_hour", "rollup_teams_day");
      assertThat(clickHouse.columns("rollup_teams_hour"))
          .isEqualTo(clickHouse.columns("rollup_summary_minute"));
      assertThat(engine(clickHouse, "rollup_teams_hour"))
          .isEqualTo(engine(clickHouse, "rollup_summary_hour"));
    }
  }

  @Test
  void tablesOfAnEarlierVersion_areMergedLikeNewOnes() {
    Settings settings = settings("merges", Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      String asNew = engine(clickHouse, "spans");
      assertThat(asNew).contains("merge_selector_base = 20", "min_parts_to_merge_at_once = 10");
      clickHouse.execute(Sql.of("ALTER TABLE spans RESET SETTING min_parts_to_merge_at_once"));
      clickHouse.execute(Sql.of("ALTER TABLE spans MODIFY SETTING merge_selector_base = 5"));
      Migrations.apply(clickHouse, settings);
      assertThat(engine(clickHouse, "spans"))
          .contains("merge_selector_base = 20", "min_parts_to_merge_at_once = 10")
          .doesNotContain("merge_selector_base = 5");
    }
  }

  @Test
  void textsOfAStoreThatHasSpans_areFoundLikeThoseThatCome() {
    Settings settings = settings("texts", Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      clickHouse.execute(Sql.of("DROP VIEW span_texts_written"));
      clickHouse.execute(Sql.of("DROP TABLE span_texts"));
      clickHouse.execute(
          Sql.of("ALTER TABLE schema_migrations DELETE WHERE version = 11")
              .setting("mutations_sync", 2));
      String day = LocalDate.now(ZoneOffset.UTC).minusDays(2).toString();
      root(clickHouse, day + " 03:10:00", "first");
      child(clickHouse, day + " 04:10:00", "first");
      Migrations.apply(clickHouse, settings);
      List<String> had =
          List.of(
              "name root of first [3]",
              "session session of first [4]",
              "tags tags of first [3]",
              "user user of first [4]");
      assertThat(texts(clickHouse)).isEqualTo(had);

      root(clickHouse, day + " 05:10:00", "first");
      child(clickHouse, day + " 23:59:59", "other");
      assertThat(texts(clickHouse))
          .containsExactly(
              "name root of first [3,5]",
              had.get(1),
              "session session of other [23]",
              "tags tags of first [3,5]",
              had.get(3),
              "user user of other [23]");
      assertThat(engine(clickHouse, "span_texts"))
          .as("no text goes before its spans")
          .contains("TTL toDateTime(day + 2)");
    }
  }

  @Test
  void tracesOfAStoreThatHasSpans_areIndexedLikeThoseThatCome() {
    Settings settings = settings("lookups", Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      clickHouse.execute(Sql.of("ALTER TABLE trace_bounds DROP INDEX by_low"));
      clickHouse.execute(
          Sql.of("ALTER TABLE session_traces DROP INDEX by_low, DROP INDEX by_session"));
      clickHouse.execute(
          Sql.of("ALTER TABLE schema_migrations DELETE WHERE version = 12")
              .setting("mutations_sync", 2));
      String day = LocalDate.now(ZoneOffset.UTC).minusDays(2).toString();
      child(clickHouse, day + " 03:10:00", "first");
      assertThat(withoutIndex(clickHouse)).containsExactly("session_traces", "trace_bounds");
      Migrations.apply(clickHouse, settings);
      child(clickHouse, day + " 04:10:00", "other");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(withoutIndex(clickHouse)).isEmpty());
    }
  }

  /** Tables that have parts without any index but that of their order. */
  private static List<String> withoutIndex(ClickHouse clickHouse) {
    return clickHouse
        .query(
            Sql.of(
                    "SELECT DISTINCT table FROM system.parts WHERE database = {db:String} AND active"
                        + " AND table IN ('trace_bounds', 'session_traces')"
                        + " AND secondary_indices_compressed_bytes = 0 ORDER BY table")
                .with("db", clickHouse.database()))
        .stream()
        .map(r -> r.getString("table"))
        .toList();
  }

  private static void root(ClickHouse clickHouse, String at, String of) {
    clickHouse.execute(
        Sql.of(
            "INSERT INTO spans (project, ts, trace_id, span_id, name, attributes) SELECT 'p', '"
                + at
                + "', unhex(repeat('ab', 16)), unhex(repeat('01', 8)), 'root of "
                + of
                + "', map('agentops.tags', 'tags of "
                + of
                + "')"));
  }

  private static void child(ClickHouse clickHouse, String at, String of) {
    clickHouse.execute(
        Sql.of(
            "INSERT INTO spans (project, ts, trace_id, span_id, parent_span_id, name, user, session,"
                + " attributes) SELECT 'p', '"
                + at
                + "', unhex(repeat('ab', 16)), unhex(repeat('02', 8)), unhex(repeat('01', 8)), 'child',"
                + " 'user of "
                + of
                + "', 'session of "
                + of
                + "', map('agentops.tags', 'of no root')"));
  }

  private static List<String> texts(ClickHouse clickHouse) {
    return clickHouse
        .query(
            Sql.of(
                "SELECT concat(kind, ' ', text, ' ', toString(bitPositionsToArray(groupBitOr(hours))))"
                    + " AS told FROM span_texts GROUP BY kind, day, text ORDER BY told"))
        .stream()
        .map(r -> r.getString("told"))
        .toList();
  }

  @Test
  void aChangedFile_stopsTheStart() {
    Settings settings = settings("changed", Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      clickHouse.execute(
          Sql.of("ALTER TABLE schema_migrations DELETE WHERE version = 2")
              .setting("mutations_sync", 2));
      clickHouse.execute(
          Sql.of(
              "INSERT INTO schema_migrations (version, file, checksum)"
                  + " VALUES (2, 'V002__rollups.sql', repeat('a', 64))"));
      assertThatThrownBy(() -> Migrations.apply(clickHouse, settings))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("V002__rollups.sql")
          .hasMessageContaining("other content");
    }
  }

  @Test
  void aWrongPassword_isToldAtOnce() {
    Settings settings = settings("any", Map.of(Keys.CLICKHOUSE_PASSWORD, "wrong"));
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      assertThatThrownBy(() -> clickHouse.awaitReady(Duration.ofMinutes(5)))
          .isInstanceOfSatisfying(
              ClickHouseFailure.class,
              e -> assertThat(e.kind()).isEqualTo(ClickHouseFailure.Kind.SETUP));
    }
  }

  private static Settings settings(String database, Map<String, String> more) {
    return servers.settings(Map.of(Keys.CLICKHOUSE_DATABASE, database)).with(more);
  }

  private static List<String> tables(ClickHouse clickHouse) {
    return clickHouse
        .query(
            Sql.of("SELECT name FROM system.tables WHERE database = {db:String}")
                .with("db", clickHouse.database()))
        .stream()
        .map((GenericRecord row) -> row.getString("name"))
        .toList();
  }

  private static String engine(ClickHouse clickHouse, String table) {
    return clickHouse
        .query(
            Sql.of(
                    "SELECT engine_full FROM system.tables"
                        + " WHERE database = {db:String} AND name = {table:String}")
                .with("db", clickHouse.database())
                .with("table", table))
        .get(0)
        .getString("engine_full");
  }
}
