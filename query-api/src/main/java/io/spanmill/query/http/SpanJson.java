/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A span as traces show it, with the figures of the call it counts as. */
final class SpanJson {
  private static final List<String> KINDS =
      List.of("unspecified", "internal", "server", "client", "producer", "consumer");
  private static final List<String> HTTP_STATUS =
      List.of("http.response.status_code", "http.status_code");
  private static final int MESSAGE_LENGTH = 500;

  private SpanJson() {}

  static Map<String, @Nullable Object> row(Row s, @Nullable Row call) {
    int kind = (int) s.integer("kind");
    String layer = s.text("layer");
    return object(
        "spanId", s.text("span"),
        "parentSpanId", CallJson.parent(s.text("parent")),
        "name", s.text("name"),
        "role", s.text("role"),
        "layer", Json.orNull(layer),
        "counted", call != null,
        "kind", kind < KINDS.size() ? KINDS.get(kind) : KINDS.get(0),
        "service", s.text("service"),
        "scope", s.text("scope_name"),
        "start", CallJson.ms(s.integer("start_ns")),
        "end", CallJson.ms(s.integer("end_ns")),
        "durationMs", CallJson.ms(Math.max(0, s.integer("end_ns") - s.integer("start_ns"))),
        "provider", Json.orNull(s.text("provider")),
        "model", Json.orNull(s.text("model")),
        "operation", Json.orNull(s.text("operation")),
        "agent", Json.orNull(s.text("agent")),
        "tool", Json.orNull(s.text("tool")),
        "status", status(s),
        "errorClass", Json.orNull(s.text("error_class")),
        "httpStatus", httpStatus(s, call),
        "message", message(s, call),
        "tokens", call == null ? null : CallJson.tokens(call),
        "costKind", call == null ? "none" : call.text("cost_kind"),
        "costUsd", call == null ? null : CallJson.usd(call, "cost"),
        "reportedUsd", call == null ? null : CallJson.usd(call, "reported_cost"),
        "computedUsd", call == null ? null : CallJson.usd(call, "computed_cost"),
        "timeToFirstTokenMs", call == null ? null : Json.msOfMicros(call.integer("ttft_us")),
        "streaming", call == null ? null : call.bool("streaming"),
        "cacheHit", call == null ? null : call.bool("cache_hit"),
        "attributes", s.map("attributes"),
        "resource", s.map("resource"),
        "events", events(s),
        "links", links(s),
        "hasContent", s.bool("has_content"));
  }

  private static String status(Row s) {
    if (s.bool("failed")) {
      return "error";
    }
    return s.integer("status_code") == 1 ? "ok" : "unset";
  }

  private static @Nullable Object httpStatus(Row s, @Nullable Row call) {
    if (call != null && call.integer("http_status") != 0) {
      return call.integer("http_status");
    }
    for (String key : HTTP_STATUS) {
      String v = s.map("attributes").get(key);
      if (v != null && v.matches("\\d{3}")) {
        return Integer.parseInt(v);
      }
    }
    return null;
  }

  private static @Nullable String message(Row s, @Nullable Row call) {
    String own = s.text("status_message");
    return Json.shortened(
        own.isEmpty() && call != null ? call.text("error_message") : own, MESSAGE_LENGTH);
  }

  private static List<Object> events(Row s) {
    List<?> times = s.list("event_times_ns");
    List<String> names = s.texts("event_names");
    List<?> attributes = s.list("event_attributes");
    List<Object> out = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Object t = i < times.size() ? times.get(i) : null;
      out.add(
          object(
              "t", t instanceof Number n ? CallJson.ms(n.longValue()) : null,
              "name", names.get(i),
              "attributes", i < attributes.size() ? attributes.get(i) : Map.of()));
    }
    return out;
  }

  private static List<Object> links(Row s) {
    List<String> traces = s.texts("link_traces");
    List<String> spans = s.texts("link_spans");
    List<Object> out = new ArrayList<>();
    for (int i = 0; i < Math.min(traces.size(), spans.size()); i++) {
      out.add(object("traceId", traces.get(i), "spanId", spans.get(i)));
    }
    return out;
  }
}
