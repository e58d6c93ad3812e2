/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Records of partials whose rows are not written yet, as they came: what is in memory alone can be
 * folded again from them. Not thread-safe.
 *
 * <p>Lies under {@link DirtyRows}' prefix and a kind of window that there is not: a release from
 * before there was a log fails on it, where it would lose what the log holds if it passed it by.
 */
final class PartialLog {
  private static final byte NO_WINDOW = (byte) 0xff;

  private final ByteStore store;
  private final List<Long> numbers = new ArrayList<>();
  private long sizeBytes;

  PartialLog(ByteStore store) {
    this.store = store;
  }

  void add(long number, byte[] record) {
    store.put(key(number), record);
    numbers.add(number);
    sizeBytes += record.length;
  }

  /** Reads back what is kept, oldest first. */
  void rebuild(Visitor visitor) {
    store.range(
        key(0),
        key(Long.MAX_VALUE),
        (key, record) -> {
          long number = ByteBuffer.wrap(key, 2, Long.BYTES).getLong();
          numbers.add(number);
          sizeBytes += record.length;
          visitor.visit(number, record);
          return true;
        });
  }

  /** Every row is written: nothing is needed any more. */
  void clear() {
    for (long number : numbers) {
      store.delete(key(number));
    }
    numbers.clear();
    sizeBytes = 0;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  private static byte[] key(long number) {
    return ByteBuffer.allocate(2 + Long.BYTES)
        .put(DirtyRows.PREFIX)
        .put(NO_WINDOW)
        .putLong(number)
        .array();
  }

  /** Takes one record. */
  @FunctionalInterface
  interface Visitor {
    void visit(long number, byte[] record);
  }
}
