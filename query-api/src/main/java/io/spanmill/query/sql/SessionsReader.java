/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sessions: traces that name the same session, and each trace that names none by itself. Where a
 * trace names several, its earliest span that names one decides. Thread-safe.
 */
public final class SessionsReader {
  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "errors");

  /** Sessions beyond the page, for those that are not what they seem. */
  private static final int SPARE = 16;

  private static final int GROWTH = 8;

  private final Database database;
  private final SessionsInOrder inOrder;
  private final SessionTraces traces;
  private final SessionRows rows;
  private final SessionBounds bounds;
  private final KeptSessions kept;
  private final SessionNamings namings;
  private final SessionsWithText withText;

  SessionsReader(Database database) {
    this.database = database;
    this.inOrder = new SessionsInOrder(database);
    this.traces = new SessionTraces(database);
    this.namings = new SessionNamings(database);
    this.rows = new SessionRows(database, namings);
    this.bounds = new SessionBounds(database);
    this.kept = new KeptSessions(rows);
    this.withText = new SessionsWithText(database, traces, rows, kept);
  }

  public SessionNamings namings() {
    return namings;
  }

  /**
   * Up to {@code limit + 1} sessions with spans in the range; the last of so many shows nothing.
   */
  public List<Session> list(Question q, SessionQuery query) {
    String text = query.text();
    List<Session> known =
        text != null && q.filters().isEmpty() ? withText.list(q, query, text) : null;
    return known == null ? listAll(q, query) : known;
  }

  private List<Session> listAll(Question q, SessionQuery query) {
    if (!query.descending()) {
      return inOrder(q, query);
    }
    boolean narrowed = query.text() != null || !q.filters().isEmpty();
    if (query.sort().equals("start")) {
      return newest(q, query, narrowed);
    }
    List<Session> known =
        narrowed || q.range().lengthMs() < TraceBounds.SHORT_MS ? null : greatestKnown(q, query);
    return known == null ? greatest(q, query, narrowed) : known;
  }

  private List<Session> inOrder(Question q, SessionQuery query) {
    List<SessionsInOrder.Listed> found = inOrder.first(q, query);
    long sinceMs = found.stream().mapToLong(l -> l.session().startNs() / 1_000_000).min().orElse(0);
    return showing(q, query, found, Places.since(sinceMs));
  }

  private List<Session> showing(
      Question q, SessionQuery query, List<SessionsInOrder.Listed> found, Places places) {
    Map<Session, List<String>> shown = new LinkedHashMap<>();
    found.stream().limit(query.limit()).forEach(l -> shown.put(l.session(), l.traceIds()));
    List<Session> out = new ArrayList<>(rows.showing(q, shown, places));
    found.stream().skip(query.limit()).limit(1).forEach(l -> out.add(l.session()));
    return out;
  }

  /**
   * The newest sessions. One that began within the slice looked at has all its spans there, so its
   * place is known from the slice alone; what began before seems newer there than it is, and is
   * left out when its true begin is known.
   */
  private List<Session> newest(Question q, SessionQuery query, boolean narrowed) {
    List<Long> slices =
        new ArrayList<>(Slices.before(Slices.newestMs(q.range(), query.after()), q.range()));
    slices.add(q.range().fromMs());
    for (long since : slices) {
      boolean all = since == q.range().fromMs();
      Question slice = q.during(new TimeRange(since, q.range().toMs()));
      for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
        List<SessionsInOrder.Candidate> candidates = inOrder.candidates(slice, query, count);
        Exact exact = exact(q, query, candidates, narrowed).begunSince(since);
        if (exact.at(query.limit()) != null || (all && candidates.size() < count)) {
          return page(q, query, exact);
        }
        if (!all) {
          break;
        }
      }
    }
    return List.of();
  }

  /**
   * Sessions in order, after the cursor, with exact figures.
   *
   * @param places where to read what is shown of them; null if that is read
   */
  private record Exact(List<SessionsInOrder.Listed> sessions, @Nullable Places places) {
    private Exact begunSince(long ms) {
      return new Exact(
          sessions.stream().filter(l -> l.session().startNs() >= ms * 1_000_000).toList(), places);
    }

    private @Nullable Session at(int index) {
      return sessions.size() > index ? sessions.get(index).session() : null;
    }
  }

  private List<Session> page(Question q, SessionQuery query, Exact exact) {
    if (exact.places() != null) {
      return showing(q, query, exact.sessions(), exact.places());
    }
    return exact.sessions().stream()
        .limit(query.limit() + 1L)
        .map(SessionsInOrder.Listed::session)
        .toList();
  }

  private Exact exact(
      Question q,
      SessionQuery query,
      List<SessionsInOrder.Candidate> candidates,
      boolean narrowed) {
    SessionTraces.Found found = traces.ofIds(q, ids(candidates, true), ids(candidates, false));
    return narrowed || found == null
        ? exact(q, query, candidates, found)
        : sorted(
            query,
            rows.read(q, found, candidates.stream().map(SessionsInOrder.Candidate::key).toList()));
  }

  private Exact exact(
      Question q,
      SessionQuery query,
      List<SessionsInOrder.Candidate> candidates,
      SessionTraces.@Nullable Found found) {
    return new Exact(
        inOrder.among(q, query, found, candidates),
        found == null ? Places.ANYWHERE : Places.at(found.allMinutes()));
  }

  private static List<String> ids(List<SessionsInOrder.Candidate> sessions, boolean named) {
    return sessions.stream().filter(c -> c.named() == named).map(c -> c.key().id()).toList();
  }

  private static Exact sorted(SessionQuery query, List<Session> sessions) {
    Comparator<Session> order = Session.order(query.sort()).reversed();
    Cursor after = query.after();
    return new Exact(
        sessions.stream()
            .filter(s -> after == null || s.isBefore(query.sort(), after))
            .sorted(order)
            .map(s -> new SessionsInOrder.Listed(s, List.of()))
            .toList(),
        null);
  }

  /**
   * The sessions with the greatest values: sums over all rows, which may be there twice or in older
   * versions too, bound a session's value from above; the exact value is worked out for those with
   * the greatest bounds, until no other session can come before.
   */
  private List<Session> greatest(Question q, SessionQuery query, boolean narrowed) {
    boolean allBound = query.sort().equals("duration");
    for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
      List<SessionsInOrder.Candidate> candidates = inOrder.candidates(q, query, count);
      Exact exact = exact(q, query, candidates, narrowed);
      Session last = exact.at(query.limit());
      if (candidates.size() < count) {
        boolean done = allBound || (last != null && last.sortValue(query.sort()).signum() > 0);
        return done ? page(q, query, exact) : inOrder(q, query);
      }
      if (last != null && isBefore(last, query.sort(), candidates.get(count - 1))) {
        return page(q, query, exact);
      }
    }
  }

  /** Whether a session comes before all whose bound is this or a later one. */
  private static boolean isBefore(Session session, String sort, SessionsInOrder.Candidate lowest) {
    int order = session.sortValue(sort).compareTo(lowest.bound());
    if (order == 0) {
      order = Utf8Order.compare(session.project(), lowest.key().project());
    }
    return order > 0 || (order == 0 && Utf8Order.compare(session.id(), lowest.key().id()) >= 0);
  }

  /**
   * The same with bounds that are kept, and with sessions that are.
   *
   * @return null if what has a bound does not fill the page
   */
  private @Nullable List<Session> greatestKnown(Question q, SessionQuery query) {
    String sort = query.sort();
    WrittenHours written =
        WrittenHours.read(
            database, q.scope().projects(), q.range(), List.of("span_hours", "call_hours"));
    List<KeptBounds.Bound> known = bounds.greatest(q, sort, written);
    for (int more = query.limit() + 1 + SPARE; ; more *= GROWTH) {
      int count = count(known, query, more);
      List<KeptBounds.Bound> greatest = known.subList(0, count);
      SessionTraces.Found found = traces.ofBounds(q, greatest);
      Exact exact =
          found == null
              ? exact(q, query, traces.sessions(q, greatest), found)
              : sorted(query, kept.read(q, found, found.traces().keySet(), written));
      Session last = exact.at(query.limit());
      if (count < known.size()) {
        if (last != null && last.sortValue(sort).compareTo(known.get(count).value()) > 0) {
          return page(q, query, exact);
        }
        continue;
      }
      boolean all = known.size() < KeptBounds.KEPT;
      if (all && (sort.equals("duration") || (last != null && last.sortValue(sort).signum() > 0))) {
        return page(q, query, exact);
      }
      return null;
    }
  }

  /**
   * How many bounds to look at: those that sessions before the page can have, some more, and all
   * that are equal to the last of the page, if each is what its session has.
   */
  private static int count(List<KeptBounds.Bound> known, SessionQuery query, int more) {
    Cursor after = query.after();
    int before = 0;
    if (after != null) {
      BigDecimal value = new BigDecimal(after.values().get(0));
      while (before < known.size() && known.get(before).value().compareTo(value) >= 0) {
        before++;
      }
    }
    int count = Math.min(known.size(), before + more);
    int last = before + query.limit();
    while (count < known.size()
        && known.get(count).value().compareTo(known.get(last).value()) == 0) {
      count++;
    }
    return count;
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
}
