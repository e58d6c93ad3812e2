/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import io.spanmill.aggregator.sink.RollupColumns;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.WindowKind;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes rows into the rollup tables in large blocks. Not thread-safe. */
final class BaseRows {
  private static final int BLOCK_ROWS = 100_000;
  private static final long BLOCK_BYTES = 48L << 20;

  private record Table(String name, RollupColumns columns) {}

  private final ClickHouse clickHouse;
  private final Map<WindowKind, Long> keptFromMs;
  private final Map<String, Table> tables = new LinkedHashMap<>();
  private final RollupRowsReader reader = new RollupRowsReader();
  private long written;

  /**
   * @param keptFromMs of each kind of window, from which start on rows are kept at all
   */
  BaseRows(ClickHouse clickHouse, CubeSet cubes, Map<WindowKind, Long> keptFromMs) {
    this.clickHouse = clickHouse;
    this.keptFromMs = keptFromMs;
    for (Cube cube : cubes.cubes()) {
      for (WindowKind kind : cube.windows()) {
        if (kind != WindowKind.ALL) {
          String name = cube.table(kind);
          tables.put(
              key(cube.name(), kind),
              new Table(name, new RollupColumns(cube, cubes.attributeNames())));
        }
      }
    }
  }

  /** Takes a record of {@link io.spanmill.codec.Topics#ROLLUPS}. */
  void add(byte[] record) {
    reader.reset(record);
    while (reader.hasNext()) {
      RollupRow row = reader.next();
      Table table = tables.get(key(row.cube, row.window));
      if (table == null || row.windowStartMs < keptFromMs.getOrDefault(row.window, 0L)) {
        continue;
      }
      table.columns().add(row);
      table.columns().block().endRow();
      if (table.columns().block().rows() >= BLOCK_ROWS
          || table.columns().block().sizeBytes() >= BLOCK_BYTES) {
        flush(table);
      }
    }
  }

  /** Writes what is collected. */
  void flush() {
    tables.values().forEach(this::flush);
  }

  /** Rows written. */
  long written() {
    return written;
  }

  private void flush(Table table) {
    if (!table.columns().block().isEmpty()) {
      clickHouse.insertNative(table.name(), table.columns().block());
      written += table.columns().block().rows();
      table.columns().block().clear();
    }
  }

  private static String key(String cube, WindowKind kind) {
    return cube + "/" + kind.label();
  }
}
