/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What lists show of a trace, and by which they order.
 *
 * @param summary aggregates of its spans: {@link TracesReader#summaries}
 * @param calls its calls in any layer by start
 * @param complete whether all its calls were read
 * @param minutes epoch seconds, in which its spans and calls ended
 */
public record WholeTrace(
    String id, Row summary, List<Row> calls, boolean complete, Set<Long> minutes) {
  private static final BigDecimal UNPRICED = BigDecimal.ONE.negate();

  /** What its rows of calls tell. */
  private static final Set<Dimension> TOLD =
      EnumSet.of(
          Dimension.MODEL,
          Dimension.TEAM,
          Dimension.API_KEY,
          Dimension.USER,
          Dimension.ERROR_CLASS);

  /** Whether {@link #has} can tell. */
  static boolean tells(Filters filters) {
    return filters.attributes().isEmpty() && TOLD.containsAll(filters.values().keySet());
  }

  /** Whether it holds a counted call that the filters ask for, if they ask for any. */
  boolean has(Question q) {
    TimeRange ends = q.range().ofTraces();
    return q.filters().isEmpty()
        || calls.stream()
            .anyMatch(
                c ->
                    isCounted(c, q.scope())
                        && ends.contains(c.integer("event_ms"))
                        && q.filters().match(c));
  }

  /**
   * Whether all of it is what a list of the range looks at, so that the list orders it by what it
   * is on the whole.
   */
  boolean isWithin(TimeRange range) {
    if (!complete) {
      return false;
    }
    TimeRange ends = range.ofTraces();
    for (long minute : minutes) {
      if (!ends.contains(minute * 1000) || !ends.contains(minute * 1000 + 59_999)) {
        return false;
      }
    }
    return summary.integer("last_start_ns") / 1_000_000 <= range.toMs();
  }

  long startNs() {
    return summary.integer("start_ns");
  }

  /**
   * What it is ordered by.
   *
   * @param sort one of {@link TraceFinder#SORT_NAMES}
   */
  BigDecimal value(String sort, LayerScope scope) {
    return switch (sort) {
      case "start" -> BigDecimal.valueOf(startNs());
      case "duration" -> BigDecimal.valueOf(summary.integer("end_ns") - startNs());
      case "spans" -> BigDecimal.valueOf(summary.integer("spans"));
      case "errors" -> BigDecimal.valueOf(summary.integer("errors"));
      case "cost" -> cost(scope);
      case "tokens" -> BigDecimal.valueOf(tokens(scope));
      default -> throw new IllegalArgumentException("no order " + sort);
    };
  }

  /** Of the counted calls that have one; -1 if none has, 0 if there is no call at all. */
  private BigDecimal cost(LayerScope scope) {
    return calls.stream()
        .filter(c -> isCounted(c, scope))
        .map(c -> c.money("cost"))
        .filter(Objects::nonNull)
        .reduce(BigDecimal::add)
        .orElse(calls.isEmpty() ? BigDecimal.ZERO : UNPRICED);
  }

  private long tokens(LayerScope scope) {
    long sum = 0;
    for (Row call : calls) {
      if (isCounted(call, scope)) {
        for (String kind : CallsReader.TOKEN_COLUMNS) {
          sum += Math.max(0, call.integer(kind));
        }
      }
    }
    return sum;
  }

  private static boolean isCounted(Row call, LayerScope scope) {
    return scope.counts(call.text("project"), call.text("layer"));
  }
}
