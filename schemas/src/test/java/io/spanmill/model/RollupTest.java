/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class RollupTest {
  @Property(tries = 200)
  void merge_isTheSameInAnyOrderAndGrouping(@ForAll long seed) {
    Random random = new Random(seed);
    List<NormalizedSpan> calls = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      calls.add(call(random));
    }
    Rollup all = new Rollup();
    calls.forEach(all::add);

    Rollup a = new Rollup();
    Rollup b = new Rollup();
    Rollup c = new Rollup();
    for (NormalizedSpan call : calls) {
      switch (random.nextInt(3)) {
        case 0 -> a.add(call);
        case 1 -> b.add(call);
        default -> c.add(call);
      }
    }
    Rollup bc = merged(b, c);
    assertThat(merged(a, bc)).isEqualTo(all);
    assertThat(merged(merged(c, a), b)).isEqualTo(all);
    assertThat(merged(new Rollup(), all)).isEqualTo(all);
  }

  @Property(tries = 200)
  void add_sumsMoneyExactly(@ForAll long seed) {
    Random random = new Random(seed);
    Rollup rollup = new Rollup();
    BigInteger expected = BigInteger.ZERO;
    for (int i = 0; i < 50; i++) {
      NormalizedSpan call = call(random);
      call.costPicoUsd =
          random.nextBoolean() ? PicoUsd.ABSENT : random.nextLong(PicoUsd.MAX_PER_CALL + 1);
      rollup.add(call);
      if (call.costPicoUsd != PicoUsd.ABSENT) {
        expected = expected.add(BigInteger.valueOf(call.costPicoUsd));
      }
    }
    assertThat(rollup.cost.toBigInteger()).isEqualTo(expected);
  }

  @Property
  void int128_agreesWithBigInteger(@ForAll List<Long> values) {
    Int128 sum = new Int128();
    BigInteger expected = BigInteger.ZERO;
    for (long v : values) {
      sum.add(v);
      expected = expected.add(BigInteger.valueOf(v));
    }
    assertThat(sum.toBigInteger()).isEqualTo(expected);
  }

  private static Rollup merged(Rollup x, Rollup y) {
    Rollup out = new Rollup();
    out.merge(x);
    out.merge(y);
    return out;
  }

  private static NormalizedSpan call(Random r) {
    NormalizedSpan c = new NormalizedSpan();
    c.traceIdHi = r.nextLong(4);
    c.traceIdLo = r.nextLong(4);
    c.layer = Layer.GATEWAY;
    c.failed = r.nextInt(4) == 0;
    c.streaming = r.nextBoolean();
    c.cacheHit = r.nextInt(8) == 0;
    c.eventTimeMs = 1_700_000_000_000L + r.nextInt(3);
    c.durationMicros = r.nextInt(5) * 1000L;
    c.ttftMicros = r.nextBoolean() ? NormalizedSpan.ABSENT : r.nextInt(100_000);
    c.tpotMicros = r.nextBoolean() ? NormalizedSpan.ABSENT : r.nextInt(100_000);
    c.queueMicros = r.nextBoolean() ? NormalizedSpan.ABSENT : r.nextInt(100_000);
    c.inputTokens = r.nextInt(1000) - 1;
    c.outputTokens = r.nextInt(1000) - 1;
    c.cacheReadTokens = r.nextInt(1000) - 1;
    c.reasoningTokens = r.nextInt(1000) - 1;
    c.costPicoUsd = r.nextInt(5) == 0 ? PicoUsd.ABSENT : r.nextInt(1_000_000);
    c.reportedPicoUsd = c.costPicoUsd;
    c.priced = c.costPicoUsd == PicoUsd.ABSENT ? PricedState.UNPRICED : PricedState.PRICED;
    return c;
  }
}
