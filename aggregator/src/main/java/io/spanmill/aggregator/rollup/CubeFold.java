/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.aggregator.rollup.RollupFold.Entry;
import io.spanmill.codec.Partial;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The combine of one cube: an open-addressing table over pooled entries. Not thread-safe. */
final class CubeFold {
  /** Entries kept for the next time; an unusual surplus is left to the collector. */
  private static final int MAX_POOLED = 4096;

  /** An entry without its text. */
  private static final int ENTRY_BYTES = 800;

  final Cube cube;
  private final WindowKind window;
  private final Dimension[] dimensions;
  private final int[] attributes;
  private final String[] values;
  private final List<Entry> pool = new ArrayList<>();
  private int size;
  private long characters;

  /** 1 + index in the pool; 0 is free. Its length is a power of two, at least twice the size. */
  private int[] table = new int[64];

  CubeFold(Cube cube) {
    this.cube = cube;
    window = cube.finest();
    dimensions = cube.dimensions().toArray(Dimension[]::new);
    attributes = cube.attributes().stream().mapToInt(Integer::intValue).toArray();
    values = new String[dimensions.length + attributes.length];
  }

  void clear() {
    size = 0;
    characters = 0;
    if (pool.size() > MAX_POOLED) {
      pool.subList(MAX_POOLED, pool.size()).clear();
      table = new int[4 * MAX_POOLED];
    } else {
      Arrays.fill(table, 0);
    }
  }

  int size() {
    return size;
  }

  /** About how much memory the entries take. */
  long sizeBytes() {
    return (long) size * ENTRY_BYTES + characters;
  }

  Entry entry(int n) {
    return pool.get(n);
  }

  void add(NormalizedSpan call) {
    long start = window.startOf(call.eventTimeMs);
    int hash = Long.hashCode(start);
    for (int i = 0; i < dimensions.length; i++) {
      values[i] = dimensions[i].of(call);
      hash = hash * 31 + values[i].hashCode();
    }
    for (int i = 0; i < attributes.length; i++) {
      String value = attributes[i] < call.extra.length ? call.extra[attributes[i]] : "";
      values[dimensions.length + i] = value;
      hash = hash * 31 + value.hashCode();
    }
    find(start, hash ^ hash >>> 15).rollup.add(call);
  }

  /** Adds what was combined before; false if it is not of this cube's shape. */
  boolean add(Partial partial) {
    if (partial.dimensions.length != values.length) {
      return false;
    }
    int hash = Long.hashCode(partial.windowStartMs);
    for (int i = 0; i < values.length; i++) {
      values[i] = partial.dimensions[i];
      hash = hash * 31 + values[i].hashCode();
    }
    find(partial.windowStartMs, hash ^ hash >>> 15).rollup.merge(partial.rollup);
    return true;
  }

  /** Takes all from a cube that has every dimension of this one, in place of what was here. */
  void derive(CubeFold base) {
    clear();
    for (int n = 0; n < base.size; n++) {
      Entry entry = base.pool.get(n);
      int hash = Long.hashCode(entry.windowStartMs);
      for (int i = 0; i < values.length; i++) {
        values[i] = entry.dimensions[base.cube.dimensions().indexOf(dimensions[i])];
        hash = hash * 31 + values[i].hashCode();
      }
      find(entry.windowStartMs, hash ^ hash >>> 15).rollup.merge(entry.rollup);
    }
  }

  private Entry find(long start, int hash) {
    int at = hash & (table.length - 1);
    while (table[at] != 0) {
      Entry entry = pool.get(table[at] - 1);
      if (entry.hash == hash
          && entry.windowStartMs == start
          && Arrays.equals(entry.dimensions, values)) {
        return entry;
      }
      at = (at + 1) & (table.length - 1);
    }
    if (size == pool.size()) {
      pool.add(new Entry(cube, values.length));
    }
    Entry entry = pool.get(size++);
    entry.hash = hash;
    entry.windowStartMs = start;
    System.arraycopy(values, 0, entry.dimensions, 0, values.length);
    for (String value : values) {
      characters += value.length();
    }
    entry.rollup.clear();
    table[at] = size;
    if (size * 2 > table.length) {
      rehash();
    }
    return entry;
  }

  private void rehash() {
    table = new int[table.length * 2];
    for (int i = 0; i < size; i++) {
      int at = pool.get(i).hash & (table.length - 1);
      while (table[at] != 0) {
        at = (at + 1) & (table.length - 1);
      }
      table[at] = i + 1;
    }
  }
}
