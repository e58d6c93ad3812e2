/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LatencySketchTest {
  /** (b - 1) / (b + 1) for b = 2^(1/32), and a hair for rounding. */
  private static final double STATED_ERROR = 0.0109;

  @Property
  void indexOf_putsEachValueBetweenItsBounds(
      @ForAll @LongRange(min = 1, max = 10_000_000_000_000L) long micros) {
    int index = LatencySketch.indexOf(micros);
    double ms = micros / 1000.0;
    assertThat(ms).isLessThanOrEqualTo(LatencySketch.upperBoundMs(index) * (1 + 1e-12));
    assertThat(ms).isGreaterThan(LatencySketch.upperBoundMs(index - 1) * (1 - 1e-12));
  }

  @Test
  void indexOf_powersOfTwoAreUpperBoundsExactly() {
    for (int k = 0; k <= 30; k++) {
      long micros = 1000L << k;
      assertThat(LatencySketch.indexOf(micros))
          .as("2^" + k + " ms")
          .isEqualTo((short) (32 * k - 1));
      assertThat(LatencySketch.indexOf(micros + 1)).isEqualTo((short) (32 * k));
    }
  }

  @Test
  void indexOf_zeroAndLessHaveABucketOfTheirOwn() {
    assertThat(LatencySketch.indexOf(0)).isEqualTo(LatencySketch.ZERO_INDEX);
    assertThat(LatencySketch.indexOf(-5)).isEqualTo(LatencySketch.ZERO_INDEX);
    assertThat(LatencySketch.indexOf(1)).isGreaterThan(LatencySketch.ZERO_INDEX);
  }

  @Property(tries = 300)
  void quantile_isWithinTheStatedError(
      @ForAll @Size(min = 1, max = 400) List<@LongRange(min = 1, max = 600_000_000L) Long> values,
      @ForAll @DoubleRange(min = 0.0, max = 1.0) double q) {
    LatencySketch sketch = sketch(values);
    long[] sorted = values.stream().mapToLong(Long::longValue).sorted().toArray();
    int rank = (int) Math.max(1, Math.ceil(q * sorted.length));
    double exact = sorted[rank - 1] / 1000.0;
    assertThat(sketch.quantileMs(q)).isCloseTo(exact, within(exact * STATED_ERROR));
  }

  @Test
  void quantile_ofNothingIsNaN() {
    assertThat(new LatencySketch().quantileMs(0.5)).isNaN();
  }

  @Property(tries = 300)
  void merge_isAssociativeAndCommutative(
      @ForAll @Size(max = 60) List<@LongRange(min = 0, max = 600_000_000L) Long> a,
      @ForAll @Size(max = 60) List<@LongRange(min = 0, max = 600_000_000L) Long> b,
      @ForAll @Size(max = 60) List<@LongRange(min = 0, max = 600_000_000L) Long> c) {
    LatencySketch left = sketch(a);
    left.merge(sketch(b));
    left.merge(sketch(c));
    LatencySketch right = sketch(c);
    LatencySketch inner = sketch(b);
    inner.merge(sketch(a));
    right.merge(inner);
    assertThat(left).isEqualTo(right);
    assertThat(left.total()).isEqualTo(a.size() + b.size() + c.size());
  }

  @Test
  void histogramBounds_areExactAtSketchBounds() {
    long[] micros = {500, 1000, 1001, 2000, 2001, 4000, 1_048_576_000L};
    LatencySketch sketch = new LatencySketch();
    Arrays.stream(micros).forEach(sketch::add);
    for (int k = 0; k <= 20; k++) {
      long bound = 1000L << k;
      long below = 0;
      for (int i = 0; i < sketch.size(); i++) {
        below += sketch.indexAt(i) <= 32 * k - 1 ? sketch.countAt(i) : 0;
      }
      assertThat(below).isEqualTo(Arrays.stream(micros).filter(v -> v <= bound).count());
    }
  }

  private static LatencySketch sketch(List<Long> micros) {
    LatencySketch sketch = new LatencySketch();
    micros.forEach(sketch::add);
    return sketch;
  }
}
