/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the traces that may belong to sessions, and where their spans lie: {@code session_traces}
 * is asked once for those that name them, {@code trace_bounds} once for the minutes. Thread-safe.
 */
final class SessionTraces {
  /** With more traces, sessions are looked for without knowing them. */
  private static final int MAX_TRACES = 20_000;

  /** Looking for more than that in an index takes longer than it saves. */
  private static final int MAX_LOOKED_UP = 5000;

  /** Whose spans: a trace can have some in several projects. */
  record TraceOf(String project, String trace) {}

  /** A session of a project. */
  record Key(String project, String id) {}

  /**
   * @param traces ids by session; one that names several belongs to one of them
   * @param minutes in which spans ended, epoch seconds, by trace and project
   */
  record Found(Map<Key, Set<String>> traces, Map<String, Map<String, Set<Long>>> minutes) {
    /** Hours, epoch ms, in which traces of the session have spans. */
    Set<Long> hours(Key session) {
      Set<Long> out = new TreeSet<>();
      for (long minute : minutesOf(traces.getOrDefault(session, Set.of()))) {
        out.add(WindowKind.HOUR.startOf(minute * 1000));
      }
      return out;
    }

    /** The same of these sessions alone. */
    Found of(Collection<Key> sessions) {
      Map<Key, Set<String>> some = new LinkedHashMap<>();
      Map<String, Map<String, Set<Long>>> where = new LinkedHashMap<>();
      for (Key session : sessions) {
        Set<String> mine = traces.getOrDefault(session, Set.of());
        some.put(session, mine);
        mine.forEach(t -> where.put(t, minutes.getOrDefault(t, Map.of())));
      }
      return new Found(some, where);
    }

    /** Minutes of all traces, epoch seconds. */
    Set<Long> allMinutes() {
      return minutesOf(minutes.keySet());
    }

    /** Minutes of these traces. */
    Set<Long> minutesOf(Collection<String> traceIds) {
      Set<Long> out = new TreeSet<>();
      traceIds.forEach(t -> minutes.getOrDefault(t, Map.of()).values().forEach(out::addAll));
      return out;
    }

    /** Where spans of the traces lie, by project. */
    Map<String, Places> places() {
      Map<String, Set<Long>> out = new TreeMap<>();
      for (Map<String, Set<Long>> byProject : minutes.values()) {
        byProject.forEach((p, at) -> out.computeIfAbsent(p, k -> new TreeSet<>()).addAll(at));
      }
      Map<String, Places> places = new TreeMap<>();
      out.forEach((project, at) -> places.put(project, Places.at(at)));
      return places;
    }

    /** Their ids, each once. */
    List<String> ids() {
      return List.copyOf(minutes.keySet());
    }
  }

  private final Database database;

  SessionTraces(Database database) {
    this.database = database;
  }

  /** By bounds' keys, as {@link SessionBounds} tells them; null if there are very many. */
  @Nullable Found ofBounds(Question q, List<KeptBounds.Bound> bounds) {
    Sql named = new Sql();
    List<String> names = numbers(bounds, "n");
    if (!names.isEmpty()) {
      ofNumbers(named, q.scope().projects(), names);
    }
    Set<Long> lows = new TreeSet<>();
    numbers(bounds, "t").forEach(n -> lows.add(Long.parseUnsignedLong(n)));
    return found(q, named, lows);
  }

  private static List<String> numbers(List<KeptBounds.Bound> bounds, String kind) {
    return bounds.stream()
        .map(KeptBounds.Bound::key)
        .filter(k -> k.startsWith(kind))
        .map(k -> k.substring(1))
        .toList();
  }

  private static void ofNumbers(Sql sql, Set<String> projects, List<String> names) {
    if ((long) names.size() * projects.size() <= MAX_LOOKED_UP) {
      // Of hashes there is an index: all that these may be made of, in any of the projects.
      sql.add("session_hash IN (SELECT bitXor(toUInt64(arrayJoin(").bindAll(names);
      sql.add(")), cityHash64(arrayJoin(").bindAll(projects).add(")))) AND ");
    }
    sql.add(SessionBounds.NAME_KEY + " IN (SELECT toUInt64(arrayJoin(").bindAll(names).add(")))");
  }

  /** Sessions that have these bounds, and perhaps others. */
  List<SessionsInOrder.Candidate> sessions(Question q, List<KeptBounds.Bound> bounds) {
    Sql sql = new Sql().add("SELECT DISTINCT project, session AS sid, true AS named");
    sql.add(" FROM session_traces WHERE ").in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    ofNumbers(sql.add(" AND "), q.scope().projects(), numbers(bounds, "n"));
    sql.add(" UNION ALL SELECT DISTINCT project, lower(hex(" + TraceBounds.TRACE_ID + ")),")
        .add(" false FROM trace_bounds WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(" AND trace_low IN (SELECT toUInt64(arrayJoin(").bindAll(numbers(bounds, "t"));
    return database.query(sql.add(")))")).stream()
        .map(
            r ->
                new SessionsInOrder.Candidate(
                    new Key(r.text("project"), r.text("sid")), r.bool("named"), BigDecimal.ZERO))
        .toList();
  }

  /**
   * Sessions that traces with one of these later halves of ids may belong to.
   *
   * @param sinceMs in which hour they have spans at the earliest
   */
  Set<Key> ofTraces(Set<String> projects, Collection<String> lows, long sinceMs) {
    Sql mine = new Sql().add("SELECT byteSwap(reinterpretAsUInt64(unhex(arrayJoin(");
    mine.bindAll(lows).add("))))");
    Sql sql = new Sql().add("SELECT DISTINCT project, session AS sid FROM session_traces WHERE ");
    since(sql.in("project", projects), sinceMs);
    sql.add(" AND trace_low IN (").append(mine);
    sql.add(") UNION ALL SELECT DISTINCT project, lower(hex(" + TraceBounds.TRACE_ID + "))")
        .add(" FROM trace_bounds WHERE ");
    since(sql.in("project", projects), sinceMs);
    sql.add(" AND trace_low IN (").append(mine).add(")");
    Set<Key> out = new LinkedHashSet<>();
    database.query(sql).forEach(r -> out.add(new Key(r.text("project"), r.text("sid"))));
    return out;
  }

  private static void since(Sql sql, long ms) {
    sql.add(" AND hour >= toDateTime(").bind(WindowKind.HOUR.startOf(ms) / 1000).add(", 'UTC')");
  }

  /** The same of sessions, whether they have names or are traces without. */
  @Nullable Found ofKeys(Question q, Collection<Key> sessions) {
    List<String> ids = sessions.stream().map(Key::id).toList();
    return ofIds(q, ids, ids.stream().filter(SessionTraces::isTraceId).toList());
  }

  /** By names and ids of traces without; null if there are very many. */
  @Nullable Found ofIds(Question q, Collection<String> names, Collection<String> traceIds) {
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

  private @Nullable Found found(Question q, Sql named, Set<Long> lows) {
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
      List<Row> rows = database.query(sql.add(" LIMIT ").bind(MAX_TRACES + 1));
      if (rows.size() > MAX_TRACES) {
        return null;
      }
      for (Row row : rows) {
        String project = row.text("project");
        String session = row.text("session");
        sessions
            .computeIfAbsent(
                new Halves(project, row.integer("high"), row.integer("low")),
                h -> new LinkedHashSet<>())
            .add(new Key(project, session));
        all.add(row.integer("low"));
        if (isTraceId(session)) {
          // A trace without a name whose id others took for theirs.
          all.add(low(session));
          lows.add(low(session));
        }
      }
    }
    Found found = new Found(new LinkedHashMap<>(), new LinkedHashMap<>());
    for (Row row : all.isEmpty() ? List.<Row>of() : database.query(places(q, all))) {
      String project = row.text("project");
      Halves halves = new Halves(project, row.integer("high"), row.integer("low"));
      String trace = String.format("%016x%016x", halves.high(), halves.low());
      TraceBounds.minutes(
          row,
          found
              .minutes()
              .computeIfAbsent(trace, t -> new TreeMap<>())
              .computeIfAbsent(project, p -> new TreeSet<>()));
      Set<Key> its = new LinkedHashSet<>(sessions.getOrDefault(halves, Set.of()));
      if (lows.contains(halves.low())) {
        its.add(new Key(project, trace));
      }
      its.forEach(s -> found.traces().computeIfAbsent(s, k -> new LinkedHashSet<>()).add(trace));
    }
    return found;
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
