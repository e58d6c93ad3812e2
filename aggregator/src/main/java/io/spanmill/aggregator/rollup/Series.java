/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One combination of a cube's values, with the row it was last folded into in each kind of window:
 * who finds it there was admitted before, and needs neither the guard nor a hash. Equal by cube and
 * values. Not thread-safe.
 */
final class Series {
  final Cube cube;
  final String[] values;
  private final int hash;
  private final @Nullable HeldRow[] rows = new HeldRow[WindowKind.values().length];

  Series(Cube cube, String[] values) {
    this.cube = cube;
    this.values = values;
    this.hash = Arrays.hashCode(values) * 31 + cube.name().hashCode();
  }

  /** The row of that window, if it is at hand. */
  @Nullable HeldRow row(WindowKind kind, long startMs, int edition) {
    HeldRow row = rows[kind.ordinal()];
    if (row == null
        || row.isGone()
        || row.key.startMs() != startMs
        || row.key.edition() != edition) {
      return null;
    }
    return row;
  }

  void keep(WindowKind kind, HeldRow row) {
    rows[kind.ordinal()] = row;
  }

  // One process has one object for each cube.
  @SuppressWarnings("ReferenceEquality")
  @Override
  public boolean equals(Object o) {
    return o instanceof Series other
        && hash == other.hash
        && cube == other.cube
        && Arrays.equals(values, other.values);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
