/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

/**
 * Where the identities of input records are kept over restarts: a value for some records that
 * follow each other, under the offset of the last one.
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
