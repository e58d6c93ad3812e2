/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The first traces of a long range from the least up. No trace comes to less than it does in any
 * hour, so the least parts of traces are bounds from below that need no grouping: traces that have
 * one of them are added up, until no other trace can come before. Thread-safe.
 */
final class TracesUpwards {
  /** Parts looked at for each trace asked for: of some traces there are others. */
  private static final int PARTS_OF_EACH = 2;

  private static final int MAX_PARTS = 20_000;
  private static final int GROWTH = 8;

  private static final Map<String, Value> VALUES =
      Map.of(
          "start", new Value("began", "min(began)", false),
          "duration", new Value("ended - began", "max(ended) - min(began)", false),
          "spans", new Value("spans", "sum(spans)", true),
          "errors", new Value("errors", "sum(errors)", true));

  private final Database database;
  private final CountedOnce countedOnce;

  TracesUpwards(Database database) {
    this.database = database;
    this.countedOnce = new CountedOnce(database);
  }

  /**
   * What traces are ordered by.
   *
   * @param part what a part of a trace comes to
   * @param whole what all its parts do
   * @param counted whether spans are counted for it
   */
  private record Value(String part, String whole, boolean counted) {}

  /**
   * The first traces; fewer are all there are.
   *
   * @param written into the hours of the range
   * @return null if looking at all is cheaper: what comes first is more than many parts of others,
   *     or more than parts of spans tell decides about the order
   */
  @Nullable List<TraceFinder.Found> first(
      Question q, String sort, WrittenHours written, int count) {
    Value value = VALUES.get(sort);
    TracesByHour traces = value == null ? null : traces(q, value, written);
    if (value == null || traces == null) {
      return null;
    }
    for (int parts = PARTS_OF_EACH * count; parts <= MAX_PARTS; parts *= GROWTH) {
      List<KeptBounds.Bound> least = least(traces, value, parts);
      List<TraceFinder.Found> found = added(traces, value, least, count);
      if (least.size() < parts
          || (found.size() == count && isBefore(found.get(count - 1), least.get(parts - 1)))) {
        return found;
      }
    }
    return null;
  }

  private @Nullable TracesByHour traces(Question q, Value value, WrittenHours written) {
    TracesByHour traces = TracesByHour.begunIn(q);
    if (!value.counted()) {
      return traces;
    }
    Set<Long> miscounted = countedOnce.otherHours(q.scope().projects(), traces.whole(), written);
    return miscounted == null ? null : traces.counting(miscounted);
  }

  /** The least parts of traces in order; those of one that began before the range are left out. */
  private List<KeptBounds.Bound> least(TracesByHour traces, Value value, int count) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(" + TraceBounds.TRACE_ID + ")) AS trace, toString(v) AS bound")
            .add(" FROM (SELECT trace_high, trace_low, " + value.part() + " AS v FROM (");
    traces.append(sql, List.of());
    sql.add(") WHERE began >= ").bind(traces.q().range().fromMs() * 1_000_000);
    sql.add(" ORDER BY v, trace_high, trace_low LIMIT ").bind(count);
    sql.add(") ORDER BY v, trace_high, trace_low");
    return database.query(sql).stream()
        .map(r -> new KeptBounds.Bound(r.text("trace"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /** Traces with such parts as they are on the whole, the first in order. */
  private List<TraceFinder.Found> added(
      TracesByHour traces, Value value, List<KeptBounds.Bound> parts, int count) {
    if (parts.isEmpty()) {
      return List.of();
    }
    Set<String> lows = new LinkedHashSet<>();
    parts.forEach(p -> lows.add(KeptTraces.low(p.key())));
    TimeRange range = traces.q().range();
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(" + TraceBounds.TRACE_ID + ")) AS trace,")
            .add(" toString(v) AS sort_value, intDiv(start_ns, 1000000) AS start_ms")
            .add(" FROM (SELECT trace_high, trace_low, min(began) AS start_ns, ")
            .add(value.whole() + " AS v FROM (");
    traces.append(sql, lows);
    sql.add(") GROUP BY trace_high, trace_low HAVING start_ns >= ");
    sql.bind(range.fromMs() * 1_000_000).add(" AND start_ns < ").bind(range.toMs() * 1_000_000);
    sql.add(") ORDER BY v, trace_high, trace_low LIMIT ").bind(count);
    return database.query(sql).stream()
        .map(
            r ->
                new TraceFinder.Found(r.text("trace"), r.text("sort_value"), r.integer("start_ms")))
        .toList();
  }

  /** Whether a trace comes before all that have no part up to this one. */
  private static boolean isBefore(TraceFinder.Found found, KeptBounds.Bound part) {
    int order = new BigDecimal(found.sortValue()).compareTo(part.value());
    return order < 0 || (order == 0 && found.traceId().compareTo(part.key()) <= 0);
  }
}
