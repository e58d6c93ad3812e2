/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as LiteLLM's {@code otel} callback tells it, in three of its shapes: a call span of its
 * own below the server span; the call's keys on the server span (releases 1.81 to 1.83); or on
 * both.
 */
final class LiteLlmV1Export {
  private static final long MS = 1_000_000L;

  /** Keys of the proxy's that it sends with no value. */
  private static final List<String> EMPTY_METADATA =
      List.of(
          "user_api_key_max_budget",
          "user_api_key_budget_reset_at",
          "user_api_key_org_id",
          "user_api_key_org_alias",
          "user_api_key_project_id",
          "user_api_key_project_alias",
          "user_api_key_user_email",
          "user_api_key_end_user_id",
          "spend_logs_metadata",
          "prompt_management_metadata",
          "mcp_tool_call_metadata",
          "vector_store_request_metadata",
          "cold_storage_object_key",
          "team_alias",
          "team_id");

  private enum Shape {
    APART,
    COLLAPSED,
    ON_BOTH
  }

  private final UserRequest request;
  private final PartBuilder part;
  private final Dice dice;
  private final Shape shape;
  private final String route;

  private LiteLlmV1Export(UserRequest request, PartBuilder part, Dice dice) {
    this.request = request;
    this.part = part;
    this.dice = dice;
    boolean single = request.attempts.size() == 1;
    this.shape =
        single && dice.percent(18)
            ? Shape.COLLAPSED
            : single && dice.percent(8) ? Shape.ON_BOTH : Shape.APART;
    this.route = request.embedding ? "/v1/embeddings" : "/v1/chat/completions";
  }

  /**
   * Adds the request's spans.
   *
   * @param parent of the server span, empty if none
   */
  static ByteString add(
      UserRequest request, PartBuilder part, ByteString parent, long startNanos, Dice dice) {
    return new LiteLlmV1Export(request, part, dice).add(parent, startNanos);
  }

  private ByteString add(ByteString parent, long start) {
    long end = start + request.lengthNanos();
    ByteString root = dice.id(8);
    services(root, start, end);
    long at = start + UserRequest.BEFORE_NANOS;
    Map<String, Object> rootKeys = new LinkedHashMap<>();
    for (Attempt attempt : request.attempts) {
      Map<String, Object> keys = call(attempt);
      part.counts(Fact.gatewayCall(attempt, attempt.usage));
      long until = at + attempt.lengthNanos;
      StatusCode status = status(attempt.failure);
      if (shape != Shape.APART) {
        rootKeys.putAll(keys);
      }
      if (shape != Shape.COLLAPSED) {
        ByteString call =
            part.add(root, "litellm_request", SpanKind.SPAN_KIND_INTERNAL, at, until, status, keys);
        if (attempt.failure == null && !attempt.cacheHit && !request.embedding) {
          part.add(
              call,
              "raw_gen_ai_request",
              SpanKind.SPAN_KIND_INTERNAL,
              at,
              until,
              status,
              raw(attempt));
        }
      }
      at = until + UserRequest.PAUSE_NANOS;
    }
    TrafficFailure failure = request.failure();
    if (failure != null) {
      part.add(
          root,
          "Failed Proxy Server Request",
          SpanKind.SPAN_KIND_INTERNAL,
          end - MS,
          end - MS,
          StatusCode.STATUS_CODE_ERROR,
          Map.of("exception", "litellm." + failure.type + ": " + failure.message));
    }
    rootKeys.put("http.route", route);
    rootKeys.put("http.response.status_code", failure == null ? 200 : failure.httpStatus);
    rootKeys.put("metadata.user_api_key_team_alias", request.team);
    rootKeys.put("litellm.preprocessing.duration_ms", 5.1);
    tellFailure(failure, rootKeys);
    part.add(
        "litellm",
        root,
        parent,
        "Received Proxy Server Request",
        SpanKind.SPAN_KIND_SERVER,
        start,
        end,
        status(failure),
        rootKeys);
    part.counts(Fact.request(request.errorClass()));
    return root;
  }

  /** What the proxy does for a request besides: six to nine, fewer if it turns it away. */
  private void services(ByteString root, long start, long end) {
    service(root, "auth", route, start + MS, start + 7 * MS);
    service(root, "redis", "async_get_cache", start + 2 * MS, start + 3 * MS);
    if (dice.percent(30)) {
      // The key was not in its cache.
      service(root, "postgres", "get_key_object", start + 3 * MS, start + 6 * MS);
    }
    if (request.attempts.isEmpty()) {
      return;
    }
    service(root, "proxy_pre_call", "add_litellm_data_to_request", start + 7 * MS, start + 8 * MS);
    if (dice.percent(40)) {
      service(root, "redis", "async_increment", start + 8 * MS, start + 9 * MS);
    }
    long from = start + UserRequest.BEFORE_NANOS;
    long until = end - UserRequest.AFTER_NANOS;
    service(root, "router", "async_get_available_deployment", start + 9 * MS, start + 12 * MS);
    if (!request.last().cacheHit) {
      String call = request.embedding ? "embedding" : "chat_completion";
      service(root, "self", "make_openai_" + call + "_request", from + MS / 2, until);
    }
    service(root, "router", request.embedding ? "aembedding" : "acompletion", from, until);
    service(root, "batch_write_to_db", "_PROXY_track_cost_callback", end - 2 * MS, end);
  }

  private void service(ByteString parent, String service, String callType, long from, long to) {
    part.add(
        parent,
        service,
        SpanKind.SPAN_KIND_INTERNAL,
        from,
        to,
        StatusCode.STATUS_CODE_OK,
        Map.of("service", service, "call_type", callType));
  }

  private Map<String, Object> call(Attempt attempt) {
    Map<String, Object> keys = new LinkedHashMap<>();
    metadata(attempt, keys);
    keys.put("hidden_params", hidden(attempt));
    keys.put("http.route", route);
    keys.put("litellm.model_group", attempt.model.name());
    keys.put("litellm.provider.model", attempt.model.provider() + "/" + attempt.model.name());
    keys.put("gen_ai.request.model", attempt.model.name());
    keys.put("llm.request.type", request.embedding ? "aembedding" : "acompletion");
    keys.put("gen_ai.system", attempt.model.provider());
    keys.put("llm.is_streaming", attempt.streaming ? "True" : "False");
    keys.put("litellm.call_id", request.callId);
    if (!request.embedding) {
      keys.put("gen_ai.operation.name", "acompletion");
      keys.put("gen_ai.request.max_tokens", 1024);
      keys.put("gen_ai.request.temperature", 0.7);
      keys.put("gen_ai.input.messages", Texts.question());
    }
    if (attempt.failure != null) {
      keys.put("gen_ai.response.id", request.callId);
      keys.put("http.response.status_code", attempt.failure.httpStatus);
      tellFailure(attempt.failure, keys);
      return keys;
    }
    keys.put("gen_ai.response.id", request.embedding ? request.callId : attempt.responseId);
    keys.put("gen_ai.response.model", attempt.model.name());
    keys.put("gen_ai.usage.input_tokens", attempt.usage.prompt());
    keys.put("gen_ai.usage.output_tokens", attempt.usage.completion());
    keys.put("gen_ai.usage.total_tokens", attempt.usage.total());
    if (attempt.reportsCost) {
      // Told on a hit too: what the answer cost once. A model without a price is told as free.
      long pico = attempt.model.priced() ? attempt.usage.costPico(attempt.model) : 0;
      keys.put("gen_ai.cost.tool_usage_cost", 0.0);
      keys.put("gen_ai.cost.original_cost", PartBuilder.usd(pico));
      keys.put("gen_ai.cost.total_cost", PartBuilder.usd(pico));
    }
    if (!request.embedding) {
      keys.put("gen_ai.output.messages", Texts.answer());
      keys.put("gen_ai.response.finish_reasons", "[\"stop\"]");
    }
    return keys;
  }

  /** Whose request it is, and everything else the proxy knows of it, most of it empty. */
  private void metadata(Attempt attempt, Map<String, Object> keys) {
    keys.put("metadata.user_api_key_hash", request.apiKeyHash());
    keys.put("metadata.user_api_key_alias", request.apiKey);
    keys.put("metadata.user_api_key_spend", 12.75);
    keys.put("metadata.user_api_key_team_id", "team-" + request.team);
    keys.put("metadata.user_api_key_team_alias", request.team);
    keys.put("metadata.user_api_key_user_id", request.user);
    keys.put("metadata.user_api_key_request_route", route);
    keys.put("metadata.user_api_key_auth_metadata", "{}");
    keys.put("metadata.requester_ip_address", "10.20.0.15");
    keys.put("metadata.user_agent", "OpenAI/Python 2.8.0");
    keys.put("metadata.requester_metadata", "{}");
    keys.put("metadata.requester_custom_headers", "{}");
    keys.put("metadata.applied_guardrails", "[]");
    keys.put("metadata.usage_object", attempt.failure == null ? python(attempt.usage) : "");
    for (String empty : EMPTY_METADATA) {
      keys.put("metadata." + empty, "");
    }
  }

  private String hidden(Attempt attempt) {
    String key = attempt.cacheHit ? "\"" + dice.text(32) + "\"" : "null";
    return "{\"model_id\": \""
        + attempt.model.name()
        + "-1\", \"cache_key\": "
        + key
        + ", \"api_base\": \"https://api."
        + attempt.model.provider()
        + ".example\", \"response_cost\": null, \"litellm_overhead_time_ms\": 4.3}";
  }

  private static String python(Usage usage) {
    return "{'completion_tokens': "
        + usage.completion()
        + ", 'prompt_tokens': "
        + usage.prompt()
        + ", 'total_tokens': "
        + usage.total()
        + ", 'completion_tokens_details': {'audio_tokens': None, 'reasoning_tokens': "
        + usage.reasoning()
        + "}, 'prompt_tokens_details': {'audio_tokens': None, 'cached_tokens': "
        + usage.cacheRead()
        + ", 'cache_creation_tokens': "
        + usage.cacheWrite()
        + "}}";
  }

  private Map<String, Object> raw(Attempt attempt) {
    String prefix = "llm." + attempt.model.provider() + ".";
    return Map.of(
        prefix + "messages",
        Texts.question(),
        prefix + "model",
        attempt.model.name(),
        prefix + "id",
        attempt.responseId,
        prefix + "object",
        "chat.completion",
        prefix + "max_tokens",
        1024,
        prefix + "usage",
        python(attempt.usage));
  }

  private static void tellFailure(@Nullable TrafficFailure failure, Map<String, Object> keys) {
    if (failure != null) {
      keys.putAll(
          new HashMap<>(
              Map.of(
                  "error.type",
                  failure.type,
                  "error.code",
                  Integer.toString(failure.httpStatus),
                  "error.message",
                  "litellm." + failure.type + ": " + failure.message)));
    }
  }

  private static StatusCode status(@Nullable TrafficFailure failure) {
    return failure == null ? StatusCode.STATUS_CODE_OK : StatusCode.STATUS_CODE_ERROR;
  }
}
