/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the smallest cube that has the dimensions asked for and whose windows tile the range, and
 * the coarsest windows; facts only where no cube can do without.
 */
final class CubePlanner {
  private final List<Cube> cubes;
  private final Retention retention;

  CubePlanner(List<Cube> cubes, Retention retention) {
    this.cubes =
        cubes.stream().sorted(Comparator.comparingInt(c -> c.dimensions().size())).toList();
    this.retention = retention;
  }

  /**
   * @param needed dimensions that group or filter
   * @param steps the cut into steps, or null for one figure over the whole range
   */
  Plan plan(TimeRange range, Set<Dimension> needed, @Nullable Steps steps, long closedThroughMs) {
    Plan best = null;
    for (Cube cube : cubes) {
      if (!cube.dimensions().containsAll(needed)) {
        continue;
      }
      List<WindowKind> kinds =
          cube.windows().stream().filter(k -> steps == null || steps.dividedBy(k)).toList();
      if (kinds.isEmpty()) {
        continue;
      }
      Plan plan =
          new Plan(cube, Tiling.tile(range, kinds, cube.finest(), closedThroughMs, retention));
      if (!plan.readsCalls()) {
        return plan;
      }
      best = best == null ? plan : best;
    }
    if (best != null) {
      return best;
    }
    return new Plan(null, List.of(new Segment(null, range.fromMs(), range.toMs())));
  }

  /** The plan that reads facts only: for tests of equality and for comparison. */
  static Plan callsOnly(TimeRange range) {
    return new Plan(null, List.of(new Segment(null, range.fromMs(), range.toMs())));
  }

  /** How to write the cube that would answer, for the message. */
  static String cubeFor(Set<Dimension> needed) {
    EnumSet<Dimension> all = EnumSet.of(Dimension.PROJECT, Dimension.LAYER);
    all.addAll(needed);
    return String.join(", ", all.stream().map(Dimension::apiName).toList());
  }
}
