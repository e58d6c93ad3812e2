/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * OpenTelemetry's GenAI conventions of every generation, as written by its own instrumentations and
 * by SDKs that follow them (Anthropic's, Pydantic AI, …). Input includes the prompt cache.
 */
final class GenAiSemconv extends Dialect {
  /** Token keys shared by all that follow the conventions or extended them. */
  static final FieldKeys USAGE =
      new FieldKeys()
          .with(
              Field.INPUT_TOKENS,
              "gen_ai.usage.input_tokens",
              "gen_ai.usage.prompt_tokens",
              "llm.usage.prompt_tokens")
          .with(
              Field.OUTPUT_TOKENS,
              "gen_ai.usage.output_tokens",
              "gen_ai.usage.completion_tokens",
              "llm.usage.completion_tokens")
          .with(Field.TOTAL_TOKENS, "gen_ai.usage.total_tokens", "llm.usage.total_tokens")
          .with(
              Field.CACHE_READ_TOKENS,
              "gen_ai.usage.cache_read.input_tokens",
              "gen_ai.usage.cache_read_input_tokens",
              "gen_ai.usage.prompt_tokens_details.cached_tokens",
              "gen_ai.usage.details.cache_read_tokens",
              "gen_ai.usage.details.cache_read_input_tokens",
              "gen_ai.usage.input_tokens.cached",
              "gen_ai.usage.cached_tokens")
          .with(
              Field.CACHE_WRITE_TOKENS,
              "gen_ai.usage.cache_creation.input_tokens",
              "gen_ai.usage.cache_creation_input_tokens",
              "gen_ai.usage.cache_write.input_tokens",
              "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
              "gen_ai.usage.details.cache_write_tokens",
              "gen_ai.usage.details.cache_creation_input_tokens")
          .with(
              Field.CACHE_WRITE_1H_TOKENS,
              "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
              "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens")
          .with(
              Field.REASONING_TOKENS,
              "gen_ai.usage.reasoning.output_tokens",
              "gen_ai.usage.reasoning_tokens",
              "llm.usage.reasoning_tokens",
              "gen_ai.usage.completion_tokens_details.reasoning_tokens",
              "gen_ai.usage.details.reasoning_tokens",
              "gen_ai.usage.output_tokens.reasoning")
          .with(
              Field.AUDIO_INPUT_TOKENS,
              "gen_ai.usage.audio.input_tokens",
              "gen_ai.usage.audio_input_tokens",
              "gen_ai.usage.details.input_audio_tokens")
          .with(
              Field.AUDIO_OUTPUT_TOKENS,
              "gen_ai.usage.audio.output_tokens",
              "gen_ai.usage.audio_output_tokens",
              "gen_ai.usage.details.output_audio_tokens");

  /** All other keys of the conventions, which most client dialects also write. */
  static final FieldKeys COMMON =
      new FieldKeys()
          .with(Field.PROVIDER, "gen_ai.provider.name", "gen_ai.system")
          .with(Field.REQUEST_MODEL, "gen_ai.request.model")
          .with(Field.RESPONSE_MODEL, "gen_ai.response.model")
          .with(Field.OPERATION, "gen_ai.operation.name", "llm.request.type", "gen_ai.request.type")
          .with(Field.RESPONSE_ID, "gen_ai.response.id")
          .with(
              Field.STREAMING,
              "gen_ai.request.stream",
              "gen_ai.is_streaming",
              "llm.is_streaming",
              "gen_ai.request.streaming",
              "gen_ai.request.is_stream")
          .with(
              Field.FINISH_REASON,
              "gen_ai.response.finish_reasons",
              "gen_ai.response.finish_reason",
              "gen_ai.response.stop_reason",
              "llm.response.finish_reason",
              "llm.response.stop_reason",
              "gen_ai.finishReason",
              "gen_ai.completion.0.finish_reason")
          .with(
              Field.SERVICE_TIER,
              "openai.response.service_tier",
              "gen_ai.openai.response.service_tier",
              "gen_ai.openai.request.service_tier",
              "openai.request.service_tier",
              "anthropic.response.service_tier")
          .with(
              Field.COST,
              "gen_ai.usage.cost.amount",
              "gen_ai.usage.cost",
              "gen_ai.usage.total_cost",
              "operation.cost",
              "ai.total_cost")
          .with(Field.INPUT_COST, "gen_ai.usage.input_cost", "gen_ai.usage.prompt_cost")
          .with(Field.OUTPUT_COST, "gen_ai.usage.output_cost", "gen_ai.usage.completion_cost")
          .with(
              Field.TTFT_SECONDS,
              "gen_ai.response.time_to_first_chunk",
              "gen_ai.client.operation.time_to_first_chunk",
              "gen_ai.server.time_to_first_token",
              "gen_ai.streaming.time_to_first_token",
              "gen_ai.time_to_first_token",
              "streaming.time_to_first_token")
          .with(
              Field.TPOT_SECONDS,
              "gen_ai.server.time_per_output_token",
              "gen_ai.client.operation.time_per_output_chunk",
              "gen_ai.response.time_per_output_chunk")
          .with(Field.ERROR_TYPE, "error.type")
          .with(Field.ERROR_CODE, "error.code")
          .with(Field.ERROR_MESSAGE, "error.message")
          .with(Field.HTTP_STATUS, "http.response.status_code", "http.status_code")
          .with(Field.SESSION, "gen_ai.conversation.id", "session.id")
          .with(Field.USER, "user.id", "gen_ai.user", "llm.user")
          .with(Field.END_USER, "enduser.id")
          .with(Field.TEAM, "team.name", "team.id")
          .with(Field.AGENT, "gen_ai.agent.name", "agent.name")
          .with(Field.TOOL, "gen_ai.tool.name", "tool.name", "tool_call.function.name")
          .with(Field.WORKFLOW, "gen_ai.workflow.name", "workflow.name");

  private static final byte[] VERCEL_SCOPE = LiteLlm.ascii("gen_ai");

  private int[] currency = {};
  private int[] model = {};
  private int[] tokens = {};
  private int[] agent = {};
  private int[] tool = {};

  GenAiSemconv() {
    super("genai", new FieldKeys().with(COMMON).with(USAGE));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    currency = all.slots("gen_ai.usage.cost.currency");
    model = all.slots("gen_ai.request.model", "gen_ai.response.model");
    tokens =
        all.slots(
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.prompt_tokens",
            "gen_ai.usage.completion_tokens");
    agent = all.slots("gen_ai.agent.name", "gen_ai.agent.id");
    tool = all.slots("gen_ai.tool.name");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    String operation = text(attributes, Field.OPERATION);
    if (!operation.isEmpty()) {
      Operations.Operation known = Operations.of(operation);
      if (known.name().equals(Operations.EMBEDDINGS) && wrapsEmbedding(span)) {
        return Role.WORKFLOW;
      }
      if (known.role() != Role.OTHER) {
        return known.role();
      }
    }
    // Senders with operations of their own, or none: tokens and a model together prove a call.
    if (Values.told(attributes, tokens) && Values.told(attributes, model)) {
      return Role.CLIENT_SDK;
    }
    if (Values.told(attributes, tool)) {
      return Role.TOOL;
    }
    return Values.told(attributes, agent) && operation.isEmpty() ? Role.AGENT : null;
  }

  /**
   * Vercel AI 7 writes two spans of one kind for an embedding, the outer one without figures. Of a
   * failure neither has any: both count.
   */
  private boolean wrapsEmbedding(TraceReader span) {
    return span.scopeNameEquals(VERCEL_SCOPE)
        && span.statusCode() != SpanKind.STATUS_ERROR
        && !Values.told(span.attributes(), tokens);
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    // By the conventions only streams have a first chunk; not every sender says so besides.
    out.streaming |=
        out.ttftMicros != NormalizedSpan.ABSENT
            && !Values.told(span.attributes(), slots(Field.STREAMING));
    String unit = Values.text(span.attributes(), currency);
    if (!unit.isEmpty() && !unit.equalsIgnoreCase("USD")) {
      out.reportedPicoUsd = PicoUsd.ABSENT;
    }
  }
}
