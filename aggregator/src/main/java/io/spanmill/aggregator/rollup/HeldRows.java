/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.PackedReader;
import io.spanmill.codec.PackedWriter;
import io.spanmill.codec.RollupState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table that were asked for of late, decoded, over the store that has them all. What
 * changes is written when {@link #flush} is called or when it must make room: a row that many
 * partials meet is encoded once for all of them. Not thread-safe.
 *
 * <p>Makes room by second chance: the row held the longest goes unless it was used since it was
 * last looked at.
 */
final class HeldRows {
  /** Never fewer, however little memory there is: those that one partial touches. */
  private static final int LEAST_HELD = 64;

  private final ByteStore store;
  private final HeldBytes budget;
  private final Map<RowKey, HeldRow> held = new LinkedHashMap<>(1024);
  private final List<HeldRow> changed = new ArrayList<>();

  /** Of those, the rows that folding the log again would not bring back. */
  private final List<HeldRow> beyondLog = new ArrayList<>();

  /** Rows that changed since they were emitted and were let go before they were again. */
  private final Set<RowKey> dirtyUnheld = new HashSet<>();

  private final PackedReader in = new PackedReader();
  private final PackedWriter out = new PackedWriter();

  HeldRows(ByteStore store, HeldBytes budget) {
    this.store = store;
    this.budget = budget;
  }

  /** The row of that key, from memory or the store; null if there is none. */
  @Nullable HeldRow get(RowKey key) {
    HeldRow row = held.get(key);
    if (row != null) {
      row.used = true;
      return row;
    }
    byte[] storeKey = key.encode();
    byte[] stored = store.get(storeKey);
    if (stored == null) {
      return null;
    }
    RollupState state = new RollupState();
    state.decode(stored, in);
    row = new HeldRow(key, storeKey, state);
    row.weigh(stored.length);
    hold(row);
    return row;
  }

  /** A row that {@link #get} did not find, opened. */
  HeldRow open(RowKey key, long generation, long version, String[] values) {
    RollupState state = new RollupState();
    state.open(generation, version, values);
    HeldRow row = new HeldRow(key, key.encode(), state);
    hold(row);
    return row;
  }

  /** The record of that number is about to be folded into the row, or another part of it. */
  void change(HeldRow row, long number) {
    row.used = true;
    if (!row.changed) {
      row.changed = true;
      changed.add(row);
      // Just opened, or written amid this record: who folds it again finds no row, or one that
      // seems to have it.
      if (row.state().version == number) {
        beyondLog.add(row);
      }
    }
  }

  /** Takes note of a row that waits to be emitted and is not in memory. */
  void dirtyUnheld(HeldRow row) {
    dirtyUnheld.add(row.key);
  }

  /** The row as it is to be emitted, in its stored form; null if there is none. */
  byte @Nullable [] encoded(HeldRow asked) {
    HeldRow row = asked.isGone() ? held.get(asked.key) : asked;
    if (row == null) {
      dirtyUnheld.remove(asked.key);
      return store.get(asked.storeKey);
    }
    row.dirty = false;
    return encode(row);
  }

  /** Writes the changed rows that folding the log again would not bring back. */
  void flushBeyondLog() {
    flush(beyondLog);
  }

  /** Writes every row that changed. */
  void flush() {
    flush(changed);
    beyondLog.clear();
  }

  private void flush(List<HeldRow> which) {
    for (HeldRow row : which) {
      if (row.changed) {
        write(row);
      }
    }
    which.clear();
  }

  /** Lets rows go unwritten: the store has them, or is about to delete them. */
  void drop(Predicate<RowKey> which) {
    Iterator<HeldRow> rows = held.values().iterator();
    while (rows.hasNext()) {
      HeldRow row = rows.next();
      if (which.test(row.key)) {
        row.changed = false;
        letGo(row, rows);
      }
    }
  }

  /**
   * Lets go what was not used since it was last looked at, so that idle tables give memory back.
   */
  void dropIdle() {
    Iterator<HeldRow> rows = held.values().iterator();
    while (rows.hasNext()) {
      HeldRow row = rows.next();
      if (!row.used && !row.changed) {
        letGo(row, rows);
      }
      row.used = false;
    }
  }

  int size() {
    return held.size();
  }

  private void hold(HeldRow row) {
    row.used = true;
    row.dirty = !dirtyUnheld.isEmpty() && dirtyUnheld.remove(row.key);
    held.put(row.key, row);
    budget.add(row.bytes);
    if (budget.isSpent()) {
      makeRoom(row);
    }
  }

  private void makeRoom(HeldRow needed) {
    List<HeldRow> again = new ArrayList<>();
    Iterator<HeldRow> rows = held.values().iterator();
    while (rows.hasNext() && budget.isSpent() && held.size() + again.size() > LEAST_HELD) {
      HeldRow row = rows.next();
      if (row == needed) {
        continue;
      }
      if (row.used) {
        row.used = false;
        rows.remove();
        again.add(row);
      } else {
        if (row.changed) {
          write(row);
        }
        letGo(row, rows);
      }
    }
    again.forEach(row -> held.put(row.key, row));
  }

  private void letGo(HeldRow row, Iterator<HeldRow> rows) {
    rows.remove();
    if (row.dirty) {
      dirtyUnheld.add(row.key);
    }
    row.letGo();
    budget.add(-row.bytes);
  }

  private void write(HeldRow row) {
    store.put(row.storeKey, encode(row));
    row.changed = false;
  }

  private byte[] encode(HeldRow row) {
    byte[] value = row.state().encode(out);
    budget.add(-row.bytes);
    row.weigh(value.length);
    budget.add(row.bytes);
    return value;
  }
}
