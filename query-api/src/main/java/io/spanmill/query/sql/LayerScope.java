/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Layer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which layers count, per project. Immutable.
 *
 * @param counted layers by project; never empty, but a project may count none
 */
public record LayerScope(Map<String, Set<Layer>> counted) {
  public LayerScope {
    Map<String, Set<Layer>> copy = new LinkedHashMap<>();
    counted.forEach((p, l) -> copy.put(p, l.isEmpty() ? Set.of() : EnumSet.copyOf(l)));
    counted = copy;
  }

  public Set<String> projects() {
    return counted.keySet();
  }

  /** Whether rows of this project and layer are part of the figures. */
  public boolean counts(String project, String layer) {
    for (Layer l : counted.getOrDefault(project, Set.of())) {
      if (l.label().equals(layer)) {
        return true;
      }
    }
    return false;
  }

  /** All layers counted in some project, in their natural order. */
  public List<String> layers() {
    Set<Layer> all = new TreeSet<>();
    counted.values().forEach(all::addAll);
    return all.stream().map(Layer::label).toList();
  }

  /** Appends the condition that a row is counted; true for no row if none is. */
  void condition(Sql sql) {
    Map<Set<Layer>, List<String>> byLayers = new LinkedHashMap<>();
    counted.forEach((p, l) -> byLayers.computeIfAbsent(l, k -> new ArrayList<>()).add(p));
    sql.add("(");
    String or = "";
    for (Map.Entry<Set<Layer>, List<String>> e : byLayers.entrySet()) {
      sql.add(or).add("(").in("project", e.getValue());
      sql.add(" AND ").in("layer", e.getKey().stream().map(Layer::label).toList()).add(")");
      or = " OR ";
    }
    sql.add(")");
  }
}
