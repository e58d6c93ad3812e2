/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DiceTest {
  private static final int THROWS = 100_000;

  @Test
  void zipf_halvesFromTheFirstToTheSecond() {
    Dice dice = new Dice(7, "zipf");
    int[] counts = new int[20];
    for (int i = 0; i < THROWS; i++) {
      counts[dice.zipf(counts.length)]++;
    }
    for (int rank = 1; rank < counts.length; rank++) {
      double expected = counts[0] / (rank + 1.0);
      assertThat((double) counts[rank])
          .as("rank " + rank)
          .isCloseTo(expected, within(expected / 8));
    }
  }

  @Test
  void logNormal_hasItsMedianAndSpread() {
    Dice dice = new Dice(7, "latency");
    double[] drawn = new double[THROWS];
    for (int i = 0; i < THROWS; i++) {
      drawn[i] = dice.logNormal(800, 0.5);
    }
    Arrays.sort(drawn);
    assertThat(drawn[THROWS / 2]).isCloseTo(800, within(10.0));
    // One standard deviation above the median.
    assertThat(drawn[(int) (THROWS * 0.8413)]).isCloseTo(800 * Math.exp(0.5), within(20.0));
  }
}
