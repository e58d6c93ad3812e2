/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.Partial;
import io.spanmill.codec.RollupRowsWriter;
import io.spanmill.codec.RollupState;
import io.spanmill.codec.SeriesHasher;
import io.spanmill.model.Cube;
import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cumulative rows of one partition: folds partials into every window of their cube, lists what
 * changed, writes it out when it is due, evicts what is over. All state lies in the two stores.
 *
 * <p>A row's version is the number of the last partial folded in, its generation that of the
 * partial that opened it and its edition: a window that was evicted, or that another edition began
 * in, opens anew under another generation, and readers add generations. All-time rows go on through
 * all editions. One per task; not thread-safe.
 */
public final class RollupTable {
  /** Rows are packed into records of about this size. */
  private static final int RECORD_BYTES = 200_000;

  private static final int MAX_DELETES_AT_ONCE = 20_000;

  private final Map<String, Cube> cubes = new HashMap<>();
  private final ByteStore rows;
  private final CardinalityGuard guard;
  private final DirtyRows dirty;
  private final RollupState state = new RollupState();
  private final SeriesHasher hasher = new SeriesHasher();
  private final RollupRowsWriter writer = new RollupRowsWriter();
  private long unknownCubes;

  /**
   * A table over these stores.
   *
   * @param rows the rows
   * @param index what is dirty; its keys do not collide with the guard's, which may share it
   */
  public RollupTable(List<Cube> cubes, ByteStore rows, ByteStore index, CardinalityGuard guard) {
    for (Cube cube : cubes) {
      this.cubes.put(cube.name(), cube);
    }
    this.rows = rows;
    this.guard = guard;
    this.dirty = new DirtyRows(index, this::isFinest);
  }

  /** Reads back what was dirty before a restart. */
  public void rebuild() {
    dirty.rebuild();
  }

  /**
   * Folds in a partial.
   *
   * @param edition edition of the rollups it counts in
   * @param number offset of the record it came in, ever growing
   */
  public void fold(Partial partial, int edition, long number) {
    for (Cube cube : known(partial)) {
      String @Nullable [] hashed = null;
      for (WindowKind kind : cube.windows()) {
        int counted = kind == WindowKind.ALL ? 0 : edition;
        long generation = Generation.ofJob(counted, number);
        hashed = fold(partial, cube, kind, hashed, counted, generation, number);
      }
    }
  }

  /**
   * Folds in a partial of the base of an edition: windows alone, for what was metered for all time
   * stays as it is.
   *
   * @param part number of the part of the base, for rows that it opens
   * @param number ever growing
   */
  public void foldBase(Partial partial, int edition, long part, long number) {
    long generation = Generation.ofBase(edition, part);
    for (Cube cube : known(partial)) {
      String @Nullable [] hashed = null;
      for (WindowKind kind : cube.windows()) {
        if (kind != WindowKind.ALL) {
          hashed = fold(partial, cube, kind, hashed, edition, generation, number);
        }
      }
    }
  }

  private List<Cube> known(Partial partial) {
    Cube cube = cubes.get(partial.cube);
    if (cube == null
        || partial.dimensions.length != cube.dimensions().size() + cube.attributes().size()) {
      // The configuration lost or changed this cube between the two stages.
      unknownCubes++;
      return List.of();
    }
    return List.of(cube);
  }

  /** Returns the values whose hash the hasher holds. */
  private String @Nullable [] fold(
      Partial partial,
      Cube cube,
      WindowKind kind,
      String @Nullable [] hashedBefore,
      int edition,
      long generation,
      long number) {
    String @Nullable [] hashed = hashedBefore;
    long start = kind.startOf(partial.windowStartMs);
    long calls = partial.rollup.calls;
    String[] values = guard.admit(cube, kind, start, partial.dimensions, calls);
    if (values != hashed) {
      hasher.hash(values);
      hashed = values;
    }
    RowKey key = new RowKey(kind, start, hasher.hi(), hasher.lo(), cube.name(), edition);
    byte[] encoded = key.encode();
    byte[] stored = rows.get(encoded);
    if (stored == null) {
      String[] admitted = guard.admitSeries(cube, kind, start, values, calls);
      if (admitted != values) {
        hasher.hash(admitted);
        hashed = admitted;
        key = new RowKey(kind, start, hasher.hi(), hasher.lo(), cube.name(), edition);
        encoded = key.encode();
        stored = rows.get(encoded);
      }
      if (stored == null) {
        state.open(generation, number, admitted);
      }
    }
    if (stored != null) {
      state.decode(stored);
    }
    state.rollup.merge(partial.rollup);
    state.version = number;
    rows.put(encoded, state.encode());
    dirty.add(key);
    return hashed;
  }

  /** Writes out changed rows of every cube's finest window and of windows that have ended. */
  public void emitFinestAndEnded(long nowMs, Consumer<byte[]> records) {
    emit(dirty.takeFinestAndEnded(nowMs), records);
  }

  /** Writes out changed rows of a kind of window, ended or not. */
  public void emit(WindowKind kind, Consumer<byte[]> records) {
    emit(dirty.take(kind), records);
  }

  /**
   * Evicts a part of the windows of a kind that ended at or before; to be called after they were
   * emitted.
   *
   * @return whether there may be more
   */
  public boolean evict(WindowKind kind, long endedByMs) {
    long startBeforeMs = endedByMs - kind.lengthMs() + 1;
    if (kind == WindowKind.ALL || startBeforeMs <= 0) {
      return false;
    }
    guard.evict(kind, startBeforeMs, MAX_DELETES_AT_ONCE);
    int deleted =
        rows.deleteRange(
            RowKey.floor(kind, 0), RowKey.floor(kind, startBeforeMs), MAX_DELETES_AT_ONCE);
    return deleted == MAX_DELETES_AT_ONCE;
  }

  /** Rows that wait to be emitted. */
  public int dirtyRows() {
    return dirty.size();
  }

  /** Partials dropped because no configured cube has their name and shape. */
  public long unknownCubes() {
    return unknownCubes;
  }

  private boolean isFinest(RowKey row) {
    Cube cube = cubes.get(row.cube());
    return cube != null && cube.finest() == row.window();
  }

  private void emit(Collection<RowKey> due, Consumer<byte[]> records) {
    writer.begin();
    for (RowKey row : due) {
      byte[] stored = rows.get(row.encode());
      if (stored != null) {
        writer.addState(
            row.cube(), row.window(), row.startMs(), row.seriesHi(), row.seriesLo(), stored);
      }
      dirty.remove(row);
      if (writer.sizeBytes() >= RECORD_BYTES) {
        records.accept(writer.finish());
        writer.begin();
      }
    }
    if (writer.size() > 0) {
      records.accept(writer.finish());
    }
  }
}
