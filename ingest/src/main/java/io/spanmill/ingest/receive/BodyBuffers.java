/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that bodies were read into, kept to be used again: a body of some hundred kilobytes would
 * otherwise be zeroed and copied over and over while it grows, each time in memory that no cache
 * holds. Of powers of two; all kept ones together take {@link #MAX_KEPT_BYTES} at most, beside what
 * requests are charged for. Thread-safe.
 */
final class BodyBuffers {
  /** Smaller arrays are cheaper made than kept. */
  static final int LEAST_BYTES = 64 * 1024;

  static final int LARGEST_BYTES = 2 * 1024 * 1024;
  static final int MAX_KEPT_BYTES = 16 * 1024 * 1024;

  private final List<Deque<byte[]>> kept = new ArrayList<>();
  private int keptBytes;

  BodyBuffers() {
    for (int size = LEAST_BYTES; size <= LARGEST_BYTES; size *= 2) {
      kept.add(new ArrayDeque<>());
    }
  }

  /** A kept array of so many bytes or up to twice that, with anything in it; null if none is. */
  synchronized byte @Nullable [] poll(int bytes) {
    if (bytes > LARGEST_BYTES) {
      return null;
    }
    byte[] array = kept.get(index(sizeFor(bytes))).pollLast();
    if (array != null) {
      keptBytes -= array.length;
    }
    return array;
  }

  /** Takes an array that nobody looks at any more; keeps it if it is one to keep. */
  synchronized void give(byte[] array) {
    int size = array.length;
    boolean fits = size >= LEAST_BYTES && size <= LARGEST_BYTES && Integer.bitCount(size) == 1;
    if (fits && keptBytes + size <= MAX_KEPT_BYTES) {
      kept.get(index(size)).addLast(array);
      keptBytes += size;
    }
  }

  /** Bytes kept now. */
  synchronized int keptBytes() {
    return keptBytes;
  }

  /** The size of array to make for so many bytes so that it can be kept; at most the largest. */
  static int sizeFor(int bytes) {
    return Math.max(LEAST_BYTES, Integer.highestOneBit(Math.max(1, bytes - 1)) << 1);
  }

  private static int index(int size) {
    return Integer.numberOfTrailingZeros(size) - Integer.numberOfTrailingZeros(LEAST_BYTES);
  }
}
