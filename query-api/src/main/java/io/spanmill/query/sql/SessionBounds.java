/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What sessions of a range cannot exceed, kept. A session is known by a number: a name in a project
 * by the hash of both, a trace without a name by the later half of its id; two that have it in
 * common only get a bound too high. What any trace that names a session comes to counts for it,
 * whether another name comes before its own. Thread-safe.
 */
final class SessionBounds {
  /** How a session with a name is known among the rows of {@code session_traces}. */
  static final String NAME_KEY = "bitXor(session_hash, cityHash64(toString(project)))";

  private final Database database;
  private final KeptBounds kept;

  SessionBounds(Database database) {
    this.database = database;
    this.kept = new KeptBounds(database);
  }

  /**
   * The greatest bounds in order, as many as are kept; fewer are all there are. Of money, tokens
   * and errors those above 0. A key is {@code n} and the number of a name, or {@code t} and that of
   * a trace.
   *
   * @param sort one of {@link SessionsReader#SORT_NAMES} but {@code start}
   * @param written when {@link #tables} told that hours of the range were written into
   */
  List<KeptBounds.Bound> greatest(Question q, String sort, WrittenHours written) {
    return kept.greatest(
        new KeptBounds.Asked("sessions", q.scope(), sort, q.range().lengthMs()),
        q.range(),
        written,
        // What named a trace may leave the range before the trace does.
        true,
        KeptBounds.KEPT,
        (hours, count) -> read(q, sort, hours, count));
  }

  private static boolean ofCalls(String sort) {
    return sort.equals("cost") || sort.equals("tokens");
  }

  /**
   * @param hours only those that traces with rows or names of these hours (epoch ms) belong to;
   *     empty for all
   */
  private List<KeptBounds.Bound> read(Question q, String sort, Set<Long> hours, int count) {
    String bound =
        switch (sort) {
          case "cost", "tokens" -> "sum(c)";
          case "errors" -> "toInt64(sum(c))";
          case "duration" -> "max(e) - min(b)";
          default -> throw new IllegalArgumentException("no bounds for " + sort);
        };
    String columns = sort.equals("duration") ? "b, e" : "c";
    // A name that a trace has only in an hour that is in the range in part may lie outside of it.
    TimeRange whole = q.range().wholeHours();
    Sql sql =
        new Sql()
            .add("SELECT concat(if(named, 'n', 't'), toString(k)) AS key, toString(v) AS bound")
            .add(" FROM (SELECT k, max(named) AS named, " + bound + " AS v FROM (")
            .add("SELECT if(name = 0, low, name) AS k, name != 0 AS named, " + columns + " FROM (");
    rows(sql, q, sort);
    if (!hours.isEmpty()) {
      sql.add(" AND low IN (");
      touched(sql, q, sort, hours);
      sql.add(" UNION ALL SELECT trace_low FROM session_traces WHERE ")
          .in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      sql.add(" AND session_hash IN (SELECT session_hash FROM session_traces WHERE ")
          .in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      sql.add(" AND trace_low IN (");
      touched(sql, q, sort, hours);
      sql.add(")))");
    }
    sql.add(") AS a LEFT JOIN (");
    names(sql, q);
    TraceBounds.hours(sql, whole);
    sql.add(") AS b USING low UNION ALL SELECT name AS k, true AS named, " + columns + " FROM (");
    rows(sql, q, sort);
    sql.add(" AND low IN (SELECT trace_low FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    atTheEnds(sql, q, whole);
    sql.add(")) AS a INNER JOIN (");
    names(sql, q);
    atTheEnds(sql, q, whole);
    sql.add(") AS b USING low) GROUP BY k");
    sql.add(sort.equals("duration") ? "" : " HAVING v > 0");
    sql.add(" ORDER BY v DESC, k DESC LIMIT ").bind(count).add(") ORDER BY v DESC, key DESC");
    Map<String, String> settings = new HashMap<>(database.spilling());
    return database.query(sql, settings).stream()
        .map(r -> new KeptBounds.Bound(r.text("key"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /** Appends a query for rows with {@code low} of their trace that a condition can follow. */
  private static void rows(Sql sql, Question q, String sort) {
    if (ofCalls(sort)) {
      sql.add("SELECT " + TraceBounds.LOW + " AS low, ")
          .add(sort.equals("cost") ? "cost" : CallsReader.TOKENS)
          .add(" AS c FROM calls PREWHERE ");
      CallsReader.range(sql, q);
      sql.add(" WHERE 1");
      return;
    }
    sql.add("SELECT trace_low AS low, ")
        .add(sort.equals("errors") ? "errors AS c" : "start_ns AS b, end_ns AS e")
        .add(" FROM trace_bounds WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(sort.equals("errors") ? " AND errors > 0" : "");
  }

  /** Appends a query for the names of traces that a condition can follow. */
  private static void names(Sql sql, Question q) {
    sql.add("SELECT DISTINCT trace_low AS low, " + NAME_KEY + " AS name FROM session_traces WHERE ")
        .in("project", q.scope().projects());
  }

  /** Appends that rows are of hours that are in the range in part. */
  private static void atTheEnds(Sql sql, Question q, TimeRange whole) {
    TraceBounds.hours(sql, q.range());
    sql.add(" AND (hour < toDateTime(").bind(whole.fromMs() / 1000);
    sql.add(", 'UTC') OR hour >= toDateTime(").bind(whole.toMs() / 1000).add(", 'UTC'))");
  }

  /** Appends a query for traces that have such rows or tell names in these hours. */
  private static void touched(Sql sql, Question q, String sort, Set<Long> hours) {
    if (ofCalls(sort)) {
      sql.add("SELECT " + TraceBounds.LOW + " FROM calls WHERE ");
      CallsReader.range(sql, q);
      TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(event_time)", hours);
    } else {
      sql.add("SELECT trace_low FROM trace_bounds WHERE ").in("project", q.scope().projects());
      TraceBounds.inHours(sql.add(" AND "), "hour", hours);
    }
    sql.add(" UNION ALL SELECT trace_low FROM session_traces WHERE ");
    sql.in("project", q.scope().projects());
    TraceBounds.inHours(sql.add(" AND "), "hour", hours);
  }
}
