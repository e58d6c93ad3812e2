/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Rows that changed since they were last emitted, sorted by when they are due. Those that still
 * wait when {@link #flush} is called are listed in the store, so a restart emits them; most are
 * emitted before. Not thread-safe.
 */
final class DirtyRows {
  static final byte PREFIX = 'd';
  private static final byte[] LISTED = {1};

  private final ByteStore store;
  private final Predicate<RowKey> finest;

  /** Not in the store's list yet. */
  private final Set<RowKey> unlisted = new LinkedHashSet<>();

  /** Rows of each cube's finest window: due at every tick. */
  private final Set<RowKey> finestRows = new LinkedHashSet<>();

  /** The others by kind and end of window, so that those that have ended are found at once. */
  private final Map<WindowKind, TreeMap<Long, Set<RowKey>>> coarseRows =
      new EnumMap<>(WindowKind.class);

  DirtyRows(ByteStore store, Predicate<RowKey> finest) {
    this.store = store;
    this.finest = finest;
    for (WindowKind kind : WindowKind.values()) {
      coarseRows.put(kind, new TreeMap<>());
    }
  }

  /** Reads back what the store lists. */
  void rebuild() {
    // What lies behind the greatest kind of window is the log.
    store.range(
        new byte[] {PREFIX},
        new byte[] {PREFIX, (byte) 0xff},
        (key, value) -> {
          byte[] row = new byte[key.length - 1];
          System.arraycopy(key, 1, row, 0, row.length);
          list(RowKey.decode(row));
          return true;
        });
  }

  void add(RowKey row) {
    if (list(row)) {
      unlisted.add(row);
    }
  }

  /** The row was emitted. */
  void remove(RowKey row) {
    if (!unlisted.remove(row)) {
      store.delete(key(row));
    }
  }

  /** Lists in the store what waits. */
  void flush() {
    for (RowKey row : unlisted) {
      store.put(key(row), LISTED);
    }
    unlisted.clear();
  }

  /** Takes out the rows of finest windows, and of all windows that have ended. */
  Collection<RowKey> takeFinestAndEnded(long nowMs) {
    Collection<RowKey> due = new ArrayList<>(finestRows);
    finestRows.clear();
    for (TreeMap<Long, Set<RowKey>> byEnd : coarseRows.values()) {
      var ended = byEnd.headMap(nowMs, true);
      ended.values().forEach(due::addAll);
      ended.clear();
    }
    return due;
  }

  /** Takes out the rows of that kind, whether their window has ended or not. */
  Collection<RowKey> take(WindowKind kind) {
    TreeMap<Long, Set<RowKey>> byEnd = coarseRows.get(kind);
    Collection<RowKey> due = new ArrayList<>();
    if (byEnd != null) {
      byEnd.values().forEach(due::addAll);
      byEnd.clear();
    }
    return due;
  }

  int size() {
    int sum = finestRows.size();
    for (TreeMap<Long, Set<RowKey>> byEnd : coarseRows.values()) {
      for (Set<RowKey> rows : byEnd.values()) {
        sum += rows.size();
      }
    }
    return sum;
  }

  private boolean list(RowKey row) {
    if (finest.test(row)) {
      return finestRows.add(row);
    }
    TreeMap<Long, Set<RowKey>> byEnd = coarseRows.get(row.window());
    return byEnd != null
        && byEnd
            .computeIfAbsent(row.window().endOf(row.startMs()), end -> new LinkedHashSet<>())
            .add(row);
  }

  private static byte[] key(RowKey row) {
    byte[] encoded = row.encode();
    byte[] key = new byte[encoded.length + 1];
    key[0] = PREFIX;
    System.arraycopy(encoded, 0, key, 1, encoded.length);
    return key;
  }
}
