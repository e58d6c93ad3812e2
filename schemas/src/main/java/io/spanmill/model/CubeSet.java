/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Every cube in use, the built-in ones first, and the configured attribute dimensions, in the order
 * of {@link NormalizedSpan#extra}.
 */
public record CubeSet(List<Cube> cubes, List<Attribute> attributes) {
  /** The built-in cubes alone. */
  public static final CubeSet BUILT_IN = new CubeSet(Cube.BUILT_IN, List.of());

  public CubeSet {
    cubes = List.copyOf(cubes);
    attributes = List.copyOf(attributes);
  }

  /** Names of the attribute dimensions. */
  public List<String> attributeNames() {
    return attributes.stream().map(Attribute::name).toList();
  }

  /** Keys of the attribute dimensions. */
  public List<String> attributeKeys() {
    return attributes.stream().map(Attribute::key).toList();
  }

  /** Names of a cube's dimensions in the API, attributes last. */
  public List<String> dimensionNames(Cube cube) {
    List<String> names = new ArrayList<>();
    cube.dimensions().forEach(d -> names.add(d.apiName()));
    cube.attributes().forEach(i -> names.add(attributes.get(i).name()));
    return names;
  }

  /**
   * A cube with all that its rows depend on, as {@code name(dimension,…|window,…)}: two cubes that
   * differ in it do not have the same rows.
   */
  public String shape(Cube cube) {
    return cube.name()
        + "("
        + String.join(",", dimensionNames(cube))
        + "|"
        + cube.windows().stream().sorted().map(WindowKind::label).collect(Collectors.joining(","))
        + ")";
  }

  /** The shapes of all cubes. */
  public List<String> shapes() {
    return cubes.stream().map(this::shape).toList();
  }
}
