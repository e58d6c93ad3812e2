/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A range of traces in two parts: whole hours that are over and nothing is on its way into, and all
 * other hours that have rows of the range.
 *
 * @param rows where spans and calls of its traces lie
 * @param written when its hours were written into
 * @param closed epoch ms, those of the first part that have rows
 * @param others epoch ms, those of the second part
 * @param both traces that have spans in both parts, and all that have some in the first and did not
 *     begin in the range; null if they are too many to look at them apart
 */
record SplitRange(
    TimeRange rows,
    WrittenHours written,
    Set<Long> closed,
    Set<Long> others,
    @Nullable Places both) {

  /**
   * @param sureSinceMs what ended before may be deleted any time
   */
  static SplitRange of(Database database, TraceBounds bounds, Question q, long sureSinceMs) {
    TimeRange range = q.range();
    TimeRange rows = range.ofTraces();
    long sinceMs = WindowKind.HOUR.startOf(sureSinceMs) + WindowKind.HOUR.lengthMs();
    if (rows.fromMs() < sinceMs && sinceMs < range.toMs()) {
      rows = new TimeRange(sinceMs, rows.toMs());
    }
    Set<String> projects = q.scope().projects();
    WrittenHours written = WrittenHours.read(database, projects, rows);
    Set<Long> closed = new TreeSet<>();
    Set<Long> others = new TreeSet<>();
    for (long hour : written.hours().keySet()) {
      boolean over =
          hour >= Math.max(rows.fromMs(), sinceMs)
              && hour + WindowKind.HOUR.lengthMs() <= Math.min(range.toMs(), written.readMs())
              && written.isSettled(hour, written.readMs());
      (over ? closed : others).add(hour);
    }
    Places both =
        closed.isEmpty() ? null : bounds.ofBothOrOutside(projects, closed, others, written);
    return new SplitRange(rows, written, closed, others, both);
  }
}
