/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the traces that may belong to sessions, and where their spans lie: {@code session_traces}
 * is asked once for those that name them, {@code trace_bounds} once for the minutes. Thread-safe.
 */
final class SessionTraces {
  /** Whose spans: a trace can have some in several projects. */
  record TraceOf(String project, String trace) {}

  /** A session of a project. */
  record Key(String project, String id) {}

  /**
   * @param traces by session; one that names several belongs to one of them
   * @param minutes in which spans ended, epoch seconds
   */
  record Found(Map<Key, Set<TraceOf>> traces, Map<TraceOf, Set<Long>> minutes) {
    /** Hours, epoch ms, in which traces of the session have spans. */
    Set<Long> hours(Key session) {
      Set<Long> out = new TreeSet<>();
      for (TraceOf trace : traces.getOrDefault(session, Set.of())) {
        for (long minute : minutes.getOrDefault(trace, Set.of())) {
          out.add(WindowKind.HOUR.startOf(minute * 1000));
        }
      }
      return out;
    }

    /** The same of these sessions alone. */
    Found of(Collection<Key> sessions) {
      Map<Key, Set<TraceOf>> some = new LinkedHashMap<>();
      Map<TraceOf, Set<Long>> where = new LinkedHashMap<>();
      for (Key session : sessions) {
        Set<TraceOf> mine = traces.getOrDefault(session, Set.of());
        some.put(session, mine);
        mine.forEach(t -> where.put(t, minutes.getOrDefault(t, Set.of())));
      }
      return new Found(some, where);
    }

    /** Minutes of all traces, epoch seconds. */
    Set<Long> allMinutes() {
      Set<Long> out = new TreeSet<>();
      minutes.values().forEach(out::addAll);
      return out;
    }

    /** Minutes of these traces. */
    Set<Long> minutes(Set<String> traceIds) {
      Set<Long> out = new TreeSet<>();
      minutes.forEach(
          (trace, at) -> {
            if (traceIds.contains(trace.trace())) {
              out.addAll(at);
            }
          });
      return out;
    }

    /** Where spans of the traces lie, by project. */
    Map<String, Places> places() {
      Map<String, Set<Long>> out = new TreeMap<>();
      minutes.forEach((t, at) -> out.computeIfAbsent(t.project(), p -> new TreeSet<>()).addAll(at));
      Map<String, Places> places = new TreeMap<>();
      out.forEach((project, at) -> places.put(project, Places.at(at)));
      return places;
    }

    /** Their ids, each once. */
    List<String> ids() {
      return minutes.keySet().stream().map(TraceOf::trace).distinct().toList();
    }
  }

  private final Database database;

  SessionTraces(Database database) {
    this.database = database;
  }

  /** By bounds' keys, as {@link SessionBounds} tells them. */
  Found ofBounds(Question q, List<KeptBounds.Bound> bounds) {
    Set<Long> lows = new TreeSet<>();
    List<String> names = new ArrayList<>();
    for (KeptBounds.Bound bound : bounds) {
      String number = bound.key().substring(1);
      if (bound.key().startsWith("n")) {
        names.add(number);
      } else {
        lows.add(Long.parseUnsignedLong(number));
      }
    }
    Sql named = new Sql();
    if (!names.isEmpty()) {
      named.add(SessionBounds.NAME_KEY + " IN (SELECT toUInt64(arrayJoin(").bindAll(names);
      named.add(")))");
    }
    return found(q, named, lows);
  }

  /** By names and ids of traces without. */
  Found ofIds(Question q, Collection<String> names, Collection<String> traceIds) {
    Set<Long> lows = new TreeSet<>();
    traceIds.forEach(id -> lows.add(low(id)));
    Sql named = new Sql();
    if (!names.isEmpty()) {
      named.add("session_hash IN (SELECT sipHash64(arrayJoin(").bindAll(names).add("))) AND ");
      named.in("session", names);
    }
    return found(q, named, lows);
  }

  static boolean isTraceId(String id) {
    return id.length() == 32
        && id.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  private static long low(String traceId) {
    return Long.parseUnsignedLong(traceId.substring(16), 16);
  }

  private record Halves(String project, long high, long low) {}

  private Found found(Question q, Sql named, Set<Long> lows) {
    Map<Halves, Set<Key>> sessions = new HashMap<>();
    Set<Long> all = new TreeSet<>(lows);
    if (!named.text().isEmpty()) {
      Sql sql =
          new Sql()
              .add("SELECT DISTINCT project, session, toInt64(trace_high) AS high,")
              .add(" toInt64(trace_low) AS low FROM session_traces PREWHERE ")
              .append(named)
              .add(" WHERE ")
              .in("project", q.scope().projects());
      TraceBounds.hours(sql, q.range());
      for (Row row : database.query(sql)) {
        String project = row.text("project");
        sessions
            .computeIfAbsent(
                new Halves(project, row.integer("high"), row.integer("low")),
                h -> new LinkedHashSet<>())
            .add(new Key(project, row.text("session")));
        all.add(row.integer("low"));
        if (isTraceId(row.text("session"))) {
          // A trace without a name whose id others took for theirs.
          all.add(low(row.text("session")));
          lows.add(low(row.text("session")));
        }
      }
    }
    Map<Key, Set<TraceOf>> traces = new LinkedHashMap<>();
    Map<TraceOf, Set<Long>> minutes = new LinkedHashMap<>();
    if (all.isEmpty()) {
      return new Found(traces, minutes);
    }
    for (Row row : database.query(places(q, all))) {
      String project = row.text("project");
      Halves halves = new Halves(project, row.integer("high"), row.integer("low"));
      TraceOf trace =
          new TraceOf(project, String.format("%016x%016x", halves.high(), halves.low()));
      TraceBounds.minutes(row, minutes.computeIfAbsent(trace, t -> new TreeSet<>()));
      for (Key session : sessions.getOrDefault(halves, Set.of())) {
        traces.computeIfAbsent(session, s -> new LinkedHashSet<>()).add(trace);
      }
      if (lows.contains(halves.low())) {
        traces
            .computeIfAbsent(new Key(project, trace.trace()), s -> new LinkedHashSet<>())
            .add(trace);
      }
    }
    return new Found(traces, minutes);
  }

  private static Sql places(Question q, Set<Long> lows) {
    long sinceMs = Math.max(0, q.range().fromMs() - TracesReader.DAY_MS);
    Sql sql =
        new Sql()
            .add("SELECT project, toInt64(trace_high) AS high, toInt64(trace_low) AS low,")
            .add(" toInt64(toUnixTimestamp(hour)) AS hour_s, toInt64(groupBitOr(minutes)) AS bits")
            .add(" FROM trace_bounds PREWHERE trace_low IN (SELECT toUInt64(arrayJoin(")
            .bind("Array(Int64)", List.copyOf(lows))
            .add("))) WHERE ")
            .in("project", q.scope().projects())
            .add(" AND hour >= toDateTime(")
            .bind(WindowKind.HOUR.startOf(sinceMs) / 1000);
    return sql.add(", 'UTC') GROUP BY project, trace_high, trace_low, hour");
  }
}
