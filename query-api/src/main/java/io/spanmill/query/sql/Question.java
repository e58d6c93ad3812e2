/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What is asked of calls over a range.
 *
 * @param range effective range, snapped
 * @param scope projects and layers
 * @param filters other dimensions
 * @param groupBy dimensions of the keys, possibly none
 * @param groupByAttributes names of configured attributes that are keys as well
 */
public record Question(
    TimeRange range,
    LayerScope scope,
    Filters filters,
    List<Dimension> groupBy,
    List<String> groupByAttributes) {
  public Question {
    groupBy = List.copyOf(groupBy);
    groupByAttributes = List.copyOf(groupByAttributes);
  }

  /** A question without attributes as keys. */
  public Question(TimeRange range, LayerScope scope, Filters filters, List<Dimension> groupBy) {
    this(range, scope, filters, groupBy, List.of());
  }

  /** The keys, dimensions first. */
  public List<Key> keys() {
    List<Key> out = new ArrayList<>();
    groupBy.forEach(d -> out.add(Key.of(d)));
    groupByAttributes.forEach(a -> out.add(Key.ofAttribute(a)));
    return out;
  }

  /** Dimensions a cube needs for it, project and layer apart. */
  Set<Dimension> needed() {
    Set<Dimension> out = filters.dimensions();
    out.addAll(groupBy);
    out.removeAll(EnumSet.of(Dimension.PROJECT, Dimension.LAYER));
    return out;
  }

  /** Names of the attributes a cube needs for it. */
  Set<String> neededAttributes() {
    Set<String> out = new LinkedHashSet<>(filters.attributes().keySet());
    out.addAll(groupByAttributes);
    return out;
  }

  public Question during(TimeRange other) {
    return new Question(other, scope, filters, groupBy, groupByAttributes);
  }
}
