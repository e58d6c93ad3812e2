/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.spanmill.query.http.Caller;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code /public/v1}: the project of a token, its traces and spans one by one. */
final class PublicApi {
  private static final String NO_TRACE = "Trace not found";
  private static final String NO_SPAN = "Span not found";

  private final Queries queries;
  private final Traces traces;
  private final Doorkeeper door;

  PublicApi(Queries queries, Traces traces, Doorkeeper door) {
    this.queries = queries;
    this.traces = traces;
    this.door = door;
  }

  void register(RoutesConfig routes) {
    routes.get("/public/v1/project", Replies.json(this::project));
    routes.get("/public/v1/traces/{trace}", Replies.json(this::trace));
    routes.get("/public/v1/traces/{trace}/metrics", Replies.json(this::traceMetrics));
    routes.get("/public/v1/spans/{span}", Replies.json(this::span));
    routes.get("/public/v1/spans/{span}/metrics", Replies.json(this::spanMetrics));
  }

  private Object project(Context http) {
    String project = door.own(door.publicReader(http));
    return object("id", door.id(project), "name", project, "environment", Opsboard.ENVIRONMENT);
  }

  private Object trace(Context http) {
    Traces.Found found = found(http);
    return object(
        "trace_id", Traces.traceOf(found),
        "project_id", door.id(found.project()),
        "tags", traces.tags(found),
        "spans", traces.spans(found).stream().map(SpanItem::summary).toList());
  }

  private Object traceMetrics(Context http) {
    Traces.Found found = found(http);
    return traces.traceMetrics(found, traces.spans(found));
  }

  private Object span(Context http) {
    Row span = spanOf(http, door.publicReader(http));
    String project = span.text("project");
    Map<String, String> content =
        queries.traces().content(Set.of(project), span.text("trace"), span.text("span"));
    return SpanItem.open(span, door.id(project), content == null ? Map.of() : content);
  }

  private Object spanMetrics(Context http) {
    Caller caller = door.publicReader(http);
    Row span = spanOf(http, caller);
    Traces.Found found = traces.find(caller, span.text("trace"), NO_SPAN);
    return traces.spanMetrics(traces.countedBySpan(found).get(span.text("span")));
  }

  private Traces.Found found(Context http) {
    return traces.find(door.publicReader(http), http.pathParam("trace"), NO_TRACE);
  }

  private Row spanOf(Context http, Caller caller) {
    String id = http.pathParam("span").toLowerCase(Locale.ROOT);
    List<Row> spans =
        id.matches("[0-9a-f]{16}")
            ? queries.traces().spansById(door.readable(caller), id)
            : List.of();
    if (spans.isEmpty()) {
      throw AgentOpsError.detail(404, NO_SPAN);
    }
    return spans.get(0);
  }
}
