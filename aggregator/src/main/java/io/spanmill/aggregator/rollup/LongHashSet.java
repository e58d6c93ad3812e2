/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

/** A set of longs, open addressing, grown by doubling. Not thread-safe. */
final class LongHashSet {
  private long[] table = new long[16];
  private boolean hasZero;
  private int size;

  boolean contains(long value) {
    return value == 0 ? hasZero : table[find(value)] == value;
  }

  void add(long value) {
    if (value == 0) {
      size += hasZero ? 0 : 1;
      hasZero = true;
      return;
    }
    int at = find(value);
    if (table[at] == value) {
      return;
    }
    table[at] = value;
    size++;
    if (size * 2 > table.length) {
      long[] old = table;
      table = new long[old.length * 2];
      for (long kept : old) {
        if (kept != 0) {
          table[find(kept)] = kept;
        }
      }
    }
  }

  int size() {
    return size;
  }

  private int find(long value) {
    // Values are halves of SHA-256: their low bits are as good as any.
    int at = (int) value & (table.length - 1);
    while (table[at] != 0 && table[at] != value) {
      at = (at + 1) & (table.length - 1);
    }
    return at;
  }
}
