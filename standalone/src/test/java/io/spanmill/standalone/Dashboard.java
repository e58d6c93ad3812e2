/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The Grafana dashboard as tests read it. */
public final class Dashboard {
  private Dashboard() {}

  public static JsonNode read(Path root) throws IOException {
    return new ObjectMapper()
        .readTree(root.resolve("config/grafana-dashboards/spanmill.json").toFile());
  }

  public static List<JsonNode> panels(JsonNode dashboard) {
    List<JsonNode> panels = new ArrayList<>();
    dashboard.path("panels").forEach(panels::add);
    return panels;
  }

  /** The queries of a panel with every variable at "all" and both gateway layers. */
  public static List<String> queries(JsonNode panel) {
    List<String> queries = new ArrayList<>();
    panel
        .path("targets")
        .forEach(
            target ->
                queries.add(
                    target
                        .path("expr")
                        .asText()
                        .replace("$project", ".*")
                        .replace("$layer", "gateway|direct")
                        .replace("$model", ".*")));
    return queries;
  }

  /** A program on the PATH. */
  public static Optional<Path> program(String name) {
    for (String dir : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path program = Path.of(dir, name);
      if (Files.isExecutable(program)) {
        return Optional.of(program);
      }
    }
    return Optional.empty();
  }
}
