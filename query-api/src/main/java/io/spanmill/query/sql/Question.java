/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What is asked of calls over a range.
 *
 * @param range effective range, snapped
 * @param scope projects and layers
 * @param filters other dimensions
 * @param groupBy dimensions of the keys, possibly none
 */
public record Question(
    TimeRange range, LayerScope scope, Filters filters, List<Dimension> groupBy) {
  public Question {
    groupBy = List.copyOf(groupBy);
  }

  /** Dimensions a cube needs for it, project and layer apart. */
  Set<Dimension> needed() {
    Set<Dimension> out = filters.dimensions();
    out.addAll(groupBy);
    out.removeAll(EnumSet.of(Dimension.PROJECT, Dimension.LAYER));
    return out;
  }

  public Question during(TimeRange other) {
    return new Question(other, scope, filters, groupBy);
  }
}
