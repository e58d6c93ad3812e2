/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import java.util.Arrays;

/** Input records that added identities, oldest first: a ring of primitives. Not thread-safe. */
final class RecordQueue {
  private long[] offsets = new long[256];
  private long[] arrivalsMs = new long[256];
  private int[] entries = new int[256];
  private int first;
  private int size;

  void add(long offset, long arrivalMs, int entryCount) {
    if (size == offsets.length) {
      grow();
    }
    int at = (first + size) & (offsets.length - 1);
    offsets[at] = offset;
    arrivalsMs[at] = arrivalMs;
    entries[at] = entryCount;
    size++;
  }

  boolean isEmpty() {
    return size == 0;
  }

  long firstOffset() {
    return offsets[first];
  }

  long firstArrivalMs() {
    return arrivalsMs[first];
  }

  int firstEntries() {
    return entries[first];
  }

  void removeFirst() {
    first = (first + 1) & (offsets.length - 1);
    size--;
  }

  private void grow() {
    int before = offsets.length;
    offsets = Arrays.copyOf(offsets, before * 2);
    arrivalsMs = Arrays.copyOf(arrivalsMs, before * 2);
    entries = Arrays.copyOf(entries, before * 2);
    // What had wrapped around moves behind the old end.
    System.arraycopy(offsets, 0, offsets, before, first);
    System.arraycopy(arrivalsMs, 0, arrivalsMs, before, first);
    System.arraycopy(entries, 0, entries, before, first);
  }
}
