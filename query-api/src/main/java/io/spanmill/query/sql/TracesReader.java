/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds traces and reads them whole. A trace is in a range when its earliest span starts there;
 * spans longer than a day at the range's end may hide it. Thread-safe.
 */
public final class TracesReader {
  static final long DAY_MS = 86_400_000L;
  private static final int FIRST_SLICE_SPANS = 50_000;
  private static final int SLICE_GROWTH = 10;
  private static final int SLICES = 3;
  static final String ROOT = "parent_span_id = toFixedString('', 8)";

  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "spans", "errors");

  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "duration_ns",
          "cost", "cost",
          "tokens", "tokens",
          "spans", "spans",
          "errors", "errors");

  private final Database database;

  TracesReader(Database database) {
    this.database = database;
  }

  /** A found trace and the value it was ordered by. */
  public record Found(String traceId, String sortValue) {}

  /** Up to {@code limit + 1} traces in order. */
  public List<Found> find(Question q, TraceQuery query) {
    if (query.byStartAlone()) {
      int spans = FIRST_SLICE_SPANS;
      for (int i = 0; i < SLICES; i++, spans *= SLICE_GROWTH) {
        long upTo = upToMs(q, query);
        long since = sliceStart(q, upTo, spans);
        if (since <= q.range().fromMs()) {
          break;
        }
        // All spans that ended since then are seen, so traces that began since then are complete.
        List<Found> found = find(q.during(new TimeRange(since, q.range().toMs())), query, upTo);
        if (found.size() > query.limit()) {
          return found;
        }
      }
    }
    return find(q, query, upToMs(q, query));
  }

  /** Newest instant at which a trace of this page can begin. */
  private static long upToMs(Question q, TraceQuery query) {
    Cursor after = query.after();
    return after == null || !query.sort().equals("start") || !query.descending()
        ? q.range().toMs()
        : Math.min(q.range().toMs(), Long.parseLong(after.values().get(0)) / 1_000_000 + 1);
  }

  private long sliceStart(Question q, long upToMs, int spans) {
    Sql sql =
        new Sql().add("SELECT min(toUnixTimestamp64Milli(ts)) AS t, count() AS n FROM (SELECT ts");
    where(sql, q, q.range().fromMs(), upToMs);
    sql.add(" ORDER BY ts DESC LIMIT ").bind(spans).add(")");
    Row row = database.query(sql).get(0);
    return row.integer("n") < spans ? q.range().fromMs() : row.integer("t") + 1;
  }

  private List<Found> find(Question q, TraceQuery query, long upToMs) {
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    Sql sql =
        new Sql().add("SELECT lower(hex(trace_id)) AS trace, toString(" + sort + ") AS sort_value");
    sql.add(" FROM (SELECT trace_id, min(toUnixTimestamp64Nano(start_time)) AS start_ns,")
        .add(" max(toUnixTimestamp64Nano(end_time)) - start_ns AS duration_ns,")
        .add(" count() AS spans, countIf(failed) AS errors,")
        .add(" countIf(" + ROOT + ") AS roots, countIf(" + ROOT + " AND failed) AS failed_roots");
    // Counting needs each span once; the newest traces by start do not.
    boolean exact = !query.byStartAlone();
    sql.add(
        exact
            ? " FROM (SELECT trace_id, span_id, parent_span_id, start_time, end_time, failed"
            : "");
    where(sql, q, q.range().fromMs(), q.range().toMs() + DAY_MS);
    sql.add(" AND toUnixTimestamp64Milli(start_time) < ").bind(upToMs + 1);
    members(sql, q, query);
    sql.add(exact ? " LIMIT 1 BY trace_id, span_id)" : "");
    sql.add(" GROUP BY trace_id HAVING start_ns >= ").bind(q.range().fromMs() * 1_000_000);
    sql.add(" AND start_ns < ").bind(q.range().toMs() * 1_000_000);
    if (query.minDurationMs() != null) {
      sql.add(" AND duration_ns >= ").bind(nanos(query.minDurationMs()));
    }
    if (query.maxDurationMs() != null) {
      sql.add(" AND duration_ns <= ").bind(nanos(query.maxDurationMs()));
    }
    sql.add(") AS s");
    if (query.needsCalls()) {
      joinCalls(sql, q);
    }
    conditions(sql, query, sort);
    sql.add(" ORDER BY " + sort + direction + ", trace_id" + direction + " LIMIT ")
        .bind(query.limit() + 1L);
    return database.query(sql).stream()
        .map(r -> new Found(r.text("trace"), r.text("sort_value")))
        .toList();
  }

  private static void joinCalls(Sql sql, Question q) {
    sql.add(" LEFT JOIN (SELECT trace_id, ")
        .add("if(countIf(counted AND isNotNull(cost)) = 0, toDecimal128(-1, 12),")
        .add(" sumIf(ifNull(cost, toDecimal128(0, 12)), counted)) AS cost,")
        .add(" sumIf(greatest(input_tokens, 0) + greatest(cache_read_tokens, 0)")
        .add(" + greatest(cache_write_tokens, 0) + greatest(output_tokens, 0)")
        .add(" + greatest(reasoning_tokens, 0), counted) AS tokens,")
        .add(" countIf(layer = 'gateway_request') AS requests,")
        .add(" countIf(layer = 'gateway_request' AND failed) AS failed_requests,")
        .add(" argMaxIf(failed, event_time, counted) AS last_failed")
        .add(" FROM (SELECT *, ");
    q.scope().condition(sql);
    sql.add(" AS counted FROM calls FINAL WHERE ").in("project", q.scope().projects());
    sql.add(" AND event_time >= fromUnixTimestamp64Milli(").bind(q.range().fromMs());
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(q.range().toMs() + DAY_MS);
    sql.add(", 'UTC')) GROUP BY trace_id) AS c USING trace_id");
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
      sql.add(" AND (" + sort + ", trace_id) " + (query.descending() ? "<" : ">") + " (");
      sql.bind(type, after.values().get(0));
      sql.add(", toFixedString(unhex(").bind(after.values().get(1)).add("), 16))");
    }
  }

  /** Traces that hold a span or call the filters ask for. */
  private static void members(Sql sql, Question q, TraceQuery query) {
    Map<Dimension, List<String>> ofSpans = new EnumMap<>(Dimension.class);
    Map<Dimension, List<String>> ofCalls = new EnumMap<>(Dimension.class);
    q.filters()
        .values()
        .forEach(
            (d, v) ->
                (d == Dimension.SERVICE || d == Dimension.ENVIRONMENT ? ofSpans : ofCalls)
                    .put(d, v));
    TimeRange wide = new TimeRange(q.range().fromMs(), q.range().toMs() + DAY_MS);
    Filters calls = new Filters(ofCalls, q.filters().attributes());
    if (!calls.equals(Filters.NONE)) {
      sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
      CallsReader.range(sql, q.during(wide));
      calls.and(sql);
      sql.add(")");
    }
    if (!ofSpans.isEmpty() || query.sessionId() != null || query.text() != null) {
      sql.add(" AND trace_id IN (SELECT trace_id");
      where(sql, q, wide.fromMs(), wide.toMs());
      new Filters(ofSpans).and(sql);
      if (query.sessionId() != null) {
        sql.add(" AND session = ").bind(query.sessionId());
      }
      String text = query.text();
      if (text != null) {
        text(sql, text);
      }
      sql.add(")");
    }
  }

  private static void text(Sql sql, String text) {
    if (text.matches("[0-9a-fA-F]{32}")) {
      sql.add(" AND trace_id = toFixedString(unhex(")
          .bind(text.toLowerCase(Locale.ROOT))
          .add("), 16)");
      return;
    }
    sql.add(" AND (positionCaseInsensitiveUTF8(user, ").bind(text);
    sql.add(") > 0 OR positionCaseInsensitiveUTF8(session, ").bind(text);
    sql.add(") > 0 OR (" + ROOT + " AND (positionCaseInsensitiveUTF8(name, ").bind(text);
    sql.add(") > 0 OR positionCaseInsensitiveUTF8(attributes['agentops.tags'], ").bind(text);
    sql.add(") > 0)))");
  }

  private static void where(Sql sql, Question q, long fromMs, long toMs) {
    sql.add(" FROM spans WHERE ").in("project", q.scope().projects());
    sql.add(" AND ts >= fromUnixTimestamp64Milli(").bind(fromMs);
    sql.add(", 'UTC') AND ts < fromUnixTimestamp64Milli(").bind(toMs).add(", 'UTC')");
  }

  private static long nanos(BigDecimal ms) {
    return ms.movePointRight(6).longValue();
  }

  /** Aggregates of the spans of each trace, by trace id. */
  public Map<String, Row> summaries(Set<String> projects, List<String> traceIds) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, any(project) AS project,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS start_ns,")
            .add(" max(toUnixTimestamp64Nano(end_time)) AS end_ns, count() AS spans,")
            .add(" countIf(failed) AS errors, countIf(" + ROOT + ") AS roots,")
            .add(" countIf(" + ROOT + " AND failed) AS failed_roots,")
            .add(" argMin((name, service, environment, attributes['agentops.tags']),")
            .add(" (NOT (" + ROOT + "), start_time, span_id)) AS first,")
            .add(" argMinIf(session, start_time, session != '') AS session,")
            .add(" argMinIf(user, start_time, user != '') AS user,")
            .add(
                " arrayDistinct(arrayMap(x -> x.2, arraySort(groupArrayIf(100)((start_time, agent),"
                    + " agent != '')))) AS agents")
            .add(" FROM (SELECT project, trace_id, span_id, parent_span_id, start_time, end_time,")
            .add(
                " failed, name, service, environment, session, user, agent, attributes FROM spans"
                    + " WHERE ")
            .in("project", projects)
            .add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    sql.add(" LIMIT 1 BY trace_id, span_id) GROUP BY trace_id");
    Map<String, Row> out = new HashMap<>();
    database.query(sql).forEach(r -> out.put(r.text("trace"), r));
    return out;
  }

  /** Spans of a trace by start, each once, at most so many. */
  public List<Row> spans(Set<String> projects, String traceId, int limit) {
    Sql sql = spanColumns().add(" FROM (SELECT * FROM spans WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId).add("), 16)");
    sql.add(" ORDER BY source_offset LIMIT 1 BY span_id) ORDER BY start_ns, span LIMIT ")
        .bind(limit);
    return database.query(sql);
  }

  /** One span, or null. */
  public @Nullable Row span(Set<String> projects, String traceId, String spanId) {
    Sql sql = spanColumns().add(" FROM spans WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) AND span_id = toFixedString(unhex(").bind(spanId).add("), 8) LIMIT 1");
    List<Row> rows = database.query(sql);
    return rows.isEmpty() ? null : rows.get(0);
  }

  /** Message content of a span: attribute keys and their text; null if none is kept. */
  public @Nullable Map<String, String> content(
      Set<String> projects, String traceId, String spanId) {
    Sql sql = new Sql().add("SELECT content FROM span_content WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) AND span_id = toFixedString(unhex(").bind(spanId).add("), 8) LIMIT 1");
    List<Row> rows = database.query(sql);
    return rows.isEmpty() ? null : new LinkedHashMap<>(rows.get(0).map("content"));
  }

  /** Spans with this id, newest first; mostly one. */
  public List<Row> spansById(Set<String> projects, String spanId) {
    Sql sql = spanColumns().add(" FROM spans WHERE ").in("project", projects);
    sql.add(" AND span_id = toFixedString(unhex(").bind(spanId);
    sql.add("), 8) ORDER BY ts DESC LIMIT 10");
    return database.queryFacts(sql);
  }

  /**
   * Message content of a trace's spans, by span id.
   *
   * @param maxBytes no more spans are read when their content has become this large
   */
  public Map<String, Map<String, String>> contents(
      Set<String> projects, String traceId, long maxBytes) {
    Sql sql =
        new Sql()
            .add("SELECT span, content FROM (SELECT lower(hex(span_id)) AS span, content,")
            .add(" sum(arraySum(x -> length(x), mapValues(content))) OVER")
            .add(" (ORDER BY span_id ROWS UNBOUNDED PRECEDING) AS so_far")
            .add(" FROM (SELECT span_id, content FROM span_content WHERE ")
            .in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) LIMIT 1 BY span_id)) WHERE so_far <= ").bind(maxBytes);
    Map<String, Map<String, String>> out = new HashMap<>();
    database.query(sql).forEach(r -> out.put(r.text("span"), r.map("content")));
    return out;
  }

  private static Sql spanColumns() {
    List<String> columns = new ArrayList<>();
    columns.add("lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span");
    columns.add("lower(hex(parent_span_id)) AS parent, project, name, kind, upper(role) AS role");
    columns.add("layer, service");
    columns.add("scope_name, environment, toUnixTimestamp64Nano(start_time) AS start_ns");
    columns.add("toUnixTimestamp64Nano(end_time) AS end_ns, status_code, status_message, failed");
    columns.add("error_class, provider, model, operation, agent, tool, workflow, session, user");
    columns.add("attributes, resource, event_names, event_attributes");
    columns.add("arrayMap(t -> toUnixTimestamp64Nano(t), event_times) AS event_times_ns");
    columns.add("arrayMap(t -> lower(hex(t)), link_trace_ids) AS link_traces");
    columns.add("arrayMap(t -> lower(hex(t)), link_span_ids) AS link_spans, link_states");
    columns.add("link_attributes, has_content");
    return new Sql().add("SELECT " + String.join(", ", columns));
  }
}
