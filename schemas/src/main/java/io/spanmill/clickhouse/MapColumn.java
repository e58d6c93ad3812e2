/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A column of maps: add each key to {@link #keys()} and its value to {@link #values()}, then {@link
 * #endRow()}.
 */
public final class MapColumn<K extends NativeColumn, V extends NativeColumn> extends NativeColumn {
  private final RowEnds ends = new RowEnds();
  private final K keys;
  private final V values;

  MapColumn(String name, K keys, V values) {
    super(name, "Map(" + keys.type() + ", " + values.type() + ")");
    this.keys = keys;
    this.values = values;
  }

  public K keys() {
    return keys;
  }

  public V values() {
    return values;
  }

  /** Whether the row begun has no entry yet. */
  public boolean isRowEmpty() {
    return keys.rows() == ends.before(ends.rows());
  }

  public void endRow() {
    if (keys.rows() != values.rows()) {
      throw new IllegalStateException(
          name() + ": " + keys.rows() + " keys, " + values.rows() + " values");
    }
    ends.add(keys.rows());
  }

  @Override
  public int rows() {
    return ends.rows();
  }

  @Override
  public long sizeBytes() {
    return ends.sizeBytes() + keys.sizeBytes() + values.sizeBytes();
  }

  @Override
  void clear() {
    ends.clear();
    keys.clear();
    values.clear();
  }

  @Override
  void truncate(int rows) {
    ends.truncate(rows);
    keys.truncate(ends.before(rows));
    values.truncate(ends.before(rows));
  }

  @Override
  void addDefault() {
    endRow();
  }

  @Override
  void writePrefix(OutputStream out) throws IOException {
    keys.writePrefix(out);
    values.writePrefix(out);
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    ends.writeTo(out, from, to);
    keys.writeRows(out, ends.before(from), ends.before(to));
    values.writeRows(out, ends.before(from), ends.before(to));
  }
}
