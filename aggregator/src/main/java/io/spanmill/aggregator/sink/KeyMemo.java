/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.otlp.KeyHash;
import java.util.Arrays;

/**
 * Remembers for each attribute key whether it holds content, and its number in the block in hand,
 * so that a key is looked up once however many tables ask for it. Bounded: senders may make keys
 * up. Not thread-safe.
 */
final class KeyMemo {
  private static final int SLOTS = 1 << 13;
  private static final int MAX_KEYS = SLOTS / 2;

  /** Where the table is full. */
  private static final int UNKNOWN = -1;

  private final LowCardinalityColumn column;
  private final long[] hashes = new long[SLOTS];
  private final byte[][] keys = new byte[SLOTS][];
  private final boolean[] content = new boolean[SLOTS];

  /** Number in the column, valid if {@link #generations} is the column's. */
  private final int[] numbers = new int[SLOTS];

  private final int[] generations = new int[SLOTS];
  private int size;

  /**
   * @param column where the keys that are no content go
   */
  KeyMemo(LowCardinalityColumn column) {
    this.column = column;
  }

  boolean isContent(byte[] buffer, int at, int length) {
    int slot = find(buffer, at, length);
    return slot == UNKNOWN ? ContentKeys.isContent(buffer, at, length) : content[slot];
  }

  /** Adds the key to the column unless it holds content; whether it was added. */
  boolean addUnlessContent(byte[] buffer, int at, int length) {
    int slot = find(buffer, at, length);
    if (slot == UNKNOWN) {
      if (ContentKeys.isContent(buffer, at, length)) {
        return false;
      }
      column.add(buffer, at, length);
      return true;
    }
    if (content[slot]) {
      return false;
    }
    if (generations[slot] != column.generation()) {
      numbers[slot] = column.key(buffer, at, length);
      generations[slot] = column.generation();
    }
    column.addKey(numbers[slot]);
    return true;
  }

  private int find(byte[] buffer, int at, int length) {
    long hash = KeyHash.of(buffer, at, length);
    int slot = (int) hash & (SLOTS - 1);
    while (keys[slot] != null) {
      if (hashes[slot] == hash
          && Arrays.equals(keys[slot], 0, keys[slot].length, buffer, at, at + length)) {
        return slot;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (size == MAX_KEYS) {
      return UNKNOWN;
    }
    hashes[slot] = hash;
    keys[slot] = Arrays.copyOfRange(buffer, at, at + length);
    content[slot] = ContentKeys.isContent(buffer, at, length);
    size++;
    return slot;
  }
}
