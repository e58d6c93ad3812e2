/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Dimension;
import io.spanmill.model.Edition;
import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the smallest cube that has the dimensions asked for and whose windows tile the range, and
 * the coarsest windows; facts only where no cube can do without. A cube takes part once a rebuild
 * has filled it.
 */
final class CubePlanner {
  private record Shaped(Cube cube, String shape, Set<String> attributes) {
    int size() {
      return cube.dimensions().size() + attributes.size();
    }
  }

  private final List<Shaped> cubes;
  private final Retention retention;

  CubePlanner(CubeSet set, Retention retention) {
    this.cubes =
        set.cubes().stream()
            .map(c -> new Shaped(c, set.shape(c), attributes(set, c)))
            .sorted(Comparator.comparingInt(Shaped::size))
            .toList();
    this.retention = retention;
  }

  private static Set<String> attributes(CubeSet set, Cube cube) {
    List<String> names = set.attributeNames();
    return cube.attributes().stream().map(i -> names.get(i)).collect(Collectors.toSet());
  }

  /**
   * @param needed dimensions that group or filter
   * @param neededAttributes names of configured attributes that do
   * @param steps the cut into steps, or null for one figure over the whole range
   * @param edition what is read: a cube that is not filled in it answers nothing
   */
  Plan plan(
      TimeRange range,
      Set<Dimension> needed,
      Set<String> neededAttributes,
      @Nullable Steps steps,
      long closedThroughMs,
      Edition edition) {
    Plan best = null;
    for (Shaped shaped : cubes) {
      Cube cube = shaped.cube();
      Long filledFrom = edition.filledFrom(shaped.shape());
      if (filledFrom == null
          || !cube.dimensions().containsAll(needed)
          || !shaped.attributes().containsAll(neededAttributes)) {
        continue;
      }
      List<WindowKind> kinds =
          cube.windows().stream().filter(k -> steps == null || steps.dividedBy(k)).toList();
      if (kinds.isEmpty()) {
        continue;
      }
      Retention kept = retention.since(filledFrom);
      Plan plan =
          new Plan(
              cube,
              Tiling.tile(range, kinds, cube.finest(), closedThroughMs, kept),
              edition.number());
      if (!plan.readsCalls()) {
        return plan;
      }
      best = best == null ? plan : best;
    }
    return best == null ? callsOnly(range) : best;
  }

  /** The plan that reads facts only: for tests of equality and for comparison. */
  static Plan callsOnly(TimeRange range) {
    return new Plan(null, List.of(new Segment(null, range.fromMs(), range.toMs())), 0);
  }

  /** How to write the cube that would answer, for the message. */
  static String cubeFor(Set<Dimension> needed, Set<String> neededAttributes) {
    EnumSet<Dimension> all = EnumSet.of(Dimension.PROJECT, Dimension.LAYER);
    all.addAll(needed);
    List<String> names = new ArrayList<>();
    all.forEach(d -> names.add(d.apiName()));
    names.addAll(neededAttributes);
    return String.join(", ", names);
  }
}
