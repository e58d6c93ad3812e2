/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * OTLP bodies in which every name bears a word of its own, so that it is found wherever it gets.
 */
final class TwoProjects {
  private static final ObjectMapper JSON = new ObjectMapper();

  private TwoProjects() {}

  static String traceId(String word, int n) {
    return String.format("%s%030x", word.equals("alpha") ? "aa" : "bb", n + 1);
  }

  static String session(String word) {
    return "session-" + word;
  }

  /** So many traces of an agent that calls a tool and a model, the second call of each failing. */
  static byte[] body(String word, int first, int traces, Instant at) {
    List<Object> spans = new ArrayList<>();
    for (int n = first; n < first + traces; n++) {
      String trace = traceId(word, n);
      long start = at.toEpochMilli() * 1_000_000 + n * 1_000_000L;
      spans.add(
          span(
              trace,
              1,
              0,
              "agent " + word,
              start,
              5_000,
              Map.of(
                  "gen_ai.operation.name",
                  "invoke_agent",
                  "gen_ai.agent.name",
                  "agent-" + word,
                  "session.id",
                  session(word),
                  "user.id",
                  "user-" + word),
              false));
      spans.add(
          span(
              trace,
              2,
              1,
              "tool " + word,
              start + 10_000_000,
              100,
              Map.of("gen_ai.operation.name", "execute_tool", "gen_ai.tool.name", "tool-" + word),
              false));
      for (int call = 0; call < 2; call++) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("gen_ai.operation.name", "chat");
        attributes.put("gen_ai.provider.name", "openai");
        attributes.put("gen_ai.request.model", "model-" + word);
        attributes.put("gen_ai.response.model", "model-" + word);
        attributes.put("gen_ai.response.id", "response-" + word + "-" + n + "-" + call);
        attributes.put("session.id", session(word));
        attributes.put("user.id", "user-" + word);
        if (call == 0) {
          attributes.put("gen_ai.usage.input_tokens", 1000);
          attributes.put("gen_ai.usage.output_tokens", 10 + n);
          attributes.put("gen_ai.usage.cost", 0.001234 + n);
          attributes.put(
              "gen_ai.input.messages", "[{\"role\":\"user\",\"content\":\"ask " + word + "\"}]");
        } else {
          attributes.put("error.type", "timeout");
        }
        spans.add(
            span(
                trace,
                3 + call,
                1,
                "chat model-" + word,
                start + 200_000_000L * (call + 1),
                100 + call,
                attributes,
                call == 1));
      }
    }
    Map<String, Object> resource =
        Map.of(
            "attributes",
            attributes(
                Map.of(
                    "service.name",
                    "service-" + word,
                    "deployment.environment.name",
                    "environment-" + word)));
    try {
      return JSON.writeValueAsBytes(
          Map.of(
              "resourceSpans",
              List.of(
                  Map.of(
                      "resource",
                      resource,
                      "scopeSpans",
                      List.of(Map.of("scope", Map.of("name", "scope-" + word), "spans", spans))))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> span(
      String trace,
      int id,
      int parent,
      String name,
      long startNanos,
      long ms,
      Map<String, Object> attributes,
      boolean failed) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("traceId", trace);
    out.put("spanId", String.format("%016x", id));
    if (parent > 0) {
      out.put("parentSpanId", String.format("%016x", parent));
    }
    out.put("name", name);
    out.put("kind", 3);
    out.put("startTimeUnixNano", Long.toString(startNanos));
    out.put("endTimeUnixNano", Long.toString(startNanos + ms * 1_000_000));
    out.put("attributes", attributes(attributes));
    out.put("status", failed ? Map.of("code", 2, "message", "no answer for " + name) : Map.of());
    return out;
  }

  private static List<Object> attributes(Map<String, ?> values) {
    List<Object> out = new ArrayList<>();
    values.forEach(
        (key, v) ->
            out.add(
                Map.of(
                    "key",
                    key,
                    "value",
                    v instanceof Integer i
                        ? Map.of("intValue", i.toString())
                        : v instanceof Double d
                            ? Map.of("doubleValue", d)
                            : Map.of("stringValue", v.toString()))));
    return out;
  }
}
