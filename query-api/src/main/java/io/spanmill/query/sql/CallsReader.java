/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads rows of {@code calls}: lists, the calls of traces, what is new. Thread-safe. */
public final class CallsReader {
  /** How a call came to its money. */
  static final String COST_KIND =
      "multiIf(priced = 'unpriced', 'unpriced', priced = 'none', 'none', cache_hit, 'cache_hit',"
          + " isNotNull(reported_cost), 'reported', 'computed')";

  private static final long HOUR_MS = 3_600_000L;

  private static final String TOKENS =
      "greatest(input_tokens, 0) + greatest(cache_read_tokens, 0) + greatest(cache_write_tokens, 0)"
          + " + greatest(output_tokens, 0) + greatest(reasoning_tokens, 0)";

  private static final Map<String, String> SORTS =
      Map.of(
          "start", "toUnixTimestamp64Nano(start_time)",
          "duration", "duration_us",
          "cost", "ifNull(cost, toDecimal128(-1, 12))",
          "tokens", TOKENS);

  private static final Map<String, String> SORT_TYPES =
      Map.of("start", "Int64", "duration", "Int64", "cost", "Decimal(38, 12)", "tokens", "Int64");

  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES = List.of("start", "duration", "cost", "tokens");

  /** Columns of one call as answers show it. */
  static final String COLUMNS =
      "lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,"
          + " lower(hex(parent_span_id)) AS parent, project, layer, name,"
          + " toUnixTimestamp64Nano(start_time) AS start_ns, duration_us, ttft_us, tpot_us, queue_us,"
          + " prefill_us, decode_us, provider, model, operation, service, environment, team, api_key,"
          + " user, session, agent, failed, error_class, error_message, http_status, streaming,"
          + " cache_hit, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,"
          + " reasoning_tokens, saved_tokens, "
          + COST_KIND
          + " AS cost_kind, cost, reported_cost, computed_cost, price_book, price_entry, call_id,"
          + " response_id, toUnixTimestamp64Milli(event_time) AS event_ms,"
          + " toUnixTimestamp64Milli(arrival_time) AS arrival_ms";

  private final Database database;

  CallsReader(Database database) {
    this.database = database;
  }

  /** Up to {@code limit + 1} calls, so that the caller sees whether there are more. */
  public List<Row> list(Question q, CallQuery query) {
    String sort = sortExpression(query);
    String direction = query.descending() ? " DESC" : " ASC";
    Sql keys =
        new Sql()
            .add("SELECT project, layer, event_time, trace_id, span_id FROM calls FINAL WHERE ");
    conditions(keys, q, query);
    keys.add(" ORDER BY " + sort + direction + ", trace_id" + direction)
        .add(", span_id" + direction + ", layer" + direction + " LIMIT ")
        .bind(query.limit() + 1L);
    // Narrow columns find the rows, wide ones are read for those alone.
    Sql sql =
        new Sql()
            .add(
                "SELECT toString("
                    + sort
                    + ") AS sort_value, "
                    + COLUMNS
                    + " FROM calls FINAL WHERE ");
    range(sql, q);
    sql.add(" AND (project, layer, event_time, trace_id, span_id) IN (").append(keys).add(")");
    sql.add(" ORDER BY " + sort + direction + ", trace_id" + direction)
        .add(", span_id" + direction + ", layer" + direction);
    // Top-k filtering makes filtered sorts slower, not faster.
    return database.query(sql, Map.of("use_top_k_dynamic_filtering", "0"));
  }

  /** The cursor after this row. */
  public Cursor cursorAt(CallQuery query, Row row) {
    return new Cursor(
        (query.descending() ? "-" : "") + query.sort(),
        List.of(row.text("sort_value"), row.text("trace"), row.text("span"), row.text("layer")));
  }

  /** All rows of these traces, in any layer, each once. */
  public List<Row> ofTraces(Set<String> projects, List<String> traceIds, int limit) {
    Sql sql = new Sql().add("SELECT " + COLUMNS + " FROM (SELECT * FROM calls WHERE ");
    sql.in("project", projects);
    sql.add(" AND trace_id IN ");
    traceIds(sql, traceIds);
    sql.add(" ORDER BY version DESC LIMIT 1 BY project, layer, trace_id, span_id)");
    sql.add(" ORDER BY start_ns, span LIMIT ").bind(limit);
    return database.query(sql);
  }

  /** Engine and gateway rows that share one of these response ids. */
  public List<Row> ofResponses(Set<String> projects, List<String> responseIds) {
    Sql sql = new Sql().add("SELECT " + COLUMNS + " FROM (SELECT * FROM calls WHERE ");
    sql.in("project", projects);
    sql.add(" AND layer = 'engine' AND ").in("response_id", responseIds);
    sql.add(" ORDER BY version DESC LIMIT 1 BY project, layer, trace_id, span_id) LIMIT 100");
    return database.query(sql);
  }

  /** The newest failures of each class, at most so many a class. */
  public List<Row> latestFailures(Question q, int perClass) {
    Sql sql = new Sql().add("SELECT " + COLUMNS + " FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    sql.add(" AND failed ORDER BY event_time DESC, span_id LIMIT ").bind(perClass);
    sql.add(" BY error_class");
    return database.queryFacts(sql);
  }

  /** Per project, layer, provider and model what coverage tells, from facts. */
  public List<Row> coverage(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT project, layer, provider, model, count() AS calls,")
            .add(" countIf(priced = 'priced') AS priced_calls,")
            .add(" countIf(priced = 'unpriced') AS unpriced_calls,")
            .add(
                " countIf(input_tokens = -1 AND output_tokens = -1 AND saved_tokens = -1) AS no_usage,")
            .add(" countIf(cache_hit) AS hits, sum(greatest(input_tokens, 0)) AS input,")
            .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
            .add(" sum(greatest(cache_write_tokens, 0)) AS cache_write,")
            .add(" sum(greatest(output_tokens, 0)) AS output,")
            .add(" sum(greatest(reasoning_tokens, 0)) AS reasoning,")
            .add(" sum(greatest(saved_tokens, 0)) AS saved,")
            .add(" sumIf(" + TOKENS + ", priced = 'unpriced') AS unpriced_tokens,")
            .add(
                " sum(cost) AS cost, sum(reported_cost) AS reported, sum(computed_cost) AS computed,")
            .add(" countIf(isNotNull(reported_cost) AND isNotNull(computed_cost)) AS both_calls,")
            .add(" sumIf(reported_cost, isNotNull(computed_cost)) AS both_reported,")
            .add(" sumIf(computed_cost, isNotNull(reported_cost)) AS both_computed,")
            .add(
                " countIf(bitAnd(flags, 2) != 0) AS bad_cost, countIf(bitAnd(flags, 1) != 0) AS bad_time")
            .add(" FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    sql.add(" GROUP BY project, layer, provider, model");
    return database.queryFacts(sql);
  }

  /**
   * Of each engine model, over all projects: requests that ended in the range, their tokens, and
   * for how many microseconds of the range at least one of them ran.
   */
  public List<Row> engineUse(TimeRange range) {
    Sql sql = new Sql().add("SELECT m AS model, count() AS calls, sum(t) AS tokens, sum(");
    sql.add("greatest(0, least(ended, ").bind(range.toMs() * 1000);
    sql.add(") - greatest(began, ended_before, ").bind(range.fromMs() * 1000);
    sql.add("))) AS busy_us FROM (SELECT m, t, began, ended, max(ended) OVER (PARTITION BY m")
        .add(" ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)")
        .add(" AS ended_before FROM (SELECT toString(model) AS m, " + TOKENS + " AS t,")
        .add(" toUnixTimestamp64Micro(start_time) AS began, began + duration_us AS ended")
        .add(" FROM calls FINAL WHERE layer = 'engine'")
        .add(" AND event_time >= fromUnixTimestamp64Milli(")
        .bind(range.fromMs())
        .add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(")
        .bind(range.toMs())
        .add(", 'UTC'))) GROUP BY m");
    return database.queryFacts(sql);
  }

  /** Engine calls without a model, by service. */
  public List<Row> enginesWithoutModel(Question q) {
    Sql sql = new Sql().add("SELECT service, count() AS calls FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    sql.add(" AND layer = 'engine' AND model IN ('', 'unknown')");
    sql.add(" GROUP BY service ORDER BY calls DESC LIMIT 100");
    return database.queryFacts(sql);
  }

  /** Client calls in whose trace the project saw no gateway call, by service. */
  public List<Row> clientsWithoutGateway(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT service, count() AS calls, sum(cost) AS cost FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    // A call at the range's edge may have its gateway call just outside.
    sql.add(" AND layer = 'client' AND (project, trace_id) NOT IN (SELECT project, trace_id")
        .add(" FROM calls WHERE ");
    sql.in("project", q.scope().projects());
    sql.add(" AND layer = 'gateway' AND event_time >= fromUnixTimestamp64Milli(");
    sql.bind(Math.max(0, q.range().fromMs() - HOUR_MS));
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(q.range().toMs() + HOUR_MS);
    sql.add(", 'UTC')) GROUP BY service ORDER BY calls DESC LIMIT 100");
    return database.queryFacts(sql);
  }

  static void traceIds(Sql sql, List<String> traceIds) {
    sql.add("(SELECT toFixedString(unhex(arrayJoin(").bindAll(traceIds).add(")), 16))");
  }

  static void range(Sql sql, Question q) {
    q.scope().condition(sql);
    sql.add(" AND event_time >= fromUnixTimestamp64Milli(").bind(q.range().fromMs());
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(q.range().toMs());
    sql.add(", 'UTC')");
  }

  private static void conditions(Sql sql, Question q, CallQuery query) {
    range(sql, q);
    q.filters().and(sql);
    if (query.failed() != null) {
      sql.add(query.failed() ? " AND failed" : " AND NOT failed");
    }
    String text = query.text();
    if (text != null) {
      sql.add(" AND (");
      for (String column : List.of("name", "model", "user", "session", "error_message")) {
        sql.add("positionCaseInsensitiveUTF8(" + column + ", ").bind(text).add(") > 0 OR ");
      }
      sql.add("lower(hex(trace_id)) = ").bind(text.toLowerCase(Locale.ROOT)).add(")");
    }
    if (query.minDurationMs() != null) {
      sql.add(" AND duration_us >= ").bind(query.minDurationMs().movePointRight(3).longValue());
    }
    if (query.maxDurationMs() != null) {
      sql.add(" AND duration_us <= ").bind(query.maxDurationMs().movePointRight(3).longValue());
    }
    if (query.minCostUsd() != null) {
      sql.add(" AND cost >= ").bind("Decimal(38, 12)", query.minCostUsd().toPlainString());
    }
    if (query.costKind() != null) {
      sql.add(" AND " + COST_KIND + " = ").bind(query.costKind());
    }
    if (query.traceId() != null) {
      sql.add(" AND trace_id = toFixedString(unhex(").bind(query.traceId()).add("), 16)");
    }
    Cursor after = query.after();
    if (after != null) {
      sql.add(" AND (" + sortExpression(query) + ", trace_id, span_id, layer) ")
          .add(query.descending() ? "<" : ">")
          .add(" (");
      sql.bind(SORT_TYPES.getOrDefault(query.sort(), "Int64"), after.values().get(0));
      sql.add(", toFixedString(unhex(").bind(after.values().get(1)).add("), 16)");
      sql.add(", toFixedString(unhex(").bind(after.values().get(2)).add("), 8), ");
      sql.bind(after.values().get(3)).add(")");
    }
  }

  private static String sortExpression(CallQuery query) {
    String sort = SORTS.get(query.sort());
    if (sort == null) {
      throw new IllegalArgumentException("no order " + query.sort());
    }
    return sort;
  }
}
