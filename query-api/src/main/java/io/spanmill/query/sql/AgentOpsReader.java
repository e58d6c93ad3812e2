/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what AgentOps' lists and metrics tell: whole traces that began in a range, paged by offset,
 * and sums over all of them. Failure of a trace, its calls and its money are those of {@link
 * TracesReader}. Thread-safe.
 */
public final class AgentOpsReader {
  /** Orders of the list by their names at AgentOps. */
  private static final Map<String, String> SORTS = sorts();

  /** What is shown of the root where the order is by it. */
  private static final Map<String, String> LABELS =
      Map.of(
          "service_name", "service",
          "span_name", "name",
          "tags", "attributes['agentops.tags']");

  /** The names of the orders. */
  public static final List<String> SORT_NAMES = List.copyOf(SORTS.keySet());

  /** A page up to here is looked for among the newest spans first. */
  private static final int NEAR_PAGE = 1000;

  /** What the AgentOps SDK writes at a trace's end when it does not know how the trace ended. */
  private static final List<String> OPEN_STATES =
      List.of("Indeterminate", "Unknown", "Shutdown", "Reinitialized");

  private static final String FAILED =
      "if(roots + requests > 0, failed_roots + failed_requests > 0, last_failed)";

  /**
   * Nothing tells that it is over: no root, no request and no call, or an end state that says so.
   */
  private static final String OPEN = "(open OR roots + requests + calls = 0)";

  private static final String STATE =
      "multiIf(" + FAILED + ", 'fail', " + OPEN + ", 'indeterminate', 'success')";

  private final Database database;
  private final ResultCache cache;
  private final ProgressReader progress;
  private final TraceFinder traces;

  AgentOpsReader(
      Database database, ResultCache cache, ProgressReader progress, TraceFinder traces) {
    this.database = database;
    this.cache = cache;
    this.progress = progress;
    this.traces = traces;
  }

  /** Ids of a page of traces. {@code text} is part of trace id, root span's name or tags. */
  public List<String> page(
      Question q, @Nullable String text, String sort, boolean descending, int limit, int offset) {
    if (text == null && sort.equals("start_time") && descending && offset + limit <= NEAR_PAGE) {
      TraceQuery newest =
          new TraceQuery(
              "start", true, null, null, null, null, null, null, null, null, offset + limit);
      return traces.find(q, newest).traces().stream()
          .map(TraceFinder.Found::traceId)
          .skip(offset)
          .limit(limit)
          .toList();
    }
    String order = SORTS.get(sort);
    if (order == null) {
      throw new IllegalArgumentException("no order " + sort);
    }
    String direction = descending ? " DESC" : " ASC";
    Sql sql = new Sql().add("SELECT lower(hex(trace_id)) AS trace FROM ");
    found(sql, q, text, LABELS.get(sort), sort.equals("total_cost"));
    sql.add(" ORDER BY " + order + direction + ", trace_id" + direction + " LIMIT ");
    sql.bind(limit).add(" OFFSET ").bind(offset);
    return run(sql, q).stream().map(r -> r.text("trace")).toList();
  }

  /**
   * One row of sums over all traces of the list; without traces all are 0.
   *
   * @param sample how many traces to show one by one at most, picked at random past that
   */
  public Row totals(Question q, @Nullable String text, int sample) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS traces, sum(spans) AS span_count,")
            .add(" countIf(state = 'success') AS success, countIf(state = 'fail') AS fail,")
            .add(" countIf(state = 'indeterminate') AS indeterminate,")
            .add(" sumIf(tokens, state = 'success') AS success_tokens,")
            .add(" sumIf(tokens, state = 'fail') AS fail_tokens,")
            .add(" min(duration_ns) AS min_ns, max(duration_ns) AS max_ns,")
            .add(" sum(duration_ns) AS sum_ns, min(start_ns) AS first_ns,")
            .add(" max(start_ns + duration_ns) AS last_ns");
    if (sample > 0) {
      sql.add(", sumMap(map(toUInt32(spans), toUInt64(1))) AS by_spans, groupArraySample(");
      sql.add(sample + ", 1)((start_ns, duration_ns, state)) AS shown");
    }
    sql.add(" FROM (SELECT *, " + STATE + " AS state FROM ");
    found(sql, q, text, null, true);
    sql.add(")");
    return run(sql, q).get(0);
  }

  /**
   * Counted calls by what decides their price: of the list's traces or, without {@code ofTraces},
   * of the range itself.
   */
  public List<Row> money(Question q, @Nullable String text, boolean ofTraces) {
    Sql sql = new Sql().add("SELECT " + CostGroups.COLUMNS + " FROM calls FINAL WHERE ");
    if (ofTraces) {
      CallsReader.range(sql, q.during(q.range().ofTraces()));
      sql.add(" AND trace_id IN (SELECT trace_id FROM ");
      found(sql, q, text, null, false);
      sql.add(")");
    } else {
      CallsReader.range(sql, q);
    }
    sql.add(" GROUP BY " + CostGroups.KEYS);
    return run(sql, q);
  }

  /** Counted calls of one trace: {@code span}, {@code failed}, and what decides their price. */
  public List<Row> callsOf(LayerScope scope, String traceId) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(span_id)) AS span, failed, " + CostGroups.COLUMNS)
            .add(" FROM (SELECT * FROM calls WHERE ");
    scope.condition(sql);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId).add("), 16)");
    sql.add(" ORDER BY version DESC LIMIT 1 BY project, layer, trace_id, span_id)");
    sql.add(" GROUP BY span, failed, " + CostGroups.KEYS);
    return database.query(sql);
  }

  /** Spans that ended in the range: {@code n}, and by status {@code success} and {@code fail}. */
  public Row spanStates(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS n, countIf(failed OR status_code = 2) AS fail,")
            .add(" countIf(NOT failed AND status_code = 1) AS success FROM spans FINAL WHERE ")
            .in("project", q.scope().projects());
    sql.add(" AND ").during("ts", q.range());
    return run(sql, q).get(0);
  }

  /** Spans and traces kept, by project. */
  public List<Row> counts(Set<String> projects) {
    Sql sql =
        new Sql()
            .add("SELECT project, count() AS spans, uniqExact(trace_id) AS traces")
            .add(" FROM spans FINAL WHERE ")
            .in("project", projects)
            .add(" GROUP BY project");
    return cache.get(sql, progress.read(), false, () -> database.query(sql)).rows();
  }

  /**
   * What AgentOps would make of the spans that began in the range, by its own definitions, as far
   * as spans alone tell; one row.
   */
  public Row byTheirDefinitions(Question q) {
    String n = "toInt64OrZero(attributes['gen_ai.usage.%s'])";
    String all =
        String.join(
            " + ",
            n.formatted("prompt_tokens"),
            n.formatted("completion_tokens"),
            n.formatted("cache_read_input_tokens"),
            n.formatted("reasoning_tokens"));
    Sql sql =
        new Sql()
            .add(
                "SELECT count() AS traces, sum(spans) AS span_count, countIf(state = 1) AS success,")
            .add(" countIf(state = 2) AS fail, countIf(state = 0) AS unset, sum(tokens) AS tokens,")
            .add(" sum(prompt) AS prompt, sum(completion) AS completion,")
            .add(" sum(token_spans) AS token_spans, sum(nested_ns) AS nested_ns,")
            .add(" sum(last_start_ns) AS last_start_ns FROM (SELECT trace_id, count() AS spans,")
            .add(" argMax(status_code, start_time) AS state,")
            .add(" sum(if(attributes['gen_ai.usage.total_tokens'] != '', ")
            .add(n.formatted("total_tokens") + ", " + all + ")) AS tokens,")
            .add(" sum(" + n.formatted("prompt_tokens") + ") AS prompt,")
            .add(" sum(" + n.formatted("completion_tokens") + ") AS completion,")
            .add(" countIf(" + all + " > 0) AS token_spans,")
            .add(
                " sum(greatest(0, toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)))")
            .add(" AS nested_ns, max(toUnixTimestamp64Nano(start_time))")
            .add(" - min(toUnixTimestamp64Nano(start_time)) AS last_start_ns FROM spans WHERE ")
            .in("project", q.scope().projects());
    sql.add(" AND ").during("ts", q.range().ofTraces());
    sql.add(" AND toUnixTimestamp64Milli(start_time) >= ").bind(q.range().fromMs());
    sql.add(" AND toUnixTimestamp64Milli(start_time) < ").bind(q.range().toMs());
    sql.add(" GROUP BY trace_id)");
    return database.queryFacts(sql).get(0);
  }

  /** Calls of the range in the layers of {@code q}, by whether their trace failed; one row. */
  public Row calls(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS calls, countIf(failed) AS failed,")
            .add(" countIf(priced = 'unpriced') AS unpriced,")
            .add(" sumIf(" + CallsReader.TOKENS + ", priced = 'unpriced') AS unpriced_tokens,")
            .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
            .add(
                " sum(greatest(reasoning_tokens, 0)) AS reasoning, sum("
                    + CallsReader.TOKENS
                    + ") AS tokens,")
            .add(" toString(sum(cost)) AS cost FROM calls FINAL WHERE ");
    CallsReader.range(sql, q);
    return database.queryFacts(sql).get(0);
  }

  /** Money of the traces that failed. */
  public String costOfFailed(Question q) {
    Sql sql = new Sql().add("SELECT toString(sumIf(cost_sum, " + FAILED + ")) AS cost FROM ");
    found(sql, q, null, null, true);
    return database.query(sql).get(0).text("cost");
  }

  /** Spans delivered again or counted by another span of the same attempt. */
  public Row duplicates(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT uniqExact(layer, trace_id, span_id) AS spans FROM duplicates WHERE ")
            .in("project", q.scope().projects());
    sql.add(" AND ").during("event_time", q.range());
    return database.queryFacts(sql).get(0);
  }

  /**
   * Appends a table of the list's traces, one row each.
   *
   * @param label column that is shown of the root as {@code label}, or null
   * @param calls whether to join what of their calls is needed
   */
  private static void found(
      Sql sql, Question q, @Nullable String text, @Nullable String label, boolean calls) {
    TimeRange wide = q.range().ofTraces();
    sql.add("(SELECT * FROM (SELECT trace_id, min(toUnixTimestamp64Nano(start_time)) AS start_ns,")
        .add(" max(toUnixTimestamp64Nano(end_time)) - start_ns AS duration_ns, count() AS spans,")
        .add(" countIf(failed) AS errors, countIf(" + TracesReader.ROOT + ") AS roots,")
        .add(" countIf(" + TracesReader.ROOT + " AND failed) AS failed_roots");
    if (label != null) {
      sql.add(", argMin(" + label + ", (NOT (" + TracesReader.ROOT + "), start_time, span_id))")
          .add(" AS label");
    }
    // FINAL, as a hash of all spans to take each once would not fit into memory.
    sql.add(" FROM spans FINAL WHERE ");
    during(sql, q, wide);
    sql.add(" AND toUnixTimestamp64Milli(start_time) < ").bind(q.range().toMs());
    if (text != null) {
      sql.add(" AND (position(lower(hex(trace_id)), lower(").bind(text);
      sql.add(")) > 0 OR trace_id IN (SELECT trace_id FROM spans WHERE ");
      during(sql, q, wide);
      sql.add(" AND " + TracesReader.ROOT + " AND (positionCaseInsensitiveUTF8(name, ");
      sql.bind(text).add(") > 0 OR positionCaseInsensitiveUTF8(attributes['agentops.tags'], ");
      sql.bind(text).add(") > 0)))");
    }
    sql.add(" GROUP BY trace_id HAVING start_ns >= ");
    sql.bind(q.range().fromMs() * 1_000_000).add(") AS s");
    if (calls) {
      joinCalls(sql, q, wide);
    }
    sql.add(") AS t");
  }

  private static void during(Sql sql, Question q, TimeRange range) {
    sql.in("project", q.scope().projects());
    sql.add(" AND ").during("ts", range);
  }

  private static void joinCalls(Sql sql, Question q, TimeRange wide) {
    sql.add(" LEFT JOIN (SELECT trace_id, countIf(counted) AS calls,")
        .add(" countIf(counted AND isNotNull(cost)) AS costed,")
        .add(" sumIf(ifNull(cost, toDecimal128(0, 12)), counted) AS cost_sum,")
        .add(" sumIf(" + CallsReader.TOKENS + ", counted) AS tokens,")
        .add(" countIf(layer = 'gateway_request') AS requests,")
        .add(" countIf(layer = 'gateway_request' AND failed) AS failed_requests,")
        .add(" argMaxIf(failed, event_time, counted) AS last_failed FROM (SELECT *, ");
    q.scope().condition(sql);
    sql.add(" AS counted FROM calls FINAL WHERE ").in("project", q.scope().projects());
    sql.add(" AND ").during("event_time", wide).add(") GROUP BY trace_id) AS c USING trace_id");
    // The map of attributes is read for the SDK's roots alone.
    sql.add(" LEFT JOIN (SELECT trace_id, true AS open FROM spans WHERE ");
    during(sql, q, wide);
    sql.add(" AND dialect = 'agentops' AND " + TracesReader.ROOT);
    sql.add(" AND ").in("attributes['agentops.session.end_state']", OPEN_STATES);
    sql.add(" LIMIT 1 BY trace_id) AS o USING trace_id");
  }

  private List<Row> run(Sql sql, Question q) {
    Progress known = progress.read();
    boolean closed = q.range().ofTraces().toMs() <= known.closedThroughMs();
    // Bounded by time and memory: how many spans there are is nothing the asker can help.
    return cache.get(sql, known, closed, () -> database.query(sql)).rows();
  }

  private static Map<String, String> sorts() {
    Map<String, String> m = new LinkedHashMap<>();
    m.put("trace_id", "trace_id");
    m.put("service_name", "label");
    m.put("span_name", "label");
    m.put("tags", "label");
    m.put("start_time", "start_ns");
    m.put("duration", "duration_ns");
    m.put("span_count", "spans");
    m.put("error_count", "errors");
    m.put("total_cost", "if(costed = 0, toDecimal128(-1, 12), cost_sum)");
    return m;
  }
}
