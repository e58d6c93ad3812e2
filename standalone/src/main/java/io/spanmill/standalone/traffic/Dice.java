/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * All chance of one source of traffic. What is drawn depends on the seed; ids on the run as well,
 * so that two runs with one seed are two runs of the same traffic. Not thread-safe.
 */
final class Dice {
  private final SplittableRandom random;
  private final SplittableRandom ids;
  private final Map<Integer, double[]> zipf = new HashMap<>();

  Dice(long seed, String run) {
    this.random = new SplittableRandom(seed);
    this.ids = new SplittableRandom(seed * 31 + run.hashCode());
  }

  boolean percent(double chance) {
    return random.nextDouble() * 100 < chance;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  /** From 0 to n - 1, the first twice as often as the second, thrice as often as the third, … */
  int zipf(int n) {
    double[] upTo = zipf.computeIfAbsent(n, Dice::harmonic);
    double at = random.nextDouble() * upTo[n - 1];
    int i = 0;
    while (upTo[i] <= at && i < n - 1) {
      i++;
    }
    return i;
  }

  private static double[] harmonic(int n) {
    double[] upTo = new double[n];
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += 1.0 / (i + 1);
      upTo[i] = sum;
    }
    return upTo;
  }

  double logNormal(double median, double sigma) {
    return median * Math.exp(sigma * random.nextGaussian());
  }

  /** Between the two, every order of magnitude as likely. */
  double logUniform(double from, double to) {
    return from * Math.exp(random.nextDouble() * Math.log(to / from));
  }

  ByteString id(int bytes) {
    return Spans.id(ids, bytes);
  }

  String uuid() {
    return new UUID(ids.nextLong(), ids.nextLong()).toString();
  }

  String text(int letters) {
    StringBuilder text = new StringBuilder(letters);
    for (int i = 0; i < letters; i++) {
      text.append("abcdefghijkmnpqrstuvwxyz23456789".charAt(ids.nextInt(32)));
    }
    return text.toString();
  }
}
