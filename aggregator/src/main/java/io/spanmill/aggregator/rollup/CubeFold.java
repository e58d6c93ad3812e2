/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.aggregator.rollup.RollupFold.Entry;
import io.spanmill.codec.Partial;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The combine of one cube: an open-addressing table over entries. Those are made anew each time: to
 * fill memory from its start is less work than to find the parts of an old entry, which are far
 * apart and were not touched for a second. Not thread-safe.
 */
final class CubeFold {
  private static final int FIRST_PLACES = 64;

  /** A larger table is left to the collector: the next one need not be as large. */
  private static final int MAX_PLACES = 16_384;

  /** Entries taken that are looked up together. */
  private static final int FETCHED = 64;

  /** An entry without its text. */
  private static final int ENTRY_BYTES = 800;

  final Cube cube;
  private final WindowKind window;
  private final Dimension[] dimensions;
  private final int[] attributes;
  private final int width;
  private final List<Entry> entries = new ArrayList<>();
  private long characters;

  /**
   * In the lower half of a place 1 + index in the entries, 0 if it is free; in the upper one the
   * hash of its entry, which is far away. Its length is a power of two, at least twice the entries.
   */
  private long[] table = new long[FIRST_PLACES];

  /** Of no meaning: what is read for nothing else would not be read. */
  private long unused;

  CubeFold(Cube cube) {
    this.cube = cube;
    window = cube.finest();
    dimensions = cube.dimensions().toArray(Dimension[]::new);
    attributes = cube.attributes().stream().mapToInt(Integer::intValue).toArray();
    width = dimensions.length + attributes.length;
  }

  void clear() {
    entries.clear();
    characters = 0;
    if (table.length > MAX_PLACES) {
      table = new long[FIRST_PLACES];
    } else {
      Arrays.fill(table, 0);
    }
  }

  int size() {
    return entries.size();
  }

  /** About how much memory the entries take. */
  long sizeBytes() {
    return (long) size() * ENTRY_BYTES + characters;
  }

  Entry entry(int n) {
    return entries.get(n);
  }

  /** Adds calls. */
  void add(List<NormalizedSpan> calls) {
    int count = calls.size();
    // Made anew, see SpanProcessor: most references stored into an old object cost a fence.
    String[][] values = new String[count][];
    long[] starts = new long[count];
    int[] hashes = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = values(calls.get(i));
      starts[i] = window.startOf(calls.get(i).eventTimeMs);
      hashes[i] = hash(starts[i], values[i]);
    }
    fetch(hashes, count);
    for (int i = 0; i < count; i++) {
      find(starts[i], hashes[i], values[i]).rollup.add(calls.get(i));
    }
  }

  private String[] values(NormalizedSpan call) {
    String[] values = new String[width];
    for (int i = 0; i < dimensions.length; i++) {
      values[i] = dimensions[i].of(call);
    }
    for (int i = 0; i < attributes.length; i++) {
      values[dimensions.length + i] =
          attributes[i] < call.extra.length ? call.extra[attributes[i]] : "";
    }
    return values;
  }

  private static int hash(long start, String[] values) {
    int hash = Long.hashCode(start);
    for (String value : values) {
      hash = hash * 31 + value.hashCode();
    }
    return hash ^ hash >>> 15;
  }

  /**
   * Reads what looking entries up and adding to them will read first. It is nearly always far from
   * all that was read lately; asked for together, the processor waits for it together.
   */
  private void fetch(int[] hashes, int count) {
    long words = 0;
    for (int i = 0; i < count; i++) {
      words ^= table[hashes[i] & (table.length - 1)];
    }
    for (int i = 0; i < count; i++) {
      long place = table[hashes[i] & (table.length - 1)];
      if (place != 0 && (int) (place >>> 32) == hashes[i]) {
        Entry entry = entries.get((int) place - 1);
        LatencySketch durations = entry.rollup.duration.sketch;
        words ^= entry.dimensions.length ^ entry.rollup.calls;
        words ^= durations.size() == 0 ? 0 : durations.countAt(0);
      }
    }
    unused = words;
  }

  /** Adds what was combined before; false if it is not of this cube's shape. */
  boolean add(Partial partial) {
    if (partial.dimensions.length != width) {
      return false;
    }
    long start = partial.windowStartMs;
    find(start, hash(start, partial.dimensions), partial.dimensions).rollup.merge(partial.rollup);
    return true;
  }

  /** Takes all from a fold of the same cube, which is empty afterwards. */
  void take(CubeFold other) {
    List<Entry> taken = other.entries;
    int[] hashes = new int[FETCHED];
    for (int i = 0; i < taken.size(); i++) {
      if (i % FETCHED == 0) {
        int count = Math.min(FETCHED, taken.size() - i);
        for (int j = 0; j < count; j++) {
          hashes[j] = taken.get(i + j).hash;
        }
        fetch(hashes, count);
      }
      Entry entry = taken.get(i);
      int at = place(entry.windowStartMs, entry.hash, entry.dimensions);
      if (table[at] == 0) {
        put(at, entry);
      } else {
        at(at).rollup.merge(entry.rollup);
      }
    }
    other.clear();
  }

  /** Takes all from a cube that has every dimension of this one, in place of what was here. */
  void derive(CubeFold base) {
    clear();
    int[] from = new int[width];
    for (int i = 0; i < width; i++) {
      from[i] = base.cube.dimensions().indexOf(dimensions[i]);
    }
    for (Entry entry : base.entries) {
      String[] values = new String[width];
      for (int i = 0; i < width; i++) {
        values[i] = entry.dimensions[from[i]];
      }
      long start = entry.windowStartMs;
      find(start, hash(start, values), values).rollup.merge(entry.rollup);
    }
  }

  /** The entry of these values, which it keeps if there was none. */
  private Entry find(long start, int hash, String[] values) {
    int at = place(start, hash, values);
    if (table[at] == 0) {
      Entry entry = new Entry(cube, start, values, hash);
      put(at, entry);
      return entry;
    }
    return at(at);
  }

  /** Where the entry of these values is or, if that place is free, would be put. */
  private int place(long start, int hash, String[] values) {
    int at = hash & (table.length - 1);
    while (table[at] != 0) {
      if ((int) (table[at] >>> 32) == hash) {
        Entry entry = at(at);
        if (entry.windowStartMs == start && Arrays.equals(entry.dimensions, values)) {
          break;
        }
      }
      at = (at + 1) & (table.length - 1);
    }
    return at;
  }

  private Entry at(int place) {
    return entries.get((int) table[place] - 1);
  }

  private void put(int place, Entry entry) {
    entries.add(entry);
    for (String value : entry.dimensions) {
      characters += value.length();
    }
    table[place] = (long) entry.hash << 32 | size();
    if (size() * 2 > table.length) {
      grow();
    }
  }

  private void grow() {
    long[] before = table;
    table = new long[before.length * 2];
    for (long place : before) {
      if (place != 0) {
        int at = (int) (place >>> 32) & (table.length - 1);
        while (table[at] != 0) {
          at = (at + 1) & (table.length - 1);
        }
        table[at] = place;
      }
    }
  }
}
