/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as LiteLLM tells it with {@code LITELLM_OTEL_V2=true}: OpenTelemetry's keys with the
 * old ones beside them, baggage on every span, no call span on a cache hit.
 */
final class LiteLlmV2Export {
  private static final long MS = 1_000_000L;
  private static final String SERVER_SCOPE = "opentelemetry.instrumentation.fastapi";

  private final UserRequest request;
  private final PartBuilder part;
  private final Dice dice;
  private final String route;

  private LiteLlmV2Export(UserRequest request, PartBuilder part, Dice dice) {
    this.request = request;
    this.part = part;
    this.dice = dice;
    this.route = request.embedding ? "/v1/embeddings" : "/v1/chat/completions";
  }

  /**
   * Adds the request's spans.
   *
   * @param parent of the server span, empty if none
   */
  static ByteString add(
      UserRequest request, PartBuilder part, ByteString parent, long startNanos, Dice dice) {
    return new LiteLlmV2Export(request, part, dice).add(parent, startNanos);
  }

  private ByteString add(ByteString parent, long start) {
    long end = start + request.lengthNanos();
    ByteString root = dice.id(8);
    ByteString auth =
        part.add(
            root,
            "auth " + route,
            SpanKind.SPAN_KIND_INTERNAL,
            start + MS,
            start + 7 * MS,
            StatusCode.STATUS_CODE_UNSET,
            baggage());
    service(auth, "postgres", "get_key_object", start + 2 * MS, start + 5 * MS);
    if (dice.percent(60)) {
      service(root, "redis", "async_get_cache", start + 8 * MS, start + 9 * MS);
    }
    if (dice.percent(40)) {
      service(root, "redis", "async_increment", start + 9 * MS, start + 10 * MS);
    }
    long at = start + UserRequest.BEFORE_NANOS;
    for (Attempt attempt : request.attempts) {
      if (!attempt.cacheHit) {
        call(root, attempt, at);
      }
      at += attempt.lengthNanos + UserRequest.PAUSE_NANOS;
    }
    service(root, "batch_write_to_db", "_PROXY_track_cost_callback", end - 2 * MS, end);
    TrafficFailure failure = request.failure();
    Map<String, Object> keys = baggage();
    keys.put("http.method", "POST");
    keys.put("http.target", route);
    keys.put("http.route", route);
    keys.put("http.status_code", failure == null ? 200 : failure.httpStatus);
    keys.put("http.user_agent", "OpenAI/Python 2.8.0");
    if (failure != null) {
      keys.put("error.type", failure.type);
      keys.put("error.message", "litellm." + failure.type + ": " + failure.message);
    }
    part.add(
        SERVER_SCOPE,
        root,
        parent,
        "POST " + route,
        SpanKind.SPAN_KIND_SERVER,
        start,
        end,
        status(failure),
        keys);
    part.counts(Fact.request(request.errorClass()));
    return root;
  }

  private void call(ByteString root, Attempt attempt, long at) {
    Usage told = attempt.usage.withoutReasoning();
    String operation = request.embedding ? "embeddings" : "chat";
    Map<String, Object> keys = baggage();
    keys.put("gen_ai.request.model", attempt.model.name());
    keys.put("gen_ai.operation.name", operation);
    keys.put("gen_ai.provider.name", attempt.model.provider());
    keys.put("gen_ai.system", attempt.model.provider());
    keys.put("gen_ai.request.max_tokens", 1024);
    keys.put("server.address", "api." + attempt.model.provider() + ".example");
    keys.put("litellm.call_id", request.callId);
    keys.put("litellm.call_type", request.embedding ? "aembedding" : "acompletion");
    keys.put("litellm.provider.model", attempt.model.provider() + "/" + attempt.model.name());
    keys.put("litellm.request.streaming", attempt.streaming);
    keys.put("litellm.request.route", route);
    keys.put("llm.is_streaming", attempt.streaming);
    keys.put("gen_ai.usage.input_tokens", told.prompt());
    keys.put("gen_ai.usage.output_tokens", told.completion());
    keys.put("gen_ai.usage.prompt_tokens", told.prompt());
    keys.put("gen_ai.usage.completion_tokens", told.completion());
    keys.put("gen_ai.usage.total_tokens", told.total());
    TrafficFailure failure = attempt.failure;
    if (failure != null) {
      keys.put("error.type", failure.type);
      keys.put("error.message", "litellm." + failure.type + ": " + failure.message);
      keys.put("litellm.provider.error.code", Integer.toString(failure.httpStatus));
    } else {
      keys.put("gen_ai.response.model", attempt.model.name());
      keys.put("gen_ai.response.id", attempt.responseId);
      keys.put("gen_ai.response.finish_reasons", List.of("stop"));
      if (attempt.streaming) {
        keys.put("gen_ai.response.time_to_first_chunk", attempt.firstTokenNanos / 1e9);
      }
      if (told.cacheRead() > 0) {
        keys.put("gen_ai.usage.cache_read.input_tokens", told.cacheRead());
      }
      if (told.cacheWrite() > 0) {
        keys.put("gen_ai.usage.cache_creation.input_tokens", told.cacheWrite());
      }
      if (attempt.reportsCost) {
        long pico = attempt.model.priced() ? told.costPico(attempt.model) : 0;
        keys.put("litellm.cost.total", PartBuilder.usd(pico));
      }
      if (!request.embedding) {
        keys.put("gen_ai.input.messages", Texts.question());
        keys.put("gen_ai.output.messages", Texts.answer());
      }
    }
    part.add(
        root,
        operation + " " + attempt.model.name(),
        SpanKind.SPAN_KIND_CLIENT,
        at,
        at + attempt.lengthNanos,
        status(failure),
        keys);
    part.counts(Fact.gatewayCall(attempt, told));
  }

  private void service(ByteString parent, String service, String call, long from, long to) {
    Map<String, Object> keys = baggage();
    keys.put("litellm.service.name", service);
    keys.put("litellm.service.call_type", call);
    keys.put("db.system.name", service.equals("redis") ? "redis" : "postgresql");
    keys.put("db.operation.name", call);
    keys.put("service", service);
    keys.put("call_type", call);
    part.add(
        parent,
        service + " " + call,
        SpanKind.SPAN_KIND_CLIENT,
        from,
        to,
        StatusCode.STATUS_CODE_UNSET,
        keys);
  }

  /** What is copied to every span of the request, the database's included. */
  private Map<String, Object> baggage() {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("litellm.team.id", "team-" + request.team);
    keys.put("litellm.team.alias", request.team);
    keys.put("litellm.api_key.hash", request.apiKeyHash());
    keys.put("litellm.metadata.user_api_key_alias", request.apiKey);
    keys.put("litellm.metadata.user_api_key_user_id", request.user);
    keys.put(
        "gen_ai.request.model",
        request.attempts.isEmpty() ? "gpt-4o-mini" : request.attempts.get(0).model.name());
    return keys;
  }

  /** Success is left unset. */
  private static StatusCode status(@Nullable TrafficFailure failure) {
    return failure == null ? StatusCode.STATUS_CODE_UNSET : StatusCode.STATUS_CODE_ERROR;
  }
}
