/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * OpenInference (Arize). What a span is, {@code openinference.span.kind} says; the model of an
 * answer and of a question share a key in older releases. Input includes the prompt cache.
 */
final class OpenInference extends Dialect {
  static final FieldKeys USAGE =
      new FieldKeys()
          .with(Field.INPUT_TOKENS, "llm.token_count.prompt")
          .with(Field.OUTPUT_TOKENS, "llm.token_count.completion")
          .with(Field.TOTAL_TOKENS, "llm.token_count.total")
          .with(Field.CACHE_READ_TOKENS, "llm.token_count.prompt_details.cache_read")
          .with(Field.CACHE_WRITE_TOKENS, "llm.token_count.prompt_details.cache_write")
          .with(Field.REASONING_TOKENS, "llm.token_count.completion_details.reasoning")
          .with(Field.AUDIO_INPUT_TOKENS, "llm.token_count.prompt_details.audio")
          .with(Field.AUDIO_OUTPUT_TOKENS, "llm.token_count.completion_details.audio");

  private int[] kind = {};
  private int[] parameters = {};

  OpenInference() {
    super(
        "openinference",
        new FieldKeys()
            .with(USAGE)
            .with(GenAiSemconv.USAGE)
            .with(Field.PROVIDER, "llm.provider", "llm.system", "gen_ai.provider.name")
            .with(Field.REQUEST_MODEL, "llm.request.model_name", "gen_ai.request.model")
            .with(
                Field.RESPONSE_MODEL,
                "llm.response.model_name",
                "llm.response.model",
                "gen_ai.response.model",
                "llm.model_name",
                "embedding.model_name",
                "reranker.model_name")
            .with(Field.OPERATION, "openinference.span.kind")
            .with(Field.RESPONSE_ID, "gen_ai.response.id", "llm.response.id")
            .with(Field.STREAMING, "llm.is_streaming", "gen_ai.request.stream")
            .with(Field.FINISH_REASON, "llm.finish_reason", "llm.response.finish_reason")
            .with(Field.COST, "llm.cost.total")
            .with(Field.INPUT_COST, "llm.cost.prompt")
            .with(Field.OUTPUT_COST, "llm.cost.completion")
            .with(Field.ERROR_TYPE, "error.type")
            .with(Field.ERROR_MESSAGE, "error.message")
            .with(Field.HTTP_STATUS, "http.response.status_code", "http.status_code")
            .with(Field.SESSION, "session.id", "gen_ai.conversation.id")
            .with(Field.USER, "user.id")
            .with(Field.AGENT, "agent.name", "graph.node.name", "gen_ai.agent.name")
            .with(Field.TOOL, "tool.name", "tool_call.function.name"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    kind = all.slots("openinference.span.kind");
    parameters = all.slots("llm.invocation_parameters", "embedding.invocation_parameters");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    String of = Values.text(span.attributes(), kind);
    return of.isEmpty() ? null : Operations.of(of).role();
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    if (out.streaming && !out.model.isEmpty()) {
      return;
    }
    String asked = Values.text(span.attributes(), parameters);
    out.streaming |= "true".equals(LooseText.token(asked, LooseText.find(asked, "stream")));
    String model = LooseText.token(asked, LooseText.find(asked, "model"));
    if (out.model.isEmpty() && model != null) {
      out.requestModel = model;
      out.model = ModelNames.normalize(model, out.provider);
    }
  }

  @Override
  List<String> firstTokenEvents() {
    return List.of("First Token Stream Event");
  }
}
