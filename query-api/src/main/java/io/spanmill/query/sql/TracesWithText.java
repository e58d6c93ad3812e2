/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the traces of a list that have a text: {@code span_texts} tells in which hours it occurs,
 * spans of those hours which traces have it, {@code trace_bounds} when those began at the latest
 * and where they lie. The place in the list is worked out for the newest of them alone, until no
 * other can come before. Thread-safe.
 */
final class TracesWithText {
  /** Hours with the text that are looked at first, the newest. */
  private static final int FIRST_HOURS = 2;

  /** Traces beyond the page whose bound may be above their value. */
  private static final int SPARE = 32;

  private static final int GROWTH = 8;

  /** With more traces, looking at all rows costs no more. */
  private static final int MAX_TRACES = 1000;

  /** Of more than that, those are looked at first that have the text last. */
  private static final int NEAR = 200;

  private static final String PAIR_IN =
      "(trace_low, trace_high) IN (SELECT " + TraceBounds.LOW + ", " + TraceBounds.HIGH;

  private static final Comparator<TraceFinder.Found> NEWEST =
      Comparator.<TraceFinder.Found>comparingLong(f -> Long.parseLong(f.sortValue()))
          .thenComparing(TraceFinder.Found::traceId)
          .reversed();

  private final Database database;
  private final SpanTexts texts;
  private final TraceBounds bounds;
  private final TracesInOrder inOrder;

  TracesWithText(Database database, TraceBounds bounds, TracesInOrder inOrder) {
    this.database = database;
    this.texts = new SpanTexts(database);
    this.bounds = bounds;
    this.inOrder = inOrder;
  }

  /**
   * Traces in order, and where they lie.
   *
   * @param traces up to one more than the page has
   */
  record Listed(List<TraceFinder.Found> traces, Places places) {
    private static final Listed NONE = new Listed(List.of(), Places.of(Map.of()));
  }

  /**
   * A trace that has the text.
   *
   * @param lastMs when the last span with it ended
   */
  private record Holding(String trace, long lastMs) {}

  /**
   * The same with its place.
   *
   * @param beganNs at the latest, or later
   * @param sure whether it began then, to the nanosecond
   * @param minutes in which its spans ended, epoch seconds
   */
  private record Candidate(String trace, long beganNs, boolean sure, Set<Long> minutes) {
    /** Where it is sure when it began: whether the list has it after the cursor. */
    boolean isIn(TimeRange range, @Nullable Cursor after) {
      if (!range.contains(Math.floorDiv(beganNs, 1_000_000L))) {
        return false;
      }
      if (after == null) {
        return true;
      }
      int order = Long.compare(beganNs, Long.parseLong(after.values().get(0)));
      return order < 0 || (order == 0 && trace.compareTo(after.values().get(1)) < 0);
    }

    TraceFinder.Found found() {
      return new TraceFinder.Found(
          trace, Long.toString(beganNs), Math.floorDiv(beganNs, 1_000_000L));
    }
  }

  /**
   * The traces of the page.
   *
   * @param query with a text
   * @param text of the query
   * @return null if very many traces have the text and the page is not among the newest
   */
  @Nullable Listed find(Question q, TraceQuery query, String text) {
    if (isTraceId(text)) {
      return withId(q, query, text.toLowerCase(Locale.ROOT));
    }
    SpanTexts.Hits hits =
        texts.find(
            q.scope().projects(), q.range().ofTraces(), text, EnumSet.allOf(SpanTexts.Kind.class));
    if (hits.isEmpty()) {
      return Listed.NONE;
    }
    return query.descending() && query.sort().equals("start")
        ? newest(q, query, text, hits)
        : ofFew(q, query, text, hits);
  }

  static boolean isTraceId(String text) {
    return text.matches("[0-9a-fA-F]{32}");
  }

  private Listed withId(Question q, TraceQuery query, String id) {
    Places places = placesOf(q, List.of(id)).only(List.of(id));
    if (places.minutes(id).isEmpty()) {
      return Listed.NONE;
    }
    TraceQuery rest = query.withoutText(query.sessionId());
    return new Listed(inOrder.find(q, rest, q.range().toMs(), places, query.limit() + 1), places);
  }

  private Places placesOf(Question q, List<String> ids) {
    return bounds.places(q.scope().projects(), ids, q.range().fromMs() - TracesReader.DAY_MS);
  }

  private @Nullable Listed newest(Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    long upToMs = Slices.newestMs(q.range(), query.after());
    // What began before that moment may have the text in a later hour.
    List<Long> hours = List.copyOf(hits.all().headSet(upToMs, false).descendingSet());
    for (int looked = FIRST_HOURS; looked < hours.size(); ) {
      long sinceMs = hours.get(looked - 1);
      List<Holding> some = traces(q, query, text, hits.since(sinceMs));
      if (some.size() > query.limit()) {
        Listed listed = newest(q, query, text, hits.since(sinceMs), some, sinceMs);
        if (listed == null || listed.traces().size() > query.limit()) {
          return listed;
        }
      }
      // There is one in each hour, as a rule.
      int found = Math.max(some.size(), looked);
      looked = Slices.next(looked, found, query.limit() + 1, hours.size());
    }
    return newest(q, query, text, hits, traces(q, query, text, hits), 0);
  }

  /**
   * The first traces of those with the text in some hours.
   *
   * @param holding the traces; a few more than {@link #MAX_TRACES} stand for very many
   * @param sinceMs others began before; 0: there are no others
   * @return fewer than the page has if others may come before; null if too many were to be read
   */
  private @Nullable Listed newest(
      Question q,
      TraceQuery query,
      String text,
      SpanTexts.Hits hits,
      List<Holding> holding,
      long sinceMs) {
    if (holding.size() > NEAR && query.after() == null) {
      Sql near = among(ids(holding.subList(0, NEAR)));
      Listed some = newest(q, query, near, holding.get(NEAR).lastMs() + 1);
      if (some != null && some.traces().size() > query.limit()) {
        return some;
      }
    }
    Sql among = new Sql();
    if (holding.size() > MAX_TRACES) {
      among.add(PAIR_IN + " FROM (");
      traces(among, q, query, text, hits);
      among.add("))");
    } else {
      among = among(ids(holding));
    }
    return newest(q, query, among, sinceMs);
  }

  /** That a row of {@code trace_bounds} is of one of these traces. */
  private static Sql among(List<String> ids) {
    // One half alone too: for that there is an index.
    Sql sql = new Sql().add("trace_low IN (SELECT " + TraceBounds.LOW + " FROM (");
    CallsReader.selectTraceIds(sql, ids);
    sql.add(")) AND ").add(PAIR_IN + " FROM (");
    CallsReader.selectTraceIds(sql, ids);
    return sql.add("))");
  }

  /**
   * The same.
   *
   * @param among that a row of {@code trace_bounds} is of one of the traces
   */
  private @Nullable Listed newest(Question q, TraceQuery query, Sql among, long sinceMs) {
    for (int count = query.limit() + 1 + SPARE; count <= MAX_TRACES; count *= GROWTH) {
      List<Candidate> some = candidates(q, query, among, count);
      boolean all = some.size() < count;
      if (some.isEmpty() || (all && sinceMs > 0 && some.size() <= query.limit())) {
        return Listed.NONE;
      }
      List<TraceFinder.Found> found = inOrder(q, query, some);
      long othersNs = all ? sinceMs * 1_000_000 : some.get(count - 1).beganNs();
      boolean others = !all || sinceMs > 0;
      if (!others
          || (found.size() > query.limit()
              && Long.parseLong(found.get(query.limit()).sortValue()) > othersNs)) {
        return new Listed(
            found, places(some).only(found.stream().map(TraceFinder.Found::traceId).toList()));
      }
      if (all) {
        return Listed.NONE;
      }
    }
    return null;
  }

  private static Places places(List<Candidate> candidates) {
    Map<String, Set<Long>> minutes = new LinkedHashMap<>();
    candidates.forEach(c -> minutes.put(c.trace(), c.minutes()));
    return Places.of(minutes);
  }

  /** Those of the candidates that the list has, from the cursor on, one more than the page. */
  private List<TraceFinder.Found> inOrder(Question q, TraceQuery query, List<Candidate> some) {
    TraceQuery rest = query.withoutText(null);
    Question unfiltered = withoutFiltersOfSpans(q);
    boolean decided = !rest.narrows() && unfiltered.filters().isEmpty();
    List<TraceFinder.Found> out = new ArrayList<>();
    List<Candidate> open = new ArrayList<>();
    for (Candidate c : some) {
      if (!decided || !c.sure()) {
        open.add(c);
      } else if (c.isIn(q.range(), query.after())) {
        out.add(c.found());
      }
    }
    if (!open.isEmpty()) {
      long upToMs = Slices.newestMs(q.range(), query.after());
      out.addAll(inOrder.find(unfiltered, rest, upToMs, places(open), query.limit() + 1));
    }
    return out.stream().sorted(NEWEST).limit(query.limit() + 1L).toList();
  }

  /**
   * Some of the traces, by when they began at the latest.
   *
   * @param among that a row of {@code trace_bounds} is of one of them
   */
  private List<Candidate> candidates(Question q, TraceQuery query, Sql among, int count) {
    TimeRange range = q.range();
    long upToNs = (Slices.newestMs(range, query.after()) + 1) * 1_000_000;
    long firstHourMs = WindowKind.HOUR.startOf(range.fromMs());
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(" + TraceBounds.TRACE_ID + ")) AS trace, began, sure, places")
            .add(" FROM (SELECT trace_high, trace_low, min(start_ns) AS earliest,")
            .add(" min(within AND hour < toDateTime(")
            .bind(WindowKind.HOUR.startOf(range.ofTraces().toMs()) / 1000)
            .add(", 'UTC')) AS sure, least(if(max(within) = 0, ")
            .bind((firstHourMs + WindowKind.HOUR.lengthMs()) * 1_000_000)
            .add(", minIf(start_ns, within)), ")
            .bind(upToNs)
            .add(") AS began,")
            .add(" groupArray((toInt64(toUnixTimestamp(hour)), toInt64(minutes))) AS places")
            // What an hour that the range holds in part tells may be of spans before it.
            .add(" FROM (SELECT *, toUnixTimestamp(hour) > ")
            .bind(firstHourMs / 1000)
            .add(" OR (toUnixTimestamp(hour) = ")
            .bind(firstHourMs / 1000)
            .add(" AND start_ns >= ")
            .bind(range.fromMs() * 1_000_000)
            .add(") AS within FROM trace_bounds WHERE ")
            .in("project", q.scope().projects())
            .add(" AND hour >= toDateTime(")
            .bind(Math.max(0, firstHourMs - TracesReader.DAY_MS) / 1000)
            .add(", 'UTC') AND ");
    sql.append(among).add(") GROUP BY trace_high, trace_low) WHERE earliest <= ").bind(upToNs);
    sql.add(" ORDER BY began DESC, trace_high DESC, trace_low DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new Candidate(
                    r.text("trace"),
                    r.integer("began"),
                    r.bool("sure"),
                    TraceBounds.minutes(r.list("places"))))
        .toList();
  }

  /** Traces of the list that have the text in these hours, the newest of them if they are many. */
  private List<Holding> traces(Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, toUnixTimestamp64Milli(max(ts)) AS last")
            .add(" FROM (");
    traces(sql, q, query, text, hits);
    sql.add(") GROUP BY trace_id ORDER BY last DESC LIMIT ").bind(MAX_TRACES + 1);
    return database.query(sql).stream()
        .map(r -> new Holding(r.text("trace"), r.integer("last")))
        .toList();
  }

  private static List<String> ids(List<Holding> traces) {
    return traces.stream().map(Holding::trace).toList();
  }

  /** Appends a query for the spans with the text in these hours, of traces of the list. */
  private static void traces(
      Sql sql, Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    String between = "";
    for (SpanTexts.Kind kind : hits.hours().keySet()) {
      // Apart, each reads the columns it needs and no others.
      sql.add(between).add("SELECT trace_id, ts FROM spans WHERE ");
      sql.in("project", q.scope().projects()).add(" AND ");
      sql.during("ts", q.range().ofTraces()).add(" AND ");
      TraceBounds.inHours(sql, "toStartOfHour(ts)", hits.of(kind));
      new Filters(q.filters().ofSpans()).and(sql);
      if (query.sessionId() != null) {
        sql.add(" AND session = ").bind(query.sessionId());
      }
      SpanTexts.ofSpan(sql.add(" AND "), kind, text);
      between = " UNION ALL ";
    }
  }

  /** What spans with the text were filtered by need not be looked for again. */
  private static Question withoutFiltersOfSpans(Question q) {
    Filters rest = new Filters(q.filters().ofCalls(), q.filters().attributes());
    return new Question(q.range(), q.scope(), rest, q.groupBy(), q.groupByAttributes());
  }

  private @Nullable Listed ofFew(Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    Sql sql = new Sql().add("SELECT DISTINCT lower(hex(trace_id)) AS trace FROM (");
    traces(sql, q, query, text, hits);
    sql.add(") LIMIT ").bind(MAX_TRACES + 1);
    List<String> ids = database.query(sql).stream().map(r -> r.text("trace")).toList();
    if (ids.size() > MAX_TRACES) {
      return null;
    }
    if (ids.isEmpty()) {
      return Listed.NONE;
    }
    Places places = placesOf(q, ids).only(ids);
    List<TraceFinder.Found> found =
        inOrder.find(
            withoutFiltersOfSpans(q),
            query.withoutText(null),
            q.range().toMs(),
            places,
            query.limit() + 1);
    return new Listed(found, places.only(found.stream().map(TraceFinder.Found::traceId).toList()));
  }
}
