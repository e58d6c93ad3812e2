/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Traces of a gateway and of the AgentOps SDK as they are sent, with what was put into them: the
 * plain truth that answers are held against.
 */
final class SentTraces {
  private static final long MS = 1_000_000;

  private final Random random;
  private final List<Sent> all = new ArrayList<>();

  SentTraces(long seed) {
    random = new Random(seed);
  }

  /** One trace and its figures. */
  static final class Sent {
    final String service;
    final String id;
    final List<Span> spans = new ArrayList<>();
    boolean rootFailed;
    String endState = "";
    List<String> tags = List.of();
    long prompt;
    long completion;
    long cacheRead;
    BigDecimal cost;
    int calls;
    int failedCalls;

    Sent(String service, byte[] id) {
      this.service = service;
      this.id = HexFormat.of().formatHex(id);
    }

    Span root() {
      return spans.get(0);
    }

    long startNs() {
      return spans.stream().mapToLong(Span::getStartTimeUnixNano).min().orElseThrow();
    }

    long endNs() {
      return spans.stream().mapToLong(Span::getEndTimeUnixNano).max().orElseThrow();
    }

    long errors() {
      return spans.stream().filter(SentTraces::failed).count();
    }

    String state() {
      return rootFailed ? "fail" : endState.equals("Indeterminate") ? "indeterminate" : "success";
    }
  }

  List<Sent> all() {
    return all;
  }

  static boolean failed(Span s) {
    return s.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR;
  }

  /** A request through the gateway: attempts until one goes well, or three failed. */
  void gateway(long endMs) {
    Sent t = new Sent("litellm", bytes(16));
    long end = endMs * MS + random.nextInt(1000) * 1000L;
    int failures = random.nextInt(5) == 0 ? 3 : random.nextInt(6) == 0 ? 1 : 0;
    int attempts = Math.min(3, failures + 1);
    t.rootFailed = failures == 3;
    long start = end - (attempts * 400L + 50 + random.nextInt(300)) * MS;
    byte[] root = bytes(8);
    t.spans.add(
        span(t, root, new byte[0], "Received Proxy Server Request", 2, start, end)
            .setStatus(status(t.rootFailed ? 2 : random.nextInt(2)))
            .addAttributes(attribute("http.route", "/v1/chat/completions"))
            .build());
    boolean priced = random.nextInt(4) != 0;
    for (int i = 0; i < attempts; i++) {
      boolean failed = i < failures;
      long from = start + (10 + i * 400L) * MS;
      Span.Builder call =
          span(t, bytes(8), root, "litellm_request", 1, from, from + 350 * MS)
              .setStatus(status(failed ? 2 : 1));
      Map<String, Object> a = new LinkedHashMap<>();
      a.put("gen_ai.request.model", priced ? "gpt-4o-mini" : "mystery-1");
      a.put("gen_ai.system", priced ? "openai" : "nobody");
      a.put("llm.request.type", "acompletion");
      a.put("gen_ai.operation.name", "acompletion");
      a.put("litellm.call_id", t.id);
      a.put("gen_ai.input.messages", "[{\"role\":\"user\",\"content\":\"Where is my refund?\"}]");
      t.calls++;
      if (failed) {
        a.put("error.type", "RateLimitError");
        a.put("error.code", "429");
        t.failedCalls++;
      } else {
        long in = 50 + random.nextInt(2000);
        long out = 5 + random.nextInt(500);
        a.put("gen_ai.response.id", "chatcmpl-" + t.id.substring(0, 12) + i);
        a.put("gen_ai.response.model", priced ? "gpt-4o-mini" : "mystery-1");
        a.put("gen_ai.usage.input_tokens", in);
        a.put("gen_ai.usage.output_tokens", out);
        a.put("gen_ai.usage.total_tokens", in + out);
        t.prompt += in;
        t.completion += out;
        if (priced) {
          BigDecimal usd =
              new BigDecimal("0.00000015")
                  .multiply(BigDecimal.valueOf(in))
                  .add(new BigDecimal("0.0000006").multiply(BigDecimal.valueOf(out)));
          a.put("gen_ai.cost.total_cost", usd.doubleValue());
          t.cost = t.cost == null ? usd : t.cost.add(usd);
        }
      }
      a.forEach((k, v) -> call.addAttributes(attribute(k, v)));
      t.spans.add(call.build());
    }
    all.add(t);
  }

  /** A trace of the SDK: session, agent, tool, and a call of a model the price book knows. */
  void sdk(long endMs, String name, String endState, boolean failed, List<String> tags) {
    Sent t = new Sent("agentops", bytes(16));
    t.endState = endState;
    t.tags = tags;
    t.rootFailed = failed;
    long end = endMs * MS;
    long start = end - 900 * MS;
    byte[] root = bytes(8);
    Span.Builder session =
        span(t, root, new byte[0], name + ".session", 1, start, end)
            .setStatus(status(failed ? 2 : 0))
            .addAttributes(attribute("agentops.span.kind", "session"))
            .addAttributes(attribute("operation.name", name))
            .addAttributes(attribute("agentops.entity.output", "done"))
            .addAttributes(attribute("agentops.session.end_state", endState));
    ArrayValue.Builder list = ArrayValue.newBuilder();
    tags.forEach(tag -> list.addValues(AnyValue.newBuilder().setStringValue(tag)));
    session.addAttributes(
        KeyValue.newBuilder()
            .setKey("agentops.tags")
            .setValue(AnyValue.newBuilder().setArrayValue(list)));
    t.spans.add(session.build());
    byte[] agent = bytes(8);
    t.spans.add(
        span(t, agent, root, "Refunder.agent", 1, start + MS, end - MS)
            .addAttributes(attribute("agentops.span.kind", "agent"))
            .addAttributes(attribute("operation.name", "Refunder"))
            .build());
    t.spans.add(
        span(t, bytes(8), agent, "lookup.tool", 1, start + 2 * MS, start + 20 * MS)
            .addAttributes(attribute("agentops.span.kind", "tool"))
            .addAttributes(attribute("operation.name", "lookup"))
            .addAttributes(attribute("agentops.tool.output", "o-1"))
            .addEvents(
                Span.Event.newBuilder().setName("found").setTimeUnixNano(start + 3 * MS + 1500))
            .build());
    t.spans.add(
        span(t, bytes(8), agent, "openai.chat.completion", 3, start + 30 * MS, end - 5 * MS)
            .setStatus(status(1))
            .addAttributes(attribute("gen_ai.request.type", "chat"))
            .addAttributes(attribute("gen_ai.system", "OpenAI"))
            .addAttributes(attribute("gen_ai.request.model", "gpt-4o-mini"))
            .addAttributes(attribute("gen_ai.response.model", "gpt-4o-mini-2024-07-18"))
            .addAttributes(attribute("gen_ai.response.id", "chatcmpl-" + t.id.substring(0, 12)))
            .addAttributes(attribute("gen_ai.usage.prompt_tokens", 1000L))
            .addAttributes(attribute("gen_ai.usage.completion_tokens", 100L))
            .addAttributes(attribute("gen_ai.usage.total_tokens", 1100L))
            .addAttributes(attribute("gen_ai.prompt.0.role", "user"))
            .addAttributes(attribute("gen_ai.prompt.0.content", "Where is my refund?"))
            .addAttributes(attribute("gen_ai.completion.0.content", "It was issued."))
            .build());
    t.prompt = 1000;
    t.completion = 100;
    t.calls = 1;
    // gpt-4o-mini: 0.15 and 0.60 USD a million.
    t.cost = new BigDecimal("0.00021");
    all.add(t);
  }

  /** All as one export of each service. */
  ExportTraceServiceRequest request() {
    ExportTraceServiceRequest.Builder out = ExportTraceServiceRequest.newBuilder();
    for (String service : List.of("litellm", "agentops")) {
      var resource = out.addResourceSpansBuilder();
      resource
          .getResourceBuilder()
          .addAttributes(attribute("service.name", service))
          .addAttributes(attribute("agentops.project.id", "temporary"));
      var scope = resource.addScopeSpansBuilder();
      scope.getScopeBuilder().setName(service);
      all.stream().filter(t -> t.service.equals(service)).forEach(t -> scope.addAllSpans(t.spans));
    }
    return out.build();
  }

  private static Span.Builder span(
      Sent t, byte[] id, byte[] parent, String name, int kind, long start, long end) {
    return Span.newBuilder()
        .setTraceId(ByteString.fromHex(t.id))
        .setSpanId(ByteString.copyFrom(id))
        .setParentSpanId(ByteString.copyFrom(parent))
        .setName(name)
        .setKindValue(kind)
        .setStartTimeUnixNano(start)
        .setEndTimeUnixNano(end);
  }

  private static Status status(int code) {
    return Status.newBuilder().setCodeValue(code).build();
  }

  private static KeyValue attribute(String key, Object value) {
    AnyValue.Builder any = AnyValue.newBuilder();
    if (value instanceof Long n) {
      any.setIntValue(n);
    } else if (value instanceof Double d) {
      any.setDoubleValue(d);
    } else {
      any.setStringValue(value.toString());
    }
    return KeyValue.newBuilder().setKey(key).setValue(any).build();
  }

  private byte[] bytes(int n) {
    byte[] out = new byte[n];
    random.nextBytes(out);
    out[0] |= 1;
    return out;
  }
}
