/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Rows that changed since they were last emitted, sorted by when they are due. Those that still
 * wait when {@link #flush} is called are listed in the store, so a restart emits them; most are
 * emitted before. Not thread-safe.
 *
 * <p>That none is in it twice its user sees to, see {@link HeldRow#dirty}.
 */
final class DirtyRows {
  static final byte PREFIX = 'd';
  private static final byte[] LISTED = {1};

  private final ByteStore store;
  private final Predicate<RowKey> finest;

  /** Rows of each cube's finest window: due at every tick. */
  private List<HeldRow> finestRows = new ArrayList<>();

  /** The others by kind and end of window, so that those that have ended are found at once. */
  private final Map<WindowKind, TreeMap<Long, List<HeldRow>>> coarseRows =
      new EnumMap<>(WindowKind.class);

  DirtyRows(ByteStore store, Predicate<RowKey> finest) {
    this.store = store;
    this.finest = finest;
    for (WindowKind kind : WindowKind.values()) {
      coarseRows.put(kind, new TreeMap<>());
    }
  }

  /** Reads back what the store lists. */
  void rebuild(Consumer<HeldRow> listed) {
    // What lies behind the greatest kind of window is the log.
    store.range(
        new byte[] {PREFIX},
        new byte[] {PREFIX, (byte) 0xff},
        (key, value) -> {
          byte[] storeKey = new byte[key.length - 1];
          System.arraycopy(key, 1, storeKey, 0, storeKey.length);
          HeldRow row = HeldRow.gone(RowKey.decode(storeKey), storeKey);
          row.listed = true;
          add(row);
          listed.accept(row);
          return true;
        });
  }

  void add(HeldRow row) {
    if (finest.test(row.key)) {
      finestRows.add(row);
    } else {
      ofKind(row.key.window())
          .computeIfAbsent(row.key.window().endOf(row.key.startMs()), end -> new ArrayList<>())
          .add(row);
    }
  }

  /** The row was taken and emitted. */
  void emitted(HeldRow row) {
    if (row.listed) {
      store.delete(key(row));
      row.listed = false;
    }
  }

  /** Lists in the store what waits. */
  void flush() {
    list(finestRows);
    coarseRows.values().forEach(byEnd -> byEnd.values().forEach(this::list));
  }

  private void list(List<HeldRow> rows) {
    for (HeldRow row : rows) {
      if (!row.listed) {
        store.put(key(row), LISTED);
        row.listed = true;
      }
    }
  }

  /** Takes out the rows of finest windows, and of all windows that have ended. */
  List<HeldRow> takeFinestAndEnded(long nowMs) {
    List<HeldRow> due = finestRows;
    finestRows = new ArrayList<>();
    for (TreeMap<Long, List<HeldRow>> byEnd : coarseRows.values()) {
      var ended = byEnd.headMap(nowMs, true);
      ended.values().forEach(due::addAll);
      ended.clear();
    }
    return due;
  }

  /** Takes out the rows of that kind, whether their window has ended or not. */
  List<HeldRow> take(WindowKind kind) {
    List<HeldRow> due = new ArrayList<>();
    TreeMap<Long, List<HeldRow>> byEnd = ofKind(kind);
    byEnd.values().forEach(due::addAll);
    byEnd.clear();
    return due;
  }

  int size() {
    int sum = finestRows.size();
    for (TreeMap<Long, List<HeldRow>> byEnd : coarseRows.values()) {
      for (List<HeldRow> rows : byEnd.values()) {
        sum += rows.size();
      }
    }
    return sum;
  }

  private TreeMap<Long, List<HeldRow>> ofKind(WindowKind kind) {
    return Objects.requireNonNull(coarseRows.get(kind));
  }

  private static byte[] key(HeldRow row) {
    byte[] key = new byte[row.storeKey.length + 1];
    key[0] = PREFIX;
    System.arraycopy(row.storeKey, 0, key, 1, row.storeKey.length);
    return key;
  }
}
