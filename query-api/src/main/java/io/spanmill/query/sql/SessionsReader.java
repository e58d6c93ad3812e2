/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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

  /** How many places of a list are kept, at least, and of all lists together. */
  private static final int PLACES = 150;

  private static final int MAX_PLACES = 20_000;

  private final Database database;
  private final SessionsInOrder inOrder;
  private final SessionTraces traces;
  private final SessionRows rows;
  private final SessionBounds bounds;
  private final KeptSessions kept;
  private final TraceBounds traceBounds;
  private final KeptOrder<SessionsInOrder.Place> places = new KeptOrder<>(MAX_PLACES);
  private final SessionNamings namings;
  private final SessionsWithText withText;
  private final SessionsUpwards upwards;

  SessionsReader(Database database) {
    this.database = database;
    this.inOrder = new SessionsInOrder(database);
    this.traces = new SessionTraces(database);
    this.namings = new SessionNamings(database);
    this.rows = new SessionRows(database, namings);
    this.bounds = new SessionBounds(database);
    this.kept = new KeptSessions();
    this.withText = new SessionsWithText(database, traces, rows, kept);
    this.traceBounds = new TraceBounds(database);
    this.upwards = new SessionsUpwards(database, inOrder, traceBounds);
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
    boolean narrowed = query.text() != null || !q.filters().isEmpty();
    boolean newest = query.descending() && query.sort().equals("start");
    Exact slice = newest ? newest(q, query, narrowed, slices(q, query)) : null;
    if (slice != null) {
      return page(q, query, slice);
    }
    if (query.text() == null && q.range().lengthMs() >= TraceBounds.SHORT_MS) {
      boolean bounded = query.descending() && !newest && !narrowed;
      List<Session> known = bounded ? greatestKnown(q, query) : null;
      known = known == null ? known(q, query, narrowed) : known;
      if (known != null) {
        return known;
      }
    }
    if (!query.descending()) {
      return inOrder(q, query);
    }
    Exact found = newest ? newest(q, query, narrowed, all(q)) : greatest(q, query, narrowed);
    return found == null ? inOrder(q, query) : page(q, query, found);
  }

  /**
   * The page from the places that are kept.
   *
   * @return null if it lies further down
   */
  private @Nullable List<Session> known(Question q, SessionQuery query, boolean narrowed) {
    WrittenHours written = WrittenHours.read(database, q.scope().projects(), q.range());
    Comparator<SessionsInOrder.Place> up = SessionsInOrder.Place.UP;
    Comparator<SessionsInOrder.Place> order = query.descending() ? up.reversed() : up;
    Cursor after = query.after();
    SessionsInOrder.Place before = after == null ? null : place(after);
    int wanted = query.limit() + 1;
    List<SessionsInOrder.Place> found =
        places.page(
            new KeptOrder.Asked(q.scope(), q.filters(), query.first(0), q.range().lengthMs()),
            q.range(),
            q.range(),
            written,
            Math.max(PLACES, 2 * wanted),
            new KeptOrder.Page<>(row -> before == null || order.compare(row, before) > 0, wanted),
            new InOrder(q, query, order, narrowed));
    if (found == null) {
      return null;
    }
    Set<SessionTraces.Key> keys = new LinkedHashSet<>();
    found.forEach(p -> keys.add(p.key()));
    SessionTraces.Found where = traces.ofKeys(q, keys);
    return page(
        q,
        query,
        where == null
            ? exact(q, query, candidates(keys), where)
            : sorted(query, kept.read(q, where, keys, written, source(q, query, narrowed))));
  }

  /** Reads sessions that are not kept, whatever page they are on. */
  private KeptSessions.Source source(Question q, SessionQuery query, boolean narrowed) {
    return narrowed
        ? (found, keys) -> {
          SessionQuery all = query.first(keys.size());
          return page(q, all, exact(q, all, candidates(keys), found));
        }
        : (found, keys) -> rows.read(q, found, keys);
  }

  private static SessionsInOrder.Place place(Cursor after) {
    List<String> at = after.values();
    return new SessionsInOrder.Place(
        new SessionTraces.Key(at.get(1), at.get(2)), new BigDecimal(at.get(0)));
  }

  private static List<SessionsInOrder.Candidate> candidates(Collection<SessionTraces.Key> keys) {
    return keys.stream()
        .map(key -> new SessionsInOrder.Candidate(key, false, BigDecimal.ZERO))
        .toList();
  }

  /** Places of a list as they are read. */
  private final class InOrder implements KeptOrder.Source<SessionsInOrder.Place> {
    private final Question q;
    private final SessionQuery query;
    private final Comparator<SessionsInOrder.Place> order;
    private final boolean narrowed;

    InOrder(
        Question q, SessionQuery query, Comparator<SessionsInOrder.Place> order, boolean narrowed) {
      this.q = q;
      this.query = query;
      this.order = order;
      this.narrowed = narrowed;
    }

    @Override
    public Comparator<SessionsInOrder.Place> order() {
      return order;
    }

    @Override
    public List<SessionsInOrder.Place> first(int count) {
      SessionQuery first = query.first(count - 1);
      if (!query.descending()) {
        List<SessionsInOrder.Place> least = narrowed ? null : least(count);
        return least == null ? places(inOrder.first(q, first), count) : least;
      }
      Exact found =
          query.sort().equals("start")
              ? newest(q, first, narrowed, all(q))
              : greatest(q, first, narrowed);
      return places(found == null ? inOrder.first(q, first) : found.sessions(), count);
    }

    private @Nullable List<SessionsInOrder.Place> least(int count) {
      List<SessionsInOrder.Place> least = upwards.first(q, query.sort(), count);
      if (least != null) {
        return least;
      }
      Map<SessionTraces.TraceOf, String> several = inOrder.namesOf(q, traceBounds, List.of());
      return several == null ? null : inOrder.least(q, query.sort(), several, List.of(), count);
    }

    @Override
    public KeptOrder.@Nullable Some<SessionsInOrder.Place> some(Set<Long> hours, int count) {
      Set<String> projects = q.scope().projects();
      List<String> lows = traceBounds.ofHours(projects, hours);
      if (lows.size() > TraceBounds.MAX_APART) {
        return null;
      }
      long sinceMs = Math.min(q.range().fromMs(), Collections.min(hours));
      Set<SessionTraces.Key> keys = traces.ofTraces(projects, lows, sinceMs);
      if (keys.size() > TraceBounds.MAX_APART) {
        return null;
      }
      SessionQuery first = query.first(count);
      SessionTraces.Found where = traces.ofKeys(q, keys);
      Exact exact =
          narrowed || where == null
              ? exact(q, first, candidates(keys), where)
              : sorted(first, rows.read(q, where, keys));
      return new KeptOrder.Some<>(row -> keys.contains(row.key()), places(exact.sessions(), count));
    }

    @Override
    public boolean isIn(SessionsInOrder.Place row) {
      return true;
    }

    private List<SessionsInOrder.Place> places(List<SessionsInOrder.Listed> sessions, int count) {
      return sessions.stream()
          .limit(count)
          .map(SessionsInOrder.Listed::session)
          .map(
              s ->
                  new SessionsInOrder.Place(
                      new SessionTraces.Key(s.project(), s.id()), s.sortValue(query.sort())))
          .toList();
    }
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
  private @Nullable Exact newest(
      Question q, SessionQuery query, boolean narrowed, List<Long> slices) {
    for (long since : slices) {
      boolean all = since == q.range().fromMs();
      Question slice = q.during(new TimeRange(since, q.range().toMs()));
      for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
        List<SessionsInOrder.Candidate> candidates = inOrder.candidates(slice, query, count);
        Exact exact = exact(q, query, candidates, narrowed).begunSince(since, all);
        if (exact.at(query.limit()) != null || (all && candidates.size() < count)) {
          return exact;
        }
        if (!all) {
          break;
        }
      }
    }
    return null;
  }

  private static List<Long> slices(Question q, SessionQuery query) {
    return Slices.before(Slices.newestMs(q.range(), query.after()), q.range());
  }

  private static List<Long> all(Question q) {
    return List.of(q.range().fromMs());
  }

  /**
   * Sessions in order, after the cursor, with exact figures.
   *
   * @param places where to read what is shown of them; null if that is read
   */
  private record Exact(List<SessionsInOrder.Listed> sessions, @Nullable Places places) {
    private Exact begunSince(long ms, boolean all) {
      return all
          ? this
          : new Exact(
              sessions.stream().filter(l -> l.session().startNs() >= ms * 1_000_000).toList(),
              places);
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
    Comparator<Session> up = Session.order(query.sort());
    Comparator<Session> order = query.descending() ? up.reversed() : up;
    Cursor after = query.after();
    return new Exact(
        sessions.stream()
            .filter(s -> after == null || s.isAfter(query.sort(), after, query.descending()))
            .sorted(order)
            .map(s -> new SessionsInOrder.Listed(s, List.of()))
            .toList(),
        null);
  }

  /**
   * The sessions with the greatest values: sums over all rows, which may be there twice or in older
   * versions too, bound a session's value from above; the exact value is worked out for those with
   * the greatest bounds, until no other session can come before.
   *
   * @return null if sessions without any such value belong to the page
   */
  private @Nullable Exact greatest(Question q, SessionQuery query, boolean narrowed) {
    boolean allBound = query.sort().equals("duration");
    for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
      List<SessionsInOrder.Candidate> candidates = inOrder.candidates(q, query, count);
      Exact exact = exact(q, query, candidates, narrowed);
      Session last = exact.at(query.limit());
      if (candidates.size() < count) {
        boolean done = allBound || (last != null && last.sortValue(query.sort()).signum() > 0);
        return done ? exact : null;
      }
      if (last != null && isBefore(last, query.sort(), candidates.get(count - 1))) {
        return exact;
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
    WrittenHours written = WrittenHours.read(database, q.scope().projects(), q.range());
    List<KeptBounds.Bound> known = bounds.greatest(q, sort, written);
    for (int more = query.limit() + 1 + SPARE; ; more *= GROWTH) {
      int count = count(known, query, more);
      List<KeptBounds.Bound> greatest = known.subList(0, count);
      SessionTraces.Found found = traces.ofBounds(q, greatest);
      Exact exact =
          found == null
              ? exact(q, query, traces.sessions(q, greatest), found)
              : sorted(
                  query,
                  kept.read(q, found, found.traces().keySet(), written, source(q, query, false)));
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
