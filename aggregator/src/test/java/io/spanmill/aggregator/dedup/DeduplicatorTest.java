/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.TestTraffic;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class DeduplicatorTest {
  private static final long T0 = 1_767_225_600_000L;

  /** The store as Streams would keep it. */
  private static final class MapStore extends TreeMap<Long, byte[]> implements BatchStore {
    @Override
    public void put(long offset, byte[] batch) {
      super.put(offset, batch);
    }

    @Override
    public void delete(long offset) {
      remove(offset);
    }

    @Override
    public void forEach(Visitor visitor) {
      for (var entry : entrySet()) {
        visitor.visit(entry.getKey(), entry.getValue());
      }
    }
  }

  @Property(tries = 300)
  void verdicts_areThoseOfThePlainRules_overRestarts(@ForAll long seed) {
    Random random = new Random(seed);
    long horizonMs = 1 + random.nextInt(5000);
    int maxEntries = 5 + random.nextInt(60);
    TestTraffic traffic = new TestTraffic(seed);
    PlainDedup plain = new PlainDedup(horizonMs, maxEntries);
    MapStore store = new MapStore();
    Deduplicator dedup = new Deduplicator(horizonMs, maxEntries, store);
    long arrivalMs = T0;
    for (int record = 0; record < 60; record++) {
      arrivalMs += random.nextInt(400);
      if (random.nextInt(4) == 0) {
        dedup.save();
      }
      if (random.nextInt(10) == 0) {
        dedup.save();
        dedup = new Deduplicator(horizonMs, maxEntries, store);
        dedup.rebuild();
      }
      plain.begin(arrivalMs);
      List<NormalizedSpan> spans = new ArrayList<>();
      for (int i = random.nextInt(8); i > 0; i--) {
        NormalizedSpan span = traffic.next(T0);
        if (span.layer != null) {
          spans.add(span);
        }
      }
      // Whoever does not tell its spans before gets the same.
      dedup.begin(record * 3L, arrivalMs, random.nextInt(3) == 0 ? List.of() : spans);
      for (NormalizedSpan span : spans) {
        Verdict verdict = dedup.offer(span);
        assertThat(verdict).isEqualTo(plain.offer(span, arrivalMs));
        if (verdict != Verdict.RESENT && span.alsoGatewayRequest) {
          assertThat(dedup.offerRequest(span)).isEqualTo(plain.offerRequest(span, arrivalMs));
        }
      }
      dedup.end();
      assertThat(dedup.entries()).isEqualTo(plain.entries());
    }
  }

  @Test
  void twinOfAnAttempt_isADuplicateInEitherOrder() {
    NormalizedSpan root = call(1, 0);
    NormalizedSpan child = call(2, 1);
    assertThat(verdicts(root, child)).containsExactly(Verdict.NEW, Verdict.DUPLICATE);
    assertThat(verdicts(child, root)).containsExactly(Verdict.NEW, Verdict.DUPLICATE);
  }

  @Test
  void collapsedRoot_afterItsChild_stillCountsAsRequest() {
    NormalizedSpan root = call(1, 0);
    root.alsoGatewayRequest = true;
    NormalizedSpan child = call(2, 1);
    Deduplicator dedup = dedup();
    dedup.begin(0, T0, List.of());
    assertThat(dedup.offer(child)).isEqualTo(Verdict.NEW);
    assertThat(dedup.offer(root)).isEqualTo(Verdict.DUPLICATE);
    assertThat(dedup.offerRequest(root)).isEqualTo(Verdict.NEW);
    assertThat(dedup.offer(root)).isEqualTo(Verdict.RESENT);
    dedup.end();
  }

  @Test
  void retries_thatShareACallId_areSeparateAttempts() {
    NormalizedSpan first = call(2, 1);
    first.failed = true;
    first.responseId = "";
    NormalizedSpan second = first.copy();
    second.spanId = 3;
    second.startEpochNanos += 2_000_000_000L;
    second.endEpochNanos += 2_000_000_000L;
    NormalizedSpan third = call(4, 1);
    assertThat(verdicts(first, second, third))
        .containsExactly(Verdict.NEW, Verdict.NEW, Verdict.NEW);
  }

  @Test
  void cacheHit_thatSharesAResponseId_isASeparateAttempt() {
    NormalizedSpan call = call(2, 1);
    NormalizedSpan hit = call.copy();
    hit.spanId = 9;
    hit.callId = "another";
    assertThat(verdicts(call, hit)).containsExactly(Verdict.NEW, Verdict.NEW);
  }

  @Test
  void syncAndAsyncTwin_withinAMillisecond_areOneAttempt() {
    NormalizedSpan sync = call(2, 1);
    NormalizedSpan async = sync.copy();
    async.spanId = 3;
    async.startEpochNanos += 900_000;
    async.endEpochNanos -= 900_000;
    assertThat(verdicts(sync, async)).containsExactly(Verdict.NEW, Verdict.DUPLICATE);
    async.endEpochNanos -= 200_000;
    assertThat(verdicts(sync, async)).containsExactly(Verdict.NEW, Verdict.NEW);
  }

  @Test
  void frameworkAroundSdk_withoutIds_isOneAttemptIfParentModelAndTokensAgree() {
    NormalizedSpan framework = call(1, 0);
    framework.layer = Layer.CLIENT;
    framework.callId = "";
    framework.responseId = "";
    NormalizedSpan sdk = call(2, 1);
    sdk.layer = Layer.CLIENT;
    assertThat(verdicts(framework, sdk)).containsExactly(Verdict.NEW, Verdict.DUPLICATE);
    sdk.outputTokens++;
    assertThat(verdicts(framework, sdk)).containsExactly(Verdict.NEW, Verdict.NEW);
  }

  @Test
  void engineSpans_neverTellOfAnothersAttempt() {
    NormalizedSpan a = call(1, 0);
    a.layer = Layer.ENGINE;
    NormalizedSpan b = call(2, 1);
    b.layer = Layer.ENGINE;
    assertThat(verdicts(a, b, a)).containsExactly(Verdict.NEW, Verdict.NEW, Verdict.RESENT);
  }

  @Test
  void twoProjects_sharingATraceId_doNotTouchEachOther() {
    NormalizedSpan a = call(1, 0);
    NormalizedSpan b = call(1, 0);
    b.project = "other";
    assertThat(verdicts(a, b)).containsExactly(Verdict.NEW, Verdict.NEW);
  }

  @Test
  void horizon_isOfArrivalTimeAlone() {
    Deduplicator dedup = dedup();
    dedup.begin(0, T0, List.of());
    assertThat(dedup.offer(call(1, 0))).isEqualTo(Verdict.NEW);
    dedup.end();
    dedup.begin(1, T0 + 1000, List.of());
    assertThat(dedup.offer(call(1, 0))).isEqualTo(Verdict.RESENT);
    dedup.end();
    dedup.begin(2, T0 + 1001, List.of());
    assertThat(dedup.entries()).isZero();
    assertThat(dedup.offer(call(1, 0))).isEqualTo(Verdict.NEW);
    dedup.end();
    assertThat(dedup.oldestArrivalMs()).isEqualTo(T0 + 1001);
  }

  @Test
  void store_keepsNothingThatIsForgotten() {
    MapStore store = new MapStore();
    Deduplicator dedup = new Deduplicator(1000, 1000, store);
    for (int record = 0; record < 10; record++) {
      dedup.begin(record, T0 + record, List.of());
      dedup.offer(call(1 + record, 0));
      dedup.end();
      if (record % 3 == 0) {
        dedup.save();
      }
    }
    dedup.save();
    assertThat(store).containsOnlyKeys(0L, 3L, 6L, 9L);
    dedup.begin(10, T0 + 1005, List.of());
    assertThat(dedup.entries()).isEqualTo(5);
    assertThat(store).containsOnlyKeys(6L, 9L);
    dedup.offer(call(20, 0));
    dedup.end();
    // All that waits is forgotten before it was written.
    dedup.begin(11, T0 + 3000, List.of());
    dedup.end();
    dedup.save();
    assertThat(store).isEmpty();
  }

  @Test
  void memory_staysUnderSeventyBytesAnEntry() {
    Deduplicator dedup = new Deduplicator(Long.MAX_VALUE / 2, 1 << 21, new MapStore());
    NormalizedSpan span = call(1, 0);
    int entries = 1 << 20;
    for (int record = 0; record < entries / 64; record++) {
      dedup.begin(record, T0 + record, List.of());
      for (int i = 0; i < 64; i++) {
        span.traceIdLo = record * 64L + i;
        assertThat(dedup.offer(span)).isEqualTo(Verdict.NEW);
      }
      dedup.end();
    }
    assertThat(dedup.entries()).isEqualTo(entries);
    assertThat(dedup.sizeBytes() / entries).isBetween(48L, 70L);
  }

  @Test
  void maxEntries_boundsMemoryForEver() {
    Deduplicator dedup = new Deduplicator(Long.MAX_VALUE / 2, 1000, new MapStore());
    NormalizedSpan span = call(1, 0);
    for (int record = 0; record < 100_000; record++) {
      dedup.begin(record, T0, List.of());
      span.traceIdLo = record;
      dedup.offer(span);
      dedup.end();
    }
    assertThat(dedup.entries()).isEqualTo(1001);
    assertThat(dedup.sizeBytes()).isLessThan(8_000_000);
  }

  private static Verdict[] verdicts(NormalizedSpan... spans) {
    Deduplicator dedup = dedup();
    dedup.begin(0, T0, List.of());
    Verdict[] out = new Verdict[spans.length];
    for (int i = 0; i < spans.length; i++) {
      out[i] = dedup.offer(spans[i]);
    }
    dedup.end();
    return out;
  }

  private static Deduplicator dedup() {
    return new Deduplicator(1000, 1000, new MapStore());
  }

  private static NormalizedSpan call(long spanId, long parentId) {
    NormalizedSpan s = new NormalizedSpan();
    s.project = "default";
    s.traceIdHi = 7;
    s.traceIdLo = 8;
    s.spanId = spanId;
    s.parentSpanId = parentId;
    s.layer = Layer.GATEWAY;
    s.callId = "call";
    s.responseId = "response";
    s.model = "gpt-4o";
    s.inputTokens = 10;
    s.outputTokens = 5;
    s.startEpochNanos = T0 * 1_000_000 + spanId * 10_000_000;
    s.endEpochNanos = s.startEpochNanos + 1_000_000_000L;
    return s;
  }
}
