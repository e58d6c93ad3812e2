/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.spanmill.aggregator.rollup.ByteStore;
import io.spanmill.aggregator.rollup.CardinalityGuard;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.aggregator.rollup.RollupTable;
import io.spanmill.aggregator.sink.CallColumns;
import io.spanmill.aggregator.sink.RollupColumns;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.PartialBatchWriter;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * Writes calls into {@code calls} and, by the aggregator's own fold, into every rollup table: in
 * many versions that nothing merges, in several generations, in the order they come.
 */
final class FoldedCalls {
  private static final int CALLS_PER_RECORD = 25;
  private static final int LIMIT = 100_000;

  private final ClickHouse clickHouse;
  private final Random random;
  private final long tickMs;
  private final ToLongFunction<WindowKind> keptFromMs;
  private final Store index = new Store();
  private final RollupTable table =
      new RollupTable(
          Cube.BUILT_IN,
          new Store(),
          index,
          new CardinalityGuard(LIMIT, index, LIMIT),
          new HeldBytes(1 << 20));
  private final Map<String, RollupColumns> columns = new HashMap<>();
  private long offset;

  /**
   * @param tickMs what has ended by then is written out whole, open windows only in the finest kind
   * @param keptFromMs from when on windows of a kind are kept; older ones are left out
   */
  FoldedCalls(
      ClickHouse clickHouse, Random random, long tickMs, ToLongFunction<WindowKind> keptFromMs) {
    this.clickHouse = clickHouse;
    this.random = random;
    this.tickMs = tickMs;
    this.keptFromMs = keptFromMs;
  }

  void write(List<NormalizedSpan> calls) {
    CallColumns callColumns = new CallColumns(List.of());
    RollupFold fold = new RollupFold(Cube.BUILT_IN, 1);
    for (int from = 0; from < calls.size(); from += CALLS_PER_RECORD) {
      fold.begin();
      for (NormalizedSpan call :
          calls.subList(from, Math.min(calls.size(), from + CALLS_PER_RECORD))) {
        fold.add(call);
        callColumns.add(call, 0);
        callColumns.block().endRow();
      }
      fold(fold);
      switch (random.nextInt(5)) {
        case 0 -> table.emit(WindowKind.values()[random.nextInt(4)], this::insert);
        case 1 -> {
          table.emitFinestAndEnded(tickMs, this::insert);
          // What comes for these windows later opens another generation.
          table.evict(WindowKind.MINUTE, tickMs - random.nextLong(3_600_000));
          table.evict(WindowKind.HOUR, tickMs - random.nextLong(7_200_000));
          table.evict(WindowKind.DAY, tickMs);
        }
        default -> {}
      }
    }
    table.emitFinestAndEnded(tickMs, this::insert);
    clickHouse.insertNative(CallColumns.TABLE, callColumns.block());
    // A sink that died wrote some of it twice.
    clickHouse.insertNative(
        CallColumns.TABLE, callColumns.block(), 0, callColumns.block().rows() / 3, Map.of());
  }

  private void fold(RollupFold fold) {
    PartialBatchWriter writer = new PartialBatchWriter();
    writer.begin();
    fold.drain((target, cube, start, dims, r, last) -> writer.add(cube.name(), start, dims, r));
    byte[] record = writer.finish(0, 0, 0, 0);
    PartialBatchReader reader = new PartialBatchReader();
    reader.reset(record);
    table.fold(record, reader, ++offset);
  }

  private void insert(byte[] record) {
    columns.values().forEach(c -> c.block().clear());
    RollupRowsReader reader = new RollupRowsReader();
    reader.reset(record);
    while (reader.hasNext()) {
      RollupRow row = reader.next();
      if (row.windowStartMs < keptFromMs.applyAsLong(row.window)) {
        continue;
      }
      Cube cube =
          Cube.BUILT_IN.stream().filter(c -> c.name().equals(row.cube)).findFirst().orElseThrow();
      RollupColumns to =
          columns.computeIfAbsent(cube.table(row.window), t -> new RollupColumns(cube, List.of()));
      to.add(row);
      to.block().endRow();
    }
    columns.forEach((name, c) -> clickHouse.insertNative(name, c.block()));
  }

  private static final class Store implements ByteStore {
    private final TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

    @Override
    public byte[] get(byte[] key) {
      return entries.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
      entries.put(key, value);
    }

    @Override
    public void delete(byte[] key) {
      entries.remove(key);
    }

    @Override
    public void range(byte[] from, byte[] to, Visitor visitor) {
      for (Map.Entry<byte[], byte[]> e : entries.subMap(from, true, to, true).entrySet()) {
        if (!visitor.visit(e.getKey(), e.getValue())) {
          return;
        }
      }
    }
  }
}
