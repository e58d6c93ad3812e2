/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
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
    sources.forEach(
        (source, segments) -> {
          Sql sql = new Sql();
          select(sql, source.windows(), RollupColumns.of(source.windows(), columns));
          out.add(from(sql, source, segments));
        });
    return out;
  }

  /**
   * The sums over one table.
   *
   * @param sql sums by period, bucket and key, each under the column's own name
   * @param any a row if there is one to add, where that is much cheaper to ask; else null
   */
  record Sums(Sql sql, @Nullable Sql any) {}

  /**
   * A query for each table that adds its rows up itself: around an inner query, ClickHouse would
   * work out each of its columns once more.
   */
  List<Sums> sums() {
    List<String> groups = new ArrayList<>();
    if (splitMs != null) {
      groups.add("period");
    }
    if (steps != null) {
      groups.add("bucket");
    }
    keys.forEach(key -> groups.add("k_" + key.column()));
    List<Sums> out = new ArrayList<>();
    sources.forEach(
        (source, segments) -> {
          Sql sql = new Sql();
          select(sql, source.windows(), RollupColumns.sumsOf(source.windows(), columns));
          from(sql, source, segments);
          if (!groups.isEmpty()) {
            sql.add(" GROUP BY " + String.join(", ", groups));
          }
          // Ends of old ranges, from before their windows' rows were dropped, are mostly empty.
          out.add(new Sums(sql, source.windows() ? null : any(source, segments)));
        });
    return out;
  }

  private Sql any(Source source, List<Segment> segments) {
    Sql sql = new Sql().add("SELECT 1 AS n FROM " + source.table() + " PREWHERE ");
    condition.append(sql);
    within(sql, source.windows(), segments);
    return sql.add(" LIMIT 1");
  }

  private Sql from(Sql sql, Source source, List<Segment> segments) {
    sql.add(" FROM " + source.table() + " FINAL PREWHERE ");
    condition.append(sql);
    if (source.windows()) {
      sql.add(" AND " + Generation.condition(source.edition()));
    }
    within(sql, source.windows(), segments);
    // All versions of a rollup row have the dimensions its hash is of, so they can be left out
    // before the newest is chosen.
    filters.and(sql, source.windows() ? " AND " : " WHERE ");
    return sql;
  }

  private static void within(Sql sql, boolean windows, List<Segment> segments) {
    String or = " AND (";
    for (Segment segment : joined(segments)) {
      sql.add(or);
      within(sql, windows, segment);
      or = " OR ";
    }
    sql.add(")");
  }

  /** Stretches of one table, those that follow upon each other as one. */
  private static List<Segment> joined(List<Segment> segments) {
    List<Segment> out = new ArrayList<>();
    for (Segment next :
        segments.stream().sorted(Comparator.comparingLong(Segment::fromMs)).toList()) {
      Segment last = out.isEmpty() ? null : out.get(out.size() - 1);
      if (last != null && last.toMs() == next.fromMs()) {
        out.set(out.size() - 1, new Segment(last.window(), last.fromMs(), next.toMs()));
      } else {
        out.add(next);
      }
    }
    return out;
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

  private void select(Sql sql, boolean windows, String measures) {
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
    if (!measures.isEmpty()) {
      sql.add(comma + measures);
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
