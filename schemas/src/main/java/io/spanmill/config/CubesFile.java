/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.config;

import io.spanmill.model.Attribute;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads {@code cubes.file}: attribute dimensions ({@code attributes}: name → attribute key) and
 * further cubes ({@code cubes}: each with {@code name}, {@code dimensions} and {@code windows}).
 * Project and layer are dimensions of every cube and need not be named. All problems are told at
 * once, each with its line.
 */
public final class CubesFile {
  /** Parameters of the API that an attribute dimension would hide. */
  private static final Set<String> TAKEN =
      Set.of(
          "from", "to", "tz", "step", "metric", "groupBy", "sort", "limit", "cursor", "format", "q",
          "failed", "content", "source", "window", "other");

  private final String file;
  private final List<String> problems = new ArrayList<>();
  private final List<Attribute> attributes = new ArrayList<>();
  private final List<Cube> cubes = new ArrayList<>(Cube.BUILT_IN);

  private CubesFile(String file) {
    this.file = file;
  }

  /**
   * The cubes of an installation: the built-in ones, and those of the file if there is one.
   *
   * @throws SettingsException naming file, line and reason of everything that is wrong
   */
  public static CubeSet cubes(Settings settings) {
    String file = settings.string(Keys.CUBES_FILE);
    if (file.isEmpty()) {
      return CubeSet.BUILT_IN;
    }
    try {
      return parse(file, Files.readString(Path.of(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new SettingsException(
          List.of(Keys.CUBES_FILE + ": cannot read " + file + " (" + e + ")"));
    }
  }

  static CubeSet parse(String file, String content) {
    CubesFile reader = new CubesFile(file);
    reader.read(content);
    if (!reader.problems.isEmpty()) {
      throw new SettingsException(reader.problems);
    }
    return new CubeSet(reader.cubes, reader.attributes);
  }

  private void read(String content) {
    Node root;
    try {
      root = new Yaml(new LoaderOptions()).compose(new StringReader(content));
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
      problem(line, "not YAML: " + e.getProblem());
      return;
    }
    if (root == null) {
      return;
    }
    Map<String, Node> top = mapping(root, Set.of("attributes", "cubes"));
    Node named = top.get("attributes");
    if (named != null) {
      mapping(named, Set.of()).forEach(this::addAttribute);
    }
    Node list = top.get("cubes");
    if (list != null) {
      sequence(list).forEach(this::addCube);
    }
  }

  private void addAttribute(String name, Node key) {
    boolean builtIn = dimension(name) != null;
    if (builtIn || TAKEN.contains(name)) {
      problem(key, name + (builtIn ? " is a built-in dimension" : " is a parameter of the API"));
      return;
    }
    try {
      attributes.add(new Attribute(name, scalar(key)));
    } catch (IllegalArgumentException e) {
      problem(key, String.valueOf(e.getMessage()));
    }
  }

  private void addCube(Node node) {
    Map<String, Node> entry = mapping(node, Set.of("name", "dimensions", "windows"));
    Node nameNode = entry.get("name");
    Node dimensionsNode = entry.get("dimensions");
    if (nameNode == null || dimensionsNode == null) {
      problem(node, "a cube needs a name and dimensions");
      return;
    }
    String name = scalar(nameNode);
    if (cubes.stream().anyMatch(cube -> cube.name().equals(name))) {
      problem(nameNode, "there is a cube " + name + " already");
      return;
    }
    Set<Dimension> dimensions = EnumSet.of(Dimension.PROJECT, Dimension.LAYER);
    Set<Integer> positions = new LinkedHashSet<>();
    for (Node item : sequence(dimensionsNode)) {
      addDimension(item, dimensions, positions);
    }
    Node windowsNode = entry.get("windows");
    Set<WindowKind> windows =
        windowsNode == null
            ? EnumSet.of(WindowKind.MINUTE, WindowKind.HOUR, WindowKind.DAY)
            : windows(windowsNode);
    if (windows.isEmpty()) {
      return;
    }
    try {
      cubes.add(new Cube(name, List.copyOf(dimensions), List.copyOf(positions), windows));
    } catch (IllegalArgumentException e) {
      problem(nameNode, String.valueOf(e.getMessage()));
    }
  }

  private void addDimension(Node item, Set<Dimension> dimensions, Set<Integer> positions) {
    String wanted = scalar(item);
    Dimension builtIn = dimension(wanted);
    if (builtIn != null) {
      dimensions.add(builtIn);
      return;
    }
    for (int i = 0; i < attributes.size(); i++) {
      if (attributes.get(i).name().equals(wanted)) {
        positions.add(i);
        return;
      }
    }
    List<String> known = new ArrayList<>();
    for (Dimension d : Dimension.values()) {
      known.add(d.apiName());
    }
    attributes.forEach(a -> known.add(a.name()));
    problem(item, wanted + " is no dimension; there are " + String.join(", ", known));
  }

  private Set<WindowKind> windows(Node node) {
    Set<WindowKind> windows = EnumSet.noneOf(WindowKind.class);
    for (Node item : sequence(node)) {
      switch (scalar(item)) {
        case "minute" -> windows.add(WindowKind.MINUTE);
        case "hour" -> windows.add(WindowKind.HOUR);
        case "day" -> windows.add(WindowKind.DAY);
        case "all" -> problem(item, "all-time rows are the ledger, which only built-in cubes keep");
        default ->
            problem(
                item,
                scalar(item)
                    + " is no window; there are "
                    + String.join(", ", "minute", "hour", "day"));
      }
    }
    if (windows.isEmpty() && problems.isEmpty()) {
      problem(node, "no windows");
    }
    return windows;
  }

  private static @Nullable Dimension dimension(String name) {
    for (Dimension d : Dimension.values()) {
      if (d.apiName().equals(name) || d.column().equals(name.toLowerCase(Locale.ROOT))) {
        return d;
      }
    }
    return null;
  }

  /** Keys must be of the known ones, or any if none are given. */
  private Map<String, Node> mapping(Node node, Set<String> known) {
    Map<String, Node> out = new LinkedHashMap<>();
    if (!(node instanceof MappingNode mapping)) {
      problem(node, "must be a mapping");
      return out;
    }
    Set<String> seen = new HashSet<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = scalar(tuple.getKeyNode());
      if (!known.isEmpty() && !known.contains(key)) {
        problem(tuple.getKeyNode(), "unknown key " + key + ", known: " + sorted(known));
      } else if (!seen.add(key)) {
        problem(tuple.getKeyNode(), key + " stands here twice");
      } else {
        out.put(key, tuple.getValueNode());
      }
    }
    return out;
  }

  private List<Node> sequence(Node node) {
    if (node instanceof SequenceNode sequence) {
      return sequence.getValue();
    }
    problem(node, "must be a list");
    return List.of();
  }

  private String scalar(Node node) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    problem(node, "must be a text");
    return "";
  }

  private static String sorted(Set<String> names) {
    return String.join(", ", names.stream().sorted().toList());
  }

  private void problem(Node node, String reason) {
    problem(node.getStartMark().getLine() + 1, reason);
  }

  private void problem(int line, String reason) {
    problems.add(file + ":" + line + ": " + reason);
  }
}
