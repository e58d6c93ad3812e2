/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The eight hand-written examples, to the token and the picodollar. */
class ExamplesTest {
  @Test
  void nonStreaming_isOneCall() {
    NormalizedSpan call = only("example-litellm-success-nonstream.json");
    assertCall(call, Layer.GATEWAY, "openai", "gpt-4o-mini-2024-07-18");
    assertTokens(call, 176, 1024, 85, 0);
    assertThat(call.reportedPicoUsd).isEqualTo(154_200_000L);
    assertThat(call.callId).isEqualTo("7d0a7c1e-1f53-4a52-9d2a-3f4f0e5b9a11");
    assertThat(call.team).isEqualTo("checkout");
    assertThat(call.apiKey).isEqualTo("checkout-bot");
    assertThat(call.user).isEqualTo("u-42");
    assertThat(call.endUser).isEqualTo("customer-991");
    assertThat(call.environment).isEqualTo("production");
    assertThat(call.finishReason).isEqualTo("stop");
    assertThat(call.durationMicros).isEqualTo(1_440_000);
  }

  @Test
  void streamingV2_isACallAndARequest() {
    List<NormalizedSpan> spans = Exports.normalize("example-litellm-success-streaming.json");
    assertThat(spans)
        .extracting(s -> s.role)
        .containsExactly(Role.GATEWAY_CALL, Role.INFRA, Role.INFRA, Role.INFRA, Role.GATEWAY_ROOT);
    NormalizedSpan call = spans.get(0);
    assertCall(call, Layer.GATEWAY, "openai", "gpt-4o-mini-2024-07-18");
    assertTokens(call, 176, 1024, 85, NormalizedSpan.ABSENT);
    assertThat(call.streaming).isTrue();
    assertThat(call.ttftMicros).isEqualTo(412_000);
    assertThat(call.reportedPicoUsd).isEqualTo(154_200_000L);
    assertThat(spans.get(4).layer).isEqualTo(Layer.GATEWAY_REQUEST);
    assertThat(spans.get(4).failed).isFalse();
  }

  @Test
  void rateLimit_failsCallAndRequest() {
    List<NormalizedSpan> spans = Exports.normalize("example-litellm-failure-ratelimit.json");
    assertThat(spans)
        .extracting(s -> s.role)
        .containsExactly(Role.GATEWAY_ROOT, Role.GATEWAY_CALL, Role.INFRA);
    for (NormalizedSpan span : spans.subList(0, 2)) {
      assertThat(span.failed).isTrue();
      assertThat(span.errorClass).isEqualTo(ErrorClass.RATE_LIMIT);
      assertThat(span.httpStatus).isEqualTo(429);
      assertThat(span.hasUsage()).isFalse();
      assertThat(span.reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
    }
  }

  @Test
  void cacheHit_savesItsTokensAndCostsNothing() {
    List<NormalizedSpan> spans = Exports.normalize("example-litellm-cache-hit.json");
    assertThat(spans)
        .extracting(s -> s.role)
        .containsExactly(Role.GATEWAY_ROOT, Role.GATEWAY_CALL, Role.RAW, Role.INFRA);
    NormalizedSpan hit = spans.get(1);
    assertThat(hit.cacheHit).isTrue();
    assertThat(hit.savedTokens).isEqualTo(1285);
    assertThat(hit.totalTokens()).isZero();
    assertThat(hit.reportedPicoUsd).isZero();
    assertThat(hit.rawInputTokens).isEqualTo(1200);
  }

  @Test
  void fullTrace_holdsOneCallAndOneRequest() {
    List<NormalizedSpan> spans = Exports.normalize("example-litellm-proxy-full-trace.json");
    assertThat(spans).hasSize(11);
    assertThat(spans).filteredOn(s -> s.role == Role.GATEWAY_ROOT).hasSize(1);
    assertThat(spans).filteredOn(s -> s.role == Role.RAW).hasSize(1);
    assertThat(spans).filteredOn(s -> s.role == Role.INFRA).hasSize(8);
    List<NormalizedSpan> calls = spans.stream().filter(s -> s.layer == Layer.GATEWAY).toList();
    assertThat(calls).hasSize(1);
    assertCall(calls.get(0), Layer.GATEWAY, "hosted_vllm", "meta-llama/Llama-3.1-8B-Instruct");
    assertTokens(calls.get(0), 256, 256, 128, NormalizedSpan.ABSENT);
    assertThat(calls.get(0).reportedPicoUsd).isEqualTo(179_200_000L);
    assertThat(calls.get(0).finishReason).isEqualTo("length");
  }

  @Test
  void embedding_hasInputOnly() {
    NormalizedSpan call = only("example-litellm-embedding.json");
    assertCall(call, Layer.GATEWAY, "openai", "text-embedding-3-small");
    assertThat(call.operation).isEqualTo("embeddings");
    assertThat(call.inputTokens).isEqualTo(42);
    assertThat(call.outputTokens).isZero();
    assertThat(call.reportedPicoUsd).isEqualTo(840_000L);
  }

  @Test
  void engineWithParent_tellsLatencyParts() {
    NormalizedSpan call = only("example-vllm-success-with-parent.json");
    assertCall(call, Layer.ENGINE, "vllm", "unknown");
    assertThat(call.responseId).isEqualTo("chatcmpl-8f2b1c0d9e7a4b6c8d5e3f2a1b0c9d8e");
    assertThat(call.ttftMicros).isEqualTo(186_000);
    assertThat(call.queueMicros).isEqualTo(3_100);
    assertThat(call.prefillMicros).isEqualTo(176_400);
    assertThat(call.decodeMicros).isEqualTo(1_380_700);
    assertThat(call.tpotMicros).isEqualTo(1_380_700 / 127);
    assertThat(call.inputTokens).isEqualTo(512);
    assertThat(call.outputTokens).isEqualTo(128);
  }

  @Test
  void enginesWithoutParent_areThreeSpans() {
    List<NormalizedSpan> spans = Exports.normalize("example-vllm-without-parent.json");
    assertThat(spans).extracting(s -> s.role).containsOnly(Role.ENGINE);
    assertThat(spans)
        .extracting(s -> s.model)
        .containsExactly("unknown", "unknown", "facebook/opt-125m");
    assertThat(spans).extracting(s -> s.outputTokens).containsExactly(64L, 81L, 16L);
  }

  private static NormalizedSpan only(String file) {
    List<NormalizedSpan> spans = Exports.normalize(file);
    assertThat(spans).hasSize(1);
    return spans.get(0);
  }

  private static void assertCall(NormalizedSpan call, Layer layer, String provider, String model) {
    assertThat(call.layer).isEqualTo(layer);
    assertThat(call.provider).isEqualTo(provider);
    assertThat(call.model).isEqualTo(model);
    assertThat(call.failed).isFalse();
    assertThat(call.flags).isZero();
  }

  private static void assertTokens(
      NormalizedSpan call, long input, long cacheRead, long output, long reasoning) {
    assertThat(call.inputTokens).isEqualTo(input);
    assertThat(call.cacheReadTokens).isEqualTo(cacheRead);
    assertThat(call.outputTokens).isEqualTo(output);
    assertThat(call.reasoningTokens).isEqualTo(reasoning);
  }
}
