/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Makes traces like those LiteLLM, vLLM and the AgentOps SDK send, from a seed: the same seed gives
 * the same traffic but for its times. Not for use by several threads.
 */
public final class ExampleTraces {
  private static final long MS = 1_000_000L;
  private static final String[] TEAMS = {"checkout", "search", "support", "research"};
  private static final String[] KEYS = {"web", "batch", "assistant"};
  private static final String TEXT =
      "The shipment left the warehouse on Tuesday and the carrier expects it at the customer's door before noon. ";

  /**
   * Name, provider, share of the traffic, typical milliseconds a token, USD a million tokens in and
   * out.
   */
  private record Model(
      String name, String provider, int share, double msPerToken, double usdIn, double usdOut) {}

  private static final List<Model> MODELS =
      List.of(
          new Model("gpt-4o-mini", "openai", 40, 6, 0.15, 0.60),
          new Model("gpt-4o", "openai", 15, 11, 2.50, 10.0),
          new Model("claude-sonnet-4-5", "anthropic", 20, 13, 3.0, 15.0),
          new Model("qwen3-32b", "hosted_vllm", 25, 9, 0, 0));

  private final SplittableRandom random;
  private final String environment;

  /**
   * A source of traces.
   *
   * @param environment value of {@code deployment.environment}, which marks them
   */
  public ExampleTraces(long seed, String environment) {
    this.random = new SplittableRandom(seed);
    this.environment = environment;
  }

  /** One user's request, all its spans, the last of which ends then. */
  public List<ResourceSpans> next(long endEpochNanos) {
    Call call = new Call(endEpochNanos);
    List<ResourceSpans> trace = new ArrayList<>();
    if (random.nextInt(4) == 0) {
      trace.add(call.client());
    }
    trace.add(call.gateway());
    if (call.model.provider.equals("hosted_vllm") && !call.failed && !call.cacheHit) {
      trace.add(call.engine());
    }
    return trace;
  }

  private Model pickModel() {
    int at = random.nextInt(100);
    for (Model model : MODELS) {
      at -= model.share;
      if (at < 0) {
        return model;
      }
    }
    return MODELS.get(0);
  }

  /** The figures of one request, drawn once and told by every layer it passes. */
  private final class Call {
    private final Model model = pickModel();
    private final boolean failed = random.nextInt(100) < 3;
    private final boolean cacheHit = !failed && random.nextInt(100) < 5;
    private final boolean streaming = random.nextBoolean();
    private final long inputTokens = 40 + (long) (Math.exp(random.nextDouble() * 4) * 25);
    private final long outputTokens =
        failed ? 0 : 8 + (long) (Math.exp(random.nextDouble() * 3) * 15);
    private final String callId = new UUID(random.nextLong(), random.nextLong()).toString();
    private final String responseId = "chatcmpl-" + callId.replace("-", "").substring(0, 24);
    private final String team = TEAMS[random.nextInt(TEAMS.length)];
    private final String apiKey = team + "-" + KEYS[random.nextInt(KEYS.length)];
    private final String user = "user-" + random.nextInt(200);
    private final ByteString trace = Spans.id(random, 16);
    private final ByteString root = Spans.id(random, 8);
    private final ByteString sdk = Spans.id(random, 8);
    private final long modelNanos;
    private final long firstTokenNanos;
    private final long end;
    private final long start;

    Call(long end) {
      double jitter = 0.6 + random.nextDouble() * 0.9 + (random.nextInt(50) == 0 ? 6 : 0);
      this.firstTokenNanos = (long) ((120 + inputTokens * 0.15) * jitter * MS);
      this.modelNanos =
          cacheHit
              ? 9 * MS
              : firstTokenNanos + (long) (outputTokens * model.msPerToken * jitter * MS);
      this.end = end;
      this.start = end - modelNanos - 24 * MS;
    }

    ResourceSpans gateway() {
      ByteString request = Spans.id(random, 8);
      long callStart = start + 16 * MS;
      long callEnd = end - 4 * MS;
      List<Span> spans = new ArrayList<>();
      spans.add(
          span(
              Spans.id(random, 8),
              root,
              "auth",
              start + MS,
              start + 8 * MS,
              Map.of("service", "auth", "call_type", "auth")));
      spans.add(
          span(
              Spans.id(random, 8),
              root,
              "router",
              start + 9 * MS,
              start + 12 * MS,
              Map.of("service", "router", "call_type", "async_get_available_deployment")));
      spans.add(
          Spans.span(
              trace,
              request,
              root,
              "litellm_request",
              SpanKind.SPAN_KIND_INTERNAL,
              callStart,
              callEnd,
              failed,
              request()));
      if (!failed) {
        spans.add(
            span(
                Spans.id(random, 8),
                request,
                "raw_gen_ai_request",
                callStart,
                callEnd,
                Map.of(
                    "llm." + model.provider + ".messages",
                    TEXT.repeat(2),
                    "llm." + model.provider + ".id",
                    responseId)));
      }
      spans.add(
          Spans.span(
              trace,
              root,
              ByteString.EMPTY,
              "Received Proxy Server Request",
              SpanKind.SPAN_KIND_SERVER,
              start,
              end,
              failed,
              Map.of(
                  "http.route",
                  "/v1/chat/completions",
                  "http.response.status_code",
                  failed ? 429 : 200,
                  "metadata.user_api_key_team_alias",
                  team)));
      return Spans.of(
          Map.of(
              "service.name",
              "litellm",
              "deployment.environment",
              environment,
              "telemetry.sdk.language",
              "python"),
          "litellm",
          spans);
    }

    private Map<String, Object> request() {
      Map<String, Object> a = new LinkedHashMap<>();
      a.put("gen_ai.request.model", model.name);
      a.put("gen_ai.system", model.provider);
      a.put("llm.request.type", "acompletion");
      a.put("llm.is_streaming", streaming ? "True" : "False");
      a.put("gen_ai.operation.name", "acompletion");
      a.put("litellm.call_id", callId);
      a.put("metadata.user_api_key_alias", apiKey);
      a.put("metadata.user_api_key_team_alias", team);
      a.put("metadata.user_api_key_user_id", user);
      a.put(
          "gen_ai.input.messages",
          "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"" + TEXT + "\"}]}]");
      if (failed) {
        a.put("error.type", "RateLimitError");
        a.put("error.code", "429");
        a.put("error.message", "the model's rate limit is reached");
        a.put("error.llm_provider", model.provider);
        return a;
      }
      double cost = cacheHit ? 0 : (inputTokens * model.usdIn + outputTokens * model.usdOut) / 1e6;
      a.put("gen_ai.response.id", responseId);
      a.put("gen_ai.response.model", model.name);
      a.put("gen_ai.usage.input_tokens", inputTokens);
      a.put("gen_ai.usage.output_tokens", outputTokens);
      a.put("gen_ai.usage.total_tokens", inputTokens + outputTokens);
      a.put(
          "gen_ai.output.messages",
          "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\""
              + TEXT.repeat(2)
              + "\"}]}]");
      if (cacheHit) {
        a.put("metadata.cache_hit", "True");
        a.put("hidden_params", "{\"cache_hit\": true, \"response_cost\": 0.0}");
      } else if (model.usdIn > 0) {
        a.put("gen_ai.cost.total_cost", cost);
      }
      return a;
    }

    ResourceSpans engine() {
      long engineStart = start + 20 * MS;
      long engineEnd = end - 6 * MS;
      Map<String, Object> a = new LinkedHashMap<>();
      a.put("gen_ai.latency.time_to_first_token", firstTokenNanos / 1e9);
      a.put("gen_ai.latency.e2e", (engineEnd - engineStart) / 1e9);
      a.put("gen_ai.latency.time_in_queue", random.nextDouble() * 0.02);
      a.put("gen_ai.usage.prompt_tokens", inputTokens);
      a.put("gen_ai.usage.completion_tokens", outputTokens);
      a.put("gen_ai.latency.time_in_model_prefill", firstTokenNanos / 1e9 * 0.9);
      a.put("gen_ai.latency.time_in_model_decode", Math.max(0, modelNanos - firstTokenNanos) / 1e9);
      a.put("gen_ai.latency.time_in_model_inference", modelNanos / 1e9);
      a.put("gen_ai.request.id", responseId);
      Span span =
          Spans.span(
              trace,
              Spans.id(random, 8),
              root,
              "llm_request",
              SpanKind.SPAN_KIND_SERVER,
              engineStart,
              engineEnd,
              false,
              a);
      return Spans.of(
          Map.of("service.name", "vllm-" + model.name, "deployment.environment", environment),
          "vllm.tracing.otel",
          List.of(span));
    }

    ResourceSpans client() {
      ByteString agent = Spans.id(random, 8);
      Map<String, Object> a = new LinkedHashMap<>();
      a.put("agentops.span.kind", "llm");
      a.put("gen_ai.system", model.provider);
      a.put("gen_ai.request.model", model.name);
      if (!failed) {
        a.put("gen_ai.response.model", model.name);
        a.put("gen_ai.response.id", responseId);
        a.put("gen_ai.usage.prompt_tokens", inputTokens);
        a.put("gen_ai.usage.completion_tokens", outputTokens);
      }
      return Spans.of(
          Map.of("service.name", team + "-agent", "deployment.environment", environment),
          "agentops.instrumentation.providers.openai",
          List.of(
              Spans.span(
                  trace,
                  agent,
                  ByteString.EMPTY,
                  team + ".agent",
                  SpanKind.SPAN_KIND_INTERNAL,
                  start - 6 * MS,
                  end,
                  failed,
                  Map.of("agentops.span.kind", "agent", "agent.name", team)),
              Spans.span(
                  trace,
                  sdk,
                  agent,
                  "openai.chat.completion",
                  SpanKind.SPAN_KIND_CLIENT,
                  start - 2 * MS,
                  end,
                  failed,
                  a)));
    }

    private Span span(
        ByteString id,
        ByteString parent,
        String name,
        long from,
        long to,
        Map<String, Object> attributes) {
      return Spans.span(
          trace, id, parent, name, SpanKind.SPAN_KIND_INTERNAL, from, to, false, attributes);
    }
  }
}
