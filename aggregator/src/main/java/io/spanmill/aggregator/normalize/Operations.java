/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.Role;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What senders call operations and kinds of spans, each with Spanmill's name for it and the role it
 * gives a span. OpenTelemetry's names are kept where it has one.
 */
final class Operations {
  static final String CHAT = "chat";
  static final String EMBEDDINGS = "embeddings";

  private static final Map<String, Operation> KNOWN = new HashMap<>();

  static {
    call(CHAT, "completion", "acompletion", "chat", "chat_completion", "llm", "generation");
    call(CHAT, "responses", "aresponses", "anthropic_messages", "generate_content", "message");
    call(
        CHAT,
        "agenerate_content",
        "generate_content_stream",
        "agenerate_content_stream",
        "llm.call");
    call(CHAT, "messages", "doGenerate", "doStream");
    call("text_completion", "text_completion", "atext_completion");
    call(EMBEDDINGS, "embedding", "embeddings", "aembedding", "doEmbed");
    call("rerank", "rerank", "arerank", "reranker");
    call("image_generation", "image_generation", "aimage_generation", "aimage_edit", "image_edit");
    call("transcription", "transcription", "atranscription");
    call("speech", "speech", "aspeech");
    call("moderation", "moderation", "amoderation", "litellm.moderation");
    call("realtime", "arealtime", "realtime", "_arealtime");
    call(
        "pass_through", "pass_through_endpoint", "allm_passthrough_route", "llm_passthrough_route");
    call("video_generation", "video_generation", "avideo_generation", "create_video");
    call("ocr", "ocr", "aocr");
    call("search", "asearch");
    step(Role.AGENT, "agent", "invoke_agent", "create_agent", "agent.action");
    step(Role.TOOL, "tool", "execute_tool", "ai.toolCall", "tool_call");
    step(Role.WORKFLOW, "workflow", "invoke_workflow", "task", "chain", "session", "operation");
    step(Role.WORKFLOW, "workflow.step", "span", "plan", "agent.thinking", "agent.decision");
    step(Role.OTHER, "guardrail", "execute_guardrail", "retriever", "retrieval", "evaluator");
    step(Role.OTHER, "prompt", "event", "http", "text", "unknown", "executor", "evaluation");
  }

  private Operations() {}

  /**
   * What a name means.
   *
   * @param name Spanmill's name for it
   * @param role {@link Role#CLIENT_SDK} for model calls
   */
  record Operation(String name, Role role) {
    boolean isModelCall() {
      return role == Role.CLIENT_SDK;
    }
  }

  private static void call(String name, String... aliases) {
    for (String alias : aliases) {
      KNOWN.put(alias.toLowerCase(Locale.ROOT), new Operation(name, Role.CLIENT_SDK));
    }
  }

  private static void step(Role role, String... names) {
    for (String name : names) {
      KNOWN.put(name.toLowerCase(Locale.ROOT), new Operation(name.toLowerCase(Locale.ROOT), role));
    }
  }

  /** The operation of that name in any letter case; null-like OTHER for one nobody knows. */
  static Operation of(String told) {
    Operation known = KNOWN.get(told);
    if (known == null) {
      known = KNOWN.get(told.toLowerCase(Locale.ROOT));
    }
    return known == null ? new Operation(told, Role.OTHER) : known;
  }
}
