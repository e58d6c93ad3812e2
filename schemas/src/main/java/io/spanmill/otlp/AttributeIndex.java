/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;

/** Where attributes lie in the bytes: a growing, reused list of positions. Not thread-safe. */
final class AttributeIndex {
  static final int STRIDE = 5;
  static final int KEY_OFFSET = 0;
  static final int KEY_LENGTH = 1;

  /**
   * Slot in the upper bits (signed, -1 = nobody asked), {@link AnyValue}'s type in the lower eight.
   */
  static final int SLOT_AND_TYPE = 2;

  /** Where the value itself starts: after the length of strings, bytes, arrays and lists. */
  static final int VALUE_OFFSET = 3;

  static final int VALUE_LENGTH = 4;

  /**
   * Larger arrays are given back on {@link #clear}: one hostile record must not hold memory for
   * ever.
   */
  private static final int KEEP = 1 << 16;

  int[] data = new int[64 * STRIDE];
  int count;

  void clear() {
    count = 0;
    if (data.length > KEEP * STRIDE) {
      data = new int[64 * STRIDE];
    }
  }

  void add(int keyOffset, int keyLength, int slot, int type, int valueOffset, int valueLength) {
    int at = count * STRIDE;
    if (at + STRIDE > data.length) {
      data = Arrays.copyOf(data, Math.multiplyExact(data.length, 2));
    }
    int[] d = data;
    d[at] = keyOffset;
    d[at + 1] = keyLength;
    d[at + 2] = slot << 8 | type;
    d[at + 3] = valueOffset;
    d[at + 4] = valueLength;
    count++;
  }
}
