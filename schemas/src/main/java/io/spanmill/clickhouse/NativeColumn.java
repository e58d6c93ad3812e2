/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Values of one column of a {@link NativeBlock}, encoded as they are added. Columns are reused over
 * blocks; not thread-safe.
 */
public abstract sealed class NativeColumn
    permits FixedColumn,
        StringColumn,
        LowCardinalityColumn,
        NullableColumn,
        ArrayColumn,
        MapColumn {
  private final String name;
  private final String type;

  NativeColumn(String name, String type) {
    this.name = name;
    this.type = type;
  }

  /** Name in the table; empty for the inner column of a compound one. */
  public String name() {
    return name;
  }

  /** ClickHouse's spelling of the type. */
  public String type() {
    return type;
  }

  /** Number of values. */
  public abstract int rows();

  /** Bytes held, about what goes over the wire. */
  public abstract long sizeBytes();

  /** Forgets the values, keeps the memory. */
  abstract void clear();

  /** Forgets the values from this row on. */
  abstract void truncate(int rows);

  /** Adds what stands for "no value" inside a Nullable. */
  abstract void addDefault();

  /** What comes once per column, before any data. */
  void writePrefix(OutputStream out) throws IOException {}

  /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
  abstract void writeRows(OutputStream out, int from, int to) throws IOException;
}
