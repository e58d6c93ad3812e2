/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Arrays;

/**
 * Counts of durations in the buckets of an exponential histogram of scale 5 over milliseconds:
 * bucket {@code i} holds (2^(i/32), 2^((i+1)/32)] ms. Mergeable by adding; a quantile is off by at
 * most 1.09 %. Zero has a bucket of its own. Mutable, not thread-safe.
 *
 * <p>Source of the bucket rule: OpenTelemetry metrics data model, exponential histogram.
 */
public final class LatencySketch {
  /** Buckets per doubling. */
  public static final int BUCKETS_PER_DOUBLING = 32;

  /** Index of the bucket that holds zero. */
  public static final short ZERO_INDEX = Short.MIN_VALUE;

  /** Mantissas of the bounds within one doubling: 2^(k/32), k = 1…31. */
  private static final double[] MANTISSA_BOUNDS = mantissaBounds();

  /** Leading bits of a mantissa by which {@link #FIRST_BOUND} is looked up. */
  private static final int CELL_BITS = 6;

  /** Bits of a double's mantissa. */
  private static final int MANTISSA_BITS = 52;

  private static final long MANTISSA_MASK = (1L << MANTISSA_BITS) - 1;

  /** By a mantissa's leading bits: how many bounds lie below the least one that begins so. */
  private static final byte[] FIRST_BOUND = firstBound();

  private static final short[] NO_INDEXES = {};
  private static final long[] NO_COUNTS = {};

  // Most sketches of a rollup stay empty: they hold nothing until something is added.
  private short[] indexes = NO_INDEXES;
  private long[] counts = NO_COUNTS;
  private int size;

  /** Bucket index of a duration. Negative durations count as zero. */
  public static short indexOf(long micros) {
    if (micros <= 0) {
      return ZERO_INDEX;
    }
    double ms = micros / 1000.0;
    int exponent = Math.getExponent(ms);
    long fraction = Double.doubleToRawLongBits(ms) & MANTISSA_MASK;
    if (fraction == 0) {
      return (short) (exponent * BUCKETS_PER_DOUBLING - 1);
    }
    double mantissa = mantissa(fraction);
    int bucket = FIRST_BOUND[(int) (fraction >>> (MANTISSA_BITS - CELL_BITS))];
    // One bound at most lies between two mantissas that begin alike.
    if (bucket < MANTISSA_BOUNDS.length && mantissa > MANTISSA_BOUNDS[bucket]) {
      bucket++;
    }
    return (short) (exponent * BUCKETS_PER_DOUBLING + bucket);
  }

  /** Upper bound (inclusive) of a bucket, in milliseconds. */
  public static double upperBoundMs(int index) {
    return index == ZERO_INDEX ? 0 : Math.pow(2, (index + 1) / (double) BUCKETS_PER_DOUBLING);
  }

  public void add(long micros) {
    addCount(indexOf(micros), 1);
  }

  public void addCount(short index, long count) {
    int at = find(index);
    if (at >= 0) {
      counts[at] += count;
      return;
    }
    int insert = -at - 1;
    if (size == indexes.length) {
      indexes = Arrays.copyOf(indexes, Math.max(4, size * 2));
      counts = Arrays.copyOf(counts, Math.max(4, size * 2));
    }
    if (insert < size) {
      System.arraycopy(indexes, insert, indexes, insert + 1, size - insert);
      System.arraycopy(counts, insert, counts, insert + 1, size - insert);
    }
    indexes[insert] = index;
    counts[insert] = count;
    size++;
  }

  /** Where the bucket is in use, or minus one minus where it would be put. */
  private int find(short index) {
    if (size == 0 || index > indexes[size - 1]) {
      // What is read back comes in ascending order: each bucket goes to the end.
      return -size - 1;
    }
    // Indexes ascend by one at least, so both ends say how far off the bucket can be. In use are
    // mostly all from one to another: then that is the place.
    int low = Math.max(0, size - 1 - (indexes[size - 1] - index));
    int high = Math.min(size - 1, index - indexes[0]);
    while (low <= high) {
      int mid = (low + high) >>> 1;
      int there = indexes[mid];
      if (there == index) {
        return mid;
      }
      if (there < index) {
        low = mid + 1;
      } else {
        high = mid - 1;
      }
    }
    return -low - 1;
  }

  public void merge(LatencySketch other) {
    if (size == 0) {
      copy(other);
      return;
    }
    for (int i = 0; i < other.size; i++) {
      addCount(other.indexes[i], other.counts[i]);
    }
  }

  /** Takes over what the other has; it has nothing itself. */
  private void copy(LatencySketch other) {
    if (indexes.length < other.size) {
      indexes = new short[other.size];
      counts = new long[other.size];
    }
    System.arraycopy(other.indexes, 0, indexes, 0, other.size);
    System.arraycopy(other.counts, 0, counts, 0, other.size);
    size = other.size;
  }

  /** Number of buckets in use. */
  public int size() {
    return size;
  }

  /** Index of the n-th bucket in use, ascending. */
  public short indexAt(int n) {
    return indexes[n];
  }

  /** Count of the n-th bucket in use. */
  public long countAt(int n) {
    return counts[n];
  }

  public long total() {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      sum += counts[i];
    }
    return sum;
  }

  /**
   * The q-quantile: geometric middle of the bucket that holds the value of rank ceil(q·n).
   *
   * @param q 0…1
   * @return milliseconds, or NaN if empty
   */
  public double quantileMs(double q) {
    long n = total();
    if (n == 0) {
      return Double.NaN;
    }
    long rank = Math.max(1, (long) Math.ceil(q * n));
    long seen = 0;
    for (int i = 0; i < size; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return indexes[i] == ZERO_INDEX
            ? 0
            : Math.pow(2, (indexes[i] + 0.5) / BUCKETS_PER_DOUBLING);
      }
    }
    throw new IllegalStateException("rank " + rank + " past " + n);
  }

  public void clear() {
    size = 0;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof LatencySketch other
        && Arrays.equals(indexes, 0, size, other.indexes, 0, other.size)
        && Arrays.equals(counts, 0, size, other.counts, 0, other.size);
  }

  @Override
  public int hashCode() {
    int h = 1;
    for (int i = 0; i < size; i++) {
      h = 31 * (31 * h + indexes[i]) + Long.hashCode(counts[i]);
    }
    return h;
  }

  @Override
  public String toString() {
    return "LatencySketch{n=" + total() + ", p50=" + quantileMs(0.5) + " ms}";
  }

  private static double[] mantissaBounds() {
    double[] bounds = new double[BUCKETS_PER_DOUBLING - 1];
    for (int k = 1; k < BUCKETS_PER_DOUBLING; k++) {
      bounds[k - 1] = Math.pow(2, k / (double) BUCKETS_PER_DOUBLING);
    }
    return bounds;
  }

  private static byte[] firstBound() {
    byte[] first = new byte[1 << CELL_BITS];
    int bound = 0;
    for (int cell = 0; cell < first.length; cell++) {
      double least = mantissa((long) cell << (MANTISSA_BITS - CELL_BITS));
      while (bound < MANTISSA_BOUNDS.length && MANTISSA_BOUNDS[bound] < least) {
        bound++;
      }
      first[cell] = (byte) bound;
    }
    return first;
  }

  /** The number from 1 to below 2 of those bits after the point. */
  private static double mantissa(long fraction) {
    return Double.longBitsToDouble((long) Double.MAX_EXPONENT << MANTISSA_BITS | fraction);
  }
}
