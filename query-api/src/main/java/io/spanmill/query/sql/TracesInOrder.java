/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Traces of a range in order, by what spans and calls tell of them. Thread-safe. */
final class TracesInOrder {
  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "duration_ns",
          "cost", "cost",
          "tokens", "tokens",
          "spans", "spans",
          "errors", "errors");

  private final Database database;

  TracesInOrder(Database database) {
    this.database = database;
  }

  /** Those of the traces that have no span of the range that ended before. */
  List<TraceFinder.Found> begunSince(Question q, long sinceMs, List<TraceFinder.Found> found) {
    Sql sql = new Sql().add("SELECT DISTINCT lower(hex(trace_id)) AS trace");
    where(sql, q, new TimeRange(q.range().fromMs(), sinceMs));
    sql.add(" AND trace_id IN ");
    CallsReader.traceIds(sql, found.stream().map(TraceFinder.Found::traceId).toList());
    Set<String> older = new HashSet<>();
    database.query(sql).forEach(r -> older.add(r.text("trace")));
    return found.stream().filter(f -> !older.contains(f.traceId())).toList();
  }

  /** What traces that the query asks for cannot exceed, the greatest first. */
  List<KeptBounds.Bound> bounds(Question q, TraceQuery query, int count) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(reinterpretAsFixedString(id))) AS trace, toString(v) AS bound")
            .add(" FROM (SELECT " + TracesReader.ID + " AS id, ");
    TimeRange wide = q.range().ofTraces();
    switch (query.sort()) {
      case "cost", "tokens" -> {
        sql.add("sum(" + CallsReader.valueOf(query.sort()) + ") AS v FROM calls PREWHERE ");
        CallsReader.range(sql, q.during(wide));
        sql.add(" WHERE 1");
      }
      default -> {
        boolean errors = query.sort().equals("errors");
        sql.add("toInt64(count()) AS v");
        where(sql, q, wide);
        sql.add(errors ? " AND failed" : "");
      }
    }
    members(sql, q, query, null);
    sql.add(" GROUP BY id HAVING v > 0) ORDER BY v DESC, trace DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(r -> new KeptBounds.Bound(r.text("trace"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * The first traces in order.
   *
   * @param upToMs when they began at the latest
   * @param among looks at these traces alone, or null for all
   */
  List<TraceFinder.Found> find(
      Question q, TraceQuery query, long upToMs, @Nullable Places among, int limit) {
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    // Counting needs each span once; all else is the same however often a span is there.
    boolean counts = query.sort().equals("spans") || query.sort().equals("errors");
    boolean byHours = among == null && !counts && isToldByHours(q, query, upToMs);
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(reinterpretAsFixedString(id))) AS trace,")
            .add(" toString(" + sort + ") AS sort_value, intDiv(start_ns, 1000000) AS start_ms")
            .add(" FROM (SELECT " + (byHours ? "id" : TracesReader.ID + " AS id"))
            .add(", min(" + (byHours ? "began" : TracesReader.BEGAN) + ") AS start_ns");
    if (query.needsDuration()) {
      sql.add(", max(" + (byHours ? "ended" : TracesReader.ENDED) + ") - start_ns AS duration_ns");
    }
    if (counts) {
      sql.add(", count() AS spans, countIf(failed) AS errors");
    }
    if (query.failed() != null) {
      sql.add(
          ", countIf("
              + TracesReader.ROOT
              + ") AS roots, countIf("
              + TracesReader.ROOT
              + " AND failed) AS failed_roots");
    }
    // Of all spans of a month a hash to take each once would not fit into memory.
    boolean once = counts && among != null;
    sql.add(
        once
            ? " FROM (SELECT trace_id, span_id, parent_span_id, start_time, end_time, failed"
            : "");
    if (byHours) {
      sql.add(
              " FROM (SELECT id, began, ended, reinterpretAsFixedString(id) AS trace_id FROM (SELECT ")
          .add(TraceBounds.NUMBER + " AS id, began, ended FROM (");
      TracesByHour.begunIn(q).append(sql, List.of());
      sql.add("))) WHERE 1");
    } else {
      where(sql, counts && !once ? "spans FINAL" : "spans", q, q.range().ofTraces());
      only(sql, among, "ts");
      sql.add(" AND toUnixTimestamp64Milli(start_time) < ").bind(upToMs + 1);
    }
    members(sql, q, query, among);
    sql.add(once ? " LIMIT 1 BY trace_id, span_id)" : "");
    sql.add(" GROUP BY id HAVING start_ns >= ").bind(q.range().fromMs() * 1_000_000);
    sql.add(" AND start_ns < ").bind(q.range().toMs() * 1_000_000);
    if (query.minDurationMs() != null) {
      sql.add(" AND duration_ns >= ").bind(nanos(query.minDurationMs()));
    }
    if (query.maxDurationMs() != null) {
      sql.add(" AND duration_ns <= ").bind(nanos(query.maxDurationMs()));
    }
    sql.add(") AS s");
    if (query.needsCalls()) {
      joinCalls(sql, q, among);
    }
    conditions(sql, query, sort);
    sql.add(" ORDER BY " + sort + direction + ", reinterpretAsFixedString(id)" + direction);
    sql.add(" LIMIT ").bind(limit);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new TraceFinder.Found(r.text("trace"), r.text("sort_value"), r.integer("start_ms")))
        .toList();
  }

  /** Whether begin and end are all that is asked of spans, of a range of many hours. */
  private static boolean isToldByHours(Question q, TraceQuery query, long upToMs) {
    return query.failed() == null
        && query.text() == null
        && upToMs == q.range().toMs()
        && q.range().lengthMs() >= TraceBounds.SHORT_MS;
  }

  private static void only(Sql sql, @Nullable Places among, String column) {
    if (among != null) {
      among.and(sql, column);
      sql.add(" AND trace_id IN ");
      CallsReader.traceIds(sql, List.copyOf(among.traces()));
    }
  }

  private static void joinCalls(Sql sql, Question q, @Nullable Places among) {
    sql.add(" LEFT JOIN (SELECT " + TracesReader.ID + " AS id, ")
        .add("if(countIf(counted AND isNotNull(cost)) = 0, toDecimal128(-1, 12),")
        .add(" sumIf(ifNull(cost, toDecimal128(0, 12)), counted)) AS cost,")
        .add(" sumIf(" + CallsReader.TOKENS + ", counted) AS tokens,")
        .add(" countIf(layer = 'gateway_request') AS requests,")
        .add(" countIf(layer = 'gateway_request' AND failed) AS failed_requests,")
        .add(" argMaxIf(failed, event_time, counted) AS last_failed")
        .add(" FROM (SELECT *, ");
    q.scope().condition(sql);
    sql.add(" AS counted FROM calls FINAL WHERE ").in("project", q.scope().projects());
    sql.add(" AND ").during("event_time", q.range().ofTraces());
    only(sql, among, "event_time");
    sql.add(") GROUP BY id) AS c USING id");
  }

  private static void conditions(Sql sql, TraceQuery query, String sort) {
    sql.add(" WHERE 1");
    if (query.failed() != null) {
      sql.add(query.failed() ? " AND " : " AND NOT ")
          .add("if(roots + requests > 0, failed_roots + failed_requests > 0, last_failed)");
    }
    if (query.minCostUsd() != null) {
      sql.add(" AND cost >= ").bind("Decimal(38, 12)", query.minCostUsd().toPlainString());
    }
    Cursor after = query.after();
    if (after != null) {
      String type = query.sort().equals("cost") ? "Decimal(38, 12)" : "Int64";
      sql.add(" AND (" + sort + ", reinterpretAsFixedString(id)) ")
          .add(query.descending() ? "< (" : "> (");
      sql.bind(type, after.values().get(0));
      sql.add(", toFixedString(unhex(").bind(after.values().get(1)).add("), 16))");
    }
  }

  /** Traces that hold a span or call the filters ask for. */
  private static void members(Sql sql, Question q, TraceQuery query, @Nullable Places among) {
    Map<Dimension, List<String>> ofSpans = q.filters().ofSpans();
    TimeRange wide = q.range().ofTraces();
    Filters calls = new Filters(q.filters().ofCalls(), q.filters().attributes());
    if (!calls.equals(Filters.NONE) || query.costKind() != null) {
      sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
      CallsReader.range(sql, q.during(wide));
      calls.and(sql);
      if (query.costKind() != null) {
        sql.add(" AND " + CallsReader.COST_KIND + " = ").bind(query.costKind());
      }
      only(sql, among, "event_time");
      sql.add(")");
    }
    if (Boolean.TRUE.equals(query.failed())) {
      // Whatever decides that a trace failed, something in it did.
      sql.add(" AND trace_id IN (SELECT trace_id");
      where(sql, q, wide);
      only(sql, among, "ts");
      sql.add(" AND failed UNION ALL SELECT trace_id FROM calls WHERE ")
          .in("project", q.scope().projects());
      only(sql.add(" AND ").during("event_time", wide), among, "event_time");
      sql.add(" AND failed)");
    }
    String text = query.text();
    if (!ofSpans.isEmpty() || query.sessionId() != null || text != null) {
      sql.add(" AND trace_id IN (");
      Filters filters = new Filters(ofSpans);
      if (text == null) {
        ofSpans(sql, q, query, filters, among);
      } else {
        String between = "";
        for (SpanTexts.Kind kind : SpanTexts.Kind.values()) {
          // Apart, each reads the columns it needs and no others.
          ofSpans(sql.add(between), q, query, filters, among);
          SpanTexts.inHours(sql.add(" AND "), q.scope().projects(), wide, text, kind);
          SpanTexts.ofSpan(sql.add(" AND "), kind, text);
          between = " UNION ALL ";
        }
      }
      sql.add(")");
    }
  }

  private static void ofSpans(
      Sql sql, Question q, TraceQuery query, Filters filters, @Nullable Places among) {
    sql.add("SELECT trace_id");
    where(sql, q, q.range().ofTraces());
    only(sql, among, "ts");
    filters.and(sql);
    if (query.sessionId() != null) {
      sql.add(" AND session = ").bind(query.sessionId());
    }
  }

  private static void where(Sql sql, Question q, TimeRange ended) {
    where(sql, "spans", q, ended);
  }

  private static void where(Sql sql, String table, Question q, TimeRange ended) {
    sql.add(" FROM " + table + " WHERE ").in("project", q.scope().projects());
    sql.add(" AND ").during("ts", ended);
  }

  private static long nanos(BigDecimal ms) {
    return ms.movePointRight(6).longValue();
  }
}
