/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Layer;
import java.time.Clock;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Knows which layers each project ever had calls in, and so which of them count where nobody says:
 * the gateway if there ever was one, else the clients, else the engine. Decided over all time and
 * never per range, so that a figure keeps its meaning when the range moves. Thread-safe.
 */
public final class LayerResolver {
  private static final long MAX_AGE_MS = 1000;

  private final Database database;
  private final Remembered<Map<String, Set<Layer>>> seen;

  public LayerResolver(Database database, Clock clock) {
    this.database = database;
    this.seen = new Remembered<>(this::load, MAX_AGE_MS, clock, database.background());
  }

  /** Layers with calls, by project, over all time. */
  public Map<String, Set<Layer>> seen() {
    return seen.get();
  }

  /** The scope for {@code layer=auto}. */
  public LayerScope auto(Collection<String> projects) {
    Map<String, Set<Layer>> known = seen();
    if (!projects.stream().allMatch(project -> isSettled(known.get(project)))) {
      // The first calls of a layer may be visible since: what was read before would count others.
      return scope(projects, seen.anew());
    }
    return scope(projects, known);
  }

  /** Whether no layer that may come can change what counts. */
  private static boolean isSettled(@Nullable Set<Layer> seen) {
    return seen != null && seen.contains(Layer.GATEWAY);
  }

  private static LayerScope scope(Collection<String> projects, Map<String, Set<Layer>> known) {
    Map<String, Set<Layer>> counted = new LinkedHashMap<>();
    for (String project : projects) {
      counted.put(project, auto(known.getOrDefault(project, Set.of())));
    }
    return new LayerScope(counted);
  }

  static Set<Layer> auto(Set<Layer> seen) {
    if (seen.contains(Layer.GATEWAY)) {
      return EnumSet.of(Layer.GATEWAY, Layer.DIRECT);
    }
    if (seen.contains(Layer.CLIENT) || seen.contains(Layer.DIRECT)) {
      return EnumSet.of(Layer.CLIENT, Layer.DIRECT);
    }
    return seen.contains(Layer.ENGINE)
        ? EnumSet.of(Layer.ENGINE)
        : EnumSet.of(Layer.GATEWAY, Layer.DIRECT);
  }

  private Map<String, Set<Layer>> load() {
    // All-time rows come out twice a minute; the minute rows know the newest layers before.
    Map<String, Set<Layer>> out = new HashMap<>();
    Sql sql =
        new Sql()
            .add("SELECT DISTINCT project, layer FROM rollup_summary_all")
            .add(" UNION DISTINCT SELECT DISTINCT project, layer FROM rollup_summary_minute");
    for (Row row : database.query(sql, Database.ONE_THREAD)) {
      out.computeIfAbsent(row.text("project"), p -> EnumSet.noneOf(Layer.class))
          .add(Layer.ofLabel(row.text("layer")));
    }
    return new TreeMap<>(out);
  }
}
