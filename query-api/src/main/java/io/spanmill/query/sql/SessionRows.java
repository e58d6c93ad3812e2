/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads sessions whole where it is known where their traces lie: spans once, calls once, side by
 * side. Thread-safe.
 */
final class SessionRows {
  /** A session's names and tags are those of so many of its traces, the first. */
  static final int TRACES_SHOWN = 20;

  private static final int MAX_NAMES = 5;

  private static final Comparator<Part> BY_START =
      Comparator.comparing((Part p) -> p.spans().integer("start_ns"))
          .thenComparing(p -> p.of().trace());

  private final Database database;
  private final SessionNamings namings;

  SessionRows(Database database, SessionNamings namings) {
    this.database = database;
    this.namings = namings;
  }

  /** A trace's spans of a project added up, and the calls of the trace. */
  private record Part(SessionTraces.TraceOf of, Row spans, @Nullable Row calls) {
    /** Null if no span of it lies in the range. */
    SessionTraces.@Nullable Key session() {
      String name = spans.text("named");
      return spans.integer("inside") == 0
          ? null
          : new SessionTraces.Key(of.project(), name.isEmpty() ? of.trace() : name);
    }
  }

  /** Those of these sessions that have spans in the range, in no order. */
  List<Session> read(Question q, SessionTraces.Found found, Collection<SessionTraces.Key> asked) {
    Map<SessionTraces.Key, List<Part>> parts = new LinkedHashMap<>();
    for (Part part : parts(q, found.ids(), found.places(), Places.at(found.allMinutes()))) {
      SessionTraces.Key session = part.session();
      if (session != null) {
        parts.computeIfAbsent(session, s -> new ArrayList<>()).add(part);
      }
    }
    parts.keySet().retainAll(Set.copyOf(asked));
    parts.values().forEach(p -> p.sort(BY_START));
    Map<String, List<SessionNamings.Naming>> named =
        undecided(q, parts.values(), ids -> Places.at(found.minutesOf(ids)));
    List<Session> out = new ArrayList<>();
    parts.forEach((key, mine) -> out.add(session(key, mine, shown(key, mine, named))));
    return out;
  }

  /**
   * Sessions whose figures are known with what is shown beside them.
   *
   * @param traceIds the first traces of each
   * @param places where their spans and calls lie
   */
  List<Session> showing(Question q, Map<Session, List<String>> traceIds, Places places) {
    Map<SessionTraces.TraceOf, Part> parts = new HashMap<>();
    List<String> ids = traceIds.values().stream().flatMap(List::stream).distinct().toList();
    parts(q, ids, Map.of(), places).forEach(p -> parts.put(p.of(), p));
    Map<Session, List<Part>> mine = new LinkedHashMap<>();
    traceIds.forEach(
        (session, its) ->
            mine.put(
                session,
                its.stream()
                    .map(id -> parts.get(new SessionTraces.TraceOf(session.project(), id)))
                    .filter(Objects::nonNull)
                    .toList()));
    Map<String, List<SessionNamings.Naming>> named = undecided(q, mine.values(), of -> places);
    List<Session> out = new ArrayList<>();
    mine.forEach(
        (s, its) ->
            out.add(s.showing(shown(new SessionTraces.Key(s.project(), s.id()), its, named))));
    return out;
  }

  private List<Part> parts(
      Question q, List<String> traceIds, Map<String, Places> byProject, Places places) {
    if (traceIds.isEmpty()) {
      return List.of();
    }
    Supplier<List<Row>> calls = database.begin(() -> database.query(calls(q, traceIds, places)));
    List<Row> spans = database.query(spans(q, traceIds, byProject, places));
    Map<String, Row> ofCalls = new HashMap<>();
    calls.get().forEach(c -> ofCalls.put(c.text("trace"), c));
    return spans.stream()
        .map(
            s ->
                new Part(
                    new SessionTraces.TraceOf(s.text("project"), s.text("trace")),
                    s,
                    ofCalls.get(s.text("trace"))))
        .toList();
  }

  /** Who named the sessions of traces of which spans alone do not tell without their attributes. */
  private Map<String, List<SessionNamings.Naming>> undecided(
      Question q, Collection<List<Part>> sessions, Function<Set<String>, Places> places) {
    Set<String> traces = new LinkedHashSet<>();
    for (List<Part> parts : sessions) {
      firstOf(parts).stream()
          .filter(p -> p.spans().integer("undecided") > 0)
          .forEach(p -> traces.add(p.of().trace()));
    }
    return traces.isEmpty()
        ? Map.of()
        : namings.of(q.scope().projects(), List.copyOf(traces), places.apply(traces));
  }

  private static List<Part> firstOf(List<Part> parts) {
    return parts.subList(0, Math.min(parts.size(), TRACES_SHOWN));
  }

  private static Sql spans(
      Question q, List<String> traceIds, Map<String, Places> byProject, Places places) {
    String naming = SessionNamings.NAMES;
    Sql sql =
        new Sql()
            .add("SELECT project, lower(hex(trace_id)) AS trace, countIf(within) AS inside,")
            .add(" argMinIf(session, (start_time, session), within AND session != '') AS named,")
            .add(" minIf(toUnixTimestamp64Nano(start_time), within) AS start_ns,")
            .add(" maxIf(toUnixTimestamp64Nano(end_time), within) AS end_ns,")
            .add(" countIf(within AND failed) AS errors,")
            .add(" argMaxIf(failed, " + TracesReader.ROOT + ", within) AS root_failed,")
            .add(" maxIf(user, within) AS user,")
            .add(" argMin(name, (NOT (" + TracesReader.ROOT + "), start_time, span_id)) AS name,")
            .add(
                " arrayDistinct(arrayMap(x -> x.2, arraySort(groupArrayIf(100)((start_time, agent),"
                    + " agent != '')))) AS agents,")
            .add(" minMapIf([concat(session, '/', kind)], [toUnixTimestamp64Nano(start_time)], ")
            .add(naming + ") AS namings, countIf(" + naming + " AND undecided) AS undecided")
            .add(" FROM (SELECT project, trace_id, span_id, parent_span_id, start_time, end_time,")
            .add(" failed, user, session, name, agent, dialect, ");
    sql.during("ts", q.range());
    sql.add(" AS within, " + SessionNamings.KIND + " AS kind, ")
        .add(SessionNamings.UNDECIDED + " AS undecided FROM spans PREWHERE trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    sql.add(" WHERE ").in("project", q.scope().projects());
    String word = " AND (";
    for (Map.Entry<String, Places> place : byProject.entrySet()) {
      sql.add(word).add("(project = ").bind(place.getKey());
      place.getValue().and(sql, "ts");
      sql.add(")");
      word = " OR ";
    }
    if (byProject.isEmpty()) {
      places.and(sql, "ts");
    } else {
      sql.add(")");
    }
    return sql.add(" LIMIT 1 BY project, trace_id, span_id) GROUP BY project, trace_id");
  }

  private static Sql calls(Question q, List<String> traceIds, Places places) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, countIf(within) AS calls,")
            .add(" countIf(within AND priced = 'unpriced') AS unpriced,")
            .add(" countIf(within AND priced = 'priced') AS priced,");
    for (String kind :
        List.of("input", "cache_read", "cache_write", "output", "reasoning", "saved")) {
      sql.add(" sumIf(greatest(" + kind + "_tokens, 0), within) AS " + kind + ",");
    }
    sql.add(" sumIf(ifNull(cost, toDecimal128(0, 12)), within) AS cost,")
        .add(" minMapIf([toString(model)], [toUnixTimestamp64Nano(start_time)], model != '')")
        .add(" AS models FROM (SELECT trace_id, priced, input_tokens, cache_read_tokens,")
        .add(" cache_write_tokens, output_tokens, reasoning_tokens, saved_tokens, cost, model,")
        .add(" start_time, ");
    sql.during("event_time", q.range());
    sql.add(" AS within FROM calls PREWHERE trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    sql.add(" WHERE ");
    q.scope().condition(sql);
    places.and(sql, "event_time");
    // The newest version of each.
    return sql.add(
            " ORDER BY version DESC LIMIT 1 BY project, layer, event_time, trace_id, span_id")
        .add(") GROUP BY trace_id");
  }

  private static Session session(SessionTraces.Key key, List<Part> parts, Session.Shown shown) {
    Part last = parts.get(0);
    long errors = 0;
    long calls = 0;
    long priced = 0;
    long unpriced = 0;
    BigDecimal cost = BigDecimal.ZERO;
    Session.Tokens tokens = Session.Tokens.NONE;
    String user = "";
    for (Part part : parts) {
      last = part.spans().integer("end_ns") > last.spans().integer("end_ns") ? part : last;
      errors += part.spans().integer("errors");
      String other = part.spans().text("user");
      user = Utf8Order.compare(user, other) < 0 ? other : user;
      Row c = part.calls();
      if (c != null) {
        calls += c.integer("calls");
        priced += c.integer("priced");
        unpriced += c.integer("unpriced");
        cost = cost.add(new BigDecimal(c.text("cost")));
        tokens = tokens.plus(tokens(c));
      }
    }
    return new Session(
        key.project(),
        key.id(),
        parts.get(0).spans().integer("start_ns"),
        last.spans().integer("end_ns"),
        parts.size(),
        errors,
        last.spans().bool("root_failed"),
        calls,
        priced,
        unpriced,
        tokens,
        cost,
        user,
        shown);
  }

  static Session.Tokens tokens(Row c) {
    return new Session.Tokens(
        c.integer("input"),
        c.integer("cache_read"),
        c.integer("cache_write"),
        c.integer("output"),
        c.integer("reasoning"),
        c.integer("saved"));
  }

  /**
   * @param named who named the sessions of traces whose spans do not tell
   */
  private static Session.Shown shown(
      SessionTraces.Key key, List<Part> parts, Map<String, List<SessionNamings.Naming>> named) {
    if (parts.isEmpty()) {
      return Session.Shown.NOTHING;
    }
    Set<String> models = new LinkedHashSet<>();
    Set<String> agents = new LinkedHashSet<>();
    Map<String, List<SessionNamings.Naming>> namings = new HashMap<>();
    for (Part part : firstOf(parts)) {
      String trace = part.of().trace();
      agents.addAll(part.spans().texts("agents"));
      if (part.calls() != null) {
        models.addAll(byFirst(part.calls().list("models")));
      }
      namings.put(
          trace,
          named.getOrDefault(
              trace,
              byFirst(part.spans().list("namings")).stream()
                  .map(SessionNamings.Naming::ofText)
                  .toList()));
    }
    List<String> traces = firstOf(parts).stream().map(p -> p.of().trace()).toList();
    return new Session.Shown(
        parts.get(0).spans().text("name"),
        first(models),
        first(agents),
        SessionNamings.sources(key.id(), traces, namings));
  }

  private static List<String> first(Set<String> names) {
    return names.stream().limit(MAX_NAMES).toList();
  }

  /** The keys of what {@code minMap} gave, those with the least values first. */
  private static List<String> byFirst(List<?> map) {
    if (map.size() < 2
        || !(map.get(0) instanceof List<?> keys)
        || !(map.get(1) instanceof List<?> values)) {
      return List.of();
    }
    Map<String, Long> first = new TreeMap<>(Utf8Order::compare);
    for (int i = 0; i < keys.size(); i++) {
      first.put(String.valueOf(keys.get(i)), ((Number) values.get(i)).longValue());
    }
    return first.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .toList();
  }
}
