/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
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
  /** Hours with the text that are looked at, newest first; then all. */
  private static final int[] HOURS = {4, 16, 64, 256};

  /** Traces beyond the page whose bound may be above their value. */
  private static final int SPARE = 32;

  private static final int GROWTH = 8;

  /** With more traces, looking at all rows costs no more. */
  private static final int MAX_TRACES = 1000;

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
   * @param beganNs at the latest, or later
   * @param minutes in which its spans ended, epoch seconds
   */
  private record Candidate(String trace, long beganNs, Set<Long> minutes) {}

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
    List<Long> hours = new ArrayList<>(hits.all().headSet(upToMs, false).descendingSet());
    for (int n : HOURS) {
      if (n < hours.size()) {
        Listed some = newest(q, query, text, hits.since(hours.get(n - 1)), hours.get(n - 1));
        if (some == null || some.traces().size() > query.limit()) {
          return some;
        }
      }
    }
    return newest(q, query, text, hits, 0);
  }

  /**
   * The first traces of those with the text in some hours.
   *
   * @param sinceMs others began before; 0: there are no others
   * @return fewer than the page has if others may come before; null if too many were to be read
   */
  private @Nullable Listed newest(
      Question q, TraceQuery query, String text, SpanTexts.Hits hits, long sinceMs) {
    List<String> ids = traces(q, query, text, hits);
    if (ids.size() <= query.limit() && sinceMs > 0) {
      return Listed.NONE;
    }
    Sql having = new Sql();
    if (ids.size() > MAX_TRACES) {
      traces(having, q, query, text, hits);
    } else {
      CallsReader.selectTraceIds(having, ids);
    }
    for (int count = query.limit() + 1 + SPARE; count <= MAX_TRACES; count *= GROWTH) {
      List<Candidate> some = candidates(q, query, having, count);
      boolean all = some.size() < count;
      if (some.isEmpty() || (all && sinceMs > 0 && some.size() <= query.limit())) {
        return Listed.NONE;
      }
      Map<String, Set<Long>> minutes = new LinkedHashMap<>();
      some.forEach(c -> minutes.put(c.trace(), c.minutes()));
      Places places = Places.of(minutes);
      List<TraceFinder.Found> found =
          inOrder.find(
              withoutFiltersOfSpans(q),
              query.withoutText(null),
              Slices.newestMs(q.range(), query.after()),
              places,
              query.limit() + 1);
      long othersNs = all ? sinceMs * 1_000_000 : some.get(count - 1).beganNs();
      boolean others = !all || sinceMs > 0;
      if (!others
          || (found.size() > query.limit()
              && Long.parseLong(found.get(query.limit()).sortValue()) > othersNs)) {
        return new Listed(
            found, places.only(found.stream().map(TraceFinder.Found::traceId).toList()));
      }
      if (all) {
        return Listed.NONE;
      }
    }
    return null;
  }

  /**
   * Some of the traces, by when they began at the latest.
   *
   * @param having a query for the traces
   */
  private List<Candidate> candidates(Question q, TraceQuery query, Sql having, int count) {
    TimeRange range = q.range();
    long upToNs = (Slices.newestMs(range, query.after()) + 1) * 1_000_000;
    long firstHourMs = WindowKind.HOUR.startOf(range.fromMs());
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(" + TraceBounds.TRACE_ID + ")) AS trace, began, places FROM (")
            .add("SELECT trace_high, trace_low, min(start_ns) AS earliest,")
            .add(" least(if(max(within) = 0, ")
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
            .add(", 'UTC') AND (trace_low, trace_high) IN (SELECT ")
            .add(TraceBounds.LOW + ", " + TraceBounds.HIGH + " FROM (");
    sql.append(having).add("))) GROUP BY trace_high, trace_low) WHERE earliest <= ").bind(upToNs);
    sql.add(" ORDER BY began DESC, trace_high DESC, trace_low DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(
            r ->
                new Candidate(
                    r.text("trace"), r.integer("began"), TraceBounds.minutes(r.list("places"))))
        .toList();
  }

  /** Traces of the list that have the text in these hours, some of them if they are very many. */
  private List<String> traces(Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    Sql sql = new Sql().add("SELECT DISTINCT lower(hex(trace_id)) AS trace FROM (");
    traces(sql, q, query, text, hits);
    sql.add(") LIMIT ").bind(MAX_TRACES + 1);
    return database.query(sql).stream().map(r -> r.text("trace")).toList();
  }

  /** Appends a query for the traces of the list that have the text in these hours. */
  private static void traces(
      Sql sql, Question q, TraceQuery query, String text, SpanTexts.Hits hits) {
    String between = "";
    for (SpanTexts.Kind kind : hits.hours().keySet()) {
      // Apart, each reads the columns it needs and no others.
      sql.add(between).add("SELECT trace_id FROM spans WHERE ");
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
    List<String> ids = traces(q, query, text, hits);
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
