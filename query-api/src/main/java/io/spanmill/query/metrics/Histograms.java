/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import io.spanmill.model.LatencySketch;
import io.spanmill.query.sql.Figures;
import io.spanmill.query.sql.LatencyKind;
import java.util.List;

/**
 * Classic histograms cut from sketches. The bounds 0.001·2^k seconds are bounds of the sketch too,
 * so the counts are exact.
 */
final class Histograms {
  static final List<LatencyKind> KINDS =
      List.of(LatencyKind.DURATION, LatencyKind.TTFT, LatencyKind.TPOT);

  /** Number of finite bounds: k = 0…20. */
  static final int BOUNDS = 21;

  private Histograms() {}

  /** Upper bound in seconds. */
  static double boundSeconds(int k) {
    return 0.001 * (1L << k);
  }

  /** Counts up to each bound, then the count of all and their sum in seconds. */
  static double[] cumulative(Figures.Latency latency) {
    double[] out = new double[BOUNDS + 2];
    LatencySketch sketch = latency.sketch;
    for (int i = 0; i < sketch.size(); i++) {
      int k = Math.max(0, boundOf(sketch.indexAt(i)));
      for (int b = k; b < BOUNDS; b++) {
        out[b] += sketch.countAt(i);
      }
    }
    out[BOUNDS] = latency.count;
    out[BOUNDS + 1] = latency.sumMicros / 1e6;
    return out;
  }

  /** The first k whose bound, 2^k ms, is not below the bucket's: bucket 32k−1 ends at 2^k ms. */
  private static int boundOf(int index) {
    return index == LatencySketch.ZERO_INDEX
        ? 0
        : Math.floorDiv(
            index + LatencySketch.BUCKETS_PER_DOUBLING, LatencySketch.BUCKETS_PER_DOUBLING);
  }
}
