/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/** A column of numbers, times or ids: each value has the same width. */
public final class FixedColumn extends NativeColumn {
  private final GrowingBytes bytes = new GrowingBytes();
  private final int width;
  private final int shift;

  FixedColumn(String name, String type, int width) {
    super(name, type);
    if (Integer.bitCount(width) != 1) {
      throw new IllegalArgumentException(type + " is " + width + " bytes wide, no power of two");
    }
    this.width = width;
    this.shift = Integer.numberOfTrailingZeros(width);
  }

  /** A number of up to 64 bits; of narrower columns the low bits count. */
  public void add(long value) {
    switch (width) {
      case 1 -> bytes.putByte((int) value);
      case 2 -> bytes.putShort((int) value);
      case 4 -> bytes.putInt((int) value);
      case 8 -> bytes.putLong(value);
      case 16 -> add(value >> 63, value);
      default -> throw new IllegalStateException(name() + " of type " + type() + " is no number");
    }
  }

  public void add(boolean value) {
    add(value ? 1 : 0);
  }

  /** A number of 128 bits; Decimal(38, s) in units of its last place. */
  public void add(long high, long low) {
    if (width != 16) {
      throw new IllegalStateException(name() + " of type " + type() + " has no 128 bits");
    }
    bytes.putLong(low);
    bytes.putLong(high);
  }

  /** An id of 8 bytes, most significant first. */
  public void addId(long id) {
    requireWidth(8);
    bytes.putBigEndian(id);
  }

  /** An id of 16 bytes, most significant first. */
  public void addId(long high, long low) {
    requireWidth(16);
    bytes.putBigEndian(high);
    bytes.putBigEndian(low);
  }

  /** The value added last for a row. */
  long longAt(int row) {
    requireWidth(8);
    return bytes.getLong(row * 8);
  }

  private void requireWidth(int wanted) {
    if (width != wanted) {
      throw new IllegalStateException(
          name() + " of type " + type() + " takes " + width + " bytes, not " + wanted);
    }
  }

  @Override
  public int rows() {
    return bytes.size() >>> shift;
  }

  @Override
  public long sizeBytes() {
    return bytes.size();
  }

  @Override
  void clear() {
    bytes.clear();
  }

  @Override
  void truncate(int rows) {
    bytes.truncate(rows * width);
  }

  @Override
  void addDefault() {
    bytes.putZeros(width);
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    bytes.writeTo(out, from * width, to * width);
  }
}
