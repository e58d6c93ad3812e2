/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A span in AgentOps' shapes. */
final class SpanItem {
  private static final List<String> KINDS =
      List.of("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer");
  private static final String NO_PARENT = "0000000000000000";

  /** What the SDK wrote is of no use: it always says {@code temporary}. */
  private static final List<String> PROJECT_KEYS = List.of("ProjectId", "agentops.project.id");

  private SpanItem() {}

  /** As in a trace's detail, attributes and content included. */
  static Map<String, @Nullable Object> whole(
      Row s,
      String projectId,
      Map<String, String> content,
      @Nullable Map<String, @Nullable Object> metrics) {
    Map<String, @Nullable Object> attributes = attributes(s, content);
    Map<String, @Nullable Object> out = object("freeplan_truncated", false);
    out.putAll(summary(s));
    out.put("span_type", type(s, attributes));
    out.put("service_name", s.text("service"));
    out.put("attributes", Map.of());
    out.put("resource_attributes", resource(s, projectId));
    out.put("span_attributes", attributes);
    out.put("event_timestamps", times(s.list("event_times_ns")));
    out.put("event_names", s.texts("event_names"));
    out.put("event_attributes", s.list("event_attributes"));
    out.put("link_trace_ids", s.texts("link_traces"));
    out.put("link_span_ids", s.texts("link_spans"));
    out.put("link_trace_states", s.texts("link_states"));
    out.put("link_attributes", s.list("link_attributes"));
    out.put("metrics", metrics);
    return out;
  }

  /** As in the public API's span. */
  static Map<String, @Nullable Object> open(Row s, String projectId, Map<String, String> content) {
    Map<String, @Nullable Object> out = summary(s);
    out.put("service_name", s.text("service"));
    out.put("attributes", Map.of());
    out.put("resource_attributes", resource(s, projectId));
    out.put("span_attributes", attributes(s, content));
    return out;
  }

  /** As in the public API's trace. */
  static Map<String, @Nullable Object> summary(Row s) {
    String parent = s.text("parent");
    int kind = (int) s.integer("kind");
    return object(
        "span_id", s.text("span"),
        "parent_span_id", parent.equals(NO_PARENT) ? "" : parent,
        "span_name", s.text("name"),
        "span_kind", KINDS.get(kind < KINDS.size() ? kind : 0),
        "start_time", IsoTime.ofNanos(s.integer("start_ns")),
        "end_time", IsoTime.ofNanos(s.integer("end_ns")),
        "duration", Math.max(0, s.integer("end_ns") - s.integer("start_ns")),
        "status_code", status(s),
        "status_message", s.text("status_message"));
  }

  /** {@code ERROR} also where only an HTTP status or an error's name tells of the failure. */
  static String status(Row s) {
    if (s.bool("failed") || s.integer("status_code") == 2) {
      return "ERROR";
    }
    return s.integer("status_code") == 1 ? "OK" : "UNSET";
  }

  private static Map<String, @Nullable Object> attributes(Row s, Map<String, String> content) {
    Map<String, String> all = new LinkedHashMap<>(s.map("attributes"));
    all.putAll(content);
    return NestedAttributes.of(all);
  }

  private static Map<String, @Nullable Object> resource(Row s, String projectId) {
    Map<String, String> all = new LinkedHashMap<>(s.map("resource"));
    PROJECT_KEYS.forEach(key -> all.put(key, projectId));
    return NestedAttributes.of(all);
  }

  /** By what the span was recognised as; null without attributes, as there. */
  private static @Nullable String type(Row s, Map<String, @Nullable Object> attributes) {
    if (attributes.isEmpty()) {
      return null;
    }
    return switch (s.text("role")) {
      case "GATEWAY_CALL", "ENGINE", "CLIENT_SDK" -> "request";
      case "AGENT" -> "agent";
      case "TOOL" -> "tool";
      default -> "other";
    };
  }

  private static List<String> times(List<?> nanos) {
    List<String> out = new ArrayList<>();
    for (Object t : nanos) {
      out.add(IsoTime.ofNanos(t instanceof Number n ? n.longValue() : 0));
    }
    return out;
  }
}
