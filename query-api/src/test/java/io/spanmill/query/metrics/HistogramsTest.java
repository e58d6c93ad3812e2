/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.query.sql.Figures;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramsTest {
  @Test
  void cumulative_isExactAtEveryBound() {
    Random random = new Random(7);
    Figures.Latency latency = new Figures.Latency();
    long[] micros = new long[5000];
    for (int i = 0; i < micros.length; i++) {
      // Bounds themselves, their neighbours, zero, and values over nine decades.
      long bound = 1000L << random.nextInt(21);
      micros[i] =
          switch (random.nextInt(4)) {
            case 0 -> bound;
            case 1 -> bound + random.nextInt(3) - 1;
            case 2 -> random.nextInt(3);
            default -> (long) Math.pow(10, random.nextDouble() * 9);
          };
      latency.count++;
      latency.sumMicros += micros[i];
      latency.sketch.add(micros[i]);
    }

    double[] counts = Histograms.cumulative(latency);

    for (int k = 0; k < Histograms.BOUNDS; k++) {
      long bound = 1000L << k;
      long expected = 0;
      for (long m : micros) {
        expected += m <= bound ? 1 : 0;
      }
      assertThat(counts[k]).as("le %s", Histograms.boundSeconds(k)).isEqualTo(expected);
    }
    assertThat(counts[Histograms.BOUNDS]).isEqualTo(micros.length);
  }
}
