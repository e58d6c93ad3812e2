/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.model.Cube;
import io.spanmill.model.Edition;
import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Days that calls no longer reach back to: their rows are carried over into the new edition as they
 * are, instead of being folded anew. Thread-safe.
 */
final class KeptRows {
  static final long DAY_MS = WindowKind.DAY.lengthMs();

  private final ClickHouse clickHouse;

  KeptRows(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /** Calls of each day as the rollups count them. */
  NavigableMap<Long, Long> days(Edition active) {
    NavigableMap<Long, Long> days = new TreeMap<>();
    clickHouse.forEach(
        Sql.of(
            "SELECT toInt64(toUnixTimestamp(window_start)) * 1000 AS day, sum(calls) AS calls FROM "
                + Cube.SUMMARY.table(WindowKind.DAY)
                + " FINAL WHERE "
                + active.condition()
                + " GROUP BY day"),
        row -> days.put(row.getLong("day"), row.getLong("calls")));
    return days;
  }

  /**
   * The first day that is folded from calls: from it on, calls hold at least half of what the
   * rollups count on every day. A resend past the dedup horizon makes rollups count more than
   * calls, by little; calls that are gone leave next to nothing.
   *
   * @param rollups calls of each day as the rollups count them
   * @param hours calls of each hour as {@code calls} holds them
   * @param keptFromMs from when on calls are kept
   */
  static long firstFoldedDay(
      NavigableMap<Long, Long> rollups, NavigableMap<Long, Long> hours, long keptFromMs) {
    long first = keptFromMs <= 0 ? 0 : WindowKind.DAY.startOf(keptFromMs + DAY_MS - 1);
    for (Map.Entry<Long, Long> day : rollups.entrySet()) {
      long held =
          hours.subMap(day.getKey(), day.getKey() + DAY_MS).values().stream()
              .mapToLong(Long::longValue)
              .sum();
      if (held * 2 < day.getValue()) {
        first = Math.max(first, day.getKey() + DAY_MS);
      }
    }
    return first;
  }

  /** Carries over the rows of all windows before that time. */
  void copy(List<Cube> cubes, Edition active, int edition, long beforeMs) {
    for (Cube cube : cubes) {
      for (WindowKind kind : cube.windows()) {
        if (kind != WindowKind.ALL) {
          copy(cube.table(kind), active, edition, beforeMs);
        }
      }
    }
  }

  private void copy(String table, Edition active, int edition, long beforeMs) {
    clickHouse.execute(
        Sql.of(
                "INSERT INTO "
                    + table
                    + " SELECT * REPLACE("
                    + Generation.first(edition)
                    + " + bitAnd(generation, "
                    + Generation.withoutEdition(-1)
                    + ") AS generation) FROM (SELECT * FROM "
                    + table
                    + " FINAL WHERE window_start < toDateTime({before:Int64}, 'UTC') AND "
                    + active.condition()
                    + " AND generation < "
                    + Generation.first(edition)
                    + ")")
            .with("before", beforeMs / 1000));
  }
}
