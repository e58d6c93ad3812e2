/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The first sessions of a long range from the least up, that nothing narrows. No session comes to
 * less than any of its traces does in any hour, and none comes before a name that is less than its
 * own: so of the least parts of traces and the least names only those sessions are put together
 * that have one of them, until no other session can come before. Thread-safe.
 */
final class SessionsUpwards {
  /** Parts looked at for each session asked for: many are of traces that name one. */
  private static final int PARTS_OF_EACH = 3;

  /** The same where the parts of all traces are equal; more of them would not tell more. */
  private static final int EQUAL_PARTS_OF_EACH = 8;

  private static final int MAX_PARTS = 20_000;
  private static final int GROWTH = 8;

  /** What no part of a trace comes to less than; of money and tokens a trace may have none. */
  private static final Map<String, String> PARTS =
      Map.of(
          "start", "began",
          "duration", "ended - began",
          "cost", "toInt64(-1)",
          "tokens", "toInt64(0)");

  private final Database database;
  private final SessionsInOrder inOrder;
  private final TraceBounds bounds;

  SessionsUpwards(Database database, SessionsInOrder inOrder, TraceBounds bounds) {
    this.database = database;
    this.inOrder = inOrder;
    this.bounds = bounds;
  }

  /**
   * The first sessions; fewer are all there are.
   *
   * @return null if looking at all is cheaper: what comes first is more than many parts of others,
   *     or more than parts tell decides about the order
   */
  @Nullable List<SessionsInOrder.Place> first(Question q, String sort, int count) {
    String part = PARTS.get(sort);
    if (part == null) {
      return null;
    }
    boolean equal = TraceBounds.isOfCalls(sort);
    int n = (equal ? EQUAL_PARTS_OF_EACH : PARTS_OF_EACH) * count;
    for (int most = equal ? n : MAX_PARTS; n <= most; n *= GROWTH) {
      List<SessionsInOrder.Place> parts = parts(q, part, n);
      boolean all = parts.size() < n;
      Set<String> lows = all ? Set.of() : lows(q, parts);
      Map<SessionTraces.TraceOf, String> named =
          lows == null ? null : inOrder.namesOf(q, bounds, lows);
      if (lows == null || named == null) {
        return null;
      }
      List<SessionsInOrder.Place> found = inOrder.least(q, sort, named, lows, count);
      if (all
          || (found.size() == count
              && SessionsInOrder.Place.UP.compare(found.get(count - 1), parts.get(n - 1)) <= 0)) {
        return found;
      }
    }
    return null;
  }

  /** The least parts of traces, each where it would stand if it was a session. */
  private List<SessionsInOrder.Place> parts(Question q, String part, int count) {
    Sql sql =
        new Sql()
            .add("SELECT toString(project) AS in_project, lower(hex(" + TraceBounds.TRACE_ID + "))")
            .add(" AS trace, toString(v) AS place FROM (")
            .add("SELECT project, trace_high, trace_low, " + part + " AS v FROM (");
    TracesByHour.within(q).append(sql, List.of());
    sql.add(") ORDER BY v, project, trace_high, trace_low LIMIT ").bind(count);
    sql.add(") ORDER BY v, project, trace_high, trace_low");
    return database.query(sql).stream()
        .map(
            r ->
                new SessionsInOrder.Place(
                    new SessionTraces.Key(r.text("in_project"), r.text("trace")),
                    new BigDecimal(r.text("place"))))
        .toList();
  }

  /**
   * Later halves of the ids of what is put together: traces with these parts, and all of sessions
   * with names that could come before the last of them. Those are names that a trace with a lesser
   * part tells, or that are less, and ids of traces that others took for a name. Of other sessions
   * some traces are among them: they come after the last part, whatever they come to on the whole.
   *
   * @return null if those have very many traces
   */
  private @Nullable Set<String> lows(Question q, List<SessionsInOrder.Place> parts) {
    SessionsInOrder.Place last = parts.get(parts.size() - 1);
    Set<String> lows = new LinkedHashSet<>();
    Set<String> lesser = new LinkedHashSet<>();
    for (SessionsInOrder.Place part : parts) {
      String low = KeptTraces.low(part.key().id());
      lows.add(low);
      if (part.value().compareTo(last.value()) < 0) {
        lesser.add(low);
      }
    }
    Sql sql =
        new Sql()
            .add("SELECT DISTINCT session, lower(hex(reinterpretAsFixedString(")
            .add("byteSwap(trace_low)))) AS low FROM session_traces WHERE ")
            .in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(" AND (project < ").bind(last.key().project()).add(" OR (project = ");
    sql.bind(last.key().project()).add(" AND session <= ").bind(last.key().id());
    sql.add(") OR session_hash IN (SELECT sipHash64(arrayJoin(");
    sql.bindAll(parts.stream().map(p -> p.key().id()).toList()).add("))");
    if (!lesser.isEmpty()) {
      sql.add(" UNION ALL SELECT session_hash FROM session_traces WHERE ")
          .in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      TraceBounds.lows(sql.add(" AND "), "trace_low", lesser);
    }
    List<Row> rows =
        database.query(sql.add(")) LIMIT ").bind(TraceBounds.MAX_APART + 1), database.spilling());
    if (rows.size() > TraceBounds.MAX_APART) {
      return null;
    }
    for (Row row : rows) {
      lows.add(row.text("low"));
      String name = row.text("session");
      if (SessionTraces.isTraceId(name)) {
        // A trace without a name whose id others took for theirs.
        lows.add(KeptTraces.low(name));
      }
    }
    return lows;
  }
}
