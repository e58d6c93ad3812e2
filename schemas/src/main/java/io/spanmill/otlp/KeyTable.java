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
  private static final int STRIDE = 8;
  private static final int SLOT = 1;
  private static final int TEXT = 2;
  private static final int TEXT_BYTES = (STRIDE - TEXT) * Long.BYTES;

  private final List<String> keys;
  private final byte[][] bytes;

  // Open addressing, a quarter full at most: a key nobody asked for usually ends at an empty place.
  private final int mask;

  /**
   * Of each place hash, length and 1 + slot, and the first bytes of the key, so that nearly all
   * keys are found by reading one line of the processor's cache; 0 for a slot is an empty place.
   */
  private final long[] places;

  private KeyTable(List<String> keys) {
    if (keys.size() > Short.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "at most " + Short.MAX_VALUE / 4 + " keys, got " + keys.size());
    }
    this.keys = keys;
    this.bytes = new byte[keys.size()][];
    int capacity = Integer.highestOneBit(Math.max(4, keys.size() * 4 - 1)) << 1;
    mask = capacity - 1;
    places = new long[capacity * STRIDE];
    for (int slot = 0; slot < keys.size(); slot++) {
      byte[] key = keys.get(slot).getBytes(StandardCharsets.UTF_8);
      bytes[slot] = key;
      long hash = KeyHash.of(key, 0, key.length);
      int at = place(hash);
      while (places[at + SLOT] != 0) {
        at = next(at);
      }
      places[at] = hash;
      places[at + SLOT] = (long) key.length << 32 | (slot + 1);
      TextWords.put(places, at + TEXT, key, 0, Math.min(key.length, TEXT_BYTES));
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
    int at = place(hash);
    while (true) {
      long lengthAndSlot = places[at + SLOT];
      if (lengthAndSlot == 0) {
        return -1;
      }
      if (places[at] == hash && lengthAndSlot >>> 32 == length) {
        int slot = (int) lengthAndSlot - 1;
        if (isKey(slot, at + TEXT, b, offset, length)) {
          return slot;
        }
      }
      at = next(at);
    }
  }

  private boolean isKey(int slot, int text, byte[] b, int offset, int length) {
    if (length <= TEXT_BYTES) {
      return TextWords.same(places, text, b, offset, length);
    }
    return TextWords.same(places, text, b, offset, TEXT_BYTES)
        && Arrays.equals(bytes[slot], TEXT_BYTES, length, b, offset + TEXT_BYTES, offset + length);
  }

  private int place(long hash) {
    return ((int) hash & mask) * STRIDE;
  }

  private int next(int place) {
    int next = place + STRIDE;
    return next == places.length ? 0 : next;
  }
}
