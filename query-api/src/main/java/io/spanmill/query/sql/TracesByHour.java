/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Traces of a long range in parts: what {@code trace_bounds} tells of each by hour, a fifth of the
 * rows of its spans. Spans themselves tell of hours that are looked at in part, and of those in
 * which the table counts some twice. A span ends after it began.
 *
 * @param whole hours that the table tells of
 * @param rest what else is looked at, by the end of spans
 * @param counted whether spans and errors are asked for, or begin and end alone, which no span
 *     changes by being there twice
 * @param miscounted those of the hours that spans tell of, epoch ms
 */
record TracesByHour(
    Question q, TimeRange whole, List<TimeRange> rest, boolean counted, Set<Long> miscounted) {
  /** Of what is in the range itself, without counts. */
  static TracesByHour within(Question q) {
    TimeRange whole = q.range().wholeHours();
    return new TracesByHour(q, whole, q.range().outside(whole), false, Set.of());
  }

  /** The same of traces that began in the range, and may go on after it. */
  static TracesByHour begunIn(Question q) {
    TimeRange whole = q.range().wholeHours();
    return new TracesByHour(q, whole, q.range().ofTraces().outside(whole), false, Set.of());
  }

  /** The same with counts. */
  TracesByHour counting(Set<Long> hoursMiscounted) {
    return new TracesByHour(q, whole, rest, true, hoursMiscounted);
  }

  /**
   * Appends a query for the parts: {@code project}, {@code trace_high}, {@code trace_low}, {@code
   * began}, {@code ended} and, if they are counted, {@code spans} and {@code errors}.
   *
   * @param lows only traces with one of these later halves of ids; empty for all
   */
  void append(Sql sql, Collection<String> lows) {
    Set<String> projects = q.scope().projects();
    sql.add("SELECT project, trace_high, trace_low, start_ns AS began, end_ns AS ended")
        .add(counted ? ", toInt64(spans) AS spans, toInt64(errors) AS errors" : "")
        .add(" FROM trace_bounds WHERE ")
        .in("project", projects);
    TraceBounds.hours(sql, whole);
    if (!miscounted.isEmpty()) {
      TraceBounds.inHours(sql.add(" AND NOT "), "hour", miscounted);
    }
    TraceBounds.onlyLows(sql, "trace_low", lows);
    sql.add(" UNION ALL SELECT project, " + TraceBounds.HIGH + " AS trace_high, ")
        .add(TraceBounds.LOW + " AS trace_low, min(" + TracesReader.BEGAN + ") AS began, ")
        .add("max(" + TracesReader.ENDED + ") AS ended")
        .add(counted ? ", toInt64(count()) AS spans, toInt64(countIf(failed)) AS errors" : "")
        .add(counted ? " FROM spans FINAL WHERE " : " FROM spans WHERE ")
        .in("project", projects);
    sql.add(" AND (").during("ts", rest);
    if (!miscounted.isEmpty()) {
      TraceBounds.inHours(sql.add(" OR "), "toStartOfHour(ts)", miscounted);
    }
    sql.add(") AND toUnixTimestamp64Milli(start_time) <= ").bind(q.range().toMs());
    TraceBounds.onlyLows(sql, "trace_low", lows);
    sql.add(" GROUP BY project, trace_high, trace_low");
  }
}
