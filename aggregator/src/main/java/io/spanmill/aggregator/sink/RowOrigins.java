/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import java.util.Arrays;

/** Partition and offset of the input record of each row. Not thread-safe. */
final class RowOrigins {
  private int[] partitions = new int[256];
  private long[] offsets = new long[256];
  private int rows;

  void add(int partition, long offset) {
    if (rows == offsets.length) {
      partitions = Arrays.copyOf(partitions, rows * 2);
      offsets = Arrays.copyOf(offsets, rows * 2);
    }
    partitions[rows] = partition;
    offsets[rows] = offset;
    rows++;
  }

  int partition(int row) {
    return partitions[row];
  }

  long offset(int row) {
    return offsets[row];
  }

  void rewind(int newRows) {
    rows = newRows;
  }

  void clear() {
    rows = 0;
  }
}
