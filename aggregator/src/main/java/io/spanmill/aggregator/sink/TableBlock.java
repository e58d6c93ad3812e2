/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.NativeBlock;

/**
 * Rows on their way into one table, and which input record each came from. Not thread-safe.
 *
 * @param table its name
 */
record TableBlock(String table, NativeBlock block, RowOrigins origins) {
  TableBlock(String table, NativeBlock block) {
    this(table, block, new RowOrigins());
  }

  /** Ends the row begun in the block. */
  void endRow(int partition, long offset) {
    block.endRow();
    origins.add(partition, offset);
  }

  /** Takes back all rows past this number, and the one begun. */
  void rewind(int rows) {
    block.rewind(rows);
    origins.rewind(rows);
  }

  void clear() {
    block.clear();
    origins.clear();
  }
}
