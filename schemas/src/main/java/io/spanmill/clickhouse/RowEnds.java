/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/** Where the rows of a column of lists end, as element numbers. */
final class RowEnds {
  private final GrowingBytes ends = new GrowingBytes();

  void add(int end) {
    ends.putLong(end);
  }

  int rows() {
    return ends.size() / 8;
  }

  /** Number of elements before a row. */
  int before(int row) {
    return row == 0 ? 0 : (int) ends.getLong((row - 1) * 8);
  }

  long sizeBytes() {
    return ends.size();
  }

  void clear() {
    ends.clear();
  }

  void truncate(int rows) {
    ends.truncate(rows * 8);
  }

  /** The ends of a range of rows, counted from its start. */
  void writeTo(OutputStream out, int from, int to) throws IOException {
    if (from == 0) {
      ends.writeTo(out, 0, to * 8);
      return;
    }
    long base = before(from);
    GrowingBytes shifted = new GrowingBytes();
    for (int row = from; row < to; row++) {
      shifted.putLong(ends.getLong(row * 8) - base);
    }
    shifted.writeTo(out, 0, shifted.size());
  }
}
