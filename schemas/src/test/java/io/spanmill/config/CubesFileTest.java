/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.spanmill.model.Attribute;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CubesFileTest {
  @Test
  void file_addsCubesAndAttributes() {
    CubeSet set =
        CubesFile.parse(
            "cubes.yaml",
            """
            attributes:
              tenant: acme.tenant.id
              feature: app.feature
            cubes:
              - name: tenant
                dimensions: [tenant, model]
                windows: [hour, day]
              - name: feature_team
                dimensions: [project, layer, team, feature, tenant]
            """);
    assertThat(set.attributes())
        .containsExactly(
            new Attribute("tenant", "acme.tenant.id"), new Attribute("feature", "app.feature"));
    assertThat(set.cubes().subList(0, 4)).isEqualTo(Cube.BUILT_IN);
    assertThat(set.cubes().get(4))
        .isEqualTo(
            new Cube(
                "tenant",
                List.of(Dimension.PROJECT, Dimension.LAYER, Dimension.MODEL),
                List.of(0),
                Set.of(WindowKind.HOUR, WindowKind.DAY)));
    assertThat(set.shape(set.cubes().get(5)))
        .isEqualTo("feature_team(project,layer,team,feature,tenant|minute,hour,day)");
  }

  @Test
  void exampleOfTheDocuments_loads() {
    Path example = Path.of("..", "docs", "examples", "cubes.yaml");
    CubeSet set = CubesFile.cubes(Settings.of(Map.of(Keys.CUBES_FILE, example.toString())));
    assertThat(set.attributeNames()).containsExactly("tenant", "feature");
    assertThat(set.shapes())
        .contains(
            "tenant(project,layer,provider,model,tenant|minute,hour,day)",
            "feature_team(project,layer,team,feature|hour,day)");
  }

  @Test
  void withoutFile_thereAreTheBuiltInCubes() {
    assertThat(CubesFile.cubes(Settings.of(Map.of()))).isEqualTo(CubeSet.BUILT_IN);
  }

  @Test
  void everyProblem_isToldWithItsLine() {
    String content =
        """
        attributes:
          model: x
          bad-name: y
          from: z
        cubes:
          - name: summary
            dimensions: [model]
          - name: Upper
            dimensions: [model]
          - name: odd
            dimensions: [nothing]
            windows: [week, all]
            colour: red
        extra: 1
        """;
    assertThatThrownBy(() -> CubesFile.parse("c.yaml", content))
        .extracting(e -> ((SettingsException) e).problems(), LIST)
        .satisfiesExactlyInAnyOrder(
            p -> assertThat(p).asString().startsWith("c.yaml:2: model is a built-in dimension"),
            p -> assertThat(p).asString().startsWith("c.yaml:3: attribute name bad-name must"),
            p -> assertThat(p).asString().startsWith("c.yaml:4: from is a parameter"),
            p -> assertThat(p).asString().startsWith("c.yaml:6: there is a cube summary already"),
            p -> assertThat(p).asString().startsWith("c.yaml:8: cube name Upper must"),
            p -> assertThat(p).asString().startsWith("c.yaml:11: nothing is no dimension"),
            p -> assertThat(p).asString().startsWith("c.yaml:12: week is no window"),
            p -> assertThat(p).asString().startsWith("c.yaml:12: all-time rows are the ledger"),
            p -> assertThat(p).asString().startsWith("c.yaml:13: unknown key colour"),
            p -> assertThat(p).asString().startsWith("c.yaml:14: unknown key extra"));
  }

  @Test
  void fileThatIsNoYaml_orMissing_isToldOf() {
    assertThatThrownBy(() -> CubesFile.parse("c.yaml", "a: [1"))
        .hasMessageContaining("c.yaml:1: not YAML");
    assertThatThrownBy(
            () -> CubesFile.cubes(Settings.of(Map.of(Keys.CUBES_FILE, "/no/such/file.yaml"))))
        .hasMessageContaining("cubes.file: cannot read /no/such/file.yaml");
  }
}
