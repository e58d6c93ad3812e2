/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where in time spans and calls of some traces lie, so that they are looked for only there. A trace
 * id is anything but a time, and an index of ids alone finds a hundred traces almost everywhere.
 * Immutable.
 */
public final class Places {
  /** Past that, rows are looked for in so many places that looking everywhere costs no more. */
  private static final int MAX_MINUTES = 3000;

  /** Nothing is known: all that is kept is looked at. */
  public static final Places ANYWHERE = new Places(0, Map.of(), Set.of());

  private final long sinceMs;

  /** By trace, where it is known apart. */
  private final Map<String, Set<Long>> byTrace;

  /** Epoch seconds; empty: not known. */
  private final Set<Long> minutes;

  private Places(long sinceMs, Map<String, Set<Long>> byTrace, Set<Long> minutes) {
    this.sinceMs = sinceMs;
    this.byTrace = byTrace;
    this.minutes = minutes;
  }

  /** Places of traces none of which began before a moment. */
  public static Places since(long ms) {
    return new Places(ms, Map.of(), Set.of());
  }

  /**
   * @param minutes by trace, epoch seconds; every minute in which a span or call of it ended
   */
  static Places of(Map<String, Set<Long>> minutes) {
    Set<Long> all = new TreeSet<>();
    minutes.values().forEach(all::addAll);
    return new Places(0, minutes, all);
  }

  /** Some minutes, epoch seconds. */
  static Places at(Set<Long> minutes) {
    return new Places(0, Map.of(), minutes);
  }

  /** The traces whose places are known apart. */
  Set<String> traces() {
    return byTrace.keySet();
  }

  /** Where this one lies, epoch seconds. */
  Set<Long> minutes(String traceId) {
    return byTrace.getOrDefault(traceId, Set.of());
  }

  /** Those of some of the traces. */
  Places only(Collection<String> traceIds) {
    Map<String, Set<Long>> some = new LinkedHashMap<>();
    traceIds.forEach(id -> some.put(id, minutes(id)));
    return of(some);
  }

  /**
   * Appends that a row of spans or calls lies there.
   *
   * @param column when it ended
   */
  void and(Sql sql, String column) {
    if (sinceMs > 0) {
      sql.add(" AND " + column + " >= fromUnixTimestamp64Milli(");
      sql.bind(Math.max(0, sinceMs - TracesReader.DAY_MS)).add(", 'UTC')");
    }
    if (!minutes.isEmpty() && minutes.size() <= MAX_MINUTES) {
      sql.add(" AND toStartOfMinute(" + column + ") IN (SELECT toDateTime(arrayJoin(")
          .bind("Array(Int64)", List.copyOf(minutes))
          .add("), 'UTC'))");
    }
  }
}
