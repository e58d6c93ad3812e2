/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Attribute keys worth finding, each with a slot. Looking a key up costs one hash over its bytes
 * and one comparison. Immutable.
 */
public final class KeyTable {
  private final List<String> keys;
  private final byte[][] bytes;
  private final int[] table;
  private final int mask;

  private KeyTable(List<String> keys) {
    this.keys = List.copyOf(keys);
    this.bytes = new byte[keys.size()][];
    int capacity = Integer.highestOneBit(Math.max(8, keys.size() * 4) - 1) << 1;
    this.mask = capacity - 1;
    this.table = new int[capacity];
    for (int slot = 0; slot < keys.size(); slot++) {
      bytes[slot] = keys.get(slot).getBytes(StandardCharsets.UTF_8);
      int at = hash(bytes[slot], 0, bytes[slot].length) & mask;
      while (table[at] != 0) {
        at = (at + 1) & mask;
      }
      table[at] = slot + 1;
    }
  }

  /** A table whose slots are the positions of these keys; a key given twice has its first slot. */
  public static KeyTable of(String... keys) {
    List<String> unique = new ArrayList<>();
    for (String key : keys) {
      if (!unique.contains(key)) {
        unique.add(key);
      }
    }
    return new KeyTable(unique);
  }

  /** Number of slots. */
  public int size() {
    return keys.size();
  }

  /** The key of a slot. */
  public String key(int slot) {
    return keys.get(slot);
  }

  /**
   * The slot of a key.
   *
   * @throws IllegalArgumentException if the table lacks it
   */
  public int slot(String key) {
    byte[] k = key.getBytes(StandardCharsets.UTF_8);
    int slot = find(k, 0, k.length);
    if (slot < 0) {
      throw new IllegalArgumentException("key " + key + " is not in the table");
    }
    return slot;
  }

  /** The slot of the key in these bytes, or -1. */
  int find(byte[] b, int offset, int length) {
    int at = hash(b, offset, length) & mask;
    while (table[at] != 0) {
      byte[] candidate = bytes[table[at] - 1];
      if (candidate.length == length && same(candidate, b, offset)) {
        return table[at] - 1;
      }
      at = (at + 1) & mask;
    }
    return -1;
  }

  private static boolean same(byte[] key, byte[] b, int offset) {
    for (int i = key.length - 1; i >= 0; i--) {
      if (key[i] != b[offset + i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Length and the last bytes tell keys of one family apart; the first ones are mostly the same.
   */
  private static int hash(byte[] b, int offset, int length) {
    int h = length * 0x9e3779b1;
    int from = Math.max(offset, offset + length - 12);
    for (int i = from; i < offset + length; i++) {
      h = (h ^ b[i]) * 0x01000193;
    }
    return h ^ h >>> 15;
  }
}
