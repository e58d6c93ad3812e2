/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What sessions of a range cannot exceed, kept. A session is known by a number: a name in a project
 * by the hash of both, a trace without a name by the later half of its id; two that have it in
 * common only get a bound too high. What any trace that names a session comes to counts for it,
 * whether another name comes before its own. Thread-safe.
 */
final class SessionBounds {
  /** How a session with a name is known among the rows of {@code session_traces}. */
  static final String NAME_KEY = "bitXor(session_hash, cityHash64(toString(project)))";

  /** With more, they are asked for again wherever they are needed. */
  private static final int MAX_TRACES = 50_000;

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
   * @param written when spans and calls were written into hours of the range
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
    Concerned concerned = hours.isEmpty() ? Concerned.ALL : concerned(q, sort, hours);
    Sql atTheEnds = new Sql().add("SELECT trace_low FROM session_traces WHERE ");
    atTheEnds.in("project", q.scope().projects());
    atTheEnds(atTheEnds, q, whole);
    concerned.and(atTheEnds, "trace_low");
    Sql sql =
        new Sql()
            .add("SELECT concat(if(named, 'n', 't'), toString(k)) AS key, toString(v) AS bound")
            .add(" FROM (SELECT k, max(named) AS named, " + bound + " AS v FROM (")
            .add("SELECT if(name = 0, low, name) AS k, name != 0 AS named, " + columns + " FROM (");
    rows(sql, q, sort, concerned);
    sql.add(") AS a LEFT JOIN (");
    names(sql, q, concerned);
    TraceBounds.hours(sql, whole);
    sql.add(") AS b USING low UNION ALL SELECT name AS k, true AS named, " + columns + " FROM (");
    rows(sql, q, sort, new Concerned(atTheEnds, concerned.hours()));
    sql.add(") AS a INNER JOIN (");
    names(sql, q, concerned);
    atTheEnds(sql, q, whole);
    sql.add(") AS b USING low) GROUP BY k");
    sql.add(sort.equals("duration") ? "" : " HAVING v > 0");
    sql.add(" ORDER BY v DESC, k DESC LIMIT ").bind(count).add(") ORDER BY v DESC, key DESC");
    return database.query(sql, database.spilling()).stream()
        .map(r -> new KeptBounds.Bound(r.text("key"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * Appends a query for rows with {@code low} of their trace, of whole hours: what is kept of an
   * hour stays right when more of it comes into the range.
   */
  private static void rows(Sql sql, Question q, String sort, Concerned traces) {
    if (!TraceBounds.isOfCalls(sort)) {
      sql.add("SELECT trace_low AS low, ")
          .add(sort.equals("errors") ? "errors AS c" : "start_ns AS b, end_ns AS e")
          .add(" FROM trace_bounds WHERE ")
          .in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      traces.andHour(sql, "hour");
      traces.and(sql.add(sort.equals("errors") ? " AND errors > 0" : ""), "trace_low");
      return;
    }
    sql.add("SELECT " + TraceBounds.LOW + " AS low, ")
        .add(CallsReader.valueOf(sort))
        .add(" AS c FROM calls PREWHERE ");
    CallsReader.range(sql, q.during(q.range().aroundHours()));
    traces.andHour(sql, "toStartOfHour(event_time)");
    traces.and(sql.add(" WHERE 1"), "low");
  }

  /** Appends a query for the names of traces that a condition can follow. */
  private static void names(Sql sql, Question q, Concerned traces) {
    sql.add("SELECT DISTINCT trace_low AS low, " + NAME_KEY + " AS name FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    traces.and(sql, "trace_low");
  }

  /**
   * Traces whose sessions are looked at.
   *
   * @param traces a query for the later halves of their ids; null: all
   * @param hours epoch ms, in which they have spans; empty: any
   */
  private record Concerned(@Nullable Sql traces, Set<Long> hours) {
    private static final Concerned ALL = new Concerned(null, Set.of());

    private void and(Sql sql, String low) {
      if (traces != null) {
        sql.add(" AND " + low + " IN (").append(traces).add(")");
      }
    }

    private void andHour(Sql sql, String hour) {
      if (!hours.isEmpty()) {
        TraceBounds.inHours(sql.add(" AND "), hour, hours);
      }
    }
  }

  /**
   * The traces that have rows or tell names in these hours, and all others of sessions that those
   * name. They are asked for once, as each mention of a query within another is worked out anew.
   */
  private Concerned concerned(Question q, String sort, Set<Long> hours) {
    Sql traces = new Sql();
    touched(traces, q, sort, hours);
    traces
        .add(" UNION ALL SELECT trace_low FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(traces, q.range());
    traces
        .add(" AND session_hash IN (SELECT session_hash FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(traces, q.range());
    traces.add(" AND trace_low IN (");
    touched(traces, q, sort, hours);
    traces.add("))");
    Sql first = new Sql().add("SELECT DISTINCT toInt64(low) AS low FROM (").append(traces);
    first.add(") LIMIT ").bind(MAX_TRACES + 1);
    List<Long> lows = database.query(first).stream().map(r -> r.integer("low")).toList();
    if (lows.isEmpty()) {
      return new Concerned(new Sql().add("SELECT toUInt64(0) WHERE 0"), Set.of());
    }
    if (lows.size() > MAX_TRACES) {
      return new Concerned(traces, Set.of());
    }
    Sql known = new Sql().add("SELECT toUInt64(arrayJoin(").bind("Array(Int64)", lows).add("))");
    Sql where =
        new Sql()
            .add("SELECT DISTINCT toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms")
            .add(" FROM trace_bounds WHERE ")
            .in("project", q.scope().projects());
    TraceBounds.hours(where, q.range());
    where.add(" AND trace_low IN (").append(known).add(")");
    Set<Long> inHours = new TreeSet<>();
    database.query(where).forEach(r -> inHours.add(r.integer("hour_ms")));
    return new Concerned(known, inHours);
  }

  /** Appends that rows are of hours that are in the range in part. */
  private static void atTheEnds(Sql sql, Question q, TimeRange whole) {
    TraceBounds.hours(sql, q.range());
    sql.add(" AND (hour < toDateTime(").bind(whole.fromMs() / 1000);
    sql.add(", 'UTC') OR hour >= toDateTime(").bind(whole.toMs() / 1000).add(", 'UTC'))");
  }

  /** Appends a query for traces that have such rows or tell names in these hours. */
  private static void touched(Sql sql, Question q, String sort, Set<Long> hours) {
    if (TraceBounds.isOfCalls(sort)) {
      sql.add("SELECT " + TraceBounds.LOW + " AS low FROM calls WHERE ");
      CallsReader.range(sql, q.during(q.range().aroundHours()));
      TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(event_time)", hours);
    } else {
      sql.add("SELECT trace_low AS low FROM trace_bounds WHERE ")
          .in("project", q.scope().projects());
      TraceBounds.inHours(sql.add(" AND "), "hour", hours);
    }
    sql.add(" UNION ALL SELECT trace_low FROM session_traces WHERE ");
    sql.in("project", q.scope().projects());
    TraceBounds.inHours(sql.add(" AND "), "hour", hours);
  }
}
