/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Locale;

/** Lengths of the tumbling windows: half-open, aligned to the epoch, UTC. */
public enum WindowKind {
  MINUTE(60_000L),
  HOUR(3_600_000L),
  DAY(86_400_000L),
  /** One window that never ends; it starts at 0. */
  ALL(Long.MAX_VALUE);

  private final long lengthMs;

  WindowKind(long lengthMs) {
    this.lengthMs = lengthMs;
  }

  /** Length; {@link Long#MAX_VALUE} for {@link #ALL}. */
  public long lengthMs() {
    return lengthMs;
  }

  /** Start of the window that holds this instant, which must not be negative. */
  public long startOf(long epochMs) {
    return this == ALL ? 0 : epochMs - epochMs % lengthMs;
  }

  /** End (exclusive) of the window with this start; {@link Long#MAX_VALUE} for {@link #ALL}. */
  public long endOf(long startMs) {
    return this == ALL ? Long.MAX_VALUE : startMs + lengthMs;
  }

  /** Lower-case name as in table names. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
