/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.otlp.KeyTable;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever senders make up, a span comes out that the rest can trust. */
class NormalizerPropertiesTest {
  private static final KeyTable KEYS = new Normalizer(NormalizerConfig.defaults()).keys();

  @Provide
  Arbitrary<TestSpan> spans() {
    Arbitrary<Object> values =
        Arbitraries.oneOf(
            Arbitraries.longs().map(v -> (Object) v),
            Arbitraries.integers().between(0, 5000).map(v -> (Object) v),
            Arbitraries.doubles().map(v -> (Object) v),
            Arbitraries.of(Double.NaN, Double.POSITIVE_INFINITY, -0.0).map(v -> (Object) v),
            Arbitraries.of(true, false).map(v -> (Object) v),
            Arbitraries.of(
                    "",
                    "chat",
                    "LLM",
                    "tool",
                    "1200",
                    "-3",
                    "1e400",
                    "None",
                    "{'prompt_tokens': 5}",
                    "{\"cache_key\": \"k\", \"response_cost\": 1}",
                    "[\"stop\"]",
                    "ai.embed.doEmbed")
                .map(v -> (Object) v),
            Arbitraries.strings().ofMaxLength(40).map(v -> (Object) v),
            Arbitraries.of("a", "b").list().ofMaxSize(3).map(v -> (Object) v));
    Arbitrary<Map<String, Object>> attributes =
        Arbitraries.maps(Arbitraries.integers().between(0, KEYS.size() - 1).map(KEYS::key), values)
            .ofMaxSize(25);
    Arbitrary<String> scopes =
        Arbitraries.of("", "litellm", "vllm.tracing.otel", "ai", "fastapi", "openai", "agentops");
    Arbitrary<String> names =
        Arbitraries.of("llm_request", "litellm_request", "Received Proxy Server Request", "x");
    Arbitrary<List<Long>> times = Arbitraries.longs().list().ofSize(2);
    return Combinators.combine(
            names, scopes, attributes, times, Arbitraries.integers().between(0, 5))
        .as(
            (name, scope, keys, startEnd, kind) -> {
              TestSpan span = TestSpan.named(name).scope(scope).kind(kind);
              if (kind % 2 == 0) {
                span.times(startEnd.get(0), startEnd.get(1));
              }
              keys.forEach(span::with);
              return span;
            });
  }

  @Property(tries = 3000)
  void anySpan_comesOutSound(@ForAll("spans") TestSpan span) {
    NormalizedSpan out = span.normalize();
    for (long tokens :
        new long[] {
          out.inputTokens, out.cacheReadTokens, out.cacheWriteTokens, out.cacheWrite1hTokens,
          out.outputTokens, out.reasoningTokens, out.audioInputTokens, out.audioOutputTokens,
          out.rawInputTokens, out.rawOutputTokens, out.rawTotalTokens
        }) {
      assertThat(tokens).isBetween(NormalizedSpan.ABSENT, Figures.MAX_TOKENS);
    }
    assertThat(out.cacheWrite1hTokens).isLessThanOrEqualTo(Math.max(0, out.cacheWriteTokens));
    assertThat(out.audioInputTokens).isLessThanOrEqualTo(Math.max(0, out.inputTokens));
    assertThat(out.audioOutputTokens).isLessThanOrEqualTo(Math.max(0, out.outputTokens));
    if (out.reportedPicoUsd != PicoUsd.ABSENT) {
      assertThat(out.reportedPicoUsd).isBetween(0L, PicoUsd.MAX_PER_CALL);
    }
    assertThat(out.durationMicros).isNotNegative();
    assertThat(out.ttftMicros).isGreaterThanOrEqualTo(NormalizedSpan.ABSENT);
    assertThat(out.tpotMicros).isGreaterThanOrEqualTo(NormalizedSpan.ABSENT);
    assertThat(out.failed).isEqualTo(out.errorClass != ErrorClass.NONE);
    switch (out.role) {
      case GATEWAY_CALL, GATEWAY_ROOT, ENGINE, CLIENT_SDK -> assertThat(out.layer).isNotNull();
      default -> {
        assertThat(out.layer).isNull();
        assertThat(out.hasUsage()).isFalse();
      }
    }
    if (out.cacheHit) {
      assertThat(out.totalTokens()).isZero();
      assertThat(out.reportedPicoUsd).isZero();
    }
  }
}
