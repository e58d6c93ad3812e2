/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.clickhouse.Editions;
import io.spanmill.model.Attribute;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Dimension;
import io.spanmill.model.Edition;
import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CubePlannerTest {
  private static final long DAY = 86_400_000L;
  private static final long NOW = 1_767_225_600_000L;
  private static final TimeRange RANGE = new TimeRange(NOW - 4 * DAY, NOW);
  private static final Cube TENANT =
      new Cube(
          "tenant",
          List.of(Dimension.PROJECT, Dimension.LAYER, Dimension.MODEL),
          List.of(0),
          Set.of(WindowKind.HOUR, WindowKind.DAY));
  private static final CubeSet CUBES = cubes();

  private final CubePlanner planner =
      new CubePlanner(
          CUBES,
          new Retention(
              Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC),
              14 * DAY,
              400 * DAY,
              3650 * DAY));

  @Test
  void cubeThatIsNotFilled_answersNothing() {
    Plan plan = plan(Set.of(), Set.of("tenant"), Editions.first());
    assertThat(plan.cube()).isNull();
    assertThat(plan.source()).isEqualTo("calls");
  }

  @Test
  void filledCube_answersItsAttributes_inTheEditionRead() {
    Plan plan = plan(Set.of(Dimension.MODEL), Set.of("tenant"), filled(7, 0));
    assertThat(plan.cube()).isEqualTo(TENANT);
    assertThat(plan.edition()).isEqualTo(7);
    assertThat(plan.source()).isEqualTo("windows");
  }

  @Test
  void cubeFilledFromSomeDay_leavesWhatLiesBeforeToCalls() {
    Plan plan = plan(Set.of(), Set.of("tenant"), filled(7, NOW - 2 * DAY));
    assertThat(plan.segments())
        .containsExactly(
            new Segment(null, NOW - 4 * DAY, NOW - 2 * DAY),
            new Segment(WindowKind.DAY, NOW - 2 * DAY, NOW));
  }

  @Test
  void cubeOfAnotherShape_isNotTheOneThatWasFilled() {
    Edition other = new Edition(7, Map.of("tenant(project,layer,tenant|hour,day)", 0L));
    assertThat(plan(Set.of(), Set.of("tenant"), other).cube()).isNull();
  }

  @Test
  void attributesCountAsDimensions_whenTheSmallestCubeIsChosen() {
    assertThat(plan(Set.of(), Set.of(), filled(1, 0)).cube()).isEqualTo(Cube.SUMMARY);
    assertThat(plan(Set.of(Dimension.MODEL), Set.of(), filled(1, 0)).cube()).isEqualTo(TENANT);
  }

  @Test
  void cubeToAdd_namesDimensionsAndAttributes() {
    assertThat(CubePlanner.cubeFor(Set.of(Dimension.USER), Set.of("tenant")))
        .isEqualTo("project, layer, user, tenant");
  }

  private Plan plan(Set<Dimension> needed, Set<String> attributes, Edition edition) {
    return planner.plan(RANGE, needed, attributes, null, NOW, edition);
  }

  private static Edition filled(int number, long tenantFromMs) {
    Map<String, Long> filled = new HashMap<>(Editions.first().filledFromMs());
    filled.put(CUBES.shape(TENANT), tenantFromMs);
    return new Edition(number, filled);
  }

  private static CubeSet cubes() {
    List<Cube> cubes = new ArrayList<>(Cube.BUILT_IN);
    cubes.add(TENANT);
    return new CubeSet(cubes, List.of(new Attribute("tenant", "acme.tenant.id")));
  }
}
