/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** A column of text or bytes. */
public final class StringColumn extends NativeColumn {
  private final GrowingBytes bytes = new GrowingBytes();

  /** Where each row begins; one more than rows. */
  private int[] starts = new int[256];

  private int rows;

  StringColumn(String name) {
    super(name, "String");
  }

  public void add(String text) {
    bytes.putText(text);
    ended();
  }

  /** A whole number, as text. */
  public void add(long number) {
    bytes.putDecimal(number);
    ended();
  }

  public void add(byte[] from, int offset, int length) {
    bytes.putVarint(length);
    bytes.put(from, offset, length);
    ended();
  }

  /** Adds rows that were added before once more. */
  public void repeat(int from, int to) {
    for (int row = from; row < to; row++) {
      bytes.repeat(starts[row], starts[row + 1]);
      ended();
    }
  }

  private void ended() {
    rows++;
    if (rows == starts.length) {
      starts = Arrays.copyOf(starts, rows * 2);
    }
    starts[rows] = bytes.size();
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public long sizeBytes() {
    return bytes.size();
  }

  @Override
  void clear() {
    bytes.clear();
    rows = 0;
  }

  @Override
  void truncate(int newRows) {
    rows = newRows;
    bytes.truncate(starts[newRows]);
  }

  @Override
  void addDefault() {
    add("");
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    bytes.writeTo(out, starts[from], starts[to]);
  }
}
