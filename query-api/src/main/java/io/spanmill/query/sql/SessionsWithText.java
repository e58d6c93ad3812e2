/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the sessions of a list that have a text in their name or user. {@code span_texts} tells
 * which few names have it, or in which hours it occurs, {@code session_traces} and {@code
 * trace_bounds} which sessions may have it and when they began at the latest; only those of the
 * page are read. Thread-safe.
 */
final class SessionsWithText {
  /** Hours with the text that are looked at first, the newest. */
  private static final int FIRST_HOURS = 2;

  /**
   * The same where ids of traces may have it, which can be in any hour: a short part is in many.
   */
  private static final int FIRST_OF_SHORT_PART = 1;

  private static final int FIRST_OF_PART = 16;

  private static final int SHORT_PART = 3;

  /** Sessions beyond the page, for those that are not what they seem. */
  private static final int SPARE = 16;

  private static final int GROWTH = 2;

  /** With more sessions, looking at all rows costs no more. */
  private static final int MAX_SESSIONS = 600;

  /** With more traces of users with the text or of those sessions, the same. */
  private static final int MAX_TRACES = 3000;

  private final Database database;
  private final SpanTexts texts;
  private final SessionTraces traces;
  private final SessionRows rows;
  private final KeptSessions kept;

  SessionsWithText(Database database, SessionTraces traces, SessionRows rows, KeptSessions kept) {
    this.database = database;
    this.texts = new SpanTexts(database);
    this.traces = traces;
    this.rows = rows;
    this.kept = kept;
  }

  /**
   * The sessions of the page and one more.
   *
   * @param q without filters
   * @param text of the query
   * @return null if very many sessions may have the text and the page is not among the newest
   */
  @Nullable List<Session> list(Question q, SessionQuery query, String text) {
    SpanTexts.Hits hits =
        texts.find(
            q.scope().projects(),
            q.range(),
            text,
            EnumSet.of(SpanTexts.Kind.USER, SpanTexts.Kind.SESSION));
    boolean ids = TraceBounds.isPartOfId(text);
    if (hits.isEmpty() && !ids) {
      return List.of();
    }
    Supplier<WrittenHours> written =
        database.begin(() -> WrittenHours.read(database, q.scope().projects(), q.range()));
    Set<SessionTraces.Key> named = hits.sessions();
    if (named != null && !ids && hits.of(SpanTexts.Kind.USER).isEmpty()) {
      List<SessionsInOrder.Candidate> few =
          named.stream()
              .map(key -> new SessionsInOrder.Candidate(key, true, BigDecimal.ZERO))
              .toList();
      List<Session> all = read(q, text, few, written);
      if (all != null) {
        return page(query, all);
      }
    }
    if (query.descending() && query.sort().equals("start")) {
      return newest(q, query, text, hits, ids, written);
    }
    if (hits.texts() > MAX_SESSIONS) {
      return null;
    }
    List<SessionsInOrder.Candidate> few = candidates(q, search(q, text, hits, ids, 0));
    List<Session> found = few.size() > MAX_SESSIONS ? null : read(q, text, few, written);
    return found == null ? null : page(query, found);
  }

  private @Nullable List<Session> newest(
      Question q,
      SessionQuery query,
      String text,
      SpanTexts.Hits hits,
      boolean ids,
      Supplier<WrittenHours> written) {
    long upToMs = Slices.newestMs(q.range(), query.after());
    List<Long> hours =
        ids
            ? hours(q.range().fromMs(), upToMs)
            : List.copyOf(hits.all().headSet(upToMs, false).descendingSet());
    int first = text.length() > SHORT_PART ? FIRST_OF_PART : FIRST_OF_SHORT_PART;
    for (int looked = ids ? first : FIRST_HOURS; looked < hours.size(); ) {
      long since = hours.get(looked - 1);
      Search search = search(q, text, hits.since(since), ids, since);
      List<Session> some = newest(q, query, search, written);
      if (some == null || some.size() > query.limit()) {
        return some;
      }
      // Of hours with the text there is one in each, as a rule.
      int found = ids ? search.traces() : Math.max(search.traces(), looked);
      looked = Slices.next(looked, found, query.limit() + 1, hours.size());
    }
    return newest(q, query, search(q, text, hits, ids, 0), written);
  }

  /** All hours of a range, the newest first. */
  private static List<Long> hours(long fromMs, long toMs) {
    List<Long> out = new ArrayList<>();
    for (long hour = WindowKind.HOUR.startOf(toMs - 1);
        hour + WindowKind.HOUR.lengthMs() > fromMs;
        hour -= WindowKind.HOUR.lengthMs()) {
      out.add(hour);
    }
    return out;
  }

  /**
   * @param hits where names and users have the text
   * @param ofUsers a query for later halves of ids of traces that have a user with it, or null
   * @param ofIds the same of those whose id has it
   * @param traces how many these are; a few more than {@link #MAX_TRACES} stand for very many
   * @param sinceMs looked at are hours since then; 0: all
   */
  private record Search(
      String text,
      SpanTexts.Hits hits,
      @Nullable Sql ofUsers,
      @Nullable Sql ofIds,
      int traces,
      long sinceMs) {
    /** Whether names of sessions have it. */
    boolean isByName() {
      return !hits.of(SpanTexts.Kind.SESSION).isEmpty();
    }
  }

  private Search search(Question q, String text, SpanTexts.Hits hits, boolean ids, long sinceMs) {
    Supplier<Lows> byId =
        ids ? database.begin(() -> lows(ofIds(q, text, looked(q, sinceMs)))) : () -> Lows.NONE;
    Lows users = hits.of(SpanTexts.Kind.USER).isEmpty() ? Lows.NONE : lows(ofUsers(q, text, hits));
    Lows ofIds = byId.get();
    return new Search(
        text, hits, users.query(), ofIds.query(), users.traces() + ofIds.traces(), sinceMs);
  }

  private static TimeRange looked(Question q, long sinceMs) {
    return new TimeRange(Math.max(q.range().fromMs(), sinceMs), q.range().toMs());
  }

  private record Lows(@Nullable Sql query, int traces) {
    private static final Lows NONE = new Lows(null, 0);
  }

  /** What a query finds, so that it is not asked again at each mention; itself if that is much. */
  private Lows lows(Sql query) {
    Sql sql = new Sql().add("SELECT DISTINCT toString(low) AS low FROM (").append(query);
    sql.add(") LIMIT ").bind(MAX_TRACES + 1L);
    List<String> found = database.query(sql).stream().map(r -> r.text("low")).toList();
    if (found.isEmpty()) {
      return Lows.NONE;
    }
    Sql known = new Sql().add("SELECT toUInt64(arrayJoin(").bindAll(found).add(")) AS low");
    return new Lows(found.size() > MAX_TRACES ? query : known, found.size());
  }

  private static Sql ofUsers(Question q, String text, SpanTexts.Hits hits) {
    Sql sql = new Sql().add("SELECT " + TraceBounds.LOW + " AS low FROM spans WHERE ");
    sql.in("project", q.scope().projects()).add(" AND ").during("ts", q.range()).add(" AND ");
    TraceBounds.inHours(sql, "toStartOfHour(ts)", hits.of(SpanTexts.Kind.USER));
    SpanTexts.ofSpan(sql.add(" AND "), SpanTexts.Kind.USER, text);
    return sql;
  }

  private static Sql ofIds(Question q, String text, TimeRange looked) {
    Sql sql = new Sql().add("SELECT trace_low AS low FROM trace_bounds WHERE ");
    sql.in("project", q.scope().projects());
    TraceBounds.hours(sql, looked);
    TraceBounds.idHolds(sql.add(" AND "), text);
    return sql;
  }

  /**
   * @return fewer than the page has if others may come before; null if too many were to be read
   */
  private @Nullable List<Session> newest(
      Question q, SessionQuery query, Search search, Supplier<WrittenHours> written) {
    boolean last = search.sinceMs() == 0;
    if (!last && !search.isByName() && search.traces() <= query.limit()) {
      return List.of();
    }
    List<SessionsInOrder.Candidate> all = candidates(q, search);
    if (!last && all.size() <= query.limit()) {
      return List.of();
    }
    List<Session> found = new ArrayList<>();
    int looked = 0;
    for (int count = query.limit() + 1 + SPARE; looked < all.size(); count *= GROWTH) {
      int next = Math.min(count, all.size());
      List<Session> some = read(q, search.text(), all.subList(looked, next), written);
      if (some == null) {
        return null;
      }
      found.addAll(some);
      looked = next;
      List<Session> page = page(query, found);
      BigDecimal othersNs =
          looked < all.size()
              ? all.get(looked - 1).bound()
              : BigDecimal.valueOf(search.sinceMs() * 1_000_000);
      if (page.size() > query.limit()
          && page.get(query.limit()).sortValue("start").compareTo(othersNs) > 0) {
        return page;
      }
    }
    return all.size() > MAX_SESSIONS ? null : last ? page(query, found) : List.of();
  }

  /** From the cursor on, one more than the page. */
  private static List<Session> page(SessionQuery query, List<Session> found) {
    Comparator<Session> order = Session.order(query.sort());
    Cursor after = query.after();
    return found.stream()
        .filter(s -> after == null || s.isAfter(query.sort(), after, query.descending()))
        .sorted(query.descending() ? order.reversed() : order)
        .limit(query.limit() + 1L)
        .toList();
  }

  /**
   * Those of the candidates that have the text.
   *
   * @return null if they have very many traces
   */
  private @Nullable List<Session> read(
      Question q,
      String text,
      List<SessionsInOrder.Candidate> candidates,
      Supplier<WrittenHours> before) {
    WrittenHours written = before.get();
    SessionTraces.Found found =
        traces.ofIds(
            q,
            candidates.stream().filter(c -> c.named()).map(c -> c.key().id()).toList(),
            candidates.stream().filter(c -> !c.named()).map(c -> c.key().id()).toList());
    if (found == null || found.ids().size() > MAX_TRACES) {
      return null;
    }
    List<SessionTraces.Key> keys =
        candidates.stream().map(SessionsInOrder.Candidate::key).distinct().toList();
    List<Session> read =
        q.range().lengthMs() < TraceBounds.SHORT_MS
            ? rows.read(q, found, keys)
            : kept.read(q, found, keys, written, (of, some) -> rows.read(q, of, some));
    Set<String> told = new HashSet<>();
    read.forEach(s -> told.addAll(List.of(s.id(), s.user())));
    Set<String> holding = texts.holding(told, text);
    return read.stream()
        .filter(s -> holding.contains(s.id()) || holding.contains(s.user()))
        .toList();
  }

  /** Sessions that may have the text, by when they began at the latest; not all of very many. */
  private List<SessionsInOrder.Candidate> candidates(Question q, Search search) {
    TimeRange range = q.range();
    TimeRange looked = looked(q, search.sinceMs());
    Sql sql =
        new Sql()
            .add("SELECT project, sid, max(named) AS has_name,")
            // Where it is not certain that a trace belongs to the session, it began before the
            // last.
            .add(" if(max(sure) = 0, greatest(max(began), ")
            .bind(looked.fromMs() * 1_000_000)
            .add("), minIf(began, sure)) AS v FROM (SELECT project, began, user_holds, id_holds,")
            .add(" arrayJoin(if(whole AND notEmpty(names), names, arrayPushBack(names, '')))")
            .add(" AS name, name != '' AS named, if(named, name, trace) AS sid,")
            .add(" whole AND length(names) < 2 AS sure FROM (SELECT project,")
            .add(" lower(hex(" + TraceBounds.TRACE_ID + ")) AS trace,")
            .add(" if(max(of_bounds AND inside) = 0, ")
            .bind(range.toMs() * 1_000_000)
            .add(", minIf(began_ns, of_bounds AND inside)) AS began,")
            .add(" min(inside OR NOT of_bounds) AS whole, max(user_has) AS user_holds,")
            .add(" max(id_has) AS id_holds, groupUniqArrayIf(session, NOT of_bounds) AS names")
            .add(" FROM (SELECT project, trace_high, trace_low, start_ns AS began_ns, true AS")
            .add(" of_bounds, '' AS session, (toUnixTimestamp(hour) >= ")
            .bind(WindowKind.HOUR.startOf(range.fromMs() + WindowKind.HOUR.lengthMs() - 1) / 1000)
            .add(" OR start_ns >= ")
            .bind(range.fromMs() * 1_000_000)
            .add(") AND (toUnixTimestamp(hour) < ")
            .bind(WindowKind.HOUR.startOf(range.toMs()) / 1000)
            .add(" OR end_ns < ")
            .bind(range.toMs() * 1_000_000)
            .add(") AS inside, ");
    among(sql, search.ofUsers()).add(" AS user_has, ");
    among(sql, search.ofIds())
        .add(" AS id_has FROM trace_bounds WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, looked);
    lows(sql, q, search);
    // All names that the traces have: any of them may decide which session a trace belongs to.
    sql.add(" UNION ALL SELECT project, trace_high, trace_low, 0, false, session, true, false,")
        .add(" false FROM session_traces WHERE ")
        .in("project", q.scope().projects());
    TraceBounds.hours(sql, range);
    lows(sql, q, search);
    sql.add(") GROUP BY project, trace_high, trace_low HAVING max(of_bounds)))")
        .add(" WHERE user_holds OR (named AND ");
    SpanTexts.holds(sql, "name", search.text());
    sql.add(") OR (NOT named AND id_holds) GROUP BY project, sid");
    sql.add(" ORDER BY v DESC, project DESC, sid DESC LIMIT ").bind(MAX_SESSIONS + 1L);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new SessionsInOrder.Candidate(
                    new SessionTraces.Key(r.text("project"), r.text("sid")),
                    r.bool("has_name"),
                    BigDecimal.valueOf(r.integer("v"))))
        .toList();
  }

  /** Appends that a trace may have the text. */
  private static void lows(Sql sql, Question q, Search search) {
    among(among(sql.add(" AND ("), search.ofUsers()).add(" OR "), search.ofIds());
    if (search.isByName()) {
      sql.add(" OR trace_low IN (SELECT trace_low FROM session_traces WHERE ");
      sql.in("project", q.scope().projects()).add(" AND ");
      TraceBounds.inHours(sql, "hour", search.hits().of(SpanTexts.Kind.SESSION));
      SpanTexts.holds(sql.add(" AND "), "session", search.text());
      sql.add(")");
    }
    sql.add(")");
  }

  private static Sql among(Sql sql, @Nullable Sql lows) {
    return lows == null ? sql.add("false") : sql.add("trace_low IN (").append(lows).add(")");
  }
}
