/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.Sql;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Blocks and progress of one sink in ClickHouse. Used by one thread. */
final class ClickHouseStore implements BlockStore, ProgressStore {
  private static final String PROGRESS = "progress";

  private final ClickHouse clickHouse;
  private final Clock clock;
  private final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn kindColumn = block.label("kind");
  private final FixedColumn sinkPartition = block.int32("sink_partition");
  private final FixedColumn sourcePartition = block.int32("source_partition");
  private final FixedColumn sourceOffset = block.int64("source_offset");
  private final FixedColumn arrivalMs = block.int64("arrival_ms");
  private final FixedColumn sinkOffset = block.int64("sink_offset");
  private final FixedColumn tickMs = block.int64("tick_ms");
  private final FixedColumn updatedAt = block.millis("updated_at");
  private long lastUpdateMs;

  ClickHouseStore(ClickHouse clickHouse, Clock clock) {
    this.clickHouse = clickHouse;
    this.clock = clock;
  }

  /** Throws if the tables are not as this version writes them. */
  void check(Iterable<TableBlock> tables) {
    block.check(PROGRESS, clickHouse.columns(PROGRESS));
    for (TableBlock table : tables) {
      table.block().check(table.table(), clickHouse.columns(table.table()));
    }
  }

  @Override
  public void insert(String table, NativeBlock rows, int from, int to) {
    clickHouse.insertNative(table, rows, from, to, Map.of());
  }

  @Override
  public void write(String kind, Collection<SourceProgress> progress) {
    // The newest row counts; a clock set back must not let an old one win.
    lastUpdateMs = Math.max(lastUpdateMs + 1, clock.millis());
    block.clear();
    for (SourceProgress p : progress) {
      kindColumn.add(kind);
      sinkPartition.add(p.sinkPartition());
      sourcePartition.add(p.sourcePartition());
      sourceOffset.add(p.sourceOffset());
      arrivalMs.add(p.arrivalMs());
      sinkOffset.add(p.sinkOffset());
      tickMs.add(p.tickMs());
      updatedAt.add(lastUpdateMs);
      block.endRow();
    }
    clickHouse.insertNative(PROGRESS, block);
  }

  @Override
  public Map<Integer, Long> sinkOffsets(String kind) {
    Map<Integer, Long> offsets = new HashMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                    "SELECT sink_partition, max(sink_offset) AS next,"
                        + " toUnixTimestamp64Milli(max(updated_at)) AS updated"
                        + " FROM progress FINAL WHERE kind = {kind:String}"
                        + " GROUP BY sink_partition")
                .with("kind", kind))) {
      offsets.put(row.getInteger("sink_partition"), row.getLong("next"));
      lastUpdateMs = Math.max(lastUpdateMs, row.getLong("updated"));
    }
    return offsets;
  }
}
