/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads what AgentOps' lists and metrics tell: whole traces that began in a range, paged by offset,
 * and sums over all of them. Failure of a trace, its calls and its money are those of {@link
 * TracesReader}. Thread-safe.
 */
public final class AgentOpsReader {
  /** Orders of the list by their names at AgentOps. */
  private static final Map<String, String> SORTS = sorts();

  /** Those that {@link TraceFinder} has too. */
  private static final Map<String, String> SAME_SORTS =
      Map.of(
          "start_time", "start",
          "duration", "duration",
          "span_count", "spans",
          "error_count", "errors",
          "total_cost", "cost");

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

  private final Database database;
  private final ResultCache cache;
  private final ProgressReader progress;
  private final TraceFinder traces;
  private final LongSupplier sureSinceMs;
  private final Clock clock;
  private final TraceBounds bounds;
  private final KeptFigures<TraceSums> sums;
  private final KeptFigures<TraceOrder> orders;

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  AgentOpsReader(
      Database database,
      ResultCache cache,
      ProgressReader progress,
      TraceFinder traces,
      LongSupplier sureSinceMs,
      Clock clock) {
    this.database = database;
    this.cache = cache;
    this.progress = progress;
    this.traces = traces;
    this.sureSinceMs = sureSinceMs;
    this.clock = clock;
    this.bounds = new TraceBounds(database);
    this.sums = new KeptFigures<>(bounds);
    this.orders = new KeptFigures<>(bounds);
  }

  /**
   * What a list shows.
   *
   * @param page its traces
   * @param sums over all traces it goes through
   */
  public record Listed(List<WholeTrace> page, TraceSums sums) {}

  /**
   * A page of traces and sums over all.
   *
   * @param text part of trace id, root span's name or tags, or null
   */
  public Listed list(
      Question q, @Nullable String text, String sort, boolean descending, int limit, int offset) {
    Page asked = new Page(sort, descending, limit, offset);
    Set<String> projects = q.scope().projects();
    Supplier<WrittenHours> written = database.begin(() -> traces.written(projects));
    if (text == null && asked.end() <= NEAR_PAGE && isSame(q, asked)) {
      Supplier<TraceSums> all = database.begin(() -> sums(q, null, split(q)));
      List<WholeTrace> page = greatest(q, asked, written);
      if (page != null) {
        return new Listed(page, all.get());
      }
    }
    SplitRange split = split(q);
    TextPlaces places = text == null ? null : new TextPlaces(database, bounds, q, text);
    Supplier<TraceSums> all = database.begin(() -> sums(q, places, split));
    List<String> ids = null;
    if (asked.end() <= TraceOrder.NEAR_PAGE) {
      ids = orders.read(q, places, asked.order(database), split).page(offset, limit);
    }
    List<WholeTrace> page =
        traces.whole(projects, ids == null ? anywhere(q, text, asked) : ids, written.get());
    return new Listed(page, all.get());
  }

  /** Whether {@link TraceFinder} orders them so. It does not look past the end of the range. */
  private boolean isSame(Question q, Page asked) {
    return asked.descending()
        && SAME_SORTS.containsKey(asked.sort())
        && (asked.sort().equals("start_time") || q.range().toMs() > clock.millis());
  }

  private record Page(String sort, boolean descending, int limit, int offset) {
    long end() {
      return (long) offset + limit;
    }

    TraceOrder.Source order(Database database) {
      String order = SORTS.get(sort);
      if (order == null) {
        throw new IllegalArgumentException("no order " + sort);
      }
      return new TraceOrder.Source(
          database, order, LABELS.get(sort), sort.equals("total_cost"), descending);
    }
  }

  private SplitRange split(Question q) {
    return SplitRange.of(database, bounds, q, sureSinceMs.getAsLong());
  }

  private TraceSums sums(Question q, @Nullable TextPlaces text, SplitRange split) {
    return sums.read(q, text, new TraceSums.Source(database), split);
  }

  /**
   * The page as {@code /api/v1/traces} has it.
   *
   * @return null if it does not order all of the page the same
   */
  private @Nullable List<WholeTrace> greatest(
      Question q, Page asked, Supplier<WrittenHours> written) {
    String same = Objects.requireNonNull(SAME_SORTS.get(asked.sort()));
    int end = (int) asked.end();
    TraceQuery query =
        new TraceQuery(same, true, null, null, null, null, null, null, null, null, end);
    TraceFinder.Matches matches = traces.find(q, query);
    List<TraceFinder.Found> found = matches.traces();
    // Where no call has a cost the orders differ.
    if (same.equals("cost")
        && (found.size() < end || new BigDecimal(found.get(end - 1).sortValue()).signum() <= 0)) {
      return null;
    }
    List<String> ids =
        found.stream()
            .map(TraceFinder.Found::traceId)
            .skip(asked.offset())
            .limit(asked.limit())
            .toList();
    return matches.whole().isEmpty()
        ? traces.whole(q.scope().projects(), ids, written.get())
        : ids.stream().map(matches.whole()::get).filter(Objects::nonNull).toList();
  }

  private List<String> anywhere(Question q, @Nullable String text, Page asked) {
    Sql sql = new Sql().add("SELECT lower(hex(trace_id)) AS trace FROM ");
    TraceOrder.Source order = asked.order(database);
    order.append(sql, whole(q, text));
    sql.add(" LIMIT ").bind(asked.limit()).add(" OFFSET ").bind(asked.offset());
    return run(sql, q).stream().map(r -> r.text("trace")).toList();
  }

  /**
   * One row of sums over all traces of the range; without traces all are 0.
   *
   * @param sample how many traces to show one by one at most, picked at random past that
   */
  public Row totals(Question q, int sample) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS traces, countIf(state = 'success') AS success,")
            .add(" countIf(state = 'fail') AS fail,")
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
    sql.add(" FROM (SELECT *, " + FoundTraces.STATE + " AS state FROM ");
    whole(q, null).append(sql, null, true);
    return run(sql.add(")"), q).get(0);
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
    Sql sql =
        new Sql().add("SELECT toString(sumIf(cost_sum, " + FoundTraces.FAILED + ")) AS cost FROM ");
    whole(q, null).append(sql, null, true);
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

  private static FoundTraces whole(Question q, @Nullable String text) {
    return new FoundTraces(q, Views.of(q.range().ofTraces()), text);
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
