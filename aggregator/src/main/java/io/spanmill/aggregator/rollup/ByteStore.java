/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An ordered key-value store, keys compared as unsigned bytes. Not thread-safe. */
public interface ByteStore {
  byte @Nullable [] get(byte[] key);

  void put(byte[] key, byte[] value);

  void delete(byte[] key);

  /**
   * Deletes keys of a range, at most so many at one time to keep pauses short.
   *
   * @return how many
   */
  default int deleteRange(byte[] from, byte[] to, int most) {
    List<byte[]> keys = new ArrayList<>();
    range(
        from,
        to,
        (key, value) -> {
          keys.add(key);
          return keys.size() < most;
        });
    keys.forEach(this::delete);
    return keys.size();
  }

  /** Visits the keys from {@code from} to {@code to}, both inclusive, ascending. */
  void range(byte[] from, byte[] to, Visitor visitor);

  /** Takes one entry; must not change the store. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Takes it.
     *
     * @return whether to go on
     */
    boolean visit(byte[] key, byte[] value);
  }
}
