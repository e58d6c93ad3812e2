/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sessions: traces that name the same session, and each trace that names none by itself. Where a
 * trace names several, its earliest span that names one decides. Thread-safe.
 */
public final class SessionsReader {
  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "errors");

  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "end_ns - start_ns",
          "cost", "sort_cost",
          "tokens", "tokens",
          "errors", "errors");

  private static final String TRACES_SHOWN = "20";

  private final Database database;

  SessionsReader(Database database) {
    this.database = database;
  }

  /** Up to {@code limit + 1} sessions with spans in the range. */
  public List<Row> list(Question q, SessionQuery query) {
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    Sql sql =
        new Sql()
            .add("SELECT *, toString(" + sort + ") AS sort_value FROM (SELECT *,")
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
                " arrayMap(x -> x.2, arraySort(groupArray("
                    + TRACES_SHOWN
                    + ")((trace_start, lower(hex(trace_id)))))) AS trace_ids")
            .add(" FROM (SELECT project, trace_id,")
            .add(" argMinIf(session, start_time, session != '') AS s, s != '' AS named,")
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
    range(sql, "ts", q.range());
    filters(sql, q);
    sql.add(" LIMIT 1 BY trace_id, span_id) GROUP BY project, trace_id) AS t LEFT JOIN (");
    calls(sql, q);
    sql.add(") AS c ON c.trace_id = t.trace_id GROUP BY project, sid)) WHERE 1");
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
    sql.add(" LIMIT ").bind(query.limit() + 1L);
    return database.queryFacts(sql);
  }

  /**
   * Traces of a session by start; a session without a name is its one trace. A name that no trace
   * belongs to, as another one comes before it, still finds the traces that have it.
   */
  public List<String> traces(Set<String> projects, String id, int limit) {
    boolean traceId = id.matches("[0-9a-f]{32}");
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, min(start_time) AS s,")
            .add(" argMinIf(session, start_time, session != '') AS first, first = ")
            .bind(id);
    sql.add(" OR (first = '' AND lower(hex(trace_id)) = ")
        .bind(id)
        .add(") AS own FROM spans WHERE ");
    sql.in("project", projects);
    sql.add(" AND trace_id IN (SELECT trace_id FROM spans WHERE ").in("project", projects);
    sql.add(" AND (session = ").bind(id);
    if (traceId) {
      sql.add(" OR trace_id = toFixedString(unhex(").bind(id).add("), 16)");
    }
    sql.add(")) GROUP BY trace_id ORDER BY own DESC, s LIMIT ").bind(limit);
    List<Row> rows = database.query(sql);
    boolean owns = rows.stream().anyMatch(r -> r.bool("own"));
    return rows.stream().filter(r -> !owns || r.bool("own")).map(r -> r.text("trace")).toList();
  }

  /**
   * A name that spans of a trace gave their session.
   *
   * @param session empty for what is a session without a name: the trace of an AgentOps SDK
   * @param kind who named it: {@code session}, {@code conversation}, {@code litellm} or {@code
   *     agentops}
   */
  public record Naming(String session, String kind) {}

  /** Names of sessions by trace, the earliest first. */
  public Map<String, List<Naming>> namings(Set<String> projects, List<String> traceIds) {
    Sql sql =
        new Sql()
            .add("SELECT trace, s, kind FROM (SELECT lower(hex(trace_id)) AS trace, session AS s,")
            .add(" multiIf(startsWith(dialect, 'litellm'), 'litellm',")
            .add(" s != '' AND s = attributes['gen_ai.conversation.id'], 'conversation',")
            .add(" s != '' AND s = attributes['session.id'], 'session',")
            .add(" dialect = 'agentops', 'agentops', 'session') AS kind, start_time")
            .add(" FROM spans WHERE ")
            .in("project", projects)
            .add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    sql.add(" AND (session != '' OR (dialect = 'agentops' AND " + TracesReader.ROOT + ")))")
        .add(" GROUP BY trace, s, kind ORDER BY trace, min(start_time), s, kind");
    Map<String, List<Naming>> out = new HashMap<>();
    for (Row row : database.query(sql)) {
      out.computeIfAbsent(row.text("trace"), t -> new ArrayList<>())
          .add(new Naming(row.text("s"), row.text("kind")));
    }
    return out;
  }

  /** Spans themselves, or else traces that hold a call the filters ask for. */
  private static void filters(Sql sql, Question q) {
    if (q.filters().fitSpans()) {
      q.filters().and(sql);
      return;
    }
    sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
    CallsReader.range(sql, q);
    q.filters().and(sql);
    sql.add(")");
  }

  private static void calls(Sql sql, Question q) {
    sql.add("SELECT trace_id, count() AS calls, countIf(priced = 'unpriced') AS unpriced,")
        .add(" countIf(priced = 'priced') AS priced, sum(greatest(input_tokens, 0)) AS input,")
        .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
        .add(" sum(greatest(cache_write_tokens, 0)) AS cache_write,")
        .add(" sum(greatest(output_tokens, 0)) AS output,")
        .add(" sum(greatest(reasoning_tokens, 0)) AS reasoning,")
        .add(" sum(greatest(saved_tokens, 0)) AS saved,")
        .add(" sum(ifNull(cost, toDecimal128(0, 12))) AS cost FROM calls FINAL WHERE ");
    CallsReader.range(sql, q);
    sql.add(" GROUP BY trace_id");
  }

  private static void range(Sql sql, String column, TimeRange range) {
    sql.add(" AND " + column + " >= fromUnixTimestamp64Milli(").bind(range.fromMs());
    sql.add(", 'UTC') AND " + column + " < fromUnixTimestamp64Milli(").bind(range.toMs());
    sql.add(", 'UTC')");
  }
}
