/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

/**
 * Where the identities of each input record are kept over restarts: one value a record, in the
 * order of offsets.
 */
public interface BatchStore {
  void put(long offset, byte[] batch);

  void delete(long offset);

  /** Visits all values in ascending order of offset. */
  void forEach(Visitor visitor);

  /** Takes one stored value. */
  @FunctionalInterface
  interface Visitor {
    void visit(long offset, byte[] batch);
  }
}
