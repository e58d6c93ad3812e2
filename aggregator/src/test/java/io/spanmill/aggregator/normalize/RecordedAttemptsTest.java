/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.dedup.BatchStore;
import io.spanmill.aggregator.dedup.Deduplicator;
import io.spanmill.aggregator.dedup.Verdict;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Normalising and deduplicating together: what real packages sent counts once. */
class RecordedAttemptsTest {
  private static final class MemoryStore implements BatchStore {
    private final TreeMap<Long, byte[]> batches = new TreeMap<>();

    @Override
    public void put(long offset, byte[] batch) {
      batches.put(offset, batch);
    }

    @Override
    public void delete(long offset) {
      batches.remove(offset);
    }

    @Override
    public void forEach(Visitor visitor) {
      batches.forEach(visitor::visit);
    }
  }

  private final Deduplicator dedup = new Deduplicator(86_400_000, 100_000, new MemoryStore());

  private List<Verdict> offer(long offset, String name) {
    List<Verdict> verdicts = new ArrayList<>();
    dedup.begin(offset, 1_795_600_000_000L + offset, List.of());
    for (NormalizedSpan span : Exports.normalize(name + ".pb")) {
      span.project = "default";
      if (span.layer != null && span.layer != Layer.GATEWAY_REQUEST) {
        verdicts.add(dedup.offer(span));
      }
    }
    dedup.end();
    return verdicts;
  }

  @Test
  void sdkSpanInsideInstrumentation_isOneAttempt() {
    assertThat(offer(0, "openinference-0.1.66-anthropic-cached"))
        .containsExactly(Verdict.NEW, Verdict.DUPLICATE);
  }

  @Test
  void twinsInTracesOfTheirOwn_areNotJoined() {
    // Deduplication reaches within one trace: the limit that docs/normalisation.md names.
    assertThat(offer(0, "openinference-0.1.66-anthropic-stream"))
        .containsExactly(Verdict.NEW, Verdict.NEW);
    assertThat(offer(1, "litellm-1.80.16-proxy-v1-messages"))
        .containsExactly(Verdict.NEW, Verdict.NEW);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vercel-ai-7.0.173-gen-ai-chat",
        "vercel-ai-7.0.173-gen-ai-embeddings",
        "vercel-ai-4.3.19-chat",
        "langchain-openllmetry-0.62.4-chat",
        "traceloop-0.62.4-session",
        "langfuse-5.0.4-session",
        "laminar-0.8.2-session",
      })
  void stepsAroundACall_doNotCount(String name) {
    assertThat(offer(0, name)).containsExactly(Verdict.NEW);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vercel-ai-5.0.277-retry",
        "litellm-1.110.2-sdk-v1-fallback",
        "litellm-1.110.2-sdk-v2-cache-hit",
        "litellm-1.106.0-sdk-v1-cache-hit",
        "litellm-1.106.0-proxy-v2-fallback",
        "litellm-1.80.16-proxy-v1-fallback",
        "litellm-1.54.0-sdk-v1-cache-hit",
      })
  void retriesAndHits_areAttemptsOfTheirOwn(String name) {
    assertThat(offer(0, name)).isNotEmpty().containsOnly(Verdict.NEW);
  }

  @ParameterizedTest
  @MethodSource("io.spanmill.aggregator.normalize.RecordedExportsTest#recorded")
  void exportDeliveredAgain_changesNothing(String name) {
    int calls = offer(0, name).size();
    assertThat(offer(7, name)).hasSize(calls).allMatch(verdict -> verdict == Verdict.RESENT);
  }

  @Test
  void sameExportOfAnotherProject_countsThere() {
    assertThat(offer(0, "otel-2.3b0-chat")).containsExactly(Verdict.NEW);
    NormalizedSpan other = Exports.normalize("otel-2.3b0-chat.pb").get(0);
    other.project = "other";
    dedup.begin(1, 1_795_600_000_001L, List.of());
    assertThat(dedup.offer(other)).isEqualTo(Verdict.NEW);
    dedup.end();
  }
}
