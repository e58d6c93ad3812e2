/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.codec.Topics;
import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * {@code llm_rollups} → rollup tables. Of the versions of a row within a batch only the newest is
 * written.
 */
final class RollupRows implements BatchRows {
  private record Key(long windowStartMs, long hashHi, long hashLo, long generation) {}

  private record Pending(RollupRow row, int partition, long offset) {}

  private static final class Table {
    final RollupColumns columns;
    final TableBlock block;
    final Map<Key, Pending> newest = new LinkedHashMap<>();

    Table(Cube cube, WindowKind window, List<String> attributeNames) {
      columns = new RollupColumns(cube, attributeNames);
      block = new TableBlock(cube.table(window), columns.block());
    }
  }

  private static final int ABOUT_ROW_BYTES = 600;

  private final SinkMetrics metrics;
  private final RollupRowsReader reader = new RollupRowsReader();
  private final Map<String, Map<WindowKind, Table>> tables = new LinkedHashMap<>();
  private final Markers markers = new Markers();
  private final List<Pending> decoded = new ArrayList<>();
  private int rows;

  RollupRows(List<Cube> cubes, List<String> attributeNames, SinkMetrics metrics) {
    this.metrics = metrics;
    for (Cube cube : cubes) {
      Map<WindowKind, Table> ofCube = new HashMap<>();
      for (WindowKind window : cube.windows()) {
        ofCube.put(window, new Table(cube, window, attributeNames));
      }
      tables.put(cube.name(), ofCube);
    }
  }

  @Override
  public String kind() {
    return "rollups";
  }

  @Override
  public String topic() {
    return Topics.ROLLUPS;
  }

  /** Rows are waited for by whoever looks at the screen. */
  @Override
  public int fetchMinBytes() {
    return 1;
  }

  @Override
  public void add(ConsumerRecord<byte[], byte[]> record) {
    if (RecordFormat.of(record.value()) == RecordFormat.MARKER) {
      markers.add(record, ProgressMarker.decode(record.value()));
      return;
    }
    decoded.clear();
    reader.reset(record.value());
    while (reader.hasNext()) {
      RollupRow row = reader.next();
      if (table(row) == null) {
        // A cube that is configured no more.
        metrics.dropped(1);
      } else {
        decoded.add(new Pending(copy(row), record.partition(), record.offset()));
      }
    }
    for (Pending pending : decoded) {
      put(pending);
    }
  }

  private @Nullable Table table(RollupRow row) {
    Map<WindowKind, Table> ofCube = tables.get(row.cube);
    return ofCube == null ? null : ofCube.get(row.window);
  }

  private void put(Pending pending) {
    RollupRow row = pending.row();
    Table table = table(row);
    if (table == null) {
      return;
    }
    Key key = new Key(row.windowStartMs, row.seriesHashHi, row.seriesHashLo, row.generation);
    Pending before = table.newest.get(key);
    if (before == null) {
      rows++;
    } else if (before.row().version > row.version) {
      return;
    }
    table.newest.put(key, pending);
  }

  private static RollupRow copy(RollupRow from) {
    RollupRow to = new RollupRow();
    to.cube = from.cube;
    to.window = from.window;
    to.windowStartMs = from.windowStartMs;
    to.seriesHashHi = from.seriesHashHi;
    to.seriesHashLo = from.seriesHashLo;
    to.generation = from.generation;
    to.version = from.version;
    to.dimensions = from.dimensions;
    to.rollup.merge(from.rollup);
    return to;
  }

  /** A marker is the last of what a partition of the job emits. */
  @Override
  public boolean isWhole(int partitions) {
    return markers.sinkPartitions() >= partitions;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public long sizeBytes() {
    return (long) rows * ABOUT_ROW_BYTES;
  }

  /** Every table, with rows or without. */
  List<TableBlock> tables() {
    return tables.values().stream().flatMap(t -> t.values().stream()).map(t -> t.block).toList();
  }

  @Override
  public List<TableBlock> blocks() {
    List<TableBlock> blocks = new ArrayList<>();
    for (Map<WindowKind, Table> ofCube : tables.values()) {
      for (Table table : ofCube.values()) {
        if (!table.newest.isEmpty()) {
          table.block.clear();
          for (Pending pending : table.newest.values()) {
            table.columns.add(pending.row());
            table.block.endRow(pending.partition(), pending.offset());
          }
          blocks.add(table.block);
        }
      }
    }
    return blocks;
  }

  /** Each row is whole by itself. */
  @Override
  public boolean inOrder() {
    return false;
  }

  @Override
  public List<SourceProgress> progress() {
    return markers.latest();
  }

  @Override
  public void clear() {
    for (Map<WindowKind, Table> ofCube : tables.values()) {
      for (Table table : ofCube.values()) {
        table.newest.clear();
        table.block.clear();
      }
    }
    markers.clear();
    rows = 0;
  }
}
