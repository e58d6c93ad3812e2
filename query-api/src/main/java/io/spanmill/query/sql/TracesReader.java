/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads traces and their spans that {@link TraceFinder} found or that are asked for by id.
 * Thread-safe.
 */
public final class TracesReader {
  static final long DAY_MS = 86_400_000L;

  /** Calls of traces that are read at once. */
  private static final int MAX_CALLS = 100_000;

  /** A trace as a number: grouping by bytes takes twice as long. */
  static final String ID = "reinterpretAsUInt128(trace_id)";

  /** Begin and end of a span, epoch ns. */
  static final String BEGAN = "toUnixTimestamp64Nano(start_time)";

  static final String ENDED = "toUnixTimestamp64Nano(end_time)";

  static final String ROOT = "parent_span_id = toFixedString('', 8)";

  private final Database database;
  private final CallsReader calls;

  TracesReader(Database database, CallsReader calls) {
    this.database = database;
    this.calls = calls;
  }

  /** Traces with all that lists show of them. */
  List<WholeTrace> whole(Set<String> projects, Places places) {
    List<String> ids = List.copyOf(places.traces());
    if (ids.isEmpty()) {
      return List.of();
    }
    Supplier<Map<String, Row>> spans = database.begin(() -> summaries(projects, ids, places));
    List<Row> rows = calls.ofListed(projects, ids, MAX_CALLS, places);
    Map<String, List<Row>> byTrace = new HashMap<>();
    rows.forEach(r -> byTrace.computeIfAbsent(r.text("trace"), t -> new ArrayList<>()).add(r));
    List<WholeTrace> out = new ArrayList<>();
    spans
        .get()
        .forEach(
            (id, summary) ->
                out.add(
                    new WholeTrace(
                        id,
                        summary,
                        byTrace.getOrDefault(id, List.of()),
                        rows.size() < MAX_CALLS,
                        places.minutes(id))));
    return out;
  }

  /** Aggregates of the spans of each trace, by trace id. */
  public Map<String, Row> summaries(Set<String> projects, List<String> traceIds) {
    return summaries(projects, traceIds, Places.ANYWHERE);
  }

  /** The same where it is known where the spans lie. */
  public Map<String, Row> summaries(Set<String> projects, List<String> traceIds, Places places) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace,")
            // A trace may go over projects, as its senders' keys do: it stands where its root does.
            .add(" argMin(project, (NOT (" + ROOT + "), start_time, span_id, project)) AS project,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS start_ns,")
            .add(" max(toUnixTimestamp64Nano(start_time)) AS last_start_ns,")
            .add(" max(toUnixTimestamp64Nano(end_time)) AS end_ns, count() AS spans,")
            .add(" countIf(failed) AS errors, countIf(" + ROOT + ") AS roots,")
            .add(" countIf(" + ROOT + " AND failed) AS failed_roots,")
            .add(" argMin((name, service, environment, tagged),")
            .add(" (NOT (" + ROOT + "), start_time, span_id)) AS first,")
            .add(" argMinIf(session, start_time, session != '') AS session,")
            .add(" argMinIf(user, start_time, user != '') AS user,")
            .add(
                " arrayDistinct(arrayMap(x -> x.2, arraySort(groupArrayIf(100)((start_time, agent),"
                    + " agent != '')))) AS agents")
            .add(" FROM (SELECT project, trace_id, span_id, parent_span_id, start_time, end_time,")
            .add(" failed, name, service, environment, session, user, agent,")
            .add(" if(has(attributes.keys, 'agentops.tags'), lower(hex(span_id)), '') AS tagged")
            .add(" FROM spans WHERE ");
    ofTraces(sql, projects, traceIds, places);
    sql.add(" LIMIT 1 BY trace_id, span_id) GROUP BY trace_id");
    Map<String, Row> out = new HashMap<>();
    database.query(sql).forEach(r -> out.put(r.text("trace"), r));
    tags(projects, places, out);
    return out;
  }

  /**
   * Adds what tags their first spans have. Whole maps of attributes take longer to read than all
   * the rest, and few spans have tags.
   */
  private void tags(Set<String> projects, Places places, Map<String, Row> summaries) {
    Map<String, String> tagged = new HashMap<>();
    summaries.forEach(
        (id, row) -> {
          List<?> first = row.list("first");
          String span = String.valueOf(first.get(3));
          if (!span.isEmpty()) {
            tagged.put(id, span);
          }
        });
    Map<String, String> tags = new HashMap<>();
    if (!tagged.isEmpty()) {
      Sql sql =
          new Sql()
              .add("SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,")
              .add(" attributes['agentops.tags'] AS tags FROM spans PREWHERE ");
      ofTraces(sql, projects, List.copyOf(tagged.keySet()), places);
      sql.add(" AND span_id IN (SELECT toFixedString(unhex(arrayJoin(")
          .bindAll(tagged.values())
          .add(")), 8)) AND has(attributes.keys, 'agentops.tags')");
      for (Row row : database.query(sql)) {
        if (row.text("span").equals(tagged.get(row.text("trace")))) {
          tags.put(row.text("trace"), row.text("tags"));
        }
      }
    }
    summaries.replaceAll((id, row) -> row.with("tags", tags.getOrDefault(id, "")));
  }

  private static void ofTraces(
      Sql sql, Set<String> projects, List<String> traceIds, Places places) {
    sql.in("project", projects).add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    places.and(sql, "ts");
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
