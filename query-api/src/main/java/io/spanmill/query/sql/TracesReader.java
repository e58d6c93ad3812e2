/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds traces and reads them whole. A trace is in a range when its earliest span starts there;
 * spans longer than a day at the range's end may hide it. Thread-safe.
 */
public final class TracesReader {
  static final long DAY_MS = 86_400_000L;

  /** Traces beyond the page whose bound may be above their value. */
  private static final int SPARE = 32;

  /** The same where they are read whole: mostly bounds are values. */
  private static final int SPARE_WHOLE = 4;

  /** Looking at more traces first by few columns costs less. */
  private static final int MAX_WHOLE = 400;

  /** Calls of traces that are read at once. */
  private static final int MAX_CALLS = 100_000;

  private static final int GROWTH = 8;

  /** A trace as a number: grouping by bytes takes twice as long. */
  static final String ID = "reinterpretAsUInt128(trace_id)";

  static final String ROOT = "parent_span_id = toFixedString('', 8)";

  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "spans", "errors");

  private static final Map<String, String> SORTS =
      Map.of(
          "start", "start_ns",
          "duration", "duration_ns",
          "cost", "cost",
          "tokens", "tokens",
          "spans", "spans",
          "errors", "errors");

  private final Database database;
  private final CallsReader calls;
  private final TraceBounds bounds;
  private final KeptTraces kept;

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  TracesReader(Database database, CallsReader calls, LongSupplier sureSinceMs) {
    this.database = database;
    this.calls = calls;
    this.bounds = new TraceBounds(database);
    this.kept = new KeptTraces(bounds, this::whole, sureSinceMs);
  }

  /**
   * A found trace and the value it was ordered by.
   *
   * @param startMs when its earliest span in the range began
   */
  public record Found(String traceId, String sortValue, long startMs) {}

  /**
   * Traces in order.
   *
   * @param places where their spans and calls lie
   * @param whole those that were read whole, by trace id: all or none
   */
  public record Matches(List<Found> traces, Places places, Map<String, WholeTrace> whole) {
    private Matches(List<Found> traces, Places places) {
      this(traces, places, Map.of());
    }
  }

  /** Up to {@code limit + 1} traces in order. */
  public Matches find(Question q, TraceQuery query) {
    if (query.descending() && !query.sort().equals("start")) {
      Matches found = greatest(q, query);
      if (found != null) {
        return found;
      }
    }
    List<Found> found = inOrder(q, query);
    return new Matches(
        found, Places.since(found.stream().mapToLong(Found::startMs).min().orElse(0)));
  }

  private List<Found> inOrder(Question q, TraceQuery query) {
    if (query.descending() && query.sort().equals("start")) {
      long upTo = upToMs(q, query);
      for (long since : Slices.before(upTo, q.range())) {
        // All spans that ended since then are seen, so traces that began since then are complete.
        Question slice = q.during(new TimeRange(since, q.range().toMs()));
        List<Found> found =
            begunSince(q, since, find(slice, query, upTo, null, query.limit() + 1 + SPARE));
        if (found.size() > query.limit()) {
          return found.subList(0, query.limit() + 1);
        }
      }
      return find(q, query, upTo, null, query.limit() + 1);
    }
    return find(q, query, q.range().toMs(), null, query.limit() + 1);
  }

  /** Those of the traces that have no span of the range that ended before. */
  private List<Found> begunSince(Question q, long sinceMs, List<Found> found) {
    if (found.size() == 0) {
      return found;
    }
    Sql sql = new Sql().add("SELECT DISTINCT lower(hex(trace_id)) AS trace");
    where(sql, q, q.range().fromMs(), sinceMs);
    sql.add(" AND trace_id IN ");
    CallsReader.traceIds(sql, found.stream().map(Found::traceId).toList());
    Set<String> older = new HashSet<>();
    database.query(sql).forEach(r -> older.add(r.text("trace")));
    return found.stream().filter(f -> !older.contains(f.traceId())).toList();
  }

  /** Newest instant at which a trace of this page can begin. */
  private static long upToMs(Question q, TraceQuery query) {
    Cursor after = query.after();
    return after == null
        ? q.range().toMs()
        : Math.min(q.range().toMs(), Long.parseLong(after.values().get(0)) / 1_000_000 + 1);
  }

  /**
   * The traces with the greatest values: what a trace cannot exceed is cheap to find out; the exact
   * value is worked out for those with the greatest bounds, until no other trace can come before.
   *
   * @return null if traces without any such value belong to the page, or if looking at all is
   *     cheaper
   */
  private @Nullable Matches greatest(Question q, TraceQuery query) {
    boolean duration = query.sort().equals("duration");
    boolean kept = !query.narrows() && q.filters().isEmpty() && isLong(q.range());
    if (duration && !kept) {
      return null;
    }
    Matches known = kept ? greatestKnown(q, query) : null;
    if (known != null) {
      return known;
    }
    for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
      List<KeptBounds.Bound> greatest =
          kept ? bounds.greatest(q, query.sort(), count) : bounds(q, query, count);
      if (greatest.isEmpty()) {
        return null;
      }
      Places places =
          bounds.places(
              q.scope().projects(),
              greatest.stream().map(KeptBounds.Bound::key).toList(),
              q.range().fromMs() - DAY_MS);
      List<Found> found = find(q, query, q.range().toMs(), places, query.limit() + 1);
      Found last = found.size() <= query.limit() ? null : found.get(query.limit());
      if (greatest.size() < count) {
        boolean all = duration || (last != null && value(last).signum() > 0);
        return all ? matches(found, places) : null;
      }
      if (last != null && isBefore(last, greatest.get(count - 1))) {
        return matches(found, places);
      }
    }
  }

  /**
   * The same with candidates that are read whole, or were, and nothing was written about them
   * since: rows of the page and values at once.
   *
   * @return null if too many were to be read
   */
  private @Nullable Matches greatestKnown(Question q, TraceQuery query) {
    TimeRange range = q.range();
    long sinceMs = WindowKind.HOUR.startOf(Math.max(0, range.fromMs() - DAY_MS));
    // No span is of a later time.
    long untilMs = Math.max(range.toMs(), System.currentTimeMillis()) + DAY_MS;
    WrittenHours written =
        WrittenHours.read(
            database,
            q.scope().projects(),
            new TimeRange(sinceMs, untilMs),
            List.of("span_hours", "call_hours"));
    List<KeptBounds.Bound> greatest = bounds.greatest(q, query.sort(), written);
    int wanted = query.limit() + 1;
    int before = (int) greatest.stream().filter(b -> !isAfter(b, query.after())).count();
    for (int count = before + wanted + SPARE_WHOLE; count <= MAX_WHOLE; count += count) {
      List<KeptBounds.Bound> some = greatest.subList(0, Math.min(count, greatest.size()));
      Set<String> lows = new LinkedHashSet<>();
      some.forEach(b -> lows.add(KeptTraces.low(b.key())));
      Map<String, WholeTrace> read = new HashMap<>();
      kept.read(q.scope().projects(), lows, sinceMs, written)
          .values()
          .forEach(traces -> traces.forEach(t -> read.put(t.id(), t)));
      List<Found> found = inOrder(q, query, read);
      Found last = found.size() < wanted ? null : found.get(wanted - 1);
      boolean all = some.size() == greatest.size() && greatest.size() < KeptBounds.KEPT;
      if (all && !query.sort().equals("duration") && (last == null || value(last).signum() <= 0)) {
        return null;
      }
      if (all || (last != null && isBefore(last, some.get(some.size() - 1)))) {
        return new Matches(found.subList(0, Math.min(wanted, found.size())), Places.ANYWHERE, read);
      }
    }
    return null;
  }

  /** Those of these traces that the list has from the cursor on, in descending order. */
  private List<Found> inOrder(Question q, TraceQuery query, Map<String, WholeTrace> traces) {
    TimeRange range = q.range();
    List<Found> out = new ArrayList<>();
    Map<String, Set<Long>> inPart = new LinkedHashMap<>();
    for (WholeTrace trace : traces.values()) {
      long startMs = Math.floorDiv(trace.startNs(), 1_000_000L);
      if (!trace.isWithin(range)) {
        inPart.put(trace.id(), trace.minutes());
      } else if (range.contains(startMs)) {
        BigDecimal value = trace.value(query.sort(), q.scope());
        KeptBounds.Bound exact = new KeptBounds.Bound(trace.id(), value);
        if (isAfter(exact, query.after())) {
          out.add(new Found(trace.id(), value.stripTrailingZeros().toPlainString(), startMs));
        }
      }
    }
    if (!inPart.isEmpty()) {
      out.addAll(find(q, query, range.toMs(), Places.of(inPart), inPart.size()));
    }
    out.sort(Comparator.comparing(TracesReader::value).thenComparing(Found::traceId).reversed());
    return out;
  }

  /** Whether it comes after the cursor in descending order. */
  private static boolean isAfter(KeptBounds.Bound bound, @Nullable Cursor after) {
    if (after == null) {
      return true;
    }
    int order = bound.value().compareTo(new BigDecimal(after.values().get(0)));
    return order < 0 || (order == 0 && bound.key().compareTo(after.values().get(1)) < 0);
  }

  /** Traces with all that lists show of them. */
  private List<WholeTrace> whole(Set<String> projects, Places places) {
    List<String> ids = List.copyOf(places.traces());
    if (ids.isEmpty()) {
      return List.of();
    }
    Supplier<Map<String, Row>> spans = database.begin(() -> summaries(projects, ids, places));
    List<Row> rows = calls.ofListed(projects, ids, MAX_CALLS, places);
    Map<String, List<Row>> byTrace = new HashMap<>();
    rows.forEach(r -> byTrace.computeIfAbsent(r.text("trace"), t -> new ArrayList<>()).add(r));
    List<WholeTrace> out = new ArrayList<>();
    spans
        .get()
        .forEach(
            (id, summary) ->
                out.add(
                    new WholeTrace(
                        id,
                        summary,
                        byTrace.getOrDefault(id, List.of()),
                        rows.size() < MAX_CALLS,
                        places.minutes(id))));
    return out;
  }

  private static boolean isLong(TimeRange range) {
    return range.lengthMs() >= TraceBounds.SHORT_MS;
  }

  private static Matches matches(List<Found> found, Places places) {
    return new Matches(found, places.only(found.stream().map(Found::traceId).toList()));
  }

  private static BigDecimal value(Found found) {
    return new BigDecimal(found.sortValue());
  }

  /** Whether a trace comes before all whose bound is this or a later one. */
  private static boolean isBefore(Found found, KeptBounds.Bound bound) {
    int order = value(found).compareTo(bound.value());
    return order > 0 || (order == 0 && found.traceId().compareTo(bound.key()) >= 0);
  }

  private List<KeptBounds.Bound> bounds(Question q, TraceQuery query, int count) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(reinterpretAsFixedString(id))) AS trace, toString(v) AS bound")
            .add(" FROM (SELECT " + ID + " AS id, ");
    long toMs = q.range().toMs() + DAY_MS;
    switch (query.sort()) {
      case "cost", "tokens" -> {
        sql.add(query.sort().equals("cost") ? "sum(cost)" : "sum(" + CallsReader.TOKENS + ")");
        sql.add(" AS v FROM calls PREWHERE ");
        CallsReader.range(sql, q.during(new TimeRange(q.range().fromMs(), toMs)));
        sql.add(" WHERE 1");
      }
      default -> {
        boolean errors = query.sort().equals("errors");
        sql.add("toInt64(count()) AS v");
        where(sql, q, q.range().fromMs(), toMs);
        sql.add(errors ? " AND failed" : "");
      }
    }
    members(sql, q, query);
    sql.add(" GROUP BY id HAVING v > 0) ORDER BY v DESC, trace DESC LIMIT ").bind(count);
    return database.query(sql, database.spilling()).stream()
        .map(r -> new KeptBounds.Bound(r.text("trace"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * @param among looks at these traces alone, or null for all
   */
  private List<Found> find(
      Question q, TraceQuery query, long upToMs, @Nullable Places among, int limit) {
    String sort = SORTS.getOrDefault(query.sort(), "start_ns");
    String direction = query.descending() ? " DESC" : " ASC";
    // Counting needs each span once; all else is the same however often a span is there.
    boolean counts = query.sort().equals("spans") || query.sort().equals("errors");
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(reinterpretAsFixedString(id))) AS trace,")
            .add(" toString(" + sort + ") AS sort_value, intDiv(start_ns, 1000000) AS start_ms")
            .add(
                " FROM (SELECT "
                    + ID
                    + " AS id, toUnixTimestamp64Nano(min(start_time)) AS start_ns");
    if (query.needsDuration()) {
      sql.add(", toUnixTimestamp64Nano(max(end_time)) - start_ns AS duration_ns");
    }
    if (counts) {
      sql.add(", count() AS spans, countIf(failed) AS errors");
    }
    if (query.failed() != null) {
      sql.add(", countIf(" + ROOT + ") AS roots, countIf(" + ROOT + " AND failed) AS failed_roots");
    }
    sql.add(
        counts
            ? " FROM (SELECT trace_id, span_id, parent_span_id, start_time, end_time, failed"
            : "");
    where(sql, q, q.range().fromMs(), q.range().toMs() + DAY_MS);
    only(sql, among, "ts");
    sql.add(" AND toUnixTimestamp64Milli(start_time) < ").bind(upToMs + 1);
    members(sql, q, query);
    sql.add(counts ? " LIMIT 1 BY trace_id, span_id)" : "");
    sql.add(" GROUP BY id HAVING start_ns >= ").bind(q.range().fromMs() * 1_000_000);
    sql.add(" AND start_ns < ").bind(q.range().toMs() * 1_000_000);
    if (query.minDurationMs() != null) {
      sql.add(" AND duration_ns >= ").bind(nanos(query.minDurationMs()));
    }
    if (query.maxDurationMs() != null) {
      sql.add(" AND duration_ns <= ").bind(nanos(query.maxDurationMs()));
    }
    sql.add(") AS s");
    if (query.needsCalls()) {
      joinCalls(sql, q, among);
    }
    conditions(sql, query, sort);
    sql.add(" ORDER BY " + sort + direction + ", reinterpretAsFixedString(id)" + direction);
    sql.add(" LIMIT ").bind(limit);
    return database.query(sql, database.spilling()).stream()
        .map(r -> new Found(r.text("trace"), r.text("sort_value"), r.integer("start_ms")))
        .toList();
  }

  private static void only(Sql sql, @Nullable Places among, String column) {
    if (among != null) {
      among.and(sql, column);
      sql.add(" AND trace_id IN ");
      CallsReader.traceIds(sql, List.copyOf(among.traces()));
    }
  }

  private static void joinCalls(Sql sql, Question q, @Nullable Places among) {
    sql.add(" LEFT JOIN (SELECT " + ID + " AS id, ")
        .add("if(countIf(counted AND isNotNull(cost)) = 0, toDecimal128(-1, 12),")
        .add(" sumIf(ifNull(cost, toDecimal128(0, 12)), counted)) AS cost,")
        .add(" sumIf(" + CallsReader.TOKENS + ", counted) AS tokens,")
        .add(" countIf(layer = 'gateway_request') AS requests,")
        .add(" countIf(layer = 'gateway_request' AND failed) AS failed_requests,")
        .add(" argMaxIf(failed, event_time, counted) AS last_failed")
        .add(" FROM (SELECT *, ");
    q.scope().condition(sql);
    sql.add(" AS counted FROM calls FINAL WHERE ").in("project", q.scope().projects());
    sql.add(" AND event_time >= fromUnixTimestamp64Milli(").bind(q.range().fromMs());
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(q.range().toMs() + DAY_MS);
    sql.add(", 'UTC')");
    only(sql, among, "event_time");
    sql.add(") GROUP BY id) AS c USING id");
  }

  private static void conditions(Sql sql, TraceQuery query, String sort) {
    sql.add(" WHERE 1");
    if (query.failed() != null) {
      sql.add(query.failed() ? " AND " : " AND NOT ")
          .add("if(roots + requests > 0, failed_roots + failed_requests > 0, last_failed)");
    }
    if (query.minCostUsd() != null) {
      sql.add(" AND cost >= ").bind("Decimal(38, 12)", query.minCostUsd().toPlainString());
    }
    Cursor after = query.after();
    if (after != null) {
      String type = query.sort().equals("cost") ? "Decimal(38, 12)" : "Int64";
      sql.add(" AND (" + sort + ", reinterpretAsFixedString(id)) ")
          .add(query.descending() ? "< (" : "> (");
      sql.bind(type, after.values().get(0));
      sql.add(", toFixedString(unhex(").bind(after.values().get(1)).add("), 16))");
    }
  }

  /** Traces that hold a span or call the filters ask for. */
  private static void members(Sql sql, Question q, TraceQuery query) {
    Map<Dimension, List<String>> ofSpans = new EnumMap<>(Dimension.class);
    Map<Dimension, List<String>> ofCalls = new EnumMap<>(Dimension.class);
    q.filters()
        .values()
        .forEach(
            (d, v) ->
                (d == Dimension.SERVICE || d == Dimension.ENVIRONMENT ? ofSpans : ofCalls)
                    .put(d, v));
    TimeRange wide = new TimeRange(q.range().fromMs(), q.range().toMs() + DAY_MS);
    Filters calls = new Filters(ofCalls, q.filters().attributes());
    if (!calls.equals(Filters.NONE) || query.costKind() != null) {
      sql.add(" AND trace_id IN (SELECT trace_id FROM calls WHERE ");
      CallsReader.range(sql, q.during(wide));
      calls.and(sql);
      if (query.costKind() != null) {
        sql.add(" AND " + CallsReader.COST_KIND + " = ").bind(query.costKind());
      }
      sql.add(")");
    }
    if (Boolean.TRUE.equals(query.failed())) {
      // Whatever decides that a trace failed, something in it did.
      sql.add(" AND trace_id IN (SELECT trace_id");
      where(sql, q, wide.fromMs(), wide.toMs());
      sql.add(" AND failed UNION ALL SELECT trace_id FROM calls WHERE ")
          .in("project", q.scope().projects());
      sql.add(" AND event_time >= fromUnixTimestamp64Milli(").bind(wide.fromMs());
      sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(").bind(wide.toMs());
      sql.add(", 'UTC') AND failed)");
    }
    String text = query.text();
    if (!ofSpans.isEmpty() || query.sessionId() != null || text != null) {
      sql.add(" AND trace_id IN (");
      ofSpans(sql, q, query, new Filters(ofSpans));
      if (text != null && !isTraceId(text)) {
        sql.add(" AND (positionCaseInsensitiveUTF8(user, ").bind(text);
        sql.add(") > 0 OR positionCaseInsensitiveUTF8(session, ").bind(text);
        sql.add(") > 0 OR (" + ROOT + " AND positionCaseInsensitiveUTF8(name, ").bind(text);
        sql.add(") > 0)) UNION ALL ");
        ofSpans(sql, q, query, new Filters(ofSpans));
        // Values of the map are read only where there is such a key.
        sql.add(" AND " + ROOT + " AND has(attributes.keys, 'agentops.tags')")
            .add(" AND positionCaseInsensitiveUTF8(attributes['agentops.tags'], ");
        sql.bind(text).add(") > 0");
      } else if (text != null) {
        sql.add(" AND trace_id = toFixedString(unhex(")
            .bind(text.toLowerCase(Locale.ROOT))
            .add("), 16)");
      }
      sql.add(")");
    }
  }

  private static void ofSpans(Sql sql, Question q, TraceQuery query, Filters filters) {
    sql.add("SELECT trace_id");
    where(sql, q, q.range().fromMs(), q.range().toMs() + DAY_MS);
    filters.and(sql);
    if (query.sessionId() != null) {
      sql.add(" AND session = ").bind(query.sessionId());
    }
  }

  private static boolean isTraceId(String text) {
    return text.matches("[0-9a-fA-F]{32}");
  }

  private static void where(Sql sql, Question q, long fromMs, long toMs) {
    sql.add(" FROM spans WHERE ").in("project", q.scope().projects());
    sql.add(" AND ts >= fromUnixTimestamp64Milli(").bind(fromMs);
    sql.add(", 'UTC') AND ts < fromUnixTimestamp64Milli(").bind(toMs).add(", 'UTC')");
  }

  private static long nanos(BigDecimal ms) {
    return ms.movePointRight(6).longValue();
  }

  /** Aggregates of the spans of each trace, by trace id. */
  public Map<String, Row> summaries(Set<String> projects, List<String> traceIds) {
    return summaries(projects, traceIds, Places.ANYWHERE);
  }

  /** The same where it is known where the spans lie. */
  public Map<String, Row> summaries(Set<String> projects, List<String> traceIds, Places places) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace,")
            // A trace may go over projects, as its senders' keys do: it stands where its root does.
            .add(" argMin(project, (NOT (" + ROOT + "), start_time, span_id, project)) AS project,")
            .add(" min(toUnixTimestamp64Nano(start_time)) AS start_ns,")
            .add(" max(toUnixTimestamp64Nano(start_time)) AS last_start_ns,")
            .add(" max(toUnixTimestamp64Nano(end_time)) AS end_ns, count() AS spans,")
            .add(" countIf(failed) AS errors, countIf(" + ROOT + ") AS roots,")
            .add(" countIf(" + ROOT + " AND failed) AS failed_roots,")
            .add(" argMin((name, service, environment, lower(hex(span_id)), tagged),")
            .add(" (NOT (" + ROOT + "), start_time, span_id)) AS first,")
            .add(" argMinIf(session, start_time, session != '') AS session,")
            .add(" argMinIf(user, start_time, user != '') AS user,")
            .add(
                " arrayDistinct(arrayMap(x -> x.2, arraySort(groupArrayIf(100)((start_time, agent),"
                    + " agent != '')))) AS agents")
            .add(" FROM (SELECT project, trace_id, span_id, parent_span_id, start_time, end_time,")
            .add(" failed, name, service, environment, session, user, agent,")
            .add(" has(attributes.keys, 'agentops.tags') AS tagged FROM spans WHERE ");
    ofTraces(sql, projects, traceIds, places);
    sql.add(" LIMIT 1 BY trace_id, span_id) GROUP BY trace_id");
    Map<String, Row> out = new HashMap<>();
    database.query(sql).forEach(r -> out.put(r.text("trace"), r));
    tags(projects, places, out);
    return out;
  }

  /**
   * Adds what tags their first spans have. Whole maps of attributes take longer to read than all
   * the rest, and few spans have tags.
   */
  private void tags(Set<String> projects, Places places, Map<String, Row> summaries) {
    Map<String, String> tagged = new HashMap<>();
    summaries.forEach(
        (id, row) -> {
          List<?> first = row.list("first");
          if (Boolean.TRUE.equals(first.get(4)) || Integer.valueOf(1).equals(first.get(4))) {
            tagged.put(id, String.valueOf(first.get(3)));
          }
        });
    Map<String, String> tags = new HashMap<>();
    if (!tagged.isEmpty()) {
      Sql sql =
          new Sql()
              .add("SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,")
              .add(" attributes['agentops.tags'] AS tags FROM spans PREWHERE ");
      ofTraces(sql, projects, List.copyOf(tagged.keySet()), places);
      sql.add(" AND span_id IN (SELECT toFixedString(unhex(arrayJoin(")
          .bindAll(tagged.values())
          .add(")), 8)) AND has(attributes.keys, 'agentops.tags')");
      for (Row row : database.query(sql)) {
        if (row.text("span").equals(tagged.get(row.text("trace")))) {
          tags.put(row.text("trace"), row.text("tags"));
        }
      }
    }
    summaries.replaceAll((id, row) -> row.with("tags", tags.getOrDefault(id, "")));
  }

  private static void ofTraces(
      Sql sql, Set<String> projects, List<String> traceIds, Places places) {
    sql.in("project", projects).add(" AND trace_id IN ");
    CallsReader.traceIds(sql, traceIds);
    places.and(sql, "ts");
  }

  /** Spans of a trace by start, each once, at most so many. */
  public List<Row> spans(Set<String> projects, String traceId, int limit) {
    Sql sql = spanColumns().add(" FROM (SELECT * FROM spans WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId).add("), 16)");
    sql.add(" ORDER BY source_offset LIMIT 1 BY span_id) ORDER BY start_ns, span LIMIT ")
        .bind(limit);
    return database.query(sql);
  }

  /** One span, or null. */
  public @Nullable Row span(Set<String> projects, String traceId, String spanId) {
    Sql sql = spanColumns().add(" FROM spans WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) AND span_id = toFixedString(unhex(").bind(spanId).add("), 8) LIMIT 1");
    List<Row> rows = database.query(sql);
    return rows.isEmpty() ? null : rows.get(0);
  }

  /** Message content of a span: attribute keys and their text; null if none is kept. */
  public @Nullable Map<String, String> content(
      Set<String> projects, String traceId, String spanId) {
    Sql sql = new Sql().add("SELECT content FROM span_content WHERE ").in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) AND span_id = toFixedString(unhex(").bind(spanId).add("), 8) LIMIT 1");
    List<Row> rows = database.query(sql);
    return rows.isEmpty() ? null : new LinkedHashMap<>(rows.get(0).map("content"));
  }

  /** Spans with this id, newest first; mostly one. */
  public List<Row> spansById(Set<String> projects, String spanId) {
    Sql sql = spanColumns().add(" FROM spans WHERE ").in("project", projects);
    sql.add(" AND span_id = toFixedString(unhex(").bind(spanId);
    sql.add("), 8) ORDER BY ts DESC LIMIT 10");
    return database.queryFacts(sql);
  }

  /**
   * Message content of a trace's spans, by span id.
   *
   * @param maxBytes no more spans are read when their content has become this large
   */
  public Map<String, Map<String, String>> contents(
      Set<String> projects, String traceId, long maxBytes) {
    Sql sql =
        new Sql()
            .add("SELECT span, content FROM (SELECT lower(hex(span_id)) AS span, content,")
            .add(" sum(arraySum(x -> length(x), mapValues(content))) OVER")
            .add(" (ORDER BY span_id ROWS UNBOUNDED PRECEDING) AS so_far")
            .add(" FROM (SELECT span_id, content FROM span_content WHERE ")
            .in("project", projects);
    sql.add(" AND trace_id = toFixedString(unhex(").bind(traceId);
    sql.add("), 16) LIMIT 1 BY span_id)) WHERE so_far <= ").bind(maxBytes);
    Map<String, Map<String, String>> out = new HashMap<>();
    database.query(sql).forEach(r -> out.put(r.text("span"), r.map("content")));
    return out;
  }

  private static Sql spanColumns() {
    List<String> columns = new ArrayList<>();
    columns.add("lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span");
    columns.add("lower(hex(parent_span_id)) AS parent, project, name, kind, upper(role) AS role");
    columns.add("layer, service");
    columns.add("scope_name, environment, toUnixTimestamp64Nano(start_time) AS start_ns");
    columns.add("toUnixTimestamp64Nano(end_time) AS end_ns, status_code, status_message, failed");
    columns.add("error_class, provider, model, operation, agent, tool, workflow, session, user");
    columns.add("attributes, resource, event_names, event_attributes");
    columns.add("arrayMap(t -> toUnixTimestamp64Nano(t), event_times) AS event_times_ns");
    columns.add("arrayMap(t -> lower(hex(t)), link_trace_ids) AS link_traces");
    columns.add("arrayMap(t -> lower(hex(t)), link_span_ids) AS link_spans, link_states");
    columns.add("link_attributes, has_content");
    return new Sql().add("SELECT " + String.join(", ", columns));
  }
}
