/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sessions: traces that name the same session, and each trace that names none by itself. Where a
 * trace names several, its earliest span that names one decides. Thread-safe.
 */
public final class SessionsReader {
  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "errors");

  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "end_ns - start_ns",
          "cost", "sort_cost",
          "tokens", "tokens",
          "errors", "errors");

  private static final String TRACES_SHOWN = "20";

  /** Which session a trace belongs to. */
  private static final String NAME = "argMinIf(session, (start_time, session), session != '')";

  /** Sessions beyond the page, for those that began before they seem to. */
  private static final int SPARE = 16;

  private static final int GROWTH = 8;

  private final Database database;
  private final TraceBounds bounds;
  private final KeptBounds kept;

  SessionsReader(Database database) {
    this.database = database;
    this.bounds = new TraceBounds(database);
    this.kept = new KeptBounds(database);
  }

  /**
   * Sessions in order.
   *
   * @param places where spans and calls of their traces lie
   */
  public record Matches(List<Row> sessions, Places places) {
    private static final Matches NONE = new Matches(List.of(), Places.ANYWHERE);

    private Matches first(int limit) {
      return sessions.size() > limit ? new Matches(sessions.subList(0, limit), places) : this;
    }

    private Matches begunSince(long ms) {
      return new Matches(
          sessions.stream().filter(r -> r.integer("start_ns") >= ms * 1_000_000).toList(), places);
    }
  }

  /** A session that may be on the page. */
  private record Candidate(String project, String id, boolean named, BigDecimal bound) {}

  /** Up to {@code limit + 1} sessions with spans in the range. */
  public Matches list(Question q, SessionQuery query) {
    if (!query.descending()) {
      return list(q, query, null);
    }
    return query.sort().equals("start") ? newest(q, query) : greatest(q, query);
  }

  /**
   * The newest sessions. One that began within the slice looked at has all its spans there, so its
   * place is known from the slice alone; what began before seems newer there than it is, and is
   * left out when its true begin is known.
   */
  private Matches newest(Question q, SessionQuery query) {
    List<Long> slices = new ArrayList<>(Slices.before(newestMs(q, query), q.range()));
    slices.add(q.range().fromMs());
    for (long since : slices) {
      boolean all = since == q.range().fromMs();
      Question slice = q.during(new TimeRange(since, q.range().toMs()));
      for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
        List<Candidate> candidates = candidates(slice, query, count);
        Matches found = list(q, query, candidates).begunSince(since);
        if (found.sessions().size() > query.limit() || (all && candidates.size() < count)) {
          return found.first(query.limit() + 1);
        }
        if (!all) {
          break;
        }
      }
    }
    return Matches.NONE;
  }

  /** Newest instant at which a session of this page can begin. */
  private static long newestMs(Question q, SessionQuery query) {
    Cursor after = query.after();
    return after == null
        ? q.range().toMs()
        : Math.min(q.range().toMs(), Long.parseLong(after.values().get(0)) / 1_000_000 + 1);
  }

  /**
   * The sessions with the greatest values: sums over all rows, which may be there twice or in older
   * versions too, bound a session's value from above; the exact value is worked out for those with
   * the greatest bounds, until no other session can come before.
   */
  private Matches greatest(Question q, SessionQuery query) {
    boolean kept =
        (query.sort().equals("cost") || query.sort().equals("tokens"))
            && query.text() == null
            && q.filters().isEmpty()
            && q.range().lengthMs() >= TraceBounds.SHORT_MS;
    Matches known = kept ? greatestKnown(q, query) : null;
    if (known != null) {
      return known;
    }
    boolean allBound = query.sort().equals("duration");
    for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
      List<Candidate> candidates = candidates(q, query, count);
      Matches found = list(q, query, candidates);
      Row last = last(found, query);
      if (candidates.size() < count) {
        boolean done = allBound || (last != null && value(last).signum() > 0);
        return done ? found : list(q, query, null);
      }
      if (last != null && isBefore(last, candidates.get(count - 1))) {
        return found;
      }
    }
  }

  private static @Nullable Row last(Matches found, SessionQuery query) {
    return found.sessions().size() <= query.limit() ? null : found.sessions().get(query.limit());
  }

  /**
   * The same by money or tokens, with what is kept of which traces name which session: what any of
   * its traces' calls came to counts for a session, whether another name comes before its own.
   *
   * @return null if the first sessions do not tell
   */
  private @Nullable Matches greatestKnown(Question q, SessionQuery query) {
    int most = GROWTH * (query.limit() + 1 + SPARE);
    for (int count = query.limit() + 1 + SPARE; count <= most; count *= GROWTH) {
      List<KeptBounds.Bound> known =
          kept.greatest(
              new KeptBounds.Asked("sessions", q.scope(), query.sort(), q.range().lengthMs()),
              q.range(),
              List.of("span_hours", "call_hours"),
              // What named a trace may leave the range before the trace does.
              true,
              count,
              (hours, wanted) -> known(q, query.sort(), hours, wanted));
      if (known.isEmpty()) {
        return null;
      }
      Matches found = list(q, query, resolved(q, known));
      Row last = last(found, query);
      BigDecimal lowest = known.size() < count ? BigDecimal.ZERO : known.get(count - 1).value();
      if (last != null && value(last).compareTo(lowest) > 0) {
        return found;
      }
    }
    return null;
  }

  /**
   * Sessions as numbers, by what they cannot exceed: {@code n} and the hash of a name, {@code t}
   * and the later half of the id of a trace without.
   *
   * @param hours only those that traces with calls or names of these hours (epoch ms) belong to;
   *     empty for all
   */
  private List<KeptBounds.Bound> known(Question q, String sort, Set<Long> hours, int count) {
    String value = sort.equals("cost") ? "cost" : CallsReader.TOKENS;
    // A name that a trace has only in an hour that is in the range in part may lie outside of it.
    TimeRange whole = q.range().wholeHours();
    Sql sql =
        new Sql()
            .add("SELECT concat(if(named, 'n', 't'), toString(k)) AS key, toString(v) AS bound")
            .add(" FROM (SELECT k, max(named) AS named, sum(c) AS v")
            .add(" FROM (SELECT if(hash = 0, low, hash) AS k, hash != 0 AS named, c FROM (SELECT ")
            .add(TraceBounds.LOW + " AS low, " + value + " AS c FROM calls PREWHERE ");
    CallsReader.range(sql, q);
    if (!hours.isEmpty()) {
      sql.add(" WHERE low IN (");
      touched(sql, q, hours);
      sql.add(" UNION ALL SELECT trace_low FROM session_traces WHERE session_hash IN (SELECT")
          .add(" session_hash FROM session_traces WHERE trace_low IN (");
      touched(sql, q, hours);
      sql.add(")))");
    }
    sql.add(") AS a LEFT JOIN (SELECT trace_low AS low, session_hash AS hash")
        .add(" FROM session_traces FINAL WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, whole);
    sql.add(") AS b USING low UNION ALL SELECT hash AS k, toUInt8(1) AS named, c FROM (SELECT ")
        .add(TraceBounds.LOW + " AS low, " + value + " AS c FROM calls PREWHERE ");
    CallsReader.range(sql, q);
    sql.add(" WHERE low IN (SELECT trace_low");
    named(sql, q, whole);
    sql.add(")) AS a INNER JOIN (SELECT DISTINCT trace_low AS low, session_hash AS hash");
    named(sql, q, whole);
    sql.add(") AS b USING low) GROUP BY k HAVING v > 0 ORDER BY v DESC LIMIT ").bind(count);
    sql.add(") ORDER BY v DESC, key DESC");
    Map<String, String> settings = new HashMap<>(database.spilling());
    settings.put("do_not_merge_across_partitions_select_final", "1");
    return database.query(sql, settings).stream()
        .map(r -> new KeptBounds.Bound(r.text("key"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /** Appends a query for traces that have calls or tell names in these hours. */
  private static void touched(Sql sql, Question q, Set<Long> hours) {
    sql.add("SELECT " + TraceBounds.LOW + " FROM calls WHERE ");
    CallsReader.range(sql, q);
    TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(event_time)", hours);
    sql.add(" UNION ALL SELECT trace_low FROM session_traces WHERE ");
    sql.in("project", q.scope().projects());
    TraceBounds.inHours(sql.add(" AND "), "hour", hours);
  }

  /** Appends where names are told in hours that are in the range in part. */
  private static void named(Sql sql, Question q, TimeRange whole) {
    sql.add(" FROM session_traces WHERE ").in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(" AND (hour < toDateTime(").bind(whole.fromMs() / 1000);
    sql.add(", 'UTC') OR hour >= toDateTime(").bind(whole.toMs() / 1000).add(", 'UTC'))");
  }

  private List<Candidate> resolved(Question q, List<KeptBounds.Bound> known) {
    Map<Boolean, List<String>> keys =
        known.stream()
            .map(KeptBounds.Bound::key)
            .collect(
                Collectors.partitioningBy(
                    k -> k.startsWith("n"),
                    Collectors.mapping(k -> k.substring(1), Collectors.toList())));
    Sql sql = new Sql().add("SELECT DISTINCT project, session AS sid, true AS named");
    sql.add(" FROM session_traces WHERE ").in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(" AND session_hash IN (SELECT toUInt64(arrayJoin(")
        .bindAll(keys.getOrDefault(true, List.of()))
        .add("))) UNION ALL SELECT DISTINCT project, lower(hex(" + TraceBounds.TRACE_ID + ")),")
        .add(" false FROM trace_bounds WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, q.range());
    sql.add(" AND trace_low IN (SELECT toUInt64(arrayJoin(")
        .bindAll(keys.getOrDefault(false, List.of()))
        .add(")))");
    return database.query(sql).stream()
        .map(r -> new Candidate(r.text("project"), r.text("sid"), r.bool("named"), BigDecimal.ZERO))
        .toList();
  }

  private static BigDecimal value(Row row) {
    return new BigDecimal(row.text("sort_value"));
  }

  /** Whether a session comes before all whose bound is this or a later one. */
  private static boolean isBefore(Row row, Candidate lowest) {
    int order = value(row).compareTo(lowest.bound());
    if (order == 0) {
      order = Utf8Order.compare(row.text("project"), lowest.project());
    }
    return order > 0 || (order == 0 && Utf8Order.compare(row.text("sid"), lowest.id()) >= 0);
  }

  /** Sessions by what their sort value cannot exceed; by their begin, as far as it is seen. */
  private List<Candidate> candidates(Question q, SessionQuery query, int count) {
    boolean byCalls = query.sort().equals("cost") || query.sort().equals("tokens");
    String text = query.text();
    String bound =
        switch (query.sort()) {
          case "duration" -> "max(trace_end) - min(trace_start)";
          case "errors" -> "toInt64(sum(trace_errors))";
          case "cost", "tokens" -> "sum(c.of_calls)";
          default -> "min(trace_start)";
        };
    Sql sql = new Sql().add("SELECT project, sid, max(named) AS named, " + bound + " AS v,");
    sql.add(" toString(v) AS bound FROM (SELECT project, " + TracesReader.ID + " AS id,")
        .add(" " + NAME + " AS s, s != '' AS named,")
        .add(" if(named, s, lower(hex(reinterpretAsFixedString(id)))) AS sid,")
        .add(" toUnixTimestamp64Nano(min(start_time)) AS trace_start,")
        .add(" toUnixTimestamp64Nano(max(end_time)) AS trace_end,")
        .add(" countIf(failed) AS trace_errors");
    if (text != null) {
      sql.add(", max(positionCaseInsensitiveUTF8(user, ").bind(text).add(") > 0) AS user_matches");
    }
    sql.add(" FROM spans WHERE ").in("project", q.scope().projects());
    range(sql, "ts", q.range());
    filters(sql, q);
    sql.add(" GROUP BY project, id) AS t");
    if (byCalls) {
      sql.add(" LEFT JOIN (SELECT " + TracesReader.ID + " AS id, ")
          .add(query.sort().equals("cost") ? "sum(cost)" : "sum(" + CallsReader.TOKENS + ")")
          .add(" AS of_calls FROM calls PREWHERE ");
      CallsReader.range(sql, q);
      sql.add(" GROUP BY id) AS c ON c.id = t.id");
    }
    sql.add(" GROUP BY project, sid HAVING 1");
    if (byCalls || query.sort().equals("errors")) {
      sql.add(" AND v > 0");
    }
    if (text != null) {
      sql.add(" AND (positionCaseInsensitiveUTF8(sid, ").bind(text);
      sql.add(") > 0 OR max(user_matches))");
    }
    Cursor after = query.after();
    if (after != null && query.sort().equals("start")) {
      sql.add(" AND (v, project, sid) < (").bind("Int64", after.values().get(0)).add(", ");
      sql.bind(after.values().get(1)).add(", ").bind(after.values().get(2)).add(")");
    }
    sql.add(" ORDER BY v DESC, project DESC, sid DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new Candidate(
                    r.text("project"),
                    r.text("sid"),
                    r.bool("named"),
                    new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * @param among these sessions alone, or null for all
   */
  private Matches list(Question q, SessionQuery query, @Nullable List<Candidate> among) {
    if (among != null && among.isEmpty()) {
      return Matches.NONE;
    }
    Places places = among == null ? Places.ANYWHERE : places(q, among);
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    Sql sql =
        new Sql()
            .add("SELECT *, toString(" + sort + ") AS sort_value FROM (SELECT *,")
            .add(" input + cache_read + cache_write + output + reasoning AS tokens,")
            .add(
                " if(priced = 0, toDecimal128(-1, 12), cost) AS sort_cost FROM (SELECT project,"
                    + " sid,")
            .add(" max(named) AS named, min(trace_start) AS start_ns, max(trace_end) AS end_ns,")
            .add(" count() AS traces, sum(trace_errors) AS errors, sum(c.calls) AS calls,")
            .add(" sum(c.unpriced) AS unpriced, sum(c.priced) AS priced, sum(c.input) AS input,")
            .add(" sum(c.cache_read) AS cache_read, sum(c.cache_write) AS cache_write,")
            .add(" sum(c.output) AS output, sum(c.reasoning) AS reasoning, sum(c.saved) AS saved,")
            .add(" sum(c.cost) AS cost,")
            .add(" argMax(trace_failed, trace_end) AS failed, max(user) AS user,")
            .add(
                " arrayMap(x -> x.2, arraySort(groupArray("
                    + TRACES_SHOWN
                    + ")((trace_start, lower(hex(trace_id)))))) AS trace_ids")
            .add(" FROM (SELECT project, trace_id,")
            .add(" " + NAME + " AS s, s != '' AS named,")
            .add(" if(named, s, lower(hex(trace_id))) AS sid, max(user) AS user,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS trace_start,")
            .add(
                " max(toUnixTimestamp64Nano(end_time)) AS trace_end, countIf(failed) AS"
                    + " trace_errors,")
            .add(" argMax(failed, parent_span_id = toFixedString('', 8)) AS trace_failed")
            .add(
                " FROM (SELECT project, trace_id, span_id, parent_span_id, session, user,"
                    + " start_time,")
            .add(" end_time, failed FROM spans WHERE ")
            .in("project", q.scope().projects());
    range(sql, "ts", q.range());
    filters(sql, q);
    places.and(sql, "ts");
    tracesOf(sql, q, among);
    sql.add(" LIMIT 1 BY trace_id, span_id) GROUP BY project, trace_id) AS t LEFT JOIN (");
    calls(sql, q, among, places);
    sql.add(") AS c ON c.trace_id = t.trace_id GROUP BY project, sid)) WHERE 1");
    if (among != null) {
      sql.add(" AND (project, sid) IN (SELECT arrayJoin(arrayZip(")
          .bindAll(among.stream().map(Candidate::project).toList())
          .add(", ")
          .bindAll(among.stream().map(Candidate::id).toList())
          .add(")))");
    }
    String text = query.text();
    if (text != null) {
      sql.add(" AND (positionCaseInsensitiveUTF8(sid, ").bind(text);
      sql.add(") > 0 OR positionCaseInsensitiveUTF8(user, ").bind(text).add(") > 0)");
    }
    Cursor after = query.after();
    if (after != null) {
      sql.add(" AND (" + sort + ", project, sid) " + (query.descending() ? "<" : ">") + " (");
      sql.bind(query.sort().equals("cost") ? "Decimal(38, 12)" : "Int64", after.values().get(0));
      sql.add(", ").bind(after.values().get(1)).add(", ").bind(after.values().get(2)).add(")");
    }
    sql.add(" ORDER BY " + sort + direction + ", project" + direction + ", sid" + direction);
    if (among == null) {
      sql.add(" LIMIT ").bind(query.limit() + 1L);
    }
    List<Row> found = database.query(sql, database.spilling());
    long sinceMs = found.stream().mapToLong(r -> r.integer("start_ns") / 1_000_000).min().orElse(0);
    return new Matches(found, among == null ? Places.since(sinceMs) : places);
  }

  private static List<String> ids(List<Candidate> sessions, boolean named) {
    return sessions.stream().filter(c -> c.named() == named).map(Candidate::id).toList();
  }

  private Places places(Question q, List<Candidate> sessions) {
    long sinceMs = q.range().fromMs() - TracesReader.DAY_MS;
    return bounds.places(q, ids(sessions, true), ids(sessions, false), sinceMs);
  }

  /** Narrows to the traces of these sessions, by name or, of those without one, by trace id. */
  private static void tracesOf(Sql sql, Question q, @Nullable List<Candidate> among) {
    if (among == null) {
      return;
    }
    List<String> names = ids(among, true);
    sql.add(" AND trace_id IN (");
    CallsReader.selectTraceIds(sql, ids(among, false));
    if (!names.isEmpty()) {
      sql.add(" UNION ALL SELECT " + TraceBounds.TRACE_ID);
      TraceBounds.ofSessions(sql, q, names);
    }
    sql.add(")");
  }

  /**
   * Traces of a session by start; a session without a name is its one trace. A name that no trace
   * belongs to, as another one comes before it, still finds the traces that have it.
   */
  public List<String> traces(Set<String> projects, String id, int limit) {
    boolean traceId = id.matches("[0-9a-f]{32}");
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, min(start_time) AS s,")
            .add(" argMinIf(session, start_time, session != '') AS first, first = ")
            .bind(id);
    sql.add(" OR (first = '' AND lower(hex(trace_id)) = ")
        .bind(id)
        .add(") AS own FROM spans WHERE ");
    sql.in("project", projects);
    sql.add(" AND trace_id IN (SELECT trace_id FROM spans WHERE ").in("project", projects);
    sql.add(" AND (session = ").bind(id);
    if (traceId) {
      sql.add(" OR trace_id = toFixedString(unhex(").bind(id).add("), 16)");
    }
    sql.add(")) GROUP BY trace_id ORDER BY own DESC, s LIMIT ").bind(limit);
    List<Row> rows = database.query(sql);
    boolean owns = rows.stream().anyMatch(r -> r.bool("own"));
    return rows.stream().filter(r -> !owns || r.bool("own")).map(r -> r.text("trace")).toList();
  }

  /**
   * A name that spans of a trace gave their session.
   *
   * @param session empty for what is a session without a name: the trace of an AgentOps SDK
   * @param kind who named it: {@code session}, {@code conversation}, {@code litellm} or {@code
   *     agentops}
   */
  public record Naming(String session, String kind) {}

  /** Names of sessions by trace, the earliest first. */
  public Map<String, List<Naming>> namings(Set<String> projects, List<String> traceIds) {
    return namings(projects, traceIds, Places.ANYWHERE);
  }

  /** The same where it is known where the spans lie. */
  public Map<String, List<Naming>> namings(
      Set<String> projects, List<String> traceIds, Places places) {
    // Maps of attributes are read only where they decide.
    String decides = "hasAny(attributes.keys, ['gen_ai.conversation.id', 'session.id'])";
    Sql sql =
        new Sql()
            .add("SELECT trace, s, kind FROM (SELECT lower(hex(trace_id)) AS trace, session AS s,")
            .add(" multiIf(startsWith(dialect, 'litellm'), 'litellm',")
            .add(" s != '' AND s = attributes['gen_ai.conversation.id'], 'conversation',")
            .add(" s != '' AND s = attributes['session.id'], 'session',")
            .add(" dialect = 'agentops', 'agentops', 'session') AS kind, start_time")
            .add(" FROM spans PREWHERE ");
    naming(sql, projects, traceIds, places);
    sql.add(" AND " + decides + " UNION ALL SELECT lower(hex(trace_id)), session,")
        .add(" multiIf(startsWith(dialect, 'litellm'), 'litellm',")
        .add(" dialect = 'agentops', 'agentops', 'session'), start_time FROM spans PREWHERE ");
    naming(sql, projects, traceIds, places);
    sql.add(" AND NOT " + decides)
        .add(") GROUP BY trace, s, kind ORDER BY trace, min(start_time), s, kind");
    Map<String, List<Naming>> out = new HashMap<>();
    for (Row row : database.query(sql)) {
      out.computeIfAbsent(row.text("trace"), t -> new ArrayList<>())
          .add(new Naming(row.text("s"), row.text("kind")));
    }
    return out;
  }

  /** Appends which spans of these traces tell a session. */
  private static void naming(Sql sql, Set<String> projects, List<String> traceIds, Places places) {
    sql.in("project", projects).add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    places.and(sql, "ts");
    sql.add(" AND (session != '' OR (dialect = 'agentops' AND " + TracesReader.ROOT + "))");
  }

  /** Spans themselves, or else traces that hold a call the filters ask for. */
  private static void filters(Sql sql, Question q) {
    if (q.filters().fitSpans()) {
      q.filters().and(sql);
      return;
    }
    sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
    CallsReader.range(sql, q);
    q.filters().and(sql);
    sql.add(")");
  }

  private static void calls(Sql sql, Question q, @Nullable List<Candidate> among, Places places) {
    sql.add("SELECT trace_id, count() AS calls, countIf(priced = 'unpriced') AS unpriced,")
        .add(" countIf(priced = 'priced') AS priced, sum(greatest(input_tokens, 0)) AS input,")
        .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
        .add(" sum(greatest(cache_write_tokens, 0)) AS cache_write,")
        .add(" sum(greatest(output_tokens, 0)) AS output,")
        .add(" sum(greatest(reasoning_tokens, 0)) AS reasoning,")
        .add(" sum(greatest(saved_tokens, 0)) AS saved,")
        .add(" sum(ifNull(cost, toDecimal128(0, 12))) AS cost FROM calls FINAL WHERE ");
    CallsReader.range(sql, q);
    places.and(sql, "event_time");
    tracesOf(sql, q, among);
    sql.add(" GROUP BY trace_id");
  }

  private static void range(Sql sql, String column, TimeRange range) {
    sql.add(" AND " + column + " >= fromUnixTimestamp64Milli(").bind(range.fromMs());
    sql.add(", 'UTC') AND " + column + " < fromUnixTimestamp64Milli(").bind(range.toMs());
    sql.add(", 'UTC')");
  }
}
