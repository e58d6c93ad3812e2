/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Hours in which {@code trace_bounds} counts each span once: all but those in which something was
 * inserted twice. As it never counts too few, it is enough that it has as many spans of an hour as
 * there are. That is found out once, and holds until something is written into the hour.
 * Thread-safe.
 */
final class CountedOnce {
  /** With more hours, their spans are so many that looking at all costs little more. */
  private static final int MAX_OTHERS = 24;

  private static final int MAX_KEPT = 32;
  private static final int MAX_HOURS = 10_000;

  private final Database database;

  /** By projects: hours, and a moment before they were looked at, by the server's clock. */
  private final Map<Set<String>, Map<Long, Long>> kept = SpanHours.latest(MAX_KEPT);

  CountedOnce(Database database) {
    this.database = database;
  }

  /**
   * The other hours, epoch ms: those that count some span twice and those that are written into.
   *
   * @param range whole hours
   * @param written into them
   * @return null if they are many
   */
  @Nullable Set<Long> otherHours(Set<String> ofProjects, TimeRange range, WrittenHours written) {
    Set<String> projects = Set.copyOf(ofProjects);
    Set<Long> others = new TreeSet<>();
    Set<Long> unknown = new TreeSet<>();
    synchronized (kept) {
      Map<Long, Long> known = known(projects);
      for (Long hour : written.hours().keySet()) {
        if (!range.contains(hour)) {
          continue;
        }
        if (!written.isSettled(hour, written.readMs())) {
          others.add(hour);
        } else if (!written.isSettled(hour, known.getOrDefault(hour, 0L))) {
          unknown.add(hour);
        }
      }
    }
    if (others.size() > MAX_OTHERS) {
      return null;
    }
    if (!unknown.isEmpty()) {
      Set<Long> miscounted = miscounted(projects, unknown);
      unknown.removeAll(miscounted);
      others.addAll(miscounted);
      synchronized (kept) {
        Map<Long, Long> known = known(projects);
        unknown.forEach(hour -> known.put(hour, written.readMs()));
      }
    }
    return others.size() > MAX_OTHERS ? null : others;
  }

  private Map<Long, Long> known(Set<String> projects) {
    return kept.computeIfAbsent(projects, p -> SpanHours.latest(MAX_HOURS));
  }

  private Set<Long> miscounted(Set<String> projects, Set<Long> hours) {
    Sql sql =
        new Sql()
            .add("SELECT toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms FROM (")
            .add("SELECT hour, toInt64(sum(spans)) AS n FROM trace_bounds WHERE ")
            .in("project", projects);
    TraceBounds.inHours(sql.add(" AND "), "hour", hours);
    sql.add(" GROUP BY hour UNION ALL SELECT toStartOfHour(ts) AS hour, -toInt64(count()) AS n")
        .add(" FROM spans FINAL WHERE ")
        .in("project", projects);
    TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(ts)", hours);
    sql.add(" GROUP BY hour) GROUP BY hour HAVING sum(n) != 0");
    Set<Long> out = new HashSet<>();
    database.query(sql).forEach(r -> out.add(r.integer("hour_ms")));
    return out;
  }
}
