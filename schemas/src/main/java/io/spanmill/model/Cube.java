/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A named list of dimensions that rollups are kept by. Its first two dimensions are always project
 * and layer.
 *
 * @param name lower-case letters and underscores; part of the table names
 * @param dimensions built-in dimensions, project and layer first
 * @param attributes configured attribute dimensions, as positions in {@link NormalizedSpan#extra}
 * @param windows which windows it keeps
 */
public record Cube(
    String name, List<Dimension> dimensions, List<Integer> attributes, Set<WindowKind> windows) {
  /** Value of a folded dimension. */
  public static final String OTHER = "__other__";

  private static final Set<WindowKind> EVERY = EnumSet.allOf(WindowKind.class);

  public static final Cube SUMMARY =
      new Cube("summary", List.of(Dimension.PROJECT, Dimension.LAYER), List.of(), EVERY);

  public static final Cube MODEL =
      new Cube(
          "model",
          List.of(
              Dimension.PROJECT,
              Dimension.LAYER,
              Dimension.PROVIDER,
              Dimension.MODEL,
              Dimension.OPERATION,
              Dimension.ERROR_CLASS),
          List.of(),
          EVERY);

  public static final Cube TRAFFIC =
      new Cube(
          "traffic",
          List.of(
              Dimension.PROJECT,
              Dimension.LAYER,
              Dimension.PROVIDER,
              Dimension.MODEL,
              Dimension.OPERATION,
              Dimension.ERROR_CLASS,
              Dimension.SERVICE,
              Dimension.ENVIRONMENT,
              Dimension.TEAM,
              Dimension.API_KEY),
          List.of(),
          EnumSet.of(WindowKind.MINUTE, WindowKind.HOUR, WindowKind.DAY));

  public static final Cube USAGE =
      new Cube(
          "usage",
          List.of(
              Dimension.PROJECT,
              Dimension.LAYER,
              Dimension.PROVIDER,
              Dimension.MODEL,
              Dimension.TEAM,
              Dimension.API_KEY,
              Dimension.USER),
          List.of(),
          EnumSet.of(WindowKind.HOUR, WindowKind.DAY));

  /** The built-in cubes, smallest first. */
  public static final List<Cube> BUILT_IN = List.of(SUMMARY, MODEL, TRAFFIC, USAGE);

  public Cube {
    if (!name.matches("[a-z][a-z_]{0,40}")) {
      throw new IllegalArgumentException("cube name " + name + " must be lower-case letters and _");
    }
    if (dimensions.size() < 2
        || dimensions.get(0) != Dimension.PROJECT
        || dimensions.get(1) != Dimension.LAYER) {
      throw new IllegalArgumentException(
          "cube " + name + ": dimensions must begin with project, layer");
    }
    if (windows.isEmpty()) {
      throw new IllegalArgumentException("cube " + name + ": no windows");
    }
    dimensions = List.copyOf(dimensions);
    attributes = List.copyOf(attributes);
    windows = Set.copyOf(windows);
  }

  /** The finest window kept. */
  public WindowKind finest() {
    return windows.stream().min(Enum::compareTo).orElseThrow();
  }

  /** Table of one of its windows. */
  public String table(WindowKind window) {
    return "rollup_" + name + "_" + window.label();
  }
}
