/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the inner queries that bring rollup rows and calls of plans into one shape: columns {@code
 * bucket}, {@code k_…} for the keys, {@code m_…} for the measures, {@code period} if there are two
 * of them. Generations of a window are separate rows, to be added like all others. Each table is
 * read once: working out a query costs ClickHouse more than reading some hundred rows.
 */
final class RollupSql {
  private final List<Key> keys;
  private final Set<String> columns;
  private final @Nullable Steps steps;
  private final Condition condition;
  private final Filters filters;
  private final Map<Source, List<Segment>> sources = new LinkedHashMap<>();
  private @Nullable Long splitMs;

  RollupSql(
      List<Key> keys,
      Set<String> columns,
      @Nullable Steps steps,
      Condition condition,
      Filters filters) {
    this.keys = keys;
    this.columns = columns;
    this.steps = steps;
    this.condition = condition;
    this.filters = filters;
  }

  /** Which rows count, apart from time and filters: by project and layer alone. */
  @FunctionalInterface
  interface Condition {
    void append(Sql sql);
  }

  /**
   * @param windows whether its rows are rollups, else calls
   */
  private record Source(String table, boolean windows, int edition) {}

  /** Adds a plan's rows. */
  RollupSql add(Plan plan) {
    for (Segment segment : plan.segments()) {
      WindowKind window = segment.window();
      Source source =
          window == null
              ? new Source("calls", false, 0)
              : new Source(plan.table(window), true, plan.edition());
      sources.computeIfAbsent(source, t -> new ArrayList<>()).add(segment);
    }
    return this;
  }

  /** Marks rows from before this moment with period 1, the others with 0. */
  RollupSql splitAt(long epochMs) {
    splitMs = epochMs;
    return this;
  }

  /** The union, in brackets. */
  Sql from() {
    Sql sql = new Sql().add("(");
    String union = "";
    for (Sql table : tables()) {
      sql.add(union).append(table);
      union = " UNION ALL ";
    }
    return sql.add(")");
  }

  /** The same, a query for each table. */
  List<Sql> tables() {
    List<Sql> out = new ArrayList<>();
    sources.forEach((source, segments) -> out.add(table(source, segments)));
    return out;
  }

  private Sql table(Source source, List<Segment> segments) {
    Sql sql = new Sql();
    select(sql, source.windows());
    sql.add(" FROM " + source.table() + " FINAL PREWHERE ");
    condition.append(sql);
    if (source.windows()) {
      sql.add(" AND " + Generation.condition(source.edition()));
    }
    String or = " AND (";
    for (Segment segment : segments) {
      sql.add(or);
      within(sql, source.windows(), segment);
      or = " OR ";
    }
    sql.add(")");
    // All versions of a rollup row have the dimensions its hash is of, so they can be left out
    // before the newest is chosen.
    filters.and(sql, source.windows() ? " AND " : " WHERE ");
    return sql;
  }

  private static void within(Sql sql, boolean windows, Segment segment) {
    if (windows) {
      sql.add("(window_start >= toDateTime(").bind(segment.fromMs() / 1000);
      sql.add(", 'UTC') AND window_start < toDateTime(").bind(segment.toMs() / 1000);
    } else {
      sql.add("(event_time >= fromUnixTimestamp64Milli(").bind(segment.fromMs());
      sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(segment.toMs());
    }
    sql.add(", 'UTC'))");
  }

  private void select(Sql sql, boolean windows) {
    String timeMs =
        windows
            ? "toInt64(toUnixTimestamp(window_start)) * 1000"
            : "toUnixTimestamp64Milli(event_time)";
    String comma = "SELECT ";
    Long split = splitMs;
    if (split != null) {
      sql.add(comma + timeMs + " < ").bind(split).add(" AS period");
      comma = ", ";
    }
    if (steps != null) {
      sql.add(comma);
      bucket(sql, timeMs);
      sql.add(" AS bucket");
      comma = ", ";
    }
    for (Key key : keys) {
      sql.add(comma + key.expression() + " AS k_" + key.column());
      comma = ", ";
    }
    if (!columns.isEmpty()) {
      sql.add(comma);
      sql.add(windows ? RollupColumns.fromRollup(columns) : RollupColumns.fromCalls(columns));
    }
  }

  private void bucket(Sql sql, String timeMs) {
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
