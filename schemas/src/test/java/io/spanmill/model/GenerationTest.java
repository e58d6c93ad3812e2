/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class GenerationTest {
  @Test
  void layout_isAsStored() {
    assertThat(Generation.ofJob(0, 17)).isEqualTo(17);
    assertThat(Generation.ofJob(1, 17)).isEqualTo((1L << 40) + 17);
    assertThat(Generation.ofBase(3, 0)).isEqualTo((3L << 40) + (1L << 39));
    assertThat(Generation.ofBase(3, 2)).isEqualTo((3L << 40) + (1L << 39) + (1L << 38) + 2);
    assertThat(Generation.ofCorrection(3, 1)).isEqualTo((3L << 40) + (1L << 39) + 1);
  }

  @Property
  void edition_isReadBack(
      @ForAll @IntRange(max = Generation.MAX_EDITION) int edition,
      @ForAll @LongRange(min = 1, max = Generation.MAX_NUMBER) long number) {
    Set<Long> all = new TreeSet<>();
    all.add(Generation.ofJob(edition, number));
    all.add(Generation.ofBase(edition, 0));
    all.add(Generation.ofBase(edition, number));
    all.add(Generation.ofCorrection(edition, number));
    assertThat(all).hasSize(4).allMatch(g -> g >= 0 && Generation.edition(g) == edition);
    assertThat(all.stream().filter(Generation::isBeside)).hasSize(3);
  }

  @Test
  void read_areTheEditionsRows_andTheJobsOfLaterOnes() {
    assertThat(Generation.isRead(Generation.ofJob(1, 5), 1)).isTrue();
    assertThat(Generation.isRead(Generation.ofBase(1, 0), 1)).isTrue();
    assertThat(Generation.isRead(Generation.ofCorrection(1, 4), 1)).isTrue();
    assertThat(Generation.isRead(Generation.ofJob(2, 5), 1)).isTrue();
    assertThat(Generation.isRead(Generation.ofBase(2, 0), 1)).isFalse();
    assertThat(Generation.isRead(Generation.ofCorrection(2, 4), 1)).isFalse();
    assertThat(Generation.isRead(Generation.ofJob(0, 5), 1)).isFalse();
    assertThat(Generation.isRead(Generation.ofBase(0, 0), 1)).isFalse();
    assertThat(Generation.condition(1))
        .isEqualTo(
            "generation >= 1099511627776 AND (generation < 2199023255552"
                + " OR bitAnd(generation, 549755813888) = 0)");
  }

  @Test
  void outOfRange_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Generation.ofJob(0, 1L << 39));
    assertThatIllegalArgumentException().isThrownBy(() -> Generation.ofJob(-1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Generation.ofBase(0, 1L << 38));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Generation.ofCorrection(0, 0))
        .withMessageContaining("run");
  }
}
