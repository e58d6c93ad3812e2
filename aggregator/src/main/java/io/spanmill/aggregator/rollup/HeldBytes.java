/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import java.util.concurrent.atomic.AtomicLong;

/** Memory that all tables of a process together may use for rows in hand. Thread-safe. */
public final class HeldBytes {
  private final AtomicLong used = new AtomicLong();
  private final long most;

  /**
   * A budget.
   *
   * @param most bytes, about
   */
  public HeldBytes(long most) {
    this.most = most;
  }

  /** Bytes in use. */
  public long used() {
    return used.get();
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  boolean isSpent() {
    return used.get() > most;
  }
}
