/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of one table, column by column, in ClickHouse's Native format. Values are encoded as they
 * are added; nothing is kept per row. Reused over batches ({@link #clear}); not thread-safe.
 *
 * <p>Use: make the columns once, add one value to each per row, call {@link #endRow}.
 */
public final class NativeBlock {
  private final List<NativeColumn> columns = new ArrayList<>();
  private int rows;

  public FixedColumn int8(String name) {
    return fixed(name, "Int8", 1);
  }

  public FixedColumn int16(String name) {
    return fixed(name, "Int16", 2);
  }

  public FixedColumn int32(String name) {
    return fixed(name, "Int32", 4);
  }

  public FixedColumn int64(String name) {
    return fixed(name, "Int64", 8);
  }

  public FixedColumn uint8(String name) {
    return fixed(name, "UInt8", 1);
  }

  public FixedColumn uint16(String name) {
    return fixed(name, "UInt16", 2);
  }

  public FixedColumn uint32(String name) {
    return fixed(name, "UInt32", 4);
  }

  public FixedColumn uint64(String name) {
    return fixed(name, "UInt64", 8);
  }

  public FixedColumn uint128(String name) {
    return fixed(name, "UInt128", 16);
  }

  public FixedColumn bool(String name) {
    return fixed(name, "Bool", 1);
  }

  /** Money: picodollars of 128 bits. */
  public FixedColumn money(String name) {
    return fixed(name, "Decimal(38, 12)", 16);
  }

  public NullableColumn<FixedColumn> nullableMoney(String name) {
    return add(new NullableColumn<>(name, new FixedColumn("", "Decimal(38, 12)", 16)));
  }

  /** Epoch seconds. */
  public FixedColumn seconds(String name) {
    return fixed(name, "DateTime('UTC')", 4);
  }

  /** Epoch milliseconds. */
  public FixedColumn millis(String name) {
    return fixed(name, "DateTime64(3, 'UTC')", 8);
  }

  public NullableColumn<FixedColumn> nullableMillis(String name) {
    return add(new NullableColumn<>(name, new FixedColumn("", "DateTime64(3, 'UTC')", 8)));
  }

  /** Epoch nanoseconds. */
  public FixedColumn nanos(String name) {
    return fixed(name, "DateTime64(9, 'UTC')", 8);
  }

  /** Bytes of one length: ids. */
  public FixedColumn id(String name, int bytes) {
    return fixed(name, "FixedString(" + bytes + ")", bytes);
  }

  /** An enum; {@code type} is its whole definition as the table has it. */
  public FixedColumn enum8(String name, String type) {
    return fixed(name, type, 1);
  }

  public StringColumn string(String name) {
    return add(new StringColumn(name));
  }

  public LowCardinalityColumn label(String name) {
    return add(new LowCardinalityColumn(name));
  }

  /** Attributes: keys that repeat, values that do not. */
  public MapColumn<LowCardinalityColumn, StringColumn> attributes(String name) {
    return add(attributesColumn(name));
  }

  public ArrayColumn<MapColumn<LowCardinalityColumn, StringColumn>> attributesList(String name) {
    return add(new ArrayColumn<>(name, attributesColumn("")));
  }

  /** Bucket index → count. */
  public MapColumn<FixedColumn, FixedColumn> sketch(String name) {
    return add(
        new MapColumn<>(name, new FixedColumn("", "Int16", 2), new FixedColumn("", "UInt64", 8)));
  }

  public ArrayColumn<FixedColumn> nanosList(String name) {
    return add(new ArrayColumn<>(name, new FixedColumn("", "DateTime64(9, 'UTC')", 8)));
  }

  public ArrayColumn<FixedColumn> idList(String name, int bytes) {
    return add(new ArrayColumn<>(name, new FixedColumn("", "FixedString(" + bytes + ")", bytes)));
  }

  public ArrayColumn<StringColumn> stringList(String name) {
    return add(new ArrayColumn<>(name, new StringColumn("")));
  }

  public ArrayColumn<LowCardinalityColumn> labelList(String name) {
    return add(new ArrayColumn<>(name, new LowCardinalityColumn("")));
  }

  private static MapColumn<LowCardinalityColumn, StringColumn> attributesColumn(String name) {
    return new MapColumn<>(name, new LowCardinalityColumn(""), new StringColumn(""));
  }

  private FixedColumn fixed(String name, String type, int width) {
    return add(new FixedColumn(name, type, width));
  }

  private <C extends NativeColumn> C add(C column) {
    if (rows > 0) {
      throw new IllegalStateException("columns are made before rows");
    }
    columns.add(column);
    return column;
  }

  /** Rows ended since {@link #clear}. */
  public int rows() {
    return rows;
  }

  public boolean isEmpty() {
    return rows == 0;
  }

  /** About the bytes an insert will send. */
  public long sizeBytes() {
    long sum = 0;
    for (NativeColumn column : columns) {
      sum += column.sizeBytes();
    }
    return sum;
  }

  /** Ends the row: every column has one value more than before. */
  public void endRow() {
    rows++;
  }

  /** Takes back whatever was added since the last {@link #endRow}. */
  public void dropOpenRow() {
    rewind(rows);
  }

  /**
   * Takes back all rows past this number, and whatever was added since the last {@link #endRow}.
   */
  public void rewind(int newRows) {
    rows = newRows;
    columns.forEach(column -> column.truncate(newRows));
  }

  /** Forgets the rows, keeps the memory. */
  public void clear() {
    rows = 0;
    columns.forEach(NativeColumn::clear);
  }

  List<String> columnNames() {
    return columns.stream().map(NativeColumn::name).toList();
  }

  /** Throws if a column has not one value per row. */
  void checkWhole() {
    for (NativeColumn column : columns) {
      if (column.rows() != rows) {
        throw new IllegalStateException(
            "column " + column.name() + " has " + column.rows() + " values for " + rows + " rows");
      }
    }
  }

  /**
   * Writes some rows as one block.
   *
   * @throws IllegalStateException if a column has not one value per row
   */
  public void writeTo(OutputStream out, int from, int to) throws IOException {
    checkWhole();
    GrowingBytes header = new GrowingBytes();
    header.putVarint(columns.size());
    header.putVarint(to - from);
    for (NativeColumn column : columns) {
      header.putText(column.name());
      header.putText(column.type());
      header.writeTo(out, 0, header.size());
      header.clear();
      column.writePrefix(out);
      column.writeRows(out, from, to);
    }
  }

  /**
   * Compares the columns with the table's.
   *
   * @param found the table's columns
   * @throws IllegalStateException naming everything that does not fit
   */
  public void check(String table, List<TableColumn> found) {
    Map<String, TableColumn> missing = new HashMap<>();
    found.forEach(c -> missing.put(c.name(), c));
    List<String> problems = new ArrayList<>();
    for (NativeColumn column : columns) {
      TableColumn there = missing.remove(column.name());
      if (there == null) {
        problems.add("it has no column " + column.name());
      } else if (!there.type().equals(column.type())) {
        problems.add(
            column.name() + " is " + there.type() + " there, but " + column.type() + " here");
      }
    }
    missing.values().removeIf(TableColumn::hasDefault);
    missing.keySet().stream().sorted().forEach(name -> problems.add("nothing fills " + name));
    if (!problems.isEmpty()) {
      throw new IllegalStateException(
          "table "
              + table
              + " is not as this version writes it: "
              + String.join("; ", problems)
              + ". Do all services run the same version?");
    }
  }
}
