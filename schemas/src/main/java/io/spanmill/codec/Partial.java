/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Rollup;

/**
 * What some calls add to one series of a cube in one of its finest windows. Filled and reused by
 * {@link PartialBatchReader}; not thread-safe.
 */
public final class Partial {
  static final String[] NO_DIMENSIONS = {};

  /** Name of the cube. */
  public String cube = "";

  /** Start of the window, epoch milliseconds. */
  public long windowStartMs;

  /** Values in the cube's order: dimensions, then attributes. */
  public String[] dimensions = NO_DIMENSIONS;

  public final Rollup rollup = new Rollup();
}
