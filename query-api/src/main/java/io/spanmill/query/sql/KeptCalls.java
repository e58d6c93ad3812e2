/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The greatest calls of a range, kept: rows that were read, and which rows come first, as they are
 * in the table, with those there twice and in older versions. A row of a call never leaves its
 * hour, so both hold until something is written into it. Thread-safe.
 */
final class KeptCalls {
  private static final int MAX_ROWS = 2000;

  private static final String PARTS = " ";

  private final Database database;
  private final LongSupplier sureSinceMs;
  private final KeptBounds kept;
  private final Map<Asked, Known> rows = SpanHours.latest(MAX_ROWS);

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  KeptCalls(Database database, LongSupplier sureSinceMs) {
    this.database = database;
    this.sureSinceMs = sureSinceMs;
    this.kept = new KeptBounds(database);
  }

  /**
   * A row of the table that has its place in the list if its call has no newer one.
   *
   * @param value what it is ordered by
   */
  record Version(CallKey call, BigDecimal value) {}

  /** A row holds the value it was ordered by. */
  private record Asked(CallKey call, String sort) {}

  /**
   * @param readMs before it was read, by the server's clock
   */
  private record Known(Row row, long readMs) {}

  /** When calls of the range were written. */
  WrittenHours written(Question q) {
    return WrittenHours.read(database, q.scope().projects(), q.range(), List.of("call_hours"));
  }

  /**
   * The first rows in descending order, of calls in the range and some beside it; fewer than {@link
   * KeptBounds#KEPT} are all there are.
   */
  List<Version> greatest(Question q, String sort, String value, WrittenHours written) {
    return kept
        .greatest(
            new KeptBounds.Asked("calls", q.scope(), sort, q.range().lengthMs()),
            q.range(),
            written,
            false,
            KeptBounds.KEPT,
            (hours, count) -> read(q, value, hours, count))
        .stream()
        .map(KeptCalls::version)
        .toList();
  }

  /** Each version is known by itself: text in the order of the list, then what makes it whole. */
  private List<KeptBounds.Bound> read(Question q, String value, Set<Long> hours, int count) {
    Sql sql = new Sql().add("SELECT concat(lower(hex(trace_id)), '" + PARTS);
    sql.add("', lower(hex(span_id)), '" + PARTS + "', layer, '" + PARTS)
        .add("', toString(toUnixTimestamp64Milli(event_time)), '" + PARTS)
        .add("', toString(" + value + "), '" + PARTS + "', project) AS key,")
        .add(" toString(" + value + ") AS bound FROM calls PREWHERE ");
    CallsReader.range(sql, q.during(q.range().aroundHours()));
    if (!hours.isEmpty()) {
      TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(event_time)", hours);
    }
    sql.add(" ORDER BY " + value + " DESC, trace_id DESC, span_id DESC, layer DESC LIMIT ")
        .bind(count);
    return database.query(sql).stream()
        .map(r -> new KeptBounds.Bound(r.text("key"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  private static Version version(KeptBounds.Bound bound) {
    String[] parts = bound.key().split(PARTS, 6);
    return new Version(
        new CallKey(parts[5], parts[2], Long.parseLong(parts[3]), parts[0], parts[1]),
        bound.value());
  }

  /**
   * The newest rows of these calls, by call.
   *
   * @param read reads those that are not kept
   */
  Map<CallKey, Row> newest(
      Collection<CallKey> calls,
      String sort,
      WrittenHours written,
      Function<Collection<CallKey>, List<Row>> read) {
    Map<CallKey, Row> out = new HashMap<>();
    List<CallKey> missing = new ArrayList<>();
    long sinceMs = sureSinceMs.getAsLong();
    for (CallKey call : calls) {
      Known known;
      synchronized (rows) {
        known = rows.get(new Asked(call, sort));
      }
      if (known != null
          && call.eventMs() >= sinceMs
          && written.isSettled(WindowKind.HOUR.startOf(call.eventMs()), known.readMs())) {
        out.put(call, known.row());
      } else {
        missing.add(call);
      }
    }
    if (missing.isEmpty()) {
      return out;
    }
    for (Row row : read.apply(missing)) {
      CallKey call = CallKey.of(row);
      out.put(call, row);
      synchronized (rows) {
        rows.put(new Asked(call, sort), new Known(row, written.readMs()));
      }
    }
    return out;
  }
}
