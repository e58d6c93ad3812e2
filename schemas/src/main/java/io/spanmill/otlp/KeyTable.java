/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Attribute keys worth finding, each with a slot. Looking a key up costs one hash over its bytes
 * and one comparison. Immutable.
 */
public final class KeyTable {
  private final List<String> keys;
  private final byte[][] bytes;

  // Open addressing, a quarter full at most: a key nobody asked for usually ends at an empty place.
  private final int mask;
  private final long[] hashes;
  private final short[] slots;

  // First and last eight bytes by slot, of a shorter key all of it: most keys are told apart by
  // two words, without the call that comparing arrays is.
  private final long[] firsts;
  private final long[] lasts;

  private KeyTable(List<String> keys) {
    if (keys.size() > Short.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "at most " + Short.MAX_VALUE / 4 + " keys, got " + keys.size());
    }
    this.keys = keys;
    this.bytes = new byte[keys.size()][];
    int capacity = Integer.highestOneBit(Math.max(4, keys.size() * 4 - 1)) << 1;
    mask = capacity - 1;
    hashes = new long[capacity];
    slots = new short[capacity];
    firsts = new long[keys.size()];
    lasts = new long[keys.size()];
    Arrays.fill(slots, (short) -1);
    for (int slot = 0; slot < keys.size(); slot++) {
      bytes[slot] = keys.get(slot).getBytes(StandardCharsets.UTF_8);
      long hash = KeyHash.of(bytes[slot], 0, bytes[slot].length);
      int at = (int) hash & mask;
      while (slots[at] >= 0) {
        at = (at + 1) & mask;
      }
      hashes[at] = hash;
      slots[at] = (short) slot;
      firsts[slot] = first(bytes[slot], 0, bytes[slot].length);
      lasts[slot] = last(bytes[slot], 0, bytes[slot].length);
    }
  }

  /** A table whose slots are the positions of these keys; a key given twice has its first slot. */
  public static KeyTable of(String... keys) {
    Set<String> unique = new LinkedHashSet<>(Arrays.asList(keys));
    return new KeyTable(List.copyOf(unique));
  }

  /** Number of slots. */
  public int size() {
    return bytes.length;
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
    int slot = lookup(k, 0, k.length, KeyHash.of(k, 0, k.length));
    if (slot < 0) {
      throw new IllegalArgumentException("key " + key + " is not in the table");
    }
    return slot;
  }

  /** The slot of the key in these bytes, whose hash is {@link KeyHash}'s, or -1. */
  int lookup(byte[] b, int offset, int length, long hash) {
    int at = (int) hash & mask;
    while (true) {
      int slot = slots[at];
      if (slot < 0) {
        return -1;
      }
      if (hashes[at] == hash && isKey(slot, b, offset, length)) {
        return slot;
      }
      at = (at + 1) & mask;
    }
  }

  private boolean isKey(int slot, byte[] b, int offset, int length) {
    byte[] key = bytes[slot];
    if (key.length != length
        || firsts[slot] != first(b, offset, length)
        || lasts[slot] != last(b, offset, length)) {
      return false;
    }
    for (int i = 8; i < length - 8; i += 8) {
      if ((long) KeyHash.LONG_LE.get(key, i) != (long) KeyHash.LONG_LE.get(b, offset + i)) {
        return false;
      }
    }
    return true;
  }

  private static long first(byte[] b, int offset, int length) {
    if (length >= 8) {
      return (long) KeyHash.LONG_LE.get(b, offset);
    }
    return length == 0 ? 0 : KeyHash.tail(b, offset, offset + length);
  }

  private static long last(byte[] b, int offset, int length) {
    return length >= 8 ? (long) KeyHash.LONG_LE.get(b, offset + length - 8) : 0;
  }
}
