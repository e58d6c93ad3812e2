/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import io.spanmill.pricing.Providers;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Vercel AI SDK. Only the inner spans ({@code ….doGenerate}, {@code ….doStream}, {@code
 * ….doEmbed}) are model calls; the outer ones repeat their sums. Before its release 6 Anthropic's
 * input came without the prompt cache.
 */
final class VercelAi extends Dialect {
  private int[] operationId = {};
  private int[] metadata = {};
  private int[] detailedInput = {};

  VercelAi() {
    super(
        "vercel-ai",
        new FieldKeys()
            .with(Field.PROVIDER, "gen_ai.provider.name", "ai.model.provider", "gen_ai.system")
            .with(Field.REQUEST_MODEL, "ai.model.id", "gen_ai.request.model")
            .with(Field.RESPONSE_MODEL, "ai.response.model", "gen_ai.response.model")
            .with(Field.OPERATION, "ai.operationId")
            .with(Field.RESPONSE_ID, "ai.response.id", "gen_ai.response.id")
            .with(Field.FINISH_REASON, "ai.response.finishReason", "gen_ai.response.finish_reasons")
            .with(Field.INPUT_TOKENS, "ai.usage.inputTokens", "ai.usage.promptTokens")
            .with(Field.OUTPUT_TOKENS, "ai.usage.outputTokens", "ai.usage.completionTokens")
            .with(Field.TOTAL_TOKENS, "ai.usage.totalTokens", "ai.usage.tokens")
            .with(
                Field.CACHE_READ_TOKENS,
                "ai.usage.cachedInputTokens",
                "ai.usage.inputTokenDetails.cacheReadTokens")
            .with(Field.CACHE_WRITE_TOKENS, "ai.usage.inputTokenDetails.cacheWriteTokens")
            .with(
                Field.REASONING_TOKENS,
                "ai.usage.reasoningTokens",
                "ai.usage.outputTokenDetails.reasoningTokens")
            .with(GenAiSemconv.USAGE)
            .with(Field.COST, "ai.total_cost", "gen_ai.usage.cost")
            .with(Field.TTFT_MILLIS, "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk")
            .with(Field.ERROR_TYPE, "error.type")
            .with(Field.ERROR_MESSAGE, "error.message")
            .with(Field.HTTP_STATUS, "http.response.status_code")
            .with(Field.SESSION, "ai.telemetry.metadata.sessionId", "session.id")
            .with(Field.USER, "ai.telemetry.metadata.userId", "user.id")
            .with(Field.TOOL, "ai.toolCall.name")
            .with(Field.WORKFLOW, "ai.telemetry.functionId"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    operationId = all.slots("ai.operationId");
    metadata = all.slots("ai.response.providerMetadata");
    detailedInput = all.slots("ai.usage.inputTokenDetails.noCacheTokens");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    String operation = Values.text(span.attributes(), operationId);
    if (operation.isEmpty()) {
      return null;
    }
    if (operation.equals("ai.toolCall")) {
      return Role.TOOL;
    }
    String last = operation.substring(operation.lastIndexOf('.') + 1);
    return last.startsWith("do") ? Role.CLIENT_SDK : Role.WORKFLOW;
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    AttributeView attributes = span.attributes();
    out.provider = provider(text(attributes, Field.PROVIDER));
    out.model =
        ModelNames.normalize(
            out.responseModel.isEmpty() ? out.requestModel : out.responseModel, out.provider);
    String operation = Values.text(attributes, operationId);
    out.operation = operation.endsWith("doEmbed") ? Operations.EMBEDDINGS : Operations.CHAT;
    out.streaming = operation.endsWith("doStream");
    boolean anthropic = out.provider.equals("anthropic");
    if (anthropic) {
      readAnthropic(Values.text(attributes, metadata), figures);
      figures.inputExcludesCache = !Values.told(attributes, detailedInput);
    }
  }

  /**
   * Only the provider's own figures tell what was written to the cache, and for how long; up to
   * release 5 also what was read.
   */
  private static void readAnthropic(String json, Figures figures) {
    int own = LooseText.find(json, "anthropic");
    int usage = own < 0 ? -1 : LooseText.find(json, own, "usage");
    figures.cacheRead = UsageObject.first(figures.cacheRead, json, own, "cacheReadInputTokens");
    figures.cacheRead =
        UsageObject.first(figures.cacheRead, json, usage, "cache_read_input_tokens");
    figures.cacheWrite =
        UsageObject.first(figures.cacheWrite, json, own, "cacheCreationInputTokens");
    figures.cacheWrite =
        UsageObject.first(figures.cacheWrite, json, usage, "cache_creation_input_tokens");
    int written = usage < 0 ? -1 : LooseText.find(json, usage, "cache_creation");
    figures.cacheWrite1h =
        UsageObject.first(figures.cacheWrite1h, json, written, "ephemeral_1h_input_tokens");
  }

  /** Names such as {@code openai.chat}, {@code google.vertex.chat}, {@code amazon-bedrock}. */
  private static String provider(String told) {
    String name = told.toLowerCase(Locale.ROOT);
    if (name.startsWith("google.vertex") || name.startsWith("vertex.")) {
      return "gcp.vertex_ai";
    }
    if (name.startsWith("google")) {
      return "gcp.gemini";
    }
    if (name.startsWith("azure")) {
      return "azure.ai.openai";
    }
    if (name.startsWith("amazon-bedrock") || name.startsWith("bedrock")) {
      return "aws.bedrock";
    }
    if (name.startsWith("aws.") || name.startsWith("gcp.")) {
      return name;
    }
    int dot = name.indexOf('.');
    return Providers.canonical(dot < 0 ? name : name.substring(0, dot));
  }
}
