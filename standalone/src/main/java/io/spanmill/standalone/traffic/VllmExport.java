/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.LinkedHashMap;
import java.util.Map;

/** An attempt as vLLM tells it: the same answer by its id, but no model, provider or failure. */
final class VllmExport {
  private static final long MS = 1_000_000L;

  private VllmExport() {}

  /** Adds the engine's span of an attempt that starts then. */
  static void add(Attempt attempt, PartBuilder part, ByteString parent, long startNanos) {
    Usage told = attempt.usage.whole();
    long start = startNanos + MS / 2;
    long end = startNanos + attempt.lengthNanos - MS / 4;
    double seconds = (end - start) / 1e9;
    double queued = attempt.firstTokenNanos / 1e9 * 0.1;
    double prefill = attempt.firstTokenNanos / 1e9 * 0.85;
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("gen_ai.latency.time_to_first_token", attempt.firstTokenNanos / 1e9);
    keys.put("gen_ai.latency.e2e", seconds);
    keys.put("gen_ai.latency.time_in_queue", queued);
    keys.put("gen_ai.usage.prompt_tokens", told.prompt());
    keys.put("gen_ai.usage.completion_tokens", told.completion());
    keys.put("gen_ai.latency.time_in_model_prefill", prefill);
    keys.put("gen_ai.latency.time_in_model_decode", Math.max(0, seconds - queued - prefill));
    keys.put("gen_ai.latency.time_in_model_inference", Math.max(0, seconds - queued));
    keys.put("gen_ai.request.id", attempt.responseId);
    keys.put("gen_ai.request.top_p", 1.0);
    keys.put("gen_ai.request.max_tokens", 1024);
    keys.put("gen_ai.request.temperature", 0.7);
    keys.put("gen_ai.request.n", 1);
    part.add(
        parent,
        "llm_request",
        SpanKind.SPAN_KIND_SERVER,
        start,
        end,
        StatusCode.STATUS_CODE_UNSET,
        keys);
    part.counts(Fact.engineCall(attempt, told));
  }
}
