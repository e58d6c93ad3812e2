/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.Partial;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.RollupRowsWriter;
import io.spanmill.codec.SeriesHasher;
import io.spanmill.model.Cube;
import io.spanmill.model.Generation;
import io.spanmill.model.WindowKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cumulative rows of one partition: folds partials into every window of their cube, lists what
 * changed, writes it out when it is due, evicts what is over. All state lies in the two stores once
 * {@link #keep} was called; without it, what changed since is lost with the table. Most of it lies
 * there as the records it came in: a row is written now and then, and the records since are folded
 * again after a restart.
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

  /** Records kept for a restart; past it, every row is written. */
  private static final long MAX_LOG_BYTES = 8L << 20;

  /** Series found again without asking the guard; past it, all are forgotten and asked anew. */
  private static final int MAX_SERIES = 50_000;

  private final Map<String, Cube> cubes = new HashMap<>();
  private final ByteStore store;
  private final HeldRows rows;
  private final CardinalityGuard guard;
  private final DirtyRows dirty;
  private final PartialLog log;
  private final Map<Series, Series> series = new HashMap<>();
  private final SeriesHasher hasher = new SeriesHasher();
  private final RollupRowsWriter writer = new RollupRowsWriter();
  private long unknownCubes;

  /**
   * A table over these stores.
   *
   * @param rows the rows
   * @param index what is dirty and what was folded of late; its keys do not collide with the
   *     guard's, which may share it
   * @param heldBytes memory for rows in hand, shared by tables
   */
  public RollupTable(
      List<Cube> cubes,
      ByteStore rows,
      ByteStore index,
      CardinalityGuard guard,
      HeldBytes heldBytes) {
    for (Cube cube : cubes) {
      this.cubes.put(cube.name(), cube);
    }
    this.store = rows;
    this.rows = new HeldRows(rows, heldBytes);
    this.guard = guard;
    this.dirty = new DirtyRows(index, this::isFinest);
    this.log = new PartialLog(index);
  }

  /** Reads back what was dirty before a restart, and folds again what rows lack. */
  public void rebuild() {
    dirty.rebuild(rows::dirtyUnheld);
    PartialBatchReader partials = new PartialBatchReader();
    Set<RowKey> behind = new HashSet<>();
    log.rebuild(
        (number, record) -> {
          partials.reset(record);
          behind.clear();
          while (partials.hasNext()) {
            foldAgain(partials.next(), partials.edition(), number, behind);
          }
        });
  }

  /**
   * Folds in a record of partials.
   *
   * @param partials turned to that record
   * @param number its offset, ever growing
   */
  public void fold(byte[] record, PartialBatchReader partials, long number) {
    log.add(number, record);
    while (partials.hasNext()) {
      fold(partials.next(), partials.edition(), number);
    }
  }

  private void fold(Partial partial, int edition, long number) {
    Series of = seriesOf(partial);
    if (of == null) {
      return;
    }
    for (WindowKind kind : of.cube.windows()) {
      int counted = kind == WindowKind.ALL ? 0 : edition;
      fold(partial, of, kind, counted, Generation.ofJob(counted, number), number);
    }
  }

  /**
   * Folds in a partial that was before, where the row does not have it. Admits and opens nothing:
   * whatever rows the record opened were written before it was committed.
   *
   * @param behind rows found to lack this record; it may have several partials for one
   */
  private void foldAgain(Partial partial, int edition, long number, Set<RowKey> behind) {
    Series of = seriesOf(partial);
    if (of == null) {
      return;
    }
    for (WindowKind kind : of.cube.windows()) {
      HeldRow row = findAgain(of, kind, partial.windowStartMs, edition);
      if (row == null) {
        continue; // A window that the cube has only since the restart.
      }
      if (row.state().version < number) {
        behind.add(row.key);
      }
      if (behind.contains(row.key)) {
        merge(partial, row, number);
      } else {
        // Whether it was emitted since is not known; again does no harm.
        awaitEmission(row);
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
    Series of = seriesOf(partial);
    if (of == null) {
      return;
    }
    for (WindowKind kind : of.cube.windows()) {
      if (kind != WindowKind.ALL) {
        fold(partial, of, kind, edition, Generation.ofBase(edition, part), number);
      }
    }
  }

  /** Makes the stores hold all that there is, be it as rows or as records to fold again. */
  public void keep() {
    if (log.sizeBytes() > MAX_LOG_BYTES) {
      flush();
    } else {
      rows.flushBeyondLog();
      guard.flush();
    }
  }

  /** Writes all rows that changed, so that no record need be folded again. */
  public void flush() {
    rows.flush();
    dirty.flush();
    guard.flush();
    log.clear();
  }

  /** Lets rows in memory go that are written and were not used since this was last called. */
  public void dropIdle() {
    rows.dropIdle();
    series.clear();
  }

  /** Gives all memory back; what was not kept is lost. */
  public void close() {
    rows.drop(key -> true);
    series.clear();
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
   * emitted. Everything is {@linkplain #flush flushed} before: folding again must not meet half a
   * window.
   *
   * @return whether there may be more
   */
  public boolean evict(WindowKind kind, long endedByMs) {
    flush();
    long startBeforeMs = endedByMs - kind.lengthMs() + 1;
    if (kind == WindowKind.ALL || startBeforeMs <= 0) {
      return false;
    }
    guard.evict(kind, startBeforeMs, MAX_DELETES_AT_ONCE);
    rows.drop(key -> key.window() == kind && key.startMs() < startBeforeMs);
    int deleted =
        store.deleteRange(
            RowKey.floor(kind, 0), RowKey.floor(kind, startBeforeMs), MAX_DELETES_AT_ONCE);
    return deleted == MAX_DELETES_AT_ONCE;
  }

  /** Rows in memory. */
  public int heldRows() {
    return rows.size();
  }

  /** Rows that wait to be emitted. */
  public int dirtyRows() {
    return dirty.size();
  }

  /** Partials dropped because no configured cube has their name and shape. */
  public long unknownCubes() {
    return unknownCubes;
  }

  private @Nullable Series seriesOf(Partial partial) {
    Cube cube = cubes.get(partial.cube);
    if (cube == null
        || partial.dimensions.length != cube.dimensions().size() + cube.attributes().size()) {
      // The configuration lost or changed this cube between the two stages.
      unknownCubes++;
      return null;
    }
    Series asked = new Series(cube, partial.dimensions);
    Series known = series.get(asked);
    if (known != null) {
      return known;
    }
    if (series.size() >= MAX_SERIES) {
      series.clear();
    }
    series.put(asked, asked);
    return asked;
  }

  private void fold(
      Partial partial, Series of, WindowKind kind, int edition, long generation, long number) {
    long start = kind.startOf(partial.windowStartMs);
    HeldRow row = of.row(kind, start, edition);
    if (row == null) {
      row = find(of, kind, start, edition, generation, number, partial.rollup.calls);
    }
    merge(partial, row, number);
  }

  private void merge(Partial partial, HeldRow row, long number) {
    rows.change(row, number);
    row.state().rollup.merge(partial.rollup);
    row.state().version = number;
    awaitEmission(row);
  }

  private void awaitEmission(HeldRow row) {
    if (!row.dirty) {
      row.dirty = true;
      dirty.add(row);
    }
  }

  /** The row of the series as the guard admits it, opened if there is none. */
  private HeldRow find(
      Series of,
      WindowKind kind,
      long start,
      int edition,
      long generation,
      long number,
      long calls) {
    String[] values = guard.admit(of.cube, kind, start, of.values, calls);
    RowKey key = key(kind, start, values, of.cube, edition);
    HeldRow row = rows.get(key);
    if (row == null) {
      String[] admitted = guard.admitSeries(of.cube, kind, start, values, calls);
      if (admitted != values) {
        values = admitted;
        key = key(kind, start, values, of.cube, edition);
        row = rows.get(key);
      }
      if (row == null) {
        row = rows.open(key, generation, number, values);
      }
    }
    if (values == of.values) {
      of.keep(kind, row);
    }
    return row;
  }

  /** The row into which a partial of the series was folded; null if there is none. */
  private @Nullable HeldRow findAgain(Series of, WindowKind kind, long windowStartMs, int edition) {
    long start = kind.startOf(windowStartMs);
    int counted = kind == WindowKind.ALL ? 0 : edition;
    String[] values = guard.admitted(of.cube, kind, start, of.values);
    HeldRow row = rows.get(key(kind, start, values, of.cube, counted));
    if (row == null) {
      values = CardinalityGuard.other(of.cube, values);
      row = rows.get(key(kind, start, values, of.cube, counted));
    }
    return row;
  }

  private RowKey key(WindowKind kind, long start, String[] values, Cube cube, int edition) {
    hasher.hash(values);
    return new RowKey(kind, start, hasher.hi(), hasher.lo(), cube.name(), edition);
  }

  private boolean isFinest(RowKey row) {
    Cube cube = cubes.get(row.cube());
    return cube != null && cube.finest() == row.window();
  }

  private void emit(List<HeldRow> due, Consumer<byte[]> records) {
    writer.begin();
    for (HeldRow row : due) {
      byte[] stored = rows.encoded(row);
      if (stored != null) {
        RowKey key = row.key;
        writer.addState(
            key.cube(), key.window(), key.startMs(), key.seriesHi(), key.seriesLo(), stored);
      }
      dirty.emitted(row);
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
