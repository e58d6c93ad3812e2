/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.RollupState;

/** A row in memory, decoded, as {@link HeldRows} keeps it. Not thread-safe. */
final class HeldRow {
  /** A row's objects, without its buckets and text. */
  private static final int FIXED_BYTES = 1200;

  /** In place of what was let go, so that who still knows the row keeps none of its memory. */
  private static final RollupState GONE = new RollupState();

  final RowKey key;
  final byte[] storeKey;
  private RollupState state;

  /** Whether the store holds less than this. */
  boolean changed;

  /**
   * Whether it changed since it was last emitted. {@link DirtyRows} has it then, or what stood for
   * it before it was let go and read again.
   */
  boolean dirty;

  /** Of what {@link DirtyRows} has: whether the store lists it too. */
  boolean listed;

  /** Asked for since {@link HeldRows} last looked for rows to let go. */
  boolean used;

  /** About how much memory it takes. */
  int bytes = FIXED_BYTES;

  HeldRow(RowKey key, byte[] storeKey, RollupState state) {
    this.key = key;
    this.storeKey = storeKey;
    this.state = state;
  }

  /** A row that is not in memory. */
  static HeldRow gone(RowKey key, byte[] storeKey) {
    return new HeldRow(key, storeKey, GONE);
  }

  RollupState state() {
    return state;
  }

  /** No longer held: must not be folded into. */
  boolean isGone() {
    return state == GONE;
  }

  void letGo() {
    state = GONE;
  }

  /** Its stored form has that length: a bucket's two bytes are ten in memory. */
  void weigh(int storedLength) {
    bytes = FIXED_BYTES + 4 * storedLength;
  }
}
