/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.aggregator.sink.RollupColumns;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.SeriesHasher;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import io.spanmill.model.Generation;
import io.spanmill.model.Int128;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.WindowKind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Writes what a run changes as rows of differences into the rollups, under the run's own
 * generation, and its totals beside the ledger. The rows depend on the run's corrections alone, so
 * writing them again changes nothing. Used by one thread.
 */
final class CorrectionRollups {
  private static final int BLOCK_ROWS = 50_000;

  private final ClickHouse clickHouse;
  private final CubeSet cubes;
  private final Settings settings;
  private final Edition edition;
  private final long run;
  private final SeriesHasher hasher = new SeriesHasher();
  private final Map<List<String>, Sums> totals = new LinkedHashMap<>();

  CorrectionRollups(
      ClickHouse clickHouse, CubeSet cubes, Settings settings, Edition edition, long run) {
    this.clickHouse = clickHouse;
    this.cubes = cubes;
    this.settings = settings;
    this.edition = edition;
    this.run = run;
  }

  private static final class Sums {
    long calls;
    BigInteger cost = BigInteger.ZERO;
    BigInteger computed = BigInteger.ZERO;
    long priced;
    long unpriced;

    void add(Sums other) {
      calls += other.calls;
      cost = cost.add(other.cost);
      computed = computed.add(other.computed);
      priced += other.priced;
      unpriced += other.unpriced;
    }

    boolean isZero() {
      return cost.signum() == 0 && computed.signum() == 0 && priced == 0 && unpriced == 0;
    }
  }

  /** Takes away what an attempt before may have written. */
  void clear() {
    for (Cube cube : cubes.cubes()) {
      for (WindowKind kind : windows(cube)) {
        clickHouse.execute(
            Sql.of("DELETE FROM " + cube.table(kind) + " WHERE generation = {generation:Int64}")
                .with("generation", generation()));
      }
    }
  }

  /** Writes the differences of whole days of event time. */
  void write(long fromMs, long toMs) {
    for (Cube cube : cubes.cubes()) {
      for (WindowKind kind : windows(cube)) {
        write(cube, kind, fromMs, toMs);
      }
    }
    addTotals(fromMs, toMs);
  }

  /** Writes the totals of all days written since this was made. */
  void writeTotals() {
    NativeBlock block = new NativeBlock();
    FixedColumn runColumn = block.uint64("run");
    List<LowCardinalityColumn> labels = new ArrayList<>();
    for (String label : LABELS) {
      labels.add(block.label(label));
    }
    FixedColumn calls = block.int64("calls");
    FixedColumn cost = block.money("cost");
    FixedColumn computed = block.money("computed_cost");
    FixedColumn priced = block.int64("priced");
    FixedColumn unpriced = block.int64("unpriced");
    totals.forEach(
        (values, sums) -> {
          runColumn.add(run);
          for (int i = 0; i < values.size(); i++) {
            labels.get(i).add(values.get(i));
          }
          calls.add(sums.calls);
          cost.add(high(sums.cost), sums.cost.longValue());
          computed.add(high(sums.computed), sums.computed.longValue());
          priced.add(sums.priced);
          unpriced.add(sums.unpriced);
          block.endRow();
        });
    clickHouse.insertNative("correction_totals", block);
  }

  private static final List<String> LABELS =
      List.of("project", "layer", "provider", "model", "operation");

  private static List<WindowKind> windows(Cube cube) {
    return cube.windows().stream().filter(k -> k != WindowKind.ALL).sorted().toList();
  }

  private long generation() {
    return Generation.ofCorrection(edition.number(), run);
  }

  private void write(Cube cube, WindowKind kind, long fromMs, long toMs) {
    // Of windows that may be deleted any time nothing is read, so nothing is added to them.
    long keptFromMs =
        System.currentTimeMillis()
            - TimeUnit.DAYS.toMillis(
                settings.integer(
                    switch (kind) {
                      case MINUTE -> Keys.RETENTION_MINUTE;
                      case HOUR -> Keys.RETENTION_HOUR;
                      default -> Keys.RETENTION_DAY;
                    }));
    if (toMs <= keptFromMs) {
      return;
    }
    List<String> columns = FoldedWindows.columns(cube, cubes.attributeNames());
    FoldedWindows folded =
        new FoldedWindows(
            clickHouse,
            cube,
            kind,
            columns,
            " AND (" + edition.condition() + ")",
            kind.startOf(fromMs),
            toMs);
    Map<List<String>, Sums> window = new LinkedHashMap<>();
    long[] start = {-1};
    RollupColumns rows = new RollupColumns(cube, cubes.attributeNames());
    clickHouse.forEach(
        sql(columns, start(kind), fromMs, toMs),
        row -> {
          long startMs = row.getLong("start_ms");
          if (startMs != start[0]) {
            add(cube, kind, start[0], window, rows);
            start[0] = startMs;
          }
          if (startMs >= keptFromMs) {
            String[] series = folded.seriesOf(startMs, dimensions(row, columns.size()));
            window.computeIfAbsent(Arrays.asList(series), s -> new Sums()).add(sums(row));
          }
        });
    add(cube, kind, start[0], window, rows);
    clickHouse.insertNative(cube.table(kind), rows.block());
  }

  private void add(
      Cube cube, WindowKind kind, long startMs, Map<List<String>, Sums> window, RollupColumns to) {
    RollupRow row = new RollupRow();
    row.cube = cube.name();
    row.window = kind;
    row.windowStartMs = startMs;
    row.generation = generation();
    row.version = run;
    window.forEach(
        (series, sums) -> {
          if (sums.isZero()) {
            return;
          }
          row.dimensions = series.toArray(String[]::new);
          hasher.hash(row.dimensions);
          row.seriesHashHi = hasher.hi();
          row.seriesHashLo = hasher.lo();
          set(row.rollup.cost, sums.cost);
          set(row.rollup.computed, sums.computed);
          row.rollup.priced = sums.priced;
          row.rollup.unpriced = sums.unpriced;
          to.add(row);
          to.block().endRow();
          if (to.block().rows() >= BLOCK_ROWS) {
            clickHouse.insertNative(cube.table(kind), to.block());
            to.block().clear();
          }
        });
    window.clear();
  }

  private void addTotals(long fromMs, long toMs) {
    clickHouse.forEach(
        sql(LABELS, start(WindowKind.DAY), fromMs, toMs),
        row ->
            totals
                .computeIfAbsent(Arrays.asList(dimensions(row, LABELS.size())), l -> new Sums())
                .add(sums(row)));
  }

  private static String start(WindowKind kind) {
    return switch (kind) {
      case MINUTE -> "toStartOfMinute(event_time)";
      case HOUR -> "toStartOfHour(event_time)";
      default -> "toStartOfDay(event_time)";
    };
  }

  /** Sums of differences by window and dimensions, in the order of windows and projects. */
  private Sql sql(List<String> dimensions, String start, long fromMs, long toMs) {
    StringBuilder select = new StringBuilder();
    StringBuilder inner = new StringBuilder();
    StringBuilder keys = new StringBuilder("start_ms");
    for (int i = 0; i < dimensions.size(); i++) {
      inner.append(", toString(" + dimensions.get(i) + ") AS d" + i);
      select.append(", d" + i);
      keys.append(", d" + i);
    }
    String range =
        "event_time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
            + " AND event_time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
    String identity = "project, layer, event_time, trace_id, span_id";
    return Sql.of(
            "SELECT start_ms"
                + select
                + ", toInt64(count()) AS calls, "
                + difference("cost")
                + difference("computed")
                + "toInt64(sum(toInt64(k.new_priced = 'priced') - toInt64(k.old_priced ="
                + " 'priced'))) AS priced, toInt64(sum(toInt64(k.new_priced = 'unpriced') -"
                + " toInt64(k.old_priced = 'unpriced'))) AS unpriced FROM (SELECT "
                + identity
                + ", toInt64(toUnixTimestamp("
                + start
                + ")) * 1000 AS start_ms"
                + inner
                + " FROM calls FINAL WHERE "
                + range
                + ") AS c INNER JOIN (SELECT * FROM corrections FINAL WHERE run = {run:UInt64} AND "
                + range
                + ") AS k ON c.project = k.project AND c.layer = k.layer"
                + " AND c.event_time = k.event_time AND c.trace_id = k.trace_id"
                + " AND c.span_id = k.span_id GROUP BY "
                + keys
                + " ORDER BY "
                + keys)
        .with("run", run)
        .with("from", fromMs)
        .with("to", toMs);
  }

  private static String difference(String what) {
    return "sum(ifNull(k.new_"
        + what
        + ", toDecimal128(0, 12))) - sum(ifNull(k.old_"
        + what
        + ", toDecimal128(0, 12))) AS "
        + what
        + "_usd, ";
  }

  private static String[] dimensions(GenericRecord row, int n) {
    String[] out = new String[n];
    for (int i = 0; i < n; i++) {
      out[i] = row.getString("d" + i);
    }
    return out;
  }

  private static Sums sums(GenericRecord row) {
    Sums sums = new Sums();
    sums.calls = row.getLong("calls");
    sums.cost = row.getBigDecimal("cost_usd").movePointRight(PicoUsd.SCALE).toBigIntegerExact();
    sums.computed =
        row.getBigDecimal("computed_usd").movePointRight(PicoUsd.SCALE).toBigIntegerExact();
    sums.priced = row.getLong("priced");
    sums.unpriced = row.getLong("unpriced");
    return sums;
  }

  private static void set(Int128 to, BigInteger value) {
    to.set(high(value), value.longValue());
  }

  private static long high(BigInteger value) {
    return value.shiftRight(64).longValue();
  }
}
