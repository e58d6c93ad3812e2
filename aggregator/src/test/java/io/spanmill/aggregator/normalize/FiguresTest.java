/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.NormalizedSpan;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class FiguresTest {
  private static NormalizedSpan split(
      long input, long output, long total, long read, long written, long reasoning) {
    Figures figures = new Figures();
    figures.clear();
    figures.input = input;
    figures.output = output;
    figures.total = total;
    figures.cacheRead = read;
    figures.cacheWrite = written;
    figures.reasoning = reasoning;
    NormalizedSpan out = new NormalizedSpan();
    figures.write(out, false);
    return out;
  }

  @Test
  void inclusiveFigures_areTakenApart() {
    NormalizedSpan out = split(1500, 85, 1585, 1024, 300, 40);
    assertThat(out.inputTokens).isEqualTo(176);
    assertThat(out.outputTokens).isEqualTo(45);
    assertThat(out.has(NormalizedSpan.CORRECTED_INPUT)).isFalse();
  }

  @Test
  void cacheLargerThanInput_provesThatItIsNotInIt() {
    NormalizedSpan out = split(12, 85, Values.NO_COUNT, 1000, 0, Values.NO_COUNT);
    assertThat(out.inputTokens).isEqualTo(12);
    assertThat(out.cacheReadTokens).isEqualTo(1000);
    assertThat(out.has(NormalizedSpan.CORRECTED_INPUT)).isTrue();
  }

  @Test
  void totalThatCountsTheCacheBeside_provesItToo() {
    NormalizedSpan out = split(2000, 85, 2585, 500, 0, Values.NO_COUNT);
    assertThat(out.inputTokens).isEqualTo(2000);
    assertThat(out.has(NormalizedSpan.CORRECTED_INPUT)).isTrue();
  }

  @Test
  void totalThatCountsReasoningBeside_provesThatItIsNotInOutput() {
    NormalizedSpan out = split(100, 50, 170, Values.NO_COUNT, Values.NO_COUNT, 20);
    assertThat(out.outputTokens).isEqualTo(50);
    assertThat(out.reasoningTokens).isEqualTo(20);
  }

  @Test
  void noFigures_areNoUsage() {
    assertThat(
            split(
                    Values.NO_COUNT,
                    Values.NO_COUNT,
                    50,
                    Values.NO_COUNT,
                    Values.NO_COUNT,
                    Values.NO_COUNT)
                .hasUsage())
        .isFalse();
  }

  @Property
  void kinds_addUpToTheWholesAndAreNeverNegative(
      @ForAll @LongRange(min = 0, max = 1_000_000) long input,
      @ForAll @LongRange(min = 0, max = 1_000_000) long output,
      @ForAll @LongRange(min = 0, max = 1_000_000) long read,
      @ForAll @LongRange(min = 0, max = 1_000_000) long written,
      @ForAll @LongRange(min = 0, max = 1_000_000) long reasoning) {
    NormalizedSpan out = split(input, output, Values.NO_COUNT, read, written, reasoning);
    assertThat(out.inputTokens).isNotNegative();
    assertThat(out.outputTokens).isNotNegative();
    long in = out.inputTokens + out.cacheReadTokens + out.cacheWriteTokens;
    boolean excludes = read + written > input;
    assertThat(in).isEqualTo(excludes ? input + read + written : input);
    assertThat(out.has(NormalizedSpan.CORRECTED_INPUT)).isEqualTo(excludes);
    assertThat(out.outputTokens + out.reasoningTokens)
        .isEqualTo(reasoning > output ? output + reasoning : output);
  }

  @Property
  void anyFigures_breakNothing(
      @ForAll long input, @ForAll long output, @ForAll long total, @ForAll long read) {
    NormalizedSpan out = split(input, output, total, read, Values.NO_COUNT, Values.NO_COUNT);
    assertThat(out.inputTokens).isBetween(NormalizedSpan.ABSENT, Figures.MAX_TOKENS);
    assertThat(out.outputTokens).isBetween(NormalizedSpan.ABSENT, Figures.MAX_TOKENS);
    assertThat(out.totalTokens()).isNotNegative();
  }
}
