/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Places;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.SessionNamings;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/sessions/{id}}: what happened in a session, step by step, for replay. */
final class SessionEndpoint implements Endpoint {
  private static final int MAX_TRACES = 100;
  private static final int MAX_SPANS = 5000;
  private static final int MAX_STEPS = 2000;
  private static final int MAX_DEPTH = 200;
  private static final Set<String> STEP_ROLES = Set.of("AGENT", "TOOL", "WORKFLOW", "GATEWAY_ROOT");

  private final Queries queries;
  private final QuestionReader questions;
  private final TraceRows traceRows;

  SessionEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
    this.traceRows = new TraceRows(queries);
  }

  @Override
  public String path() {
    return "/api/v1/sessions/{id}";
  }

  @Override
  public Set<String> parameters() {
    return Set.of("project", "layer");
  }

  @Override
  public String exports() {
    return "steps";
  }

  @Override
  public Described describes() {
    return new Described("SessionDetail", "What happened in a session, step by step.");
  }

  @Override
  public Object answer(Asked asked) {
    String id = asked.http().pathParam("id");
    LayerScope scope = questions.scope(asked, true);
    List<String> ids = queries.sessions().traces(scope.projects(), id, MAX_TRACES + 1);
    if (ids.isEmpty()) {
      throw ApiException.notFound("no span of session " + id + " is kept");
    }
    boolean truncated = ids.size() > MAX_TRACES;
    List<String> shown = truncated ? ids.subList(0, MAX_TRACES) : ids;
    Supplier<List<Map<String, @Nullable Object>>> rows =
        queries.database().begin(() -> traceRows.of(scope, shown));
    Supplier<Map<String, List<SessionNamings.Naming>>> namings =
        queries
            .database()
            .begin(() -> queries.sessions().namings().of(scope.projects(), shown, Places.ANYWHERE));
    List<Row> calls = queries.calls().ofTraces(scope.projects(), shown, MAX_SPANS * 4);
    List<Map<String, @Nullable Object>> steps = new ArrayList<>();
    for (String trace : shown) {
      steps.addAll(steps(scope, trace, calls));
    }
    steps.sort(Comparator.comparing(s -> (BigDecimal) Objects.requireNonNull(s.get("start"))));
    truncated |= steps.size() > MAX_STEPS;
    List<Map<String, @Nullable Object>> traces = rows.get();
    List<Row> counted =
        calls.stream().filter(c -> scope.counts(c.text("project"), c.text("layer"))).toList();
    List<String> sources = SessionNamings.sources(id, shown, namings.get());
    return object(
        "session", session(id, sources, traces, counted),
        "steps", steps.subList(0, Math.min(MAX_STEPS, steps.size())),
        "truncated", truncated);
  }

  private List<Map<String, @Nullable Object>> steps(
      LayerScope scope, String trace, List<Row> calls) {
    Map<String, Row> callOfSpan = new HashMap<>();
    for (Row c : calls) {
      if (c.text("trace").equals(trace) && scope.counts(c.text("project"), c.text("layer"))) {
        callOfSpan.put(c.text("span"), c);
      }
    }
    List<Row> spans = queries.traces().spans(scope.projects(), trace, MAX_SPANS);
    Map<String, Row> byId = new HashMap<>();
    spans.forEach(s -> byId.put(s.text("span"), s));
    Set<String> seenCalls = new HashSet<>();
    List<Map<String, @Nullable Object>> out = new ArrayList<>();
    for (Row s : spans) {
      Row call = callOfSpan.get(s.text("span"));
      if (call == null && !STEP_ROLES.contains(s.text("role"))) {
        continue;
      }
      boolean retry =
          call != null
              && !call.text("call_id").isEmpty()
              && !seenCalls.add(call.text("layer") + call.text("call_id"));
      out.add(step(trace, s, call, depth(s, byId, callOfSpan), retry));
    }
    return out;
  }

  private static int depth(Row span, Map<String, Row> byId, Map<String, Row> calls) {
    int depth = 0;
    Row at = byId.get(span.text("parent"));
    for (int i = 0; at != null && i < MAX_DEPTH; i++) {
      if (calls.containsKey(at.text("span")) || STEP_ROLES.contains(at.text("role"))) {
        depth++;
      }
      at = byId.get(at.text("parent"));
    }
    return depth;
  }

  private static Map<String, @Nullable Object> step(
      String trace, Row s, @Nullable Row call, int depth, boolean retry) {
    Map<String, @Nullable Object> span = SpanJson.row(s, call);
    Map<String, @Nullable Object> out = object("traceId", trace);
    for (String field : List.of("spanId", "parentSpanId")) {
      out.put(field, span.get(field));
    }
    out.put("depth", depth);
    for (String field :
        List.of(
            "name",
            "role",
            "layer",
            "service",
            "model",
            "agent",
            "tool",
            "start",
            "end",
            "durationMs",
            "status",
            "errorClass",
            "message")) {
      out.put(field, span.get(field));
    }
    out.put("retry", retry);
    for (String field : List.of("tokens", "costKind", "costUsd", "hasContent")) {
      out.put(field, span.get(field));
    }
    return out;
  }

  private static Map<String, @Nullable Object> session(
      String id,
      List<String> sources,
      List<Map<String, @Nullable Object>> traces,
      List<Row> counted) {
    BigDecimal start = extreme(traces, "start", false);
    BigDecimal end = extreme(traces, "end", true);
    Map<String, @Nullable Object> last = traces.get(traces.size() - 1);
    return object(
        "sessionId", id,
        "kind", sources.isEmpty() ? "trace" : sources.get(0),
        "sources", sources,
        "project", traces.get(0).get("project"),
        "name", traces.get(0).get("name"),
        "start", start,
        "end", end,
        "durationMs", end.subtract(start),
        "traceCount", traces.size(),
        "callCount", counted.size(),
        "errorCount",
            traces.stream()
                .mapToLong(t -> (Long) Objects.requireNonNull(t.get("errorCount")))
                .sum(),
        "status", last.get("status"),
        "tokens", TraceRows.tokens(counted),
        "costUsd", TraceRows.cost(counted),
        "unpricedCalls",
            counted.stream().filter(c -> c.text("cost_kind").equals("unpriced")).count(),
        "user", String.valueOf(traces.get(0).get("user")),
        "models", SessionsEndpoint.names(traces, "models"),
        "agents", SessionsEndpoint.names(traces, "agents"));
  }

  private static BigDecimal extreme(
      List<Map<String, @Nullable Object>> traces, String field, boolean latest) {
    Comparator<BigDecimal> order = Comparator.naturalOrder();
    return traces.stream()
        .map(t -> (BigDecimal) Objects.requireNonNull(t.get(field)))
        .max(latest ? order : order.reversed())
        .orElse(BigDecimal.ZERO);
  }
}
