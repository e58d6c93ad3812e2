/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.http.Context;
import io.spanmill.query.http.Caller;
import io.spanmill.query.http.TraceRows;
import io.spanmill.query.sql.AgentOpsReader;
import io.spanmill.query.sql.Filters;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.TimeRange;
import io.spanmill.query.sql.TraceSums;
import java.math.BigDecimal;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The list of traces and one trace whole, as AgentOps' dashboard reads them. Thread-safe. */
final class Traces {
  private static final int DEFAULT_LIMIT = 20;
  private static final int MAX_LIMIT = 100;
  private static final int MAX_SPANS = 5000;

  /** Content of a trace's spans that one answer carries at most. */
  private static final long MAX_CONTENT_BYTES = 16L * 1024 * 1024;

  /** Stands among a span's attributes where its content should be. */
  private static final Map<String, String> NOT_SHOWN =
      Map.of("spanmill.content", "not shown: no longer kept, or past the 16 MiB of one answer");

  /** Senders' clocks may be ahead by as much. */
  private static final long SKEW_MS = TimeUnit.HOURS.toMillis(1);

  private static final long STEP_MS = 10_000;

  private final Queries queries;
  private final CostSplit split;
  private final Doorkeeper door;
  private final Clock clock;
  private final Turnstile large;

  Traces(Queries queries, CostSplit split, Doorkeeper door, Clock clock, Turnstile large) {
    this.queries = queries;
    this.split = split;
    this.door = door;
    this.clock = clock;
    this.large = large;
  }

  /**
   * A trace and its calls.
   *
   * @param calls those of every layer
   * @param counted those that count, as the price book needs them
   */
  record Found(String project, LayerScope scope, Row summary, List<Row> calls, List<Row> counted) {}

  /** {@code GET /v4/traces/list/{project}}. */
  Object list(Context http, Caller caller, String nameOrId) {
    String project = door.project(caller, nameOrId);
    AskedValues asked = new AskedValues(http);
    Question q = question(project, asked.time("start_time"), asked.time("end_time"));
    String text = asked.text("query");
    int limit = asked.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    int offset = asked.integer("offset", 0, 0, Integer.MAX_VALUE);
    String sort = asked.choice("order_by", "start_time", AgentOpsReader.SORT_NAMES, false);
    boolean descending =
        asked.choice("sort_order", "DESC", List.of("ASC", "DESC"), true).equals("DESC");
    asked.check();
    AgentOpsReader.Listed listed =
        queries.agentOps().list(q, text, sort, descending, limit, offset);
    TraceSums totals = listed.sums();
    TokenSums sums = new TokenSums();
    totals.money().forEach(group -> sums.add(group, split));
    return object(
        "traces",
        listed.page().stream()
            .map(t -> item(t.summary(), TraceRows.row(q.scope(), t.summary(), t.calls())))
            .toList(),
        "metrics",
        metrics(
            totals.spans(),
            totals.traces(),
            totals.success(),
            totals.fail(),
            totals.indeterminate(),
            sums),
        "total",
        totals.traces(),
        "limit",
        limit,
        "offset",
        offset,
        "freeplan_truncated",
        false);
  }

  /** {@code GET /v4/traces/detail/{trace}}. */
  Object detail(Caller caller, String traceId) {
    Found found = find(caller, traceId, "Trace not found.");
    return large.through(() -> whole(found));
  }

  private Object whole(Found found) {
    List<Row> spans = spans(found);
    Map<String, Map<String, String>> content =
        queries.traces().contents(Set.of(found.project()), traceOf(found), MAX_CONTENT_BYTES);
    Map<String, Row> counted = countedBySpan(found);
    String projectId = door.id(found.project());
    List<Object> items = new ArrayList<>();
    for (Row s : spans) {
      Row call = counted.get(s.text("span"));
      items.add(
          SpanItem.whole(
              s,
              projectId,
              content.getOrDefault(s.text("span"), s.bool("has_content") ? NOT_SHOWN : Map.of()),
              call == null ? null : spanMetrics(call)));
    }
    return object(
        "freeplan_truncated",
        false,
        "project_id",
        projectId,
        "trace_id",
        traceOf(found),
        "tags",
        tags(found),
        "metrics",
        traceMetrics(found, spans),
        "spans",
        items);
  }

  /** The trace, if the caller may read it. */
  Found find(Caller caller, String given, String missing) {
    if (given.matches("[0-9a-fA-F]{32}")) {
      String traceId = given.toLowerCase(Locale.ROOT);
      Row any = queries.traces().summaries(door.readable(caller), List.of(traceId)).get(traceId);
      if (any != null) {
        // The same id in two projects: one of them is shown, never both together.
        String project = any.text("project");
        Set<String> one = Set.of(project);
        Row summary = queries.traces().summaries(one, List.of(traceId)).get(traceId);
        LayerScope scope = queries.layers().auto(one);
        return new Found(
            project,
            scope,
            summary == null ? any : summary,
            queries.calls().ofTraces(one, List.of(traceId), MAX_SPANS * 4),
            queries.agentOps().callsOf(scope, traceId));
      }
    }
    throw AgentOpsError.detail(404, missing);
  }

  List<Row> spans(Found found) {
    return queries.traces().spans(Set.of(found.project()), traceOf(found), MAX_SPANS);
  }

  List<String> tags(Found found) {
    return tags(TraceRows.row(found.scope(), found.summary(), found.calls()));
  }

  static String traceOf(Found found) {
    return found.summary().text("trace");
  }

  /** TraceMetrics of one trace: counts of spans by their status, as there. */
  Map<String, @Nullable Object> traceMetrics(Found found, List<Row> spans) {
    TokenSums sums = new TokenSums();
    found.counted().forEach(c -> sums.add(c, split));
    long fail = spans.stream().filter(s -> SpanItem.status(s).equals("ERROR")).count();
    long success = spans.stream().filter(s -> SpanItem.status(s).equals("OK")).count();
    return metrics(
        found.summary().integer("spans"), 1, success, fail, spans.size() - success - fail, sums);
  }

  /** SpanMetrics of a span that counts as this call. */
  Map<String, @Nullable Object> spanMetrics(@Nullable Row call) {
    TokenSums sums = new TokenSums();
    if (call != null) {
      sums.add(call, split);
    }
    boolean failed = call != null && call.bool("failed");
    return object(
        "total_tokens",
        sums.total(),
        "prompt_tokens",
        sums.prompt,
        "completion_tokens",
        sums.completion,
        "cache_read_input_tokens",
        sums.cacheRead,
        "reasoning_tokens",
        sums.reasoning,
        "success_tokens",
        failed ? 0L : sums.total(),
        "fail_tokens",
        failed ? sums.total() : 0L,
        "indeterminate_tokens",
        0L,
        "prompt_cost",
        TokenSums.metric(sums.parts.prompt()),
        "completion_cost",
        TokenSums.metric(sums.parts.completion()),
        "total_cost",
        TokenSums.metric(sums.cost));
  }

  /** The call a span counts as, in the layers that count. */
  Map<String, Row> countedBySpan(Found found) {
    return found.counted().stream()
        .collect(Collectors.toMap(c -> c.text("span"), c -> c, (a, b) -> a));
  }

  /** Traces that began in the range; both ends belong to it, as there. */
  Question question(String project, @Nullable Long startMs, @Nullable Long endMs) {
    long from = startMs == null ? 0 : startMs;
    // In steps, so that what is asked again finds what was kept.
    long to = endMs == null ? (clock.millis() / STEP_MS + 1) * STEP_MS + SKEW_MS : endMs + 1;
    if (to <= from) {
      // Nothing lies in it, but it is no error there.
      to = from + 1;
    }
    return new Question(
        new TimeRange(from, to), queries.layers().auto(Set.of(project)), Filters.NONE, List.of());
  }

  /** From the row that {@code /api/v1/traces} shows, so that both say the same. */
  private static Map<String, @Nullable Object> item(Row s, Map<String, @Nullable Object> row) {
    Object usd = row.get("costUsd");
    List<String> tags = tags(row);
    long startNs = s.integer("start_ns");
    long endNs = s.integer("end_ns");
    return object(
        "freeplan_truncated", false,
        "trace_id", s.text("trace"),
        "root_service_name", row.get("service"),
        "root_span_name", row.get("name"),
        "start_time", IsoTime.ofNanos(startNs),
        "end_time", IsoTime.ofNanos(endNs),
        "duration", Math.max(0, endNs - startNs),
        "span_count", s.integer("spans"),
        "error_count", s.integer("errors"),
        "tags", tags,
        "total_cost", usd == null ? null : TokenSums.number(new BigDecimal(usd.toString())));
  }

  private static Map<String, @Nullable Object> metrics(
      long spans, long traces, long success, long fail, long indeterminate, TokenSums sums) {
    return object(
        "span_count",
        spans,
        "trace_count",
        traces,
        "success_count",
        success,
        "fail_count",
        fail,
        "indeterminate_count",
        indeterminate,
        "prompt_tokens",
        sums.prompt,
        "completion_tokens",
        sums.completion,
        "cache_read_input_tokens",
        sums.cacheRead,
        "reasoning_tokens",
        sums.reasoning,
        "total_tokens",
        sums.total(),
        "prompt_cost",
        TokenSums.metric(sums.parts.prompt()),
        "completion_cost",
        TokenSums.metric(sums.parts.completion()),
        "average_cost_per_trace",
        TokenSums.metric(TokenSums.average(sums.cost, traces)),
        "total_cost",
        TokenSums.metric(sums.cost));
  }

  private static List<String> tags(Map<String, @Nullable Object> row) {
    return row.get("tags") instanceof List<?> l
        ? l.stream().map(String::valueOf).toList()
        : List.of();
  }
}
