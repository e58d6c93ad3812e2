/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The traces of AgentOps' list as a table, one row each in each of the {@link Views}. In the view
 * of the range it has those whose earliest span began in it, in others all that are seen.
 *
 * @param text part of the trace's id, or of the name or the tags of a root, or null
 */
record FoundTraces(Question q, Views views, @Nullable String text) {
  static final String FAILED =
      "if(roots + requests > 0, failed_roots + failed_requests > 0, last_failed)";

  /** What the AgentOps SDK writes at a trace's end when it does not know how the trace ended. */
  private static final List<String> OPEN_STATES =
      List.of("Indeterminate", "Unknown", "Shutdown", "Reinitialized");

  /**
   * Nothing tells that it is over: no root, no request and no call, or an end state that says so.
   */
  private static final String OPEN = "(open OR roots + requests + calls = 0)";

  /** {@code success}, {@code fail} or {@code indeterminate}, from columns with calls. */
  static final String STATE =
      "multiIf(" + FAILED + ", 'fail', " + OPEN + ", 'indeterminate', 'success')";

  /**
   * Appends the table, with {@code view} and {@code trace_id}.
   *
   * @param label column that is shown of the root as {@code label}, or null
   * @param calls whether to join what of their calls is needed
   */
  void append(Sql sql, @Nullable String label, boolean calls) {
    sql.add("(SELECT * FROM (SELECT view, trace_id, min(toUnixTimestamp64Nano(start_time))")
        .add(" AS start_ns, max(toUnixTimestamp64Nano(end_time)) - start_ns AS duration_ns,")
        .add(" count() AS spans, countIf(failed) AS errors,")
        .add(" countIf(" + TracesReader.ROOT + ") AS roots,")
        .add(" countIf(" + TracesReader.ROOT + " AND failed) AS failed_roots");
    if (label != null) {
      sql.add(", argMin(" + label + ", (NOT (" + TracesReader.ROOT + "), start_time, span_id))")
          .add(" AS label");
    }
    // FINAL, as a hash of all spans to take each once would not fit into memory.
    sql.add(" FROM (SELECT *, ");
    views.view(sql, "ts");
    rows(sql.add(" AS view"), "spans FINAL", "ts");
    sql.add(")");
    if (text != null) {
      matching(sql.add(" WHERE "), text);
    }
    sql.add(" GROUP BY view, trace_id HAVING view != " + Views.ASKED + " OR (start_ns >= ");
    sql.bind(q.range().fromMs() * 1_000_000).add(" AND start_ns < ");
    sql.bind(q.range().toMs() * 1_000_000).add(")) AS s");
    if (calls) {
      joinCalls(sql);
    }
    sql.add(") AS t");
  }

  private void rows(Sql sql, String table, String time) {
    sql.add(" FROM " + table + " WHERE ").in("project", q.scope().projects());
    views.rows(sql.add(" AND "), time);
  }

  private void matching(Sql sql, String part) {
    if (TraceBounds.isPartOfId(part)) {
      sql.add("position(lower(hex(trace_id)), lower(").bind(part).add(")) > 0 OR ");
    }
    sql.add("(view, trace_id) IN (");
    rootsWith(sql, part);
    sql.add(")");
  }

  /** Appends a query for the traces that have such a root, and the views that see it. */
  private void rootsWith(Sql sql, String part) {
    roots(sql);
    sql.add(" AND positionCaseInsensitiveUTF8(name, ").bind(part).add(") > 0 UNION ALL ");
    roots(sql);
    // Values of the map are read only where there is such a key.
    sql.add(" AND has(attributes.keys, 'agentops.tags')")
        .add(" AND positionCaseInsensitiveUTF8(attributes['agentops.tags'], ")
        .bind(part)
        .add(") > 0");
  }

  /**
   * Later halves of the ids of traces that may have a root with the text; as many as are looked at
   * apart and one.
   */
  List<String> ofRootsWith(Database database) {
    Sql sql = new Sql().add("SELECT DISTINCT lower(substring(hex(trace_id), 17)) AS low FROM (");
    rootsWith(sql, text == null ? "" : text);
    sql.add(") LIMIT ").bind(TraceBounds.MAX_APART + 1);
    return database.query(sql).stream().map(r -> r.text("low")).toList();
  }

  private void roots(Sql sql) {
    sql.add("SELECT ");
    views.view(sql, "ts");
    rows(sql.add(" AS view, trace_id"), "spans", "ts");
    sql.add(" AND " + TracesReader.ROOT);
  }

  private void joinCalls(Sql sql) {
    sql.add(" LEFT JOIN (SELECT view, trace_id, countIf(counted) AS calls,")
        .add(" countIf(counted AND isNotNull(cost)) AS costed,")
        .add(" sumIf(ifNull(cost, toDecimal128(0, 12)), counted) AS cost_sum,")
        .add(" sumIf(" + CallsReader.TOKENS + ", counted) AS tokens,")
        .add(" countIf(layer = 'gateway_request') AS requests,")
        .add(" countIf(layer = 'gateway_request' AND failed) AS failed_requests,")
        .add(" argMaxIf(failed, event_time, counted) AS last_failed FROM (SELECT *, ");
    q.scope().condition(sql);
    sql.add(" AS counted, ");
    views.view(sql, "event_time");
    rows(sql.add(" AS view"), "calls FINAL", "event_time");
    sql.add(") GROUP BY view, trace_id) AS c USING (view, trace_id)");
    // The map of attributes is read for the SDK's roots alone.
    sql.add(" LEFT JOIN (SELECT ");
    views.view(sql, "ts");
    rows(sql.add(" AS view, trace_id, true AS open"), "spans", "ts");
    sql.add(" AND dialect = 'agentops' AND " + TracesReader.ROOT);
    sql.add(" AND ").in("attributes['agentops.session.end_state']", OPEN_STATES);
    sql.add(" LIMIT 1 BY view, trace_id) AS o USING (view, trace_id)");
  }

  /**
   * Appends a table of their counted calls, each in each of the views, as {@code calls} has them.
   */
  void appendCalls(Sql sql) {
    sql.add("(SELECT *, ");
    views.view(sql, "event_time");
    rows(sql.add(" AS view"), "calls FINAL", "event_time");
    q.scope().condition(sql.add(" AND "));
    sql.add(")");
    if (text != null || views.asks()) {
      append(sql.add(" WHERE (view, trace_id) IN (SELECT view, trace_id FROM "), null, false);
      sql.add(")");
    }
  }
}
