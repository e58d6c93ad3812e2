/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.TraceReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * vLLM's {@code llm_request}, of the old and the new engine alike. Its model comes from the span,
 * the resource, {@code engines.file}, else it is {@code unknown}; it never fails by its span.
 */
final class Vllm extends Dialect {
  static final String UNKNOWN_MODEL = "unknown";

  private static final byte[] REQUEST = "llm_request".getBytes(StandardCharsets.US_ASCII);

  private final EngineModels engines;
  private int[] modelOfResource = {};
  private int[] hosts = {};
  private int endToEnd;
  private int loading;

  Vllm(EngineModels engines) {
    super(
        "vllm",
        new FieldKeys()
            .with(Field.RESPONSE_MODEL, "gen_ai.response.model", "gen_ai.request.model")
            .with(Field.RESPONSE_ID, "gen_ai.request.id", "gen_ai.response.id")
            .with(Field.INPUT_TOKENS, "gen_ai.usage.prompt_tokens", "gen_ai.usage.input_tokens")
            .with(
                Field.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens", "gen_ai.usage.output_tokens")
            .with(Field.CACHE_READ_TOKENS, "gen_ai.usage.cached_tokens")
            .with(Field.FINISH_REASON, "gen_ai.response.finish_reasons")
            .with(Field.TTFT_SECONDS, "gen_ai.latency.time_to_first_token")
            .with(Field.QUEUE_SECONDS, "gen_ai.latency.time_in_queue")
            .with(Field.PREFILL_SECONDS, "gen_ai.latency.time_in_model_prefill")
            .with(Field.DECODE_SECONDS, "gen_ai.latency.time_in_model_decode"));
    this.engines = engines;
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    endToEnd = all.slot("gen_ai.latency.e2e");
    loading = all.slot("vllm.process_id");
    modelOfResource =
        all.slots(
            "gen_ai.response.model", "gen_ai.request.model", "vllm.model", "model", "model_name");
    hosts = all.slots("host.name", "service.instance.id", "k8s.pod.name");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    if (span.attributes().has(endToEnd)
        && (span.nameEquals(REQUEST) || span.scopeName().startsWith("vllm."))) {
      return Role.ENGINE;
    }
    // Start-up spans of the engine carry no call.
    return span.resource().has(loading) && span.scopeName().startsWith("vllm.") ? Role.INFRA : null;
  }

  @Override
  void refine(TraceReader span, NormalizedSpan out, Figures figures) {
    out.provider = "vllm";
    if (out.operation.isEmpty()) {
      out.operation = out.responseId.startsWith("embd-") ? Operations.EMBEDDINGS : Operations.CHAT;
      if (out.responseId.startsWith("cmpl-")) {
        out.operation = "text_completion";
      }
    }
    if (!out.model.isEmpty()) {
      return;
    }
    String model = Values.text(span.resource(), modelOfResource);
    if (model.isEmpty()) {
      model = engines.modelOf(out.service, Values.text(span.resource(), hosts));
    }
    out.model = model.isEmpty() ? UNKNOWN_MODEL : model;
  }

  @Override
  void finish(TraceReader span, NormalizedSpan out) {
    // Aborted requests have no span and engine-side errors look like success.
    out.failed = false;
    out.errorClass = ErrorClass.NONE;
    long tokens = out.rawOutputTokens;
    if (out.tpotMicros == NormalizedSpan.ABSENT && tokens > 1) {
      long decode =
          out.decodeMicros != NormalizedSpan.ABSENT
              ? out.decodeMicros
              : out.ttftMicros == NormalizedSpan.ABSENT
                  ? NormalizedSpan.ABSENT
                  : Math.max(0, out.durationMicros - out.ttftMicros);
      if (decode != NormalizedSpan.ABSENT) {
        out.tpotMicros = decode / (tokens - 1);
      }
    }
  }
}
