/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import java.util.Arrays;

/** Input records that added identities, oldest first: a ring of primitives. Not thread-safe. */
final class RecordQueue {
  /** The record is not the last of those under a key of the store. */
  static final long NO_KEY = -1;

  /** Of the last record under a key that key. */
  private long[] keys = new long[256];

  private long[] arrivalsMs = new long[256];
  private int[] entries = new int[256];
  private int first;
  private int size;

  void add(long arrivalMs, int entryCount) {
    if (size == keys.length) {
      grow();
    }
    int at = (first + size) & (keys.length - 1);
    keys[at] = NO_KEY;
    arrivalsMs[at] = arrivalMs;
    entries[at] = entryCount;
    size++;
  }

  /** All records since the last such key lie in the store under this one. */
  void stored(long key) {
    keys[(first + size - 1) & (keys.length - 1)] = key;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** The key that nothing is left of once the first record is forgotten, or {@link #NO_KEY}. */
  long firstKey() {
    return keys[first];
  }

  long firstArrivalMs() {
    return arrivalsMs[first];
  }

  int firstEntries() {
    return entries[first];
  }

  void removeFirst() {
    first = (first + 1) & (keys.length - 1);
    size--;
  }

  private void grow() {
    int before = keys.length;
    keys = Arrays.copyOf(keys, before * 2);
    arrivalsMs = Arrays.copyOf(arrivalsMs, before * 2);
    entries = Arrays.copyOf(entries, before * 2);
    // What had wrapped around moves behind the old end.
    System.arraycopy(keys, 0, keys, before, first);
    System.arraycopy(arrivalsMs, 0, arrivalsMs, before, first);
    System.arraycopy(entries, 0, entries, before, first);
  }
}
