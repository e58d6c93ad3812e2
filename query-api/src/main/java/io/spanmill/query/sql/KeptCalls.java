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
 * The first calls of lists, kept: rows that were read, and which rows come first in an order, as
 * they are in the table, with those there twice and in older versions. A row of a call never leaves
 * its hour, so both hold until something is written into it. Thread-safe.
 */
final class KeptCalls {
  private static final int MAX_ROWS = 2000;

  private static final String PARTS = " ";

  private final Database database;
  private final LongSupplier sureSinceMs;
  private final KeptBounds kept;
  private final Map<CallKey, Known> rows = SpanHours.latest(MAX_ROWS);

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
   * @param number of the version
   * @param value what it is ordered by
   */
  record Version(CallKey call, long number, BigDecimal value) {}

  /** Reads the first rows of a list. */
  interface Source {
    /**
     * @param hours only rows of these hours, epoch ms; empty for all
     */
    List<Version> first(Set<Long> hours, int count);
  }

  /**
   * @param readMs before it was read, by the server's clock
   */
  private record Known(Row row, long readMs) {}

  /** When calls of the range were written. */
  WrittenHours written(Question q) {
    return WrittenHours.read(database, q.scope().projects(), q.range(), List.of("call_hours"));
  }

  /**
   * The first rows of a list, of calls in the range and some beside it; fewer than {@link
   * KeptBounds#KEPT} are all there are.
   */
  List<Version> first(
      KeptBounds.Asked asked, TimeRange range, WrittenHours written, Source source) {
    return kept
        .greatest(
            asked,
            range,
            written,
            false,
            KeptBounds.KEPT,
            (hours, count) -> source.first(hours, count).stream().map(KeptCalls::bound).toList())
        .stream()
        .map(KeptCalls::version)
        .toList();
  }

  /** Has the list read anew when it is asked for again: what it began with left the range. */
  void forget(KeptBounds.Asked asked) {
    kept.forget(asked);
  }

  /** Each version is known by itself: text in the order of the list, then what makes it whole. */
  private static KeptBounds.Bound bound(Version version) {
    CallKey call = version.call();
    return new KeptBounds.Bound(
        String.join(
            PARTS,
            call.trace(),
            call.span(),
            call.layer(),
            Long.toString(call.eventMs()),
            Long.toString(version.number()),
            call.project()),
        version.value());
  }

  private static Version version(KeptBounds.Bound bound) {
    String[] parts = bound.key().split(PARTS, 6);
    return new Version(
        new CallKey(parts[5], parts[2], Long.parseLong(parts[3]), parts[0], parts[1]),
        Long.parseLong(parts[4]),
        bound.value());
  }

  /**
   * The newest rows of these calls, by call.
   *
   * @param read reads those that are not kept
   */
  Map<CallKey, Row> newest(
      Collection<CallKey> calls,
      WrittenHours written,
      Function<Collection<CallKey>, List<Row>> read) {
    Map<CallKey, Row> out = new HashMap<>();
    List<CallKey> missing = new ArrayList<>();
    long sinceMs = sureSinceMs.getAsLong();
    for (CallKey call : calls) {
      Known known;
      synchronized (rows) {
        known = rows.get(call);
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
        rows.put(call, new Known(row, written.readMs()));
      }
    }
    return out;
  }
}
