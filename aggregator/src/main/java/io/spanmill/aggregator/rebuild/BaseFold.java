/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import io.spanmill.aggregator.rollup.CardinalityGuard;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.aggregator.rollup.RollupTable;
import io.spanmill.codec.Partial;
import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.util.List;
import java.util.function.Consumer;

/**
 * Folds the calls of one day into rows of the base of an edition, by the job's own code. Calls come
 * slice after slice in the order of time. What does not fit into memory is written out and goes on
 * as a further part of the same windows, which readers add. Not thread-safe.
 */
final class BaseFold {
  /** Calls combined before they reach the rows. */
  private static final int COMBINED_CALLS = 20_000;

  private static final int MAX_HELD_VALUES = 500_000;

  private final int edition;
  private final long maxBytes;
  private final Consumer<byte[]> records;
  private final MemoryByteStore rows = new MemoryByteStore();
  private final MemoryByteStore index = new MemoryByteStore();
  private final RollupFold fold;
  private final RollupTable table;
  private final Partial partial = new Partial();
  private int combined;
  private long part;
  private long number;

  /**
   * @param cardinality as the job's limit
   * @param maxBytes about how much memory the rows may take
   * @param records takes records of {@link io.spanmill.codec.Topics#ROLLUPS}
   */
  BaseFold(
      List<Cube> cubes, int edition, int cardinality, long maxBytes, Consumer<byte[]> records) {
    this.edition = edition;
    this.maxBytes = maxBytes;
    this.records = records;
    this.fold = new RollupFold(cubes, 1);
    this.table =
        new RollupTable(
            cubes,
            rows,
            index,
            new CardinalityGuard(cardinality, index, MAX_HELD_VALUES),
            new HeldBytes(maxBytes / 4));
    fold.begin();
  }

  void add(NormalizedSpan call) {
    fold.add(call);
    if (++combined >= COMBINED_CALLS) {
      drain();
    }
  }

  /** No call before this time will come any more. */
  void endSlice(long endMs) {
    drain();
    table.emitFinestAndEnded(endMs, records);
    for (WindowKind kind : List.of(WindowKind.MINUTE, WindowKind.HOUR)) {
      while (table.evict(kind, endMs)) {
        // A part at a time.
      }
    }
  }

  /** Writes out whatever is left. */
  void end() {
    drain();
    emitAll();
  }

  /** Parts of the base that were needed, 1 if all fitted into memory. */
  long parts() {
    return part + 1;
  }

  private void drain() {
    combined = 0;
    fold.drain(
        (target, cube, windowStartMs, dimensions, rollup, last) -> {
          partial.cube = cube.name();
          partial.windowStartMs = windowStartMs;
          partial.dimensions = dimensions.clone();
          partial.rollup.clear();
          partial.rollup.merge(rollup);
          table.foldBase(partial, edition, part, number++);
        });
    fold.begin();
    table.flush();
    if (rows.sizeBytes() > maxBytes) {
      emitAll();
      table.close();
      rows.clear();
      part++;
    }
  }

  private void emitAll() {
    table.emitFinestAndEnded(Long.MAX_VALUE, records);
  }
}
