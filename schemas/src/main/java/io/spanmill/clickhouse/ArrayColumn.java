/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;

/** A column of lists: add the elements to {@link #elements()}, then {@link #endRow()}. */
public final class ArrayColumn<C extends NativeColumn> extends NativeColumn {
  private final RowEnds ends = new RowEnds();
  private final C elements;

  ArrayColumn(String name, C elements) {
    super(name, "Array(" + elements.type() + ")");
    this.elements = elements;
  }

  public C elements() {
    return elements;
  }

  public void endRow() {
    ends.add(elements.rows());
  }

  @Override
  public int rows() {
    return ends.rows();
  }

  @Override
  public long sizeBytes() {
    return ends.sizeBytes() + elements.sizeBytes();
  }

  @Override
  void clear() {
    ends.clear();
    elements.clear();
  }

  @Override
  void truncate(int rows) {
    ends.truncate(rows);
    elements.truncate(ends.before(rows));
  }

  @Override
  void addDefault() {
    endRow();
  }

  @Override
  void writePrefix(OutputStream out) throws IOException {
    elements.writePrefix(out);
  }

  @Override
  void writeRows(OutputStream out, int from, int to) throws IOException {
    ends.writeTo(out, from, to);
    elements.writeRows(out, ends.before(from), ends.before(to));
  }
}
