/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sessions from all spans and calls of a range, filtered and searched: in order, or as candidates
 * by what they cannot exceed. Thread-safe.
 */
final class SessionsInOrder {
  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "end_ns - start_ns",
          "cost", "sort_cost",
          "tokens", "tokens",
          "errors", "errors");

  /** Which session a trace belongs to. */
  private static final String NAME = "argMinIf(session, (start_time, session), session != '')";

  private final Database database;

  SessionsInOrder(Database database) {
    this.database = database;
  }

  /** A session that may be on the page. */
  record Candidate(SessionTraces.Key key, boolean named, BigDecimal bound) {}

  /** Where a session stands in the list. */
  record Place(SessionTraces.Key key, BigDecimal value) {
    /** The order of the list upwards. */
    static final Comparator<Place> UP =
        Comparator.comparing(Place::value)
            .thenComparing(p -> p.key().project(), Utf8Order::compare)
            .thenComparing(p -> p.key().id(), Utf8Order::compare);
  }

  /**
   * A session without what is shown beside its figures.
   *
   * @param traceIds its first traces
   */
  record Listed(Session session, List<String> traceIds) {}

  /** Sessions by what their sort value cannot exceed; by their begin, as far as it is seen. */
  List<Candidate> candidates(Question q, SessionQuery query, int count) {
    boolean byCalls = TraceBounds.isOfCalls(query.sort());
    String text = query.text();
    String bound =
        switch (query.sort()) {
          case "duration" -> "max(trace_end) - min(trace_start)";
          case "errors" -> "toInt64(sum(trace_errors))";
          case "cost", "tokens" -> "sum(c.of_calls)";
          default -> "min(trace_start)";
        };
    Sql sql = new Sql().add("SELECT project, sid, max(named) AS named, " + bound + " AS v,");
    sql.add(" toString(v) AS bound FROM (SELECT project, " + TracesReader.ID + " AS id,")
        .add(" " + NAME + " AS s, s != '' AS named,")
        .add(" if(named, s, lower(hex(reinterpretAsFixedString(id)))) AS sid,")
        .add(" toUnixTimestamp64Nano(min(start_time)) AS trace_start,")
        .add(" toUnixTimestamp64Nano(max(end_time)) AS trace_end,")
        .add(" countIf(failed) AS trace_errors");
    if (text != null) {
      sql.add(", max(positionCaseInsensitiveUTF8(user, ").bind(text).add(") > 0) AS user_matches");
    }
    sql.add(" FROM spans WHERE ").in("project", q.scope().projects());
    sql.add(" AND ").during("ts", q.range());
    filters(sql, q, new Sql(), Places.ANYWHERE);
    sql.add(" GROUP BY project, id) AS t");
    if (byCalls) {
      sql.add(" LEFT JOIN (SELECT " + TracesReader.ID + " AS id, ")
          .add("sum(" + CallsReader.valueOf(query.sort()) + ") AS of_calls FROM calls PREWHERE ");
      CallsReader.range(sql, q);
      sql.add(" GROUP BY id) AS c ON c.id = t.id");
    }
    sql.add(" GROUP BY project, sid HAVING 1");
    if (byCalls || query.sort().equals("errors")) {
      sql.add(" AND v > 0");
    }
    if (text != null) {
      sql.add(" AND (positionCaseInsensitiveUTF8(sid, ").bind(text);
      sql.add(") > 0 OR max(user_matches))");
    }
    Cursor after = query.after();
    if (after != null && query.sort().equals("start")) {
      sql.add(" AND (v, project, sid) < (").bind("Int64", after.values().get(0)).add(", ");
      sql.bind(after.values().get(1)).add(", ").bind(after.values().get(2)).add(")");
    }
    sql.add(" ORDER BY v DESC, project DESC, sid DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new Candidate(
                    new SessionTraces.Key(r.text("project"), r.text("sid")),
                    r.bool("named"),
                    new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * The first sessions from the least up, of a long range that nothing narrows: begin and end of
   * traces by hour and the names that they tell are a fifth of the rows, and what is there twice
   * changes neither.
   *
   * @param named the names of traces that tell several, or of all where only some are put together
   * @param lows later halves of the ids of those; empty for all
   */
  List<Place> least(
      Question q,
      String sort,
      Map<SessionTraces.TraceOf, String> named,
      Collection<String> lows,
      int count) {
    Set<String> projects = q.scope().projects();
    boolean byCalls = TraceBounds.isOfCalls(sort);
    String value =
        switch (sort) {
          case "duration" -> "max(t.ended) - min(t.began)";
          case "cost" -> "if(sum(c.priced) = 0, toDecimal128(-1, 12), sum(c.cost))";
          case "tokens" -> "sum(c.tokens)";
          case "errors" -> "sum(c.errors)";
          default -> "min(t.began)";
        };
    Sql sql =
        new Sql()
            .add("SELECT toString(of_project) AS in_project, sid, toString(v) AS place FROM (");
    sql.add("SELECT t.project AS of_project, if(n.name != '', n.name, ")
        .add("lower(hex(reinterpretAsFixedString(t.id)))) AS sid, " + value + " AS v FROM (SELECT")
        .add(" project, " + TraceBounds.NUMBER + " AS id, min(began) AS began, max(ended) AS ended")
        .add(" FROM (");
    TracesByHour.within(q).append(sql, lows);
    sql.add(") GROUP BY project, id) AS t LEFT JOIN (");
    if (lows.isEmpty()) {
      sql.add("SELECT project, id, any(session) AS name FROM (");
      names(sql, q, List.of());
      sql.add(") GROUP BY project, id HAVING min(session) = max(session) UNION ALL ");
    }
    List<Map.Entry<SessionTraces.TraceOf, String>> each = List.copyOf(named.entrySet());
    sql.add("SELECT k.1 AS project, reinterpretAsUInt128(toFixedString(unhex(k.2), 16)) AS id,")
        .add(" k.3 AS name FROM (SELECT arrayJoin(arrayZip(")
        .bindAll(each.stream().map(e -> e.getKey().project()).toList())
        .add(", ")
        .bindAll(each.stream().map(e -> e.getKey().trace()).toList())
        .add(", ")
        .bindAll(each.stream().map(Map.Entry::getValue).toList())
        .add(")) AS k)");
    sql.add(") AS n ON n.project = t.project AND n.id = t.id");
    if (byCalls) {
      sql.add(
              " LEFT JOIN (SELECT "
                  + TracesReader.ID
                  + " AS id, countIf(priced = 'priced') AS priced,")
          .add(" sum(ifNull(cost, toDecimal128(0, 12))) AS cost, sum(" + CallsReader.TOKENS)
          .add(") AS tokens FROM calls FINAL PREWHERE ");
      CallsReader.range(sql, q);
      TraceBounds.onlyLows(sql, TraceBounds.LOW, lows);
      sql.add(" GROUP BY id) AS c ON c.id = t.id");
    } else if (sort.equals("errors")) {
      sql.add(
              " LEFT JOIN (SELECT project, "
                  + TracesReader.ID
                  + " AS id, toInt64(count()) AS errors")
          .add(" FROM spans FINAL WHERE ")
          .in("project", projects);
      sql.add(" AND ").during("ts", q.range());
      sql.add(" AND failed GROUP BY project, id) AS c ON c.project = t.project AND c.id = t.id");
    }
    sql.add(" GROUP BY of_project, sid) ORDER BY v, in_project, sid LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new Place(
                    new SessionTraces.Key(r.text("in_project"), r.text("sid")),
                    new BigDecimal(r.text("place"))))
        .toList();
  }

  /**
   * The names of these traces in the range: of several, the one that the earliest span tells.
   *
   * @param lows later halves of their ids; empty for all traces that tell several names
   * @return null if they are very many
   */
  @Nullable Map<SessionTraces.TraceOf, String> namesOf(
      Question q, TraceBounds bounds, Collection<String> lows) {
    Set<String> projects = q.scope().projects();
    Sql sql =
        new Sql()
            .add("SELECT project, lower(hex(reinterpretAsFixedString(id))) AS trace,")
            .add(" min(session) AS name, name != max(session) AS several FROM (");
    names(sql, q, lows);
    sql.add(") GROUP BY project, id").add(lows.isEmpty() ? " HAVING several LIMIT " : " LIMIT ");
    List<Row> rows = database.query(sql.bind(TraceBounds.MAX_APART + 1), database.spilling());
    if (rows.size() > TraceBounds.MAX_APART) {
      return null;
    }
    Map<SessionTraces.TraceOf, String> out = new HashMap<>();
    rows.forEach(
        r ->
            out.put(new SessionTraces.TraceOf(r.text("project"), r.text("trace")), r.text("name")));
    List<String> ids =
        rows.stream().filter(r -> r.bool("several")).map(r -> r.text("trace")).toList();
    if (ids.isEmpty()) {
      return out;
    }
    Places places = bounds.places(projects, ids, q.range().fromMs());
    Sql earliest =
        new Sql()
            .add("SELECT project, lower(hex(trace_id)) AS trace, " + NAME + " AS name FROM spans");
    earliest.add(" WHERE ").in("project", projects);
    earliest.add(" AND ").during("ts", q.range());
    places.and(earliest, "ts");
    earliest.add(" AND trace_id IN ");
    CallsReader.traceIds(earliest, ids);
    for (Row r : database.query(earliest.add(" GROUP BY project, trace_id"))) {
      out.put(new SessionTraces.TraceOf(r.text("project"), r.text("trace")), r.text("name"));
    }
    return out;
  }

  /** Appends a query for what names traces tell in the range. */
  private static void names(Sql sql, Question q, Collection<String> lows) {
    sql.add("SELECT project, " + TraceBounds.NUMBER + " AS id, session FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range().wholeHours());
    TraceBounds.onlyLows(sql, "trace_low", lows);
    sql.add(" UNION ALL SELECT project, " + TracesReader.ID + " AS id, session FROM spans WHERE ")
        .in("project", q.scope().projects());
    sql.add(" AND ").during("ts", q.range().outside(q.range().wholeHours()));
    TraceBounds.onlyLows(sql, TraceBounds.LOW, lows);
    sql.add(" AND session != ''");
  }

  /** Up to {@code limit + 1} sessions in order. */
  List<Listed> first(Question q, SessionQuery query) {
    return list(q, query, null, List.of());
  }

  /**
   * These sessions in order, all of them.
   *
   * @param found where their traces lie; null if there are too many to tell
   */
  List<Listed> among(
      Question q,
      SessionQuery query,
      SessionTraces.@Nullable Found found,
      List<Candidate> sessions) {
    return sessions.isEmpty() ? List.of() : list(q, query, found, sessions);
  }

  private List<Listed> list(
      Question q, SessionQuery query, SessionTraces.@Nullable Found found, List<Candidate> among) {
    Sql traces = traces(q, found, among);
    Places places = found == null ? Places.ANYWHERE : Places.at(found.allMinutes());
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    Sql sql =
        new Sql()
            .add("SELECT * FROM (SELECT *,")
            .add(" input + cache_read + cache_write + output + reasoning AS tokens,")
            .add(
                " if(priced = 0, toDecimal128(-1, 12), cost) AS sort_cost FROM (SELECT project,"
                    + " sid,")
            .add(" max(named) AS named, min(trace_start) AS start_ns, max(trace_end) AS end_ns,")
            .add(" count() AS traces, sum(trace_errors) AS errors, sum(c.calls) AS calls,")
            .add(" sum(c.unpriced) AS unpriced, sum(c.priced) AS priced, sum(c.input) AS input,")
            .add(" sum(c.cache_read) AS cache_read, sum(c.cache_write) AS cache_write,")
            .add(" sum(c.output) AS output, sum(c.reasoning) AS reasoning, sum(c.saved) AS saved,")
            .add(" sum(c.cost) AS cost,")
            .add(" argMax(trace_failed, trace_end) AS failed, max(user) AS user,")
            .add(
                " arrayMap(x -> x.2, groupArraySorted("
                    + SessionRows.TRACES_SHOWN
                    + ")((trace_start, lower(hex(trace_id))))) AS trace_ids")
            .add(" FROM (SELECT project, trace_id,")
            .add(" " + NAME + " AS s, s != '' AS named,")
            .add(" if(named, s, lower(hex(trace_id))) AS sid, max(user) AS user,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS trace_start,")
            .add(
                " max(toUnixTimestamp64Nano(end_time)) AS trace_end, countIf(failed) AS"
                    + " trace_errors,")
            .add(" argMax(failed, parent_span_id = toFixedString('', 8)) AS trace_failed")
            .add(
                " FROM (SELECT project, trace_id, span_id, parent_span_id, session, user,"
                    + " start_time,")
            .add(" end_time, failed FROM spans WHERE ")
            .in("project", q.scope().projects());
    sql.add(" AND ").during("ts", q.range());
    filters(sql, q, traces, places);
    places.and(sql, "ts");
    ofTraces(sql, traces);
    sql.add(" LIMIT 1 BY project, trace_id, span_id) GROUP BY project, trace_id) AS t LEFT JOIN (");
    calls(sql, q, traces, places);
    sql.add(") AS c ON c.trace_id = t.trace_id GROUP BY project, sid)) WHERE 1");
    if (!among.isEmpty()) {
      sql.add(" AND (project, sid) IN (SELECT arrayJoin(arrayZip(")
          .bindAll(among.stream().map(c -> c.key().project()).toList())
          .add(", ")
          .bindAll(among.stream().map(c -> c.key().id()).toList())
          .add(")))");
    }
    String text = query.text();
    if (text != null) {
      sql.add(" AND (positionCaseInsensitiveUTF8(sid, ").bind(text);
      sql.add(") > 0 OR positionCaseInsensitiveUTF8(user, ").bind(text).add(") > 0)");
    }
    Cursor after = query.after();
    if (after != null) {
      sql.add(" AND (" + sort + ", project, sid) " + (query.descending() ? "<" : ">") + " (");
      sql.bind(query.sort().equals("cost") ? "Decimal(38, 12)" : "Int64", after.values().get(0));
      sql.add(", ").bind(after.values().get(1)).add(", ").bind(after.values().get(2)).add(")");
    }
    sql.add(" ORDER BY " + sort + direction + ", project" + direction + ", sid" + direction);
    if (among.isEmpty()) {
      sql.add(" LIMIT ").bind(query.limit() + 1L);
    }
    return database.query(sql, database.spilling()).stream()
        .map(r -> new Listed(session(r), r.texts("trace_ids")))
        .toList();
  }

  private static Session session(Row r) {
    return new Session(
        r.text("project"),
        r.text("sid"),
        r.integer("start_ns"),
        r.integer("end_ns"),
        r.integer("traces"),
        r.integer("errors"),
        r.bool("failed"),
        r.integer("calls"),
        r.integer("priced"),
        r.integer("unpriced"),
        SessionRows.tokens(r),
        new BigDecimal(r.text("cost")),
        r.text("user"),
        Session.Shown.NOTHING);
  }

  /** A query for the traces that may belong to these sessions; none for all traces. */
  private static Sql traces(
      Question q, SessionTraces.@Nullable Found found, List<Candidate> among) {
    Sql sql = new Sql();
    if (among.isEmpty()) {
      return sql;
    }
    List<String> ids = among.stream().map(c -> c.key().id()).toList();
    CallsReader.selectTraceIds(
        sql, found == null ? ids.stream().filter(SessionTraces::isTraceId).toList() : found.ids());
    if (found == null) {
      sql.add(" UNION ALL SELECT " + TraceBounds.TRACE_ID + " FROM session_traces WHERE ");
      sql.in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      sql.add(" AND session_hash IN (SELECT sipHash64(arrayJoin(").bindAll(ids).add(")))");
    }
    return sql;
  }

  private static void ofTraces(Sql sql, Sql traces) {
    if (!traces.text().isEmpty()) {
      sql.add(" AND trace_id IN (").append(traces).add(")");
    }
  }

  /**
   * Spans themselves, or else traces that hold a call the filters ask for.
   *
   * @param traces a query for those that are looked for; none for all
   * @param places where they lie
   */
  private static void filters(Sql sql, Question q, Sql traces, Places places) {
    if (q.filters().fitSpans()) {
      q.filters().and(sql);
      return;
    }
    sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
    CallsReader.range(sql, q);
    q.filters().and(sql);
    places.and(sql, "event_time");
    ofTraces(sql, traces);
    sql.add(")");
  }

  private static void calls(Sql sql, Question q, Sql traces, Places places) {
    sql.add("SELECT trace_id, count() AS calls, countIf(priced = 'unpriced') AS unpriced,")
        .add(" countIf(priced = 'priced') AS priced, sum(greatest(input_tokens, 0)) AS input,")
        .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
        .add(" sum(greatest(cache_write_tokens, 0)) AS cache_write,")
        .add(" sum(greatest(output_tokens, 0)) AS output,")
        .add(" sum(greatest(reasoning_tokens, 0)) AS reasoning,")
        .add(" sum(greatest(saved_tokens, 0)) AS saved,")
        .add(" sum(ifNull(cost, toDecimal128(0, 12))) AS cost FROM calls FINAL WHERE ");
    CallsReader.range(sql, q);
    places.and(sql, "event_time");
    ofTraces(sql, traces);
    sql.add(" GROUP BY trace_id");
  }
}
