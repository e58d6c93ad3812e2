/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Counts the spans kept, each once, and how late they came. Thread-safe. */
public final class SpanCounter {
  private static final int LATENESS_SAMPLE = 100_000;

  private final Database database;
  private final ResultCache cache;
  private final ProgressReader progress;

  SpanCounter(Database database, ResultCache cache, ProgressReader progress) {
    this.database = database;
    this.cache = cache;
    this.progress = progress;
  }

  /** Arrival − span end, milliseconds. */
  public record Lateness(double p50Ms, double p99Ms) {}

  /**
   * Spans per range.
   *
   * @return null where spans do not have the dimensions of the filters
   */
  public @Nullable List<Long> count(LayerScope scope, Filters filters, List<TimeRange> ranges) {
    if (!filters.fitSpans()) {
      return null;
    }
    List<Long> out = new ArrayList<>();
    for (TimeRange range : ranges) {
      Sql sql = new Sql().add("SELECT count() AS n");
      where(sql, scope, filters, range, true);
      out.add(run(sql, range).get(0).integer("n"));
    }
    return out;
  }

  /** Spans per step; steps without spans are missing. */
  public @Nullable Map<Long, Long> count(
      LayerScope scope, Filters filters, TimeRange range, Steps steps) {
    if (!filters.fitSpans()) {
      return null;
    }
    Sql sql = new Sql().add("SELECT ");
    if (steps.even()) {
      sql.add("intDiv(toUnixTimestamp64Milli(ts), ").bind(steps.nominalMs()).add(") * ");
      sql.bind(steps.nominalMs());
    } else {
      sql.add("roundDown(toUnixTimestamp64Milli(ts), ");
      sql.bind("Array(Int64)", steps.startsMs()).add(")");
    }
    sql.add(" AS bucket, count() AS n");
    where(sql, scope, filters, range, true);
    sql.add(" GROUP BY bucket");
    Map<Long, Long> out = new TreeMap<>();
    run(sql, range).forEach(r -> out.put(r.integer("bucket"), r.integer("n")));
    return out;
  }

  /** Of the newest spans of the range; null without spans. */
  public @Nullable Lateness lateness(LayerScope scope, TimeRange range) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS n, quantiles(0.5, 0.99)(late) AS q FROM (SELECT")
            .add(" toUnixTimestamp64Milli(arrival_time) - toUnixTimestamp64Milli(ts) AS late");
    where(sql, scope, Filters.NONE, range, false);
    sql.add(" ORDER BY ts DESC LIMIT ").bind(LATENESS_SAMPLE).add(")");
    Row row = run(sql, range).get(0);
    if (row.integer("n") == 0) {
      return null;
    }
    List<?> q = row.list("q");
    return new Lateness(number(q.get(0)), number(q.get(1)));
  }

  private static double number(@Nullable Object v) {
    return v instanceof Number n ? Math.round(n.doubleValue() * 1000) / 1000.0 : 0;
  }

  private static void where(
      Sql sql, LayerScope scope, Filters filters, TimeRange range, boolean each) {
    sql.add(" FROM spans").add(each ? " FINAL" : "").add(" WHERE ").in("project", scope.projects());
    sql.add(" AND ts >= fromUnixTimestamp64Milli(").bind(range.fromMs());
    sql.add(", 'UTC') AND ts < fromUnixTimestamp64Milli(").bind(range.toMs()).add(", 'UTC')");
    filters.and(sql);
  }

  private List<Row> run(Sql sql, TimeRange range) {
    Progress known = progress.read();
    boolean closed = range.toMs() <= known.closedThroughMs();
    return cache.get(sql, known, closed, () -> database.query(sql)).rows();
  }
}
