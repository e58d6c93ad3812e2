/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;

/**
 * A cumulative row: all that one series of a cube measured in one window, under one generation. Of
 * rows that differ in version alone the greatest version counts; generations are added. Filled and
 * reused by {@link RollupRowsReader}; not thread-safe.
 */
public final class RollupRow {
  /** Name of the cube. */
  public String cube = "";

  public WindowKind window = WindowKind.MINUTE;

  /** Start of the window, epoch milliseconds; 0 for all time. */
  public long windowStartMs;

  /** 128 bits over cube dimensions, see {@link SeriesHasher}. */
  public long seriesHashHi;

  public long seriesHashLo;

  /** As {@link io.spanmill.model.Generation} lays it out. */
  public long generation;

  /** Offset of the last partial folded in. */
  public long version;

  /** Values in the cube's order: dimensions, then attributes. */
  public String[] dimensions = Partial.NO_DIMENSIONS;

  public final Rollup rollup = new Rollup();
}
