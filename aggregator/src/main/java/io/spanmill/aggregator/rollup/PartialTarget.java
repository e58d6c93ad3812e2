/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.Cube;

/**
 * Which partition folds the partials of a cube and project. One partition for all of them, so that
 * the cardinality guard is decided in one place: a value is admitted or folded for everybody. After
 * the map-side combine there is little to spread; cubes and projects do spread.
 */
public final class PartialTarget {
  private PartialTarget() {}

  /** The partition, 0 to {@code partitions} - 1. Never to change: state lies where it says. */
  public static int of(String cube, String project, int partitions) {
    return Math.floorMod(mix(project.hashCode()) + slot(cube), partitions);
  }

  /** Built-in cubes follow each other, so that the busy ones never share one of four partitions. */
  private static int slot(String cube) {
    for (int i = 0; i < Cube.BUILT_IN.size(); i++) {
      if (Cube.BUILT_IN.get(i).name().equals(cube)) {
        return i;
      }
    }
    return mix(cube.hashCode());
  }

  /** The finalizer of MurmurHash3. */
  private static int mix(int hash) {
    int h = hash ^ hash >>> 16;
    h *= 0x85ebca6b;
    h ^= h >>> 13;
    h *= 0xc2b2ae35;
    return h ^ h >>> 16;
  }
}
