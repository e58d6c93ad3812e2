/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Values asked for by dimension, project and layer apart (they are part of {@link LayerScope}).
 * Values of one dimension are alternatives, dimensions must all match.
 *
 * @param attributes values asked for by name of a configured attribute
 */
public record Filters(Map<Dimension, List<String>> values, Map<String, List<String>> attributes) {
  /** Columns that {@code spans} has too. */
  private static final Set<Dimension> OF_SPANS =
      EnumSet.of(
          Dimension.SERVICE,
          Dimension.ENVIRONMENT,
          Dimension.PROVIDER,
          Dimension.MODEL,
          Dimension.OPERATION,
          Dimension.ERROR_CLASS,
          Dimension.USER);

  public static final Filters NONE = new Filters(Map.of());

  public Filters(Map<Dimension, List<String>> values) {
    this(values, Map.of());
  }

  public Filters {
    Map<Dimension, List<String>> copy = new EnumMap<>(Dimension.class);
    values.forEach((d, v) -> copy.put(d, List.copyOf(v)));
    if (copy.containsKey(Dimension.PROJECT) || copy.containsKey(Dimension.LAYER)) {
      throw new IllegalArgumentException("project and layer belong to the scope");
    }
    values = copy;
    attributes = new TreeMap<>(attributes);
  }

  public Set<Dimension> dimensions() {
    return values.isEmpty() ? EnumSet.noneOf(Dimension.class) : EnumSet.copyOf(values.keySet());
  }

  /** Whether nothing is filtered. */
  boolean isEmpty() {
    return values.isEmpty() && attributes.isEmpty();
  }

  /** Whether the table of spans can answer them. */
  boolean fitSpans() {
    return attributes.isEmpty() && OF_SPANS.containsAll(values.keySet());
  }

  /** Those that a trace is asked for by its spans, not by its calls. */
  Map<Dimension, List<String>> ofSpans() {
    return some(true);
  }

  /** Those that a trace is asked for by its calls. */
  Map<Dimension, List<String>> ofCalls() {
    return some(false);
  }

  private Map<Dimension, List<String>> some(boolean ofSpans) {
    Map<Dimension, List<String>> out = new EnumMap<>(Dimension.class);
    values.forEach(
        (d, v) -> {
          if ((d == Dimension.SERVICE || d == Dimension.ENVIRONMENT) == ofSpans) {
            out.put(d, v);
          }
        });
    return out;
  }

  /** Whether a row of {@code calls} that was read already matches. */
  public boolean match(Row row) {
    return values.entrySet().stream()
            .allMatch(e -> e.getValue().contains(row.text(e.getKey().column())))
        && attributes.entrySet().stream()
            .allMatch(e -> e.getValue().contains(row.map("extra").getOrDefault(e.getKey(), "")));
  }

  /** Appends {@code AND column IN (…)} for each. */
  void and(Sql sql) {
    and(sql, " AND ");
  }

  /** The same with another word before the first. */
  void and(Sql sql, String first) {
    String word = first;
    for (Map.Entry<Dimension, List<String>> e : values.entrySet()) {
      sql.add(word).in(e.getKey().column(), e.getValue());
      word = " AND ";
    }
    for (Map.Entry<String, List<String>> e : attributes.entrySet()) {
      sql.add(word).in(Key.attribute(e.getKey()), e.getValue());
      word = " AND ";
    }
  }
}
