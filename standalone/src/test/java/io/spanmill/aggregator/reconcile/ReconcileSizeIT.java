/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What reconcile costs: {@code -Dreconcile.size=CALLS} makes that many calls over two days, four
 * spans a call, and the rollups they fold into.
 */
@EnabledIfSystemProperty(named = "reconcile.size", matches = "\\d+")
class ReconcileSizeIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  @Test
  void manyCalls_agree() throws Exception {
    long size = Long.getLong("reconcile.size", 1000);
    Settings settings = servers.settings(Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      Migrations.apply(clickHouse, settings);
      fill(clickHouse, size);
      Reconciler reconciler =
          new Reconciler(clickHouse, CubeSet.BUILT_IN, settings, Clock.systemUTC());
      long now = System.currentTimeMillis();
      for (int i = 0; i < 2; i++) {
        Report report = reconciler.run(now - 172_800_000L, Long.MAX_VALUE);
        System.out.printf(
            "reconcile.size=%d: %d comparisons, %d rows read, %d ms, %s%n",
            size,
            report.comparisons(),
            report.rowsRead(),
            report.took().toMillis(),
            report.outcome());
        assertThat(report.differences()).isEmpty();
        assertThat(report.outcome()).isEqualTo(Report.Outcome.SAME);
      }
    }
  }

  private static void fill(ClickHouse clickHouse, long size) {
    String usage =
        "toInt64(100 + number % 900) AS input_tokens, toInt64(number % 300) AS output_tokens,"
            + " toDecimal128(input_tokens * 0.0000025, 12) AS cost, number % 40 = 0 AS failed,";
    String identity =
        "'default' AS project, toFixedString(reverse(toString(number + 1000000000000000)), 16) AS"
            + " trace_id, toFixedString(substring(trace_id, 1, 8), 8) AS span_id,"
            + " ['gateway', 'engine', 'client'][number % 3 + 1] AS layer,"
            + " concat('model-', toString(number % 20)) AS model, ";
    String time =
        "fromUnixTimestamp64Milli(toInt64(toUnixTimestamp(now()) * 1000 - 172800000"
            + " + intDiv(number * 172000000, {size:UInt64})), 'UTC')";
    clickHouse.execute(
        Sql.of(
                "INSERT INTO calls (project, trace_id, span_id, layer, model, input_tokens,"
                    + " output_tokens, cost, failed, event_time, arrival_time, start_time,"
                    + " duration_us, ttft_us, tpot_us, queue_us, prefill_us, decode_us, team,"
                    + " api_key, user, provider, operation, reported_cost, priced, cache_read_tokens,"
                    + " saved_tokens) SELECT "
                    + identity
                    + usage
                    + time
                    + " AS event_time, event_time, event_time, toInt64(1000 + number % 1000000),"
                    + " toInt64(number % 5000), -1, -1, -1, -1, concat('team-', toString(number %"
                    + " 10)), concat('key-', toString(number % 50)), concat('user-', toString(number"
                    + " % 500)), 'openai', 'chat', cost, 'priced', -1, -1 FROM numbers({size:UInt64})")
            .with("size", size)
            .setting("max_threads", 1)
            .setting("max_insert_block_size", 50_000)
            .setting("min_insert_block_size_rows", 50_000));
    clickHouse.execute(
        Sql.of(
                "INSERT INTO spans (project, trace_id, span_id, layer, model, input_tokens,"
                    + " output_tokens, cost, failed, ts, arrival_time, start_time, end_time,"
                    + " reported_cost, cache_read_tokens, saved_tokens, cache_write_tokens,"
                    + " reasoning_tokens, attributes) SELECT project, trace_id, if(n = 0, span_id,"
                    + " toFixedString(toString(10000000 + n), 8)), if(n = 0, layer, ''), model,"
                    + " input_tokens, output_tokens, cost, failed, "
                    + time
                    + " AS at, at, at, at, cost, -1, -1, -1, -1, map('n', toString(n)) FROM (SELECT "
                    + identity
                    + usage
                    + " number, arrayJoin(range(4)) AS n FROM numbers({size:UInt64}))")
            .with("size", size)
            .setting("max_threads", 1)
            .setting("max_insert_block_size", 50_000)
            .setting("min_insert_block_size_rows", 50_000));
    for (Cube cube : Cube.BUILT_IN) {
      for (WindowKind kind : cube.windows()) {
        // The test's server is small; filling it is not what is measured.
        clickHouse.execute(
            Sql.of(rollups(cube, kind))
                .setting("max_threads", 1)
                .setting("max_bytes_before_external_group_by", 200L << 20));
      }
    }
    clickHouse.execute(
        Sql.of(
            "INSERT INTO source_ends SELECT 0, toUnixTimestamp64Milli(now64(3)) + number, 0"
                + " FROM numbers(2)"));
    clickHouse.execute(
        Sql.of(
            "INSERT INTO progress (kind, sink_partition, source_partition, source_offset,"
                + " arrival_ms, sink_offset, tick_ms) SELECT arrayJoin(['spans', 'calls',"
                + " 'rollups']), 0, 0, 0, 0, 0, 0"));
  }

  private static String rollups(Cube cube, WindowKind kind) {
    List<String> names = new ArrayList<>(List.of("window_start", "series_hash"));
    List<String> values = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    for (Dimension dimension : cube.dimensions()) {
      names.add(dimension.column());
      keys.add(dimension.column());
    }
    String start =
        switch (kind) {
          case MINUTE -> "toStartOfMinute(event_time)";
          case HOUR -> "toStartOfHour(event_time)";
          case DAY -> "toDateTime(toStartOfDay(event_time), 'UTC')";
          case ALL -> "toDateTime(0, 'UTC')";
        };
    values.add(start + " AS w");
    values.add("reinterpretAsUInt128(sipHash128(" + String.join(", ", keys) + "))");
    values.addAll(keys);
    for (Measure measure : Measure.ALL) {
      if (!measure.name().endsWith("_sketch")) {
        names.add(measure.name());
        values.add(measure.ofCalls());
      }
    }
    for (String kindOfTime : List.of("duration", "ttft")) {
      names.add(kindOfTime + "_sketch");
      values.add(
          "sumMap(map(toInt16(if("
              + kindOfTime
              + "_us = 0, -32768, ceil(log2(greatest("
              + kindOfTime
              + "_us, 1) / 1000) * 32) - 1)), toUInt64(1)))");
    }
    return "INSERT INTO "
        + cube.table(kind)
        + " ("
        + String.join(", ", names)
        + ") SELECT "
        + String.join(", ", values)
        + " FROM calls GROUP BY w, "
        + String.join(", ", keys);
  }
}
