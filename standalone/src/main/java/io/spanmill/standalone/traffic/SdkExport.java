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

/** A request's outcome as one of the SDK instrumentations in the application tells it. */
enum SdkExport {
  AGENTOPS("openai", "openai.chat.completion") {
    @Override
    Usage told(Usage usage) {
      return usage.withoutCacheWrite();
    }

    @Override
    void describe(Attempt attempt, Usage told, Map<String, Object> keys) {
      keys.put("gen_ai.request.type", "chat");
      keys.put("gen_ai.system", attempt.model.provider());
      keys.put("gen_ai.request.model", attempt.model.name());
      keys.put("gen_ai.request.streaming", attempt.streaming);
      if (attempt.failure == null) {
        keys.put("gen_ai.response.model", attempt.model.name());
        keys.put("gen_ai.response.id", attempt.responseId);
        keys.put("gen_ai.usage.prompt_tokens", told.prompt());
        keys.put("gen_ai.usage.completion_tokens", told.completion());
        keys.put("gen_ai.usage.total_tokens", told.total());
        keys.put("gen_ai.usage.cache_read_input_tokens", told.cacheRead());
        keys.put("gen_ai.usage.reasoning_tokens", told.reasoning());
        keys.put("gen_ai.completion.0.content", Texts.answer());
      }
    }
  },
  OPENLLMETRY("opentelemetry.instrumentation.openai.v1", "openai.chat") {
    @Override
    Usage told(Usage usage) {
      return usage.withoutReasoning();
    }

    @Override
    void describe(Attempt attempt, Usage told, Map<String, Object> keys) {
      keys.put("traceloop.workflow.name", "assist");
      keys.put("llm.request.type", "chat");
      keys.put("gen_ai.system", attempt.model.provider());
      keys.put("gen_ai.request.model", attempt.model.name());
      keys.put("llm.is_streaming", attempt.streaming);
      if (attempt.failure == null) {
        keys.put("gen_ai.response.model", attempt.model.name());
        keys.put("gen_ai.response.id", attempt.responseId);
        keys.put("gen_ai.usage.input_tokens", told.prompt());
        keys.put("gen_ai.usage.output_tokens", told.completion());
        keys.put("llm.usage.total_tokens", told.total());
        keys.put("gen_ai.usage.cache_read_input_tokens", told.cacheRead());
        keys.put("gen_ai.usage.cache_creation_input_tokens", told.cacheWrite());
        keys.put("gen_ai.completion.0.content", Texts.answer());
      }
    }
  },
  OPENINFERENCE("openinference.instrumentation.openai", "ChatCompletion") {
    @Override
    Usage told(Usage usage) {
      return usage;
    }

    @Override
    void describe(Attempt attempt, Usage told, Map<String, Object> keys) {
      keys.put("openinference.span.kind", "LLM");
      keys.put("llm.provider", attempt.model.provider());
      keys.put("llm.model_name", attempt.model.name());
      keys.put(
          "llm.invocation_parameters",
          "{\"model\": \"" + attempt.model.name() + "\", \"stream\": " + attempt.streaming + "}");
      keys.put("input.value", Texts.question());
      if (attempt.failure == null) {
        keys.put("llm.token_count.prompt", told.prompt());
        keys.put("llm.token_count.completion", told.completion());
        keys.put("llm.token_count.total", told.total());
        keys.put("llm.token_count.prompt_details.cache_read", told.cacheRead());
        keys.put("llm.token_count.prompt_details.cache_write", told.cacheWrite());
        keys.put("llm.token_count.completion_details.reasoning", told.reasoning());
        keys.put("output.value", Texts.answer());
      }
    }
  },
  GENAI("opentelemetry.instrumentation.openai_v2", "chat") {
    @Override
    Usage told(Usage usage) {
      return usage.withoutReasoning();
    }

    @Override
    void describe(Attempt attempt, Usage told, Map<String, Object> keys) {
      keys.put("gen_ai.operation.name", "chat");
      keys.put("gen_ai.provider.name", attempt.model.provider());
      keys.put("gen_ai.request.model", attempt.model.name());
      keys.put("gen_ai.request.stream", attempt.streaming);
      if (attempt.failure == null) {
        keys.put("gen_ai.response.model", attempt.model.name());
        keys.put("gen_ai.response.id", attempt.responseId);
        keys.put("gen_ai.response.finish_reasons", List.of("stop"));
        keys.put("gen_ai.usage.input_tokens", told.prompt());
        keys.put("gen_ai.usage.output_tokens", told.completion());
        keys.put("gen_ai.usage.cache_read.input_tokens", told.cacheRead());
        keys.put("gen_ai.usage.cache_creation.input_tokens", told.cacheWrite());
      }
    }
  };

  private final String scope;
  private final String spanName;

  SdkExport(String scope, String spanName) {
    this.scope = scope;
    this.spanName = spanName;
  }

  /** What it knows of a usage. */
  abstract Usage told(Usage usage);

  abstract void describe(Attempt attempt, Usage told, Map<String, Object> keys);

  /** Adds the call's span; it counts unless the request had no attempt an SDK could tell of. */
  void add(
      UserRequest request,
      PartBuilder part,
      ByteString id,
      ByteString parent,
      long startNanos,
      long endNanos) {
    Attempt attempt = request.last();
    Usage told = told(attempt.usage);
    Map<String, Object> keys = new LinkedHashMap<>();
    describe(attempt, told, keys);
    TrafficFailure failure = attempt.failure;
    if (failure != null) {
      keys.put("error.type", failure.type);
      keys.put("error.message", failure.message);
    }
    part.add(
        scope,
        id,
        parent,
        spanName,
        SpanKind.SPAN_KIND_CLIENT,
        startNanos,
        endNanos,
        failure == null ? StatusCode.STATUS_CODE_OK : StatusCode.STATUS_CODE_ERROR,
        keys);
    part.counts(Fact.clientCall(attempt, told));
  }
}
