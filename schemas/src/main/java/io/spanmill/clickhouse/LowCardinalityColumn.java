/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import io.spanmill.otlp.KeyHash;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A column of text that repeats itself: each block carries a dictionary and one small number a row.
 *
 * <p>Text is looked up by object first, bytes by their hash, so adding a value that the block knows
 * makes no garbage.
 */
public final class LowCardinalityColumn extends NativeColumn {
  /** Format: shared dictionaries with additional keys. */
  private static final long VERSION = 1;

  /** The block carries its own keys, and they are new to the reader. */
  private static final long HAS_ADDITIONAL_KEYS = (1 << 9) | (1 << 10);

  private static final int MAX_KEPT_KEYS = 1 << 16;

  /** Places of texts found without the map; a power of two. */
  private static final int NEAR = 64;

  /** Keys one after the other, without lengths. */
  private final GrowingBytes keys = new GrowingBytes();

  private int[] keyEnds = new int[64];
  private int keyCount;

  /** Open addressing: key number + 1, 0 = free. */
  private int[] slots = new int[128];

  private final Map<String, Integer> byText = new HashMap<>();

  /** Some texts and their keys, each at a place by its hash: most rows repeat the very object. */
  private final @Nullable String[] nearTexts = new @Nullable String[NEAR];

  private final int[] nearKeys = new int[NEAR];
  private int generation;
  private int[] indexes = new int[256];
  private int rows;

  LowCardinalityColumn(String name) {
    super(name, "LowCardinality(String)");
    reset();
  }

  @SuppressWarnings("ReferenceEquality") // Equal but other objects are found below.
  public void add(String text) {
    int near = text.hashCode() & (NEAR - 1);
    if (text != nearTexts[near]) {
      Integer known = byText.get(text);
      if (known == null) {
        known = keyOf(text);
        byText.put(text, known);
      }
      nearTexts[near] = text;
      nearKeys[near] = known;
    }
    addIndex(nearKeys[near]);
  }

  public void add(byte[] from, int offset, int length) {
    addIndex(find(from, offset, length, null));
  }

  /** The block's number of this text, for {@link #addKey}; valid within one generation. */
  public int key(byte[] from, int offset, int length) {
    return find(from, offset, length, null);
  }

  /** Changes when the block begins anew; never 0. */
  public int generation() {
    return generation;
  }

  /** Adds the text of this number. */
  public void addKey(int key) {
    addIndex(key);
  }

  /** Adds rows that were added before once more. */
  public void repeat(int from, int to) {
    for (int row = from; row < to; row++) {
      addIndex(indexes[row]);
    }
  }

  private Integer keyOf(String text) {
    int start = keys.size();
    keys.putUtf8(text);
    int length = keys.size() - start;
    // The bytes stand where a new key would stand: they stay if it is one.
    return find(keys.array(), start, length, text);
  }

  private int find(byte[] from, int offset, int length, @Nullable String placed) {
    int hash = (int) KeyHash.of(from, offset, length);
    int mask = slots.length - 1;
    int at = hash & mask;
    while (slots[at] != 0) {
      int key = slots[at] - 1;
      int start = key == 0 ? 0 : keyEnds[key - 1];
      if (Arrays.equals(keys.array(), start, keyEnds[key], from, offset, offset + length)) {
        if (placed != null) {
          keys.truncate(offset);
        }
        return key;
      }
      at = (at + 1) & mask;
    }
    if (placed == null) {
      keys.put(from, offset, length);
    }
    if (keyCount == keyEnds.length) {
      keyEnds = Arrays.copyOf(keyEnds, keyCount * 2);
    }
    keyEnds[keyCount++] = keys.size();
    slots[at] = keyCount;
    if (keyCount * 2 > slots.length) {
      rehash();
    }
    return keyCount - 1;
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    int mask = slots.length - 1;
    for (int key = 0; key < keyCount; key++) {
      int start = key == 0 ? 0 : keyEnds[key - 1];
      int at = (int) KeyHash.of(keys.array(), start, keyEnds[key] - start) & mask;
      while (slots[at] != 0) {
        at = (at + 1) & mask;
      }
      slots[at] = key + 1;
    }
  }

  private void addIndex(int key) {
    if (rows == indexes.length) {
      indexes = Arrays.copyOf(indexes, rows * 2);
    }
    indexes[rows++] = key;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public long sizeBytes() {
    return keys.size() + (long) rows * indexWidth();
  }

  @Override
  void clear() {
    rows = 0;
    if (keyCount > MAX_KEPT_KEYS) {
      keyEnds = new int[64];
      slots = new int[128];
      indexes = new int[256];
    } else {
      Arrays.fill(slots, 0);
    }
    reset();
  }

  private void reset() {
    keys.clear();
    byText.clear();
    Arrays.fill(nearTexts, null);
    generation = generation == Integer.MAX_VALUE ? 1 : generation + 1;
    keyCount = 0;
    // The empty text is always key 0, as in ClickHouse's own blocks.
    find(new byte[0], 0, 0, null);
  }

  @Override
  void truncate(int newRows) {
    // Keys nobody uses any more do no harm.
    rows = newRows;
  }

  @Override
  void addDefault() {
    addIndex(0);
  }

  @Override
  void writePrefix(OutputStream out) throws IOException {
    GrowingBytes header = new GrowingBytes();
    header.putLong(VERSION);
    header.writeTo(out, 0, header.size());
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    if (from == to) {
      return;
    }
    int width = indexWidth();
    GrowingBytes data = new GrowingBytes();
    data.putLong(HAS_ADDITIONAL_KEYS | Integer.numberOfTrailingZeros(width));
    data.putLong(keyCount);
    int start = 0;
    for (int key = 0; key < keyCount; key++) {
      data.putVarint(keyEnds[key] - start);
      data.put(keys.array(), start, keyEnds[key] - start);
      start = keyEnds[key];
    }
    data.putLong(to - from);
    for (int row = from; row < to; row++) {
      switch (width) {
        case 1 -> data.putByte(indexes[row]);
        case 2 -> data.putShort(indexes[row]);
        default -> data.putInt(indexes[row]);
      }
    }
    data.writeTo(out, 0, data.size());
  }

  private int indexWidth() {
    return keyCount <= 1 << 8 ? 1 : keyCount <= 1 << 16 ? 2 : 4;
  }
}
