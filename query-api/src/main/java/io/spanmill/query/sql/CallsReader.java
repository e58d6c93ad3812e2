/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads rows of {@code calls}: those of traces, failures, coverage. Thread-safe. */
public final class CallsReader {
  /** How a call came to its money. */
  static final String COST_KIND =
      "multiIf(priced = 'unpriced', 'unpriced', priced = 'none', 'none', cache_hit, 'cache_hit',"
          + " isNotNull(reported_cost), 'reported', 'computed')";

  /** The kinds of tokens that are not in another. */
  static final List<String> TOKEN_COLUMNS =
      List.of(
          "input_tokens",
          "cache_read_tokens",
          "cache_write_tokens",
          "output_tokens",
          "reasoning_tokens");

  static final String TOKENS =
      TOKEN_COLUMNS.stream().map(c -> "greatest(" + c + ", 0)").collect(Collectors.joining(" + "));

  /** Columns of one call as lists show it: reading a few rows of each costs most of a list. */
  static final String SHOWN =
      "lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,"
          + " lower(hex(parent_span_id)) AS parent, project, layer, name,"
          + " toUnixTimestamp64Nano(start_time) AS start_ns, duration_us, ttft_us, tpot_us, queue_us,"
          + " prefill_us, decode_us, provider, model, operation, service, environment, team, api_key,"
          + " user, session, failed, error_class, error_message, http_status, streaming,"
          + " cache_hit, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,"
          + " reasoning_tokens, saved_tokens, "
          + COST_KIND
          + " AS cost_kind, cost, reported_cost, computed_cost, price_book, price_entry,"
          + " toUnixTimestamp64Milli(event_time) AS event_ms";

  /** The same and what tells how calls belong together. */
  static final String COLUMNS =
      SHOWN + ", agent, call_id, response_id, toUnixTimestamp64Milli(arrival_time) AS arrival_ms";

  /** Columns of a call as rows of traces need them, of kinds of cost whether it is unpriced. */
  private static final String LISTED =
      "lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, project, layer,"
          + " toUnixTimestamp64Nano(start_time) AS start_ns, model, team, api_key, user, session,"
          + " failed, error_class, input_tokens, cache_read_tokens, cache_write_tokens,"
          + " output_tokens, reasoning_tokens, saved_tokens, cost,"
          + " if(priced = 'unpriced', 'unpriced', '') AS cost_kind,"
          + " toUnixTimestamp64Milli(event_time) AS event_ms";

  private final Database database;

  CallsReader(Database database) {
    this.database = database;
  }

  /**
   * What a call adds to what traces and sessions are sorted by.
   *
   * @param sort {@code cost} or {@code tokens}
   */
  static String valueOf(String sort) {
    return sort.equals("cost") ? "cost" : TOKENS;
  }

  /** All rows of these traces, in any layer, each once. */
  public List<Row> ofTraces(Set<String> projects, List<String> traceIds, int limit) {
    return ofTraces(projects, traceIds, limit, COLUMNS, Places.ANYWHERE);
  }

  /** The same where it is known where they lie, with what lists of traces show of them. */
  public List<Row> ofListed(Set<String> projects, List<String> traceIds, int limit, Places places) {
    return ofTraces(projects, traceIds, limit, LISTED, places);
  }

  private List<Row> ofTraces(
      Set<String> projects, List<String> traceIds, int limit, String columns, Places places) {
    Sql sql = new Sql().add("SELECT " + columns + " FROM (SELECT * FROM calls WHERE ");
    sql.in("project", projects);
    sql.add(" AND trace_id IN ");
    traceIds(sql, traceIds);
    places.and(sql, "event_time");
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

  /**
   * The newest failures of each class, at most so many a class.
   *
   * @param classes how many calls of each class failed in the range
   */
  public List<Row> latestFailures(Question q, int perClass, Map<String, Long> classes) {
    for (long since : Slices.before(q.range().toMs(), q.range())) {
      List<Row> found = latestFailures(q.during(new TimeRange(since, q.range().toMs())), perClass);
      Map<String, Long> seen = new HashMap<>();
      found.forEach(r -> seen.merge(r.text("error_class"), 1L, Long::sum));
      if (classes.keySet().stream()
          .allMatch(
              c -> seen.getOrDefault(c, 0L) >= Math.min(perClass, classes.getOrDefault(c, 0L)))) {
        return found;
      }
    }
    return latestFailures(q, perClass);
  }

  private List<Row> latestFailures(Question q, int perClass) {
    // Versions of a call differ in its price alone, so any of them tells how it failed.
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, error_class,")
            .add(" error_message, http_status, provider, model,")
            .add(" toUnixTimestamp64Milli(event_time) AS event_ms")
            .add(" FROM (SELECT * FROM calls PREWHERE ");
    range(sql, q);
    sql.add(" AND failed");
    q.filters().and(sql, " WHERE ");
    sql.add(" ORDER BY event_time DESC, span_id, trace_id, layer, project")
        .add(" LIMIT 1 BY project, layer, event_time, trace_id, span_id)")
        .add(" ORDER BY event_time DESC, span_id LIMIT ")
        .bind(perClass)
        .add(" BY error_class");
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
        .add(" AND ")
        .during("event_time", range)
        .add(")) GROUP BY m");
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
    sql.bind(Math.max(0, q.range().fromMs() - WindowKind.HOUR.lengthMs()));
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(")
        .bind(q.range().toMs() + WindowKind.HOUR.lengthMs());
    sql.add(", 'UTC')) GROUP BY service ORDER BY calls DESC LIMIT 100");
    return database.queryFacts(sql);
  }

  static void traceIds(Sql sql, List<String> traceIds) {
    sql.add("(");
    selectTraceIds(sql, traceIds);
    sql.add(")");
  }

  static void selectTraceIds(Sql sql, List<String> traceIds) {
    sql.add("SELECT toFixedString(unhex(arrayJoin(").bindAll(traceIds).add(")), 16) AS trace_id");
  }

  static void range(Sql sql, Question q) {
    q.scope().condition(sql);
    sql.add(" AND ").during("event_time", q.range());
  }
}
