/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/** A column whose values may be missing. */
public final class NullableColumn<C extends NativeColumn> extends NativeColumn {
  private final GrowingBytes nulls = new GrowingBytes();
  private final C values;

  NullableColumn(String name, C values) {
    super(name, "Nullable(" + values.type() + ")");
    this.values = values;
  }

  public void addNull() {
    nulls.putByte(1);
    values.addDefault();
  }

  /** The column to add one present value to. */
  public C present() {
    nulls.putByte(0);
    return values;
  }

  @Override
  public int rows() {
    return values.rows();
  }

  @Override
  public long sizeBytes() {
    return nulls.size() + values.sizeBytes();
  }

  @Override
  void clear() {
    nulls.clear();
    values.clear();
  }

  @Override
  void truncate(int rows) {
    nulls.truncate(rows);
    values.truncate(rows);
  }

  @Override
  void addDefault() {
    addNull();
  }

  @Override
  void writePrefix(OutputStream out) throws IOException {
    values.writePrefix(out);
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    nulls.writeTo(out, from, to);
    values.writeRows(out, from, to);
  }
}
