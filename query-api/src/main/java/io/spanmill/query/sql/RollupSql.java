/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Generation;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the inner query that brings rollup rows and calls of a plan into one shape: columns {@code
 * period}, {@code bucket}, {@code k_…} for the keys, {@code m_…} for the measures. Generations of a
 * window are separate rows, to be added like all others.
 */
final class RollupSql {
  private final Sql sql = new Sql();
  private final List<Key> keys;
  private final Set<String> columns;
  private final @Nullable Steps steps;
  private boolean first = true;

  RollupSql(List<Key> keys, Set<String> columns, @Nullable Steps steps) {
    this.keys = keys;
    this.columns = columns;
    this.steps = steps;
  }

  /** Which rows count, apart from time and filters. */
  @FunctionalInterface
  interface Condition {
    void append(Sql sql);
  }

  /** Adds a plan's rows, marked with a period. */
  RollupSql add(int period, Plan plan, Condition condition, Filters filters) {
    for (Segment segment : plan.segments()) {
      sql.add(first ? "" : " UNION ALL ");
      first = false;
      select(period, segment.window() != null);
      if (segment.window() == null) {
        sql.add(" FROM calls FINAL WHERE ");
        condition.append(sql);
        sql.add(" AND event_time >= fromUnixTimestamp64Milli(").bind(segment.fromMs());
        sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(segment.toMs());
        sql.add(", 'UTC')");
      } else {
        sql.add(" FROM ").add(plan.table(segment.window())).add(" FINAL WHERE ");
        condition.append(sql);
        sql.add(" AND " + Generation.condition(plan.edition()));
        sql.add(" AND window_start >= toDateTime(").bind(segment.fromMs() / 1000);
        sql.add(", 'UTC') AND window_start < toDateTime(").bind(segment.toMs() / 1000);
        sql.add(", 'UTC')");
      }
      filters.and(sql);
    }
    return this;
  }

  /** The union, in brackets. */
  Sql from() {
    return new Sql().add("(").append(sql).add(")");
  }

  private void select(int period, boolean windows) {
    sql.add("SELECT toUInt8(").bind("UInt8", period).add(") AS period");
    if (steps != null) {
      sql.add(", ");
      bucket(
          windows
              ? "toInt64(toUnixTimestamp(window_start)) * 1000"
              : "toUnixTimestamp64Milli(event_time)");
      sql.add(" AS bucket");
    }
    for (Key key : keys) {
      sql.add(", " + key.expression() + " AS k_" + key.column());
    }
    if (!columns.isEmpty()) {
      sql.add(", ");
      sql.add(windows ? RollupColumns.fromRollup(columns) : RollupColumns.fromCalls(columns));
    }
  }

  private void bucket(String timeMs) {
    Steps cut = steps;
    if (cut == null) {
      return;
    }
    if (cut.even()) {
      sql.add("intDiv(" + timeMs + ", ").bind(cut.nominalMs()).add(") * ").bind(cut.nominalMs());
    } else {
      sql.add("roundDown(" + timeMs + ", ").bind("Array(Int64)", cut.startsMs()).add(")");
    }
  }
}
