/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * When the hours of a range were last written into: what was worked out from rows of an hour holds
 * until then.
 *
 * @param hours by start of the hour, epoch ms: the last write
 * @param readMs when that was read, by the server's clock; 0 if nothing was ever written
 */
record WrittenHours(Map<Long, Long> hours, long readMs) {
  /** Writes of spans and calls alike. */
  static WrittenHours read(Database database, Set<String> projects, TimeRange range) {
    return read(database, projects, range, List.of("span_hours", "call_hours"));
  }

  /**
   * @param tables where writes are told: {@code span_hours}, {@code call_hours}
   */
  static WrittenHours read(
      Database database, Set<String> projects, TimeRange range, List<String> tables) {
    Sql sql =
        new Sql()
            .add("SELECT toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms,")
            .add(" toUnixTimestamp64Milli(max(written_at)) AS written_ms,")
            .add(" toUnixTimestamp64Milli(now64(3)) AS read_ms FROM (");
    String between = "";
    for (String table : tables) {
      sql.add(between).add("SELECT hour, written_at FROM " + table + " WHERE ");
      sql.in("project", projects);
      TraceBounds.hours(sql, range);
      between = " UNION ALL ";
    }
    Map<Long, Long> hours = new HashMap<>();
    long readMs = 0;
    for (Row row : database.query(sql.add(") GROUP BY hour"), Database.ONE_THREAD)) {
      hours.put(row.integer("hour_ms"), row.integer("written_ms"));
      readMs = row.integer("read_ms");
    }
    return new WrittenHours(hours, readMs);
  }

  /** Whether what was read of the hour at that moment is all there is. */
  boolean isSettled(long hourMs, long readMs) {
    return SpanHours.isSettled(hours.getOrDefault(hourMs, Long.MIN_VALUE), readMs);
  }

  /** Whether that holds for all of some hours. */
  boolean areSettled(Set<Long> some, long readMs) {
    return some.stream().allMatch(hour -> isSettled(hour, readMs));
  }
}
