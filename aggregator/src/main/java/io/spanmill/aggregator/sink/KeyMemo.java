/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import java.util.Arrays;

/**
 * Remembers for each key whether it holds content, so that the table of {@link ContentKeys} is
 * walked once per key. Bounded: senders may make keys up. Not thread-safe.
 */
final class KeyMemo {
  private static final int SLOTS = 1 << 13;
  private static final int MAX_KEYS = SLOTS / 2;

  private final byte[][] keys = new byte[SLOTS][];
  private final boolean[] content = new boolean[SLOTS];
  private int size;

  boolean isContent(byte[] buffer, int at, int length) {
    int slot = hash(buffer, at, length) & (SLOTS - 1);
    while (keys[slot] != null) {
      if (Arrays.equals(keys[slot], 0, keys[slot].length, buffer, at, at + length)) {
        return content[slot];
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    boolean answer = ContentKeys.isContent(buffer, at, length);
    if (size < MAX_KEYS) {
      keys[slot] = Arrays.copyOfRange(buffer, at, at + length);
      content[slot] = answer;
      size++;
    }
    return answer;
  }

  private static int hash(byte[] buffer, int at, int length) {
    int h = length;
    for (int i = at; i < at + length; i++) {
      h = 31 * h + buffer[i];
    }
    return h ^ (h >>> 15);
  }
}
