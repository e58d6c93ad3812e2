/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what the flow graph is drawn from. Thread-safe. */
public final class FlowReader {
  private final Database database;

  FlowReader(Database database) {
    this.database = database;
  }

  /** Spans of the range, newest first, or of one trace; not yet each once. */
  public List<Row> spans(Question q, @Nullable String traceId, int limit) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,")
            .add(
                " lower(hex(parent_span_id)) AS parent, upper(role) AS role, name, service, agent, tool, workflow,")
            .add(
                " failed, toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time) AS us")
            .add(" FROM spans WHERE ")
            .in("project", q.scope().projects());
    bound(sql, "ts", q, traceId);
    sql.add(" ORDER BY ts DESC LIMIT ").bind(limit);
    return database.query(sql);
  }

  /** Counted calls of the range, newest first, or of one trace. */
  public List<Row> calls(Question q, @Nullable String traceId, int limit) {
    Sql sql = new Sql().add("SELECT " + CallsReader.COLUMNS + " FROM calls FINAL WHERE ");
    q.scope().condition(sql);
    bound(sql, "event_time", q, traceId);
    q.filters().and(sql);
    sql.add(" ORDER BY event_time DESC LIMIT ").bind(limit);
    return database.query(sql);
  }

  private static void bound(Sql sql, String time, Question q, @Nullable String traceId) {
    if (traceId != null) {
      sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId).add("), 16)");
      return;
    }
    sql.add(" AND ").during(time, q.range());
  }
}
