/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/traces/{traceId}}: all spans of a trace, the content of one on request. */
final class TraceEndpoint implements Endpoint {
  private static final int MAX_SPANS = 5000;

  private final Queries queries;
  private final QuestionReader questions;
  private final String contentMode;

  TraceEndpoint(Queries queries, QuestionReader questions, Settings settings) {
    this.queries = queries;
    this.questions = questions;
    this.contentMode = settings.string(Keys.CONTENT_STORAGE);
  }

  @Override
  public String path() {
    return "/api/v1/traces/{traceId}";
  }

  @Override
  public Set<String> parameters() {
    return Set.of("project", "layer", "content");
  }

  @Override
  public Described describes() {
    return new Described(
        "TraceDetail", "All spans of a trace; the content of one span on request.");
  }

  @Override
  public Object answer(Asked asked) {
    String traceId = CallsEndpoint.traceId(asked.http().pathParam("traceId"), "traceId");
    if (traceId == null) {
      throw ApiException.notFound("no trace id");
    }
    String contentSpan = contentSpan(asked.params());
    LayerScope scope = questions.scope(asked, true);
    Map<String, Row> summaries = queries.traces().summaries(scope.projects(), List.of(traceId));
    Row summary = summaries.get(traceId);
    if (summary == null) {
      throw ApiException.notFound("no span of trace " + traceId + " is kept");
    }
    List<Row> calls = queries.calls().ofTraces(scope.projects(), List.of(traceId), MAX_SPANS * 2);
    Map<String, Row> callOfSpan = callsBySpan(calls);
    List<Row> spans = spans(scope, traceId, contentSpan);
    Map<String, @Nullable Object> out =
        object(
            "trace", TraceRows.row(scope, summary, calls),
            "layers", Answers.layers(scope, beside(scope, calls)),
            "spans",
                spans.stream().map(s -> SpanJson.row(s, callOfSpan.get(s.text("span")))).toList(),
            "truncated", contentSpan == null && summary.integer("spans") > spans.size(),
            "latencyParts", new LatencyParts(queries).of(scope, traceId, calls));
    if (contentSpan != null) {
      out.put("content", content(scope, traceId, spans.get(0)));
    }
    return out;
  }

  private static @Nullable String contentSpan(Params params) {
    String text = params.text("content");
    if (text != null && !text.matches("[0-9a-fA-F]{16}")) {
      throw ApiException.badParameter("content", "must be a span id of 16 hex digits");
    }
    return text == null ? null : text.toLowerCase(Locale.ROOT);
  }

  private List<Row> spans(LayerScope scope, String traceId, @Nullable String contentSpan) {
    if (contentSpan == null) {
      return queries.traces().spans(scope.projects(), traceId, MAX_SPANS);
    }
    Row span = queries.traces().span(scope.projects(), traceId, contentSpan);
    if (span == null) {
      throw ApiException.notFound("no span " + contentSpan + " in trace " + traceId);
    }
    return List.of(span);
  }

  private Map<String, @Nullable Object> content(LayerScope scope, String traceId, Row span) {
    Map<String, String> content =
        queries.traces().content(scope.projects(), traceId, span.text("span"));
    String state;
    if (content != null && !content.isEmpty()) {
      state = contentMode.equals("redact") ? "redacted" : "on";
    } else if (span.bool("has_content")) {
      state = "expired";
    } else {
      state = contentMode.equals("off") ? "off" : "none";
    }
    return object(
        "spanId",
        span.text("span"),
        "state",
        state,
        "parts",
        content == null ? List.of() : ContentParts.of(content));
  }

  /** The call each span counts as; a collapsed root's attempt before its request. */
  private static Map<String, Row> callsBySpan(List<Row> calls) {
    Map<String, Row> out = new LinkedHashMap<>();
    for (Row c : calls) {
      out.merge(c.text("span"), c, (a, b) -> a.text("layer").equals("gateway_request") ? b : a);
    }
    return out;
  }

  private static Map<String, RollupReader.Beside> beside(LayerScope scope, List<Row> calls) {
    Map<String, RollupReader.Beside> out = new LinkedHashMap<>();
    for (Row c : calls) {
      if (!scope.counts(c.text("project"), c.text("layer"))) {
        BigDecimal cost = c.money("cost");
        out.merge(
            c.text("layer"),
            new RollupReader.Beside(1, cost == null ? BigDecimal.ZERO : cost),
            (a, b) -> new RollupReader.Beside(a.calls() + b.calls(), a.cost().add(b.cost())));
      }
    }
    return out;
  }
}
