/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Which attributes hold what people and models said to each other: they are kept apart from the
 * rest of a span, for a shorter time or not at all. One table over all dialects.
 */
final class ContentKeys {
  /** Whole keys. */
  private static final List<byte[]> KEYS =
      bytes(
          // OpenTelemetry, of any generation
          "gen_ai.input.messages",
          "gen_ai.output.messages",
          "gen_ai.system_instructions",
          "gen_ai.tool.definitions",
          "gen_ai.tool.call.arguments",
          "gen_ai.tool.call.result",
          "gen_ai.prompt",
          "gen_ai.completion",
          "gen_ai.event.content",
          "gen_ai.retrieval.query.text",
          "gen_ai.retrieval.documents",
          // OpenLLMetry, AgentOps, Laminar, Langfuse
          "traceloop.entity.input",
          "traceloop.entity.output",
          "agentops.entity.input",
          "agentops.entity.output",
          "agentops.agent.input",
          "agentops.agent.output",
          "agentops.chain.input",
          "agentops.chain.output",
          "agentops.guardrail.input",
          "agentops.guardrail.output",
          "agentops.http.input",
          "agentops.http.output",
          "agentops.llm.input",
          "agentops.llm.output",
          "agentops.operation.input",
          "agentops.operation.output",
          "agentops.session.input",
          "agentops.session.output",
          "agentops.task.input",
          "agentops.task.output",
          "agentops.text.input",
          "agentops.text.output",
          "agentops.tool.input",
          "agentops.tool.output",
          "agentops.unknown.input",
          "agentops.unknown.output",
          "agentops.workflow.input",
          "agentops.workflow.output",
          "lmnr.span.input",
          "lmnr.span.output",
          "langfuse.observation.input",
          "langfuse.observation.output",
          "langfuse.trace.input",
          "langfuse.trace.output",
          "workflow.input",
          "workflow.output",
          "workflow.final_output",
          "tool.input",
          "tool.output",
          "tool.parameters",
          "tool.result",
          "agent.input",
          "agent.output",
          // OpenInference
          "input.value",
          "output.value",
          "llm.prompt_template.template",
          "llm.prompt_template.variables",
          "llm.function_call",
          "llm.invocation_parameters",
          "embedding.text",
          "embedding.vector",
          "reranker.query",
          // Vercel AI
          "ai.prompt",
          "ai.value",
          "ai.values",
          "ai.embedding",
          "ai.embeddings",
          "ai.result.text",
          "ai.result.object",
          "ai.result.toolCalls",
          "ai.response.text",
          "ai.response.object",
          "ai.response.reasoning",
          "ai.response.toolCalls",
          "ai.toolCall.args",
          "ai.toolCall.result",
          // LiteLLM's own
          "input",
          "output",
          "messages",
          "function_kwargs",
          "metadata.prompt_management_metadata");

  /** Beginnings of keys that number their messages. */
  private static final List<byte[]> PREFIXES =
      bytes(
          "gen_ai.prompt.",
          "gen_ai.completion.",
          "gen_ai.request.tools.",
          "gen_ai.request.functions.",
          "llm.request.functions.",
          "llm.input_messages.",
          "llm.output_messages.",
          "llm.prompts.",
          "llm.completions.",
          "llm.tools.",
          "ai.prompt.",
          "retrieval.documents.",
          "reranker.input_documents.",
          "reranker.output_documents.",
          "embedding.embeddings.",
          "SpanAttributes.LLM_PROMPTS.",
          "SpanAttributes.LLM_COMPLETIONS.",
          "SpanAttributes.LLM_REQUEST_FUNCTIONS.");

  /** Ends of a provider's raw request and response: {@code llm.openai.messages}. */
  private static final List<byte[]> RAW_SUFFIXES =
      bytes(
          ".messages",
          ".choices",
          ".input",
          ".output",
          ".prompt",
          ".content",
          ".contents",
          ".candidates",
          ".system",
          ".tools",
          ".data");

  private static final byte[] RAW_PREFIX = "llm.".getBytes(StandardCharsets.UTF_8);

  private ContentKeys() {}

  /** Whether the attribute with this key holds content. */
  static boolean isContent(byte[] buffer, int at, int length) {
    for (byte[] key : KEYS) {
      if (key.length == length && matches(key, buffer, at)) {
        return true;
      }
    }
    for (byte[] prefix : PREFIXES) {
      if (prefix.length < length && matches(prefix, buffer, at)) {
        return true;
      }
    }
    return RAW_PREFIX.length < length
        && matches(RAW_PREFIX, buffer, at)
        && isRaw(buffer, at, length);
  }

  private static boolean isRaw(byte[] buffer, int at, int length) {
    for (byte[] suffix : RAW_SUFFIXES) {
      int start = length - suffix.length;
      // One name between: llm.usage.data or llm.token_count.prompt are figures, not content.
      if (start > RAW_PREFIX.length
          && matches(suffix, buffer, at + start)
          && isOneProvider(buffer, at + RAW_PREFIX.length, at + start)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOneProvider(byte[] buffer, int from, int to) {
    for (int i = from; i < to; i++) {
      if (buffer[i] == '.') {
        return false;
      }
    }
    String name = new String(buffer, from, to - from, StandardCharsets.UTF_8);
    return !name.equals("usage") && !name.equals("token_count") && !name.equals("cost");
  }

  private static boolean matches(byte[] wanted, byte[] buffer, int at) {
    // Keys differ at their ends.
    for (int i = wanted.length - 1; i >= 0; i--) {
      if (buffer[at + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static List<byte[]> bytes(String... keys) {
    return Arrays.stream(keys).map(key -> key.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
