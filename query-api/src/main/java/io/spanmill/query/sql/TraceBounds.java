/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What traces of a range cannot exceed, and where their spans lie, from {@code trace_bounds} and,
 * for money and tokens, from {@code calls}. Traces are grouped by the later half of their ids
 * alone, which takes half the time; two that have it in common only get a bound too high.
 * Thread-safe.
 */
final class TraceBounds {
  /** A range shorter than that is a small part of the hours it lies in. */
  static final long SHORT_MS = 6 * 3_600_000L;

  /** The halves of a trace id of a fact table, ordered like its bytes. */
  static final String HIGH = "byteSwap(toUInt64(" + TracesReader.ID + "))";

  static final String LOW = "byteSwap(toUInt64(bitShiftRight(" + TracesReader.ID + ", 64)))";

  private static final String LOW_TEXT =
      "lower(hex(reinterpretAsFixedString(byteSwap(trace_low)))) AS low";

  /** The id as a number, as {@link TracesReader#ID} is one, from its halves. */
  static final String NUMBER = number("trace_high", "trace_low");

  /** The id from its halves in {@code trace_bounds}. */
  static final String TRACE_ID = "reinterpretAsFixedString(" + NUMBER + ")";

  /** No hour of a table is later. */
  static final long LAST_MS = 0xFFFF_FFFFL * 1000;

  /** With more traces that are to be looked at apart, looking at all rows costs no more. */
  static final int MAX_APART = 20_000;

  private static final int MAX_OUTSIDE = 32;

  private final Database database;
  private final KeptBounds kept;
  private final Map<Hours, Outside> outside = SpanHours.latest(MAX_OUTSIDE);

  /**
   * @param hours epoch ms
   */
  private record Hours(Set<String> projects, Set<Long> hours) {}

  /**
   * @param lows later halves of ids
   * @param readMs before they were read, by the server's clock
   */
  private record Outside(List<String> lows, long readMs) {}

  TraceBounds(Database database) {
    this.database = database;
    this.kept = new KeptBounds(database);
  }

  /**
   * The greatest bounds by trace id, in order; those of errors, money and tokens that are above 0.
   *
   * @param sort one of {@link TraceFinder#SORT_NAMES} but {@code start}
   */
  List<KeptBounds.Bound> greatest(Question q, String sort, int count) {
    return kept.greatest(
        asked(q, sort),
        q.range().ofTraces(),
        List.of(isOfCalls(sort) ? "call_hours" : "span_hours"),
        false,
        count,
        source(q, sort));
  }

  /**
   * The same, as many as are kept; of money and tokens those of traces that hold, or held, a call
   * that the filters ask for.
   *
   * @param written when spans and calls were written
   */
  List<KeptBounds.Bound> greatest(Question q, String sort, WrittenHours written) {
    return kept.greatest(
        asked(q, sort), q.range().ofTraces(), written, false, KeptBounds.KEPT, source(q, sort));
  }

  private static KeptBounds.Asked asked(Question q, String sort) {
    return new KeptBounds.Asked("traces", q.scope(), q.filters(), sort, true, q.range().lengthMs());
  }

  /** Whether calls tell what is sorted by, and not spans. */
  static boolean isOfCalls(String sort) {
    return sort.equals("cost") || sort.equals("tokens");
  }

  private KeptBounds.Source source(Question q, String sort) {
    Question around = q.during(q.range().ofTraces().aroundHours());
    return (hours, most) ->
        isOfCalls(sort) ? ofCalls(around, sort, hours, most) : ofSpans(around, sort, hours, most);
  }

  private List<KeptBounds.Bound> ofCalls(Question q, String sort, Set<Long> hours, int count) {
    Sql sql = begin().add(LOW + " AS low, max(" + HIGH + ") AS high, ");
    sql.add("sum(" + CallsReader.valueOf(sort) + ") AS v FROM calls PREWHERE ");
    CallsReader.range(sql, q);
    sql.add(" WHERE 1");
    if (!hours.isEmpty()) {
      inHours(ofCalls(sql, q).add(" AND "), "toStartOfHour(event_time)", hours);
      sql.add(")");
    }
    if (!q.filters().isEmpty()) {
      q.filters().and(ofCalls(sql, q));
      sql.add(")");
    }
    return read(sql.add(" GROUP BY low HAVING v > 0"), count);
  }

  /** Appends that a trace is one of calls that conditions follow for. */
  private static Sql ofCalls(Sql sql, Question q) {
    CallsReader.range(sql.add(" AND low IN (SELECT " + LOW + " FROM calls WHERE "), q);
    return sql;
  }

  private List<KeptBounds.Bound> ofSpans(Question q, String sort, Set<Long> hours, int count) {
    Sql sql = begin().add("trace_low AS low, max(trace_high) AS high, ");
    sql.add(
        switch (sort) {
          case "duration" -> "max(end_ns) - min(start_ns)";
          case "spans" -> "toInt64(sum(spans))";
          case "errors" -> "toInt64(sum(errors))";
          default -> throw new IllegalArgumentException("no bounds for " + sort);
        });
    sql.add(" AS v FROM trace_bounds WHERE ").in("project", q.scope().projects());
    hours(sql, q.range());
    sql.add(sort.equals("errors") ? " AND errors > 0" : "");
    if (!hours.isEmpty()) {
      sql.add(" AND trace_low IN (SELECT trace_low FROM trace_bounds WHERE ");
      sql.in("project", q.scope().projects()).add(" AND ");
      inHours(sql, "hour", hours);
      sql.add(")");
    }
    return read(sql.add(" GROUP BY low"), count);
  }

  private static Sql begin() {
    return new Sql()
        .add("SELECT lower(hex(reinterpretAsFixedString(" + number("high", "low") + "))) AS trace,")
        .add(" toString(v) AS bound")
        .add(" FROM (SELECT ");
  }

  private List<KeptBounds.Bound> read(Sql sql, int count) {
    sql.add(" ORDER BY v DESC, high DESC, low DESC LIMIT ").bind(count).add(")");
    sql.add(" ORDER BY v DESC, high DESC, low DESC");
    return database.query(sql, database.spilling()).stream()
        .map(r -> new KeptBounds.Bound(r.text("trace"), new BigDecimal(r.text("bound"))))
        .toList();
  }

  /**
   * Appends that an hour is one of these.
   *
   * @param hours epoch ms
   */
  static void inHours(Sql sql, String hour, Set<Long> hours) {
    sql.add(hour + " IN (SELECT toDateTime(arrayJoin(")
        .bind("Array(Int64)", hours.stream().map(h -> h / 1000).toList())
        .add("), 'UTC'))");
  }

  /**
   * Where spans of these traces lie, and of others that have the later half of an id in common.
   *
   * @param sinceMs they have no span that ended before
   */
  Places places(Set<String> projects, List<String> traceIds, long sinceMs) {
    return placesOf(projects, traceIds.stream().map(KeptTraces::low).toList(), sinceMs);
  }

  /**
   * Where spans of traces with one of these later halves of ids lie.
   *
   * @param sinceMs no hour before that one is looked at
   */
  Places placesOf(Set<String> projects, List<String> lows, long sinceMs) {
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(" + TRACE_ID + ")) AS trace,")
            .add(" toInt64(toUnixTimestamp(hour)) AS hour_s, groupBitOr(minutes) AS bits")
            .add(" FROM trace_bounds WHERE ")
            .in("project", projects)
            .add(" AND hour >= toDateTime(")
            .bind(WindowKind.HOUR.startOf(Math.max(0, sinceMs)) / 1000)
            .add(", 'UTC')");
    lows(sql, lows);
    sql.add(" GROUP BY trace_high, trace_low, hour");
    Map<String, Set<Long>> minutes = new LinkedHashMap<>();
    for (Row row : database.query(sql, database.spilling())) {
      Set<Long> mine = minutes.computeIfAbsent(row.text("trace"), t -> new TreeSet<>());
      minutes(row, mine);
    }
    return Places.of(minutes);
  }

  /** In which of these hours (epoch ms) spans of such traces ended. */
  List<Row> hoursOf(Set<String> projects, Collection<String> lows, Set<Long> hours) {
    Sql sql =
        new Sql()
            .add("SELECT DISTINCT " + LOW_TEXT + ",")
            .add(" toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms FROM trace_bounds WHERE ")
            .in("project", projects)
            .add(" AND ");
    inHours(sql, "hour", hours);
    return database.query(lows(sql, lows));
  }

  /**
   * Traces that have spans in these hours (epoch ms) of several days.
   *
   * @return null if they are too many to look at them apart
   */
  @Nullable Places ofSeveralDays(Set<String> projects, Set<Long> hours) {
    Sql sql = lowsIn(projects, hours);
    sql.add(" GROUP BY trace_low HAVING min(toDate(hour, 'UTC')) != max(toDate(hour, 'UTC'))");
    return placesOfSome(projects, lows(sql), hours);
  }

  /**
   * The same of those that have spans in these hours and in others.
   *
   * @param others may have none
   */
  @Nullable Places ofBoth(Set<String> projects, Set<Long> hours, Set<Long> others) {
    return placesOfSome(projects, lowsOfBoth(projects, hours, others), hours);
  }

  /**
   * The same, and of those that have spans in these hours and began before or after all of them.
   *
   * @param written when the hours, at least one, were written into
   */
  @Nullable Places ofBothOrOutside(
      Set<String> projects, Set<Long> hours, Set<Long> others, WrittenHours written) {
    Supplier<List<String>> both = database.begin(() -> lowsOfBoth(projects, hours, others));
    Set<String> lows = new LinkedHashSet<>(outside(projects, hours, written));
    lows.addAll(both.get());
    return placesOfSome(projects, lows, hours);
  }

  private List<String> lowsOfBoth(Set<String> projects, Set<Long> hours, Set<Long> others) {
    if (others.isEmpty()) {
      return List.of();
    }
    // On its own, so that the index of halves of ids finds where to look.
    Sql sql = lowsIn(projects, hours).add(" AND trace_low IN (SELECT trace_low FROM trace_bounds");
    inHours(sql.add(" WHERE ").in("project", projects).add(" AND "), "hour", others);
    return lows(sql.add(")"));
  }

  /** Of traces that began outside; finding them looks at all bounds of the hours. */
  private List<String> outside(Set<String> projects, Set<Long> hours, WrittenHours written) {
    Hours asked = new Hours(projects, hours);
    Outside known;
    synchronized (outside) {
      known = outside.get(asked);
    }
    if (known != null && written.areSettled(hours, known.readMs())) {
      return known.lows();
    }
    Sql sql = lowsIn(projects, hours).add(" AND (start_ns < ");
    sql.bind(Collections.min(hours) * 1_000_000).add(" OR start_ns >= ");
    sql.bind((Collections.max(hours) + WindowKind.HOUR.lengthMs()) * 1_000_000).add(")");
    List<String> lows = lows(sql);
    synchronized (outside) {
      outside.put(asked, new Outside(lows, written.readMs()));
    }
    return lows;
  }

  /**
   * Later halves of ids that have this part, of traces with spans between the first and the last of
   * these hours (epoch ms).
   */
  List<String> ofIdsWith(Set<String> projects, Set<Long> hours, String part) {
    if (!isPartOfId(part)) {
      return List.of();
    }
    Sql sql = new Sql().add("SELECT DISTINCT " + LOW_TEXT + " FROM trace_bounds WHERE ");
    sql.in("project", projects);
    // All ids are looked at: whether the hour is one of them would cost as much again.
    hours(sql, new TimeRange(Collections.min(hours), Collections.max(hours) + 1));
    idHolds(sql.add(" AND "), part);
    return lows(sql);
  }

  static boolean isPartOfId(String text) {
    return text.matches("[0-9a-fA-F]{1,32}");
  }

  /** Appends that the hex digits of a row's trace id have these among them. */
  static void idHolds(Sql sql, String part) {
    // Not in lower case, which would be one more pass over all ids.
    sql.add("position(hex(" + TRACE_ID + "), upper(").bind(part).add(")) > 0");
  }

  /**
   * Later halves of ids of traces that have spans or calls in these hours (epoch ms); as many as
   * are looked at apart and one.
   */
  List<String> ofHours(Set<String> projects, Set<Long> hours) {
    Sql sql = lowsIn(projects, hours);
    sql.add(" UNION DISTINCT SELECT lower(substring(hex(trace_id), 17)) AS low FROM calls WHERE ");
    inHours(sql.in("project", projects).add(" AND "), "toStartOfHour(event_time)", hours);
    return lows(new Sql().add("SELECT low FROM (").append(sql).add(")"));
  }

  private static Sql lowsIn(Set<String> projects, Set<Long> hours) {
    Sql sql = new Sql().add("SELECT DISTINCT " + LOW_TEXT + " FROM trace_bounds WHERE ");
    inHours(sql.in("project", projects).add(" AND "), "hour", hours);
    return sql;
  }

  private List<String> lows(Sql sql) {
    return database.query(sql.add(" LIMIT ").bind(MAX_APART + 1), database.spilling()).stream()
        .map(r -> r.text("low"))
        .toList();
  }

  /**
   * Where those traces lie that have one of these later halves of ids and spans in these hours.
   *
   * @return null if they are too many to look at them apart
   */
  @Nullable Places placesOfSome(Set<String> projects, Collection<String> lows, Set<Long> hours) {
    if (lows.size() > MAX_APART) {
      return null;
    }
    long sinceMs = hours.stream().mapToLong(Long::longValue).min().orElse(0);
    return lows.isEmpty() ? Places.of(Map.of()) : placesOf(projects, List.copyOf(lows), sinceMs);
  }

  private static Sql lows(Sql sql, Collection<String> lows) {
    return lows(sql.add(" AND "), "trace_low", lows);
  }

  /** Appends that a later half of an id is one of these, or nothing if there are none. */
  static void onlyLows(Sql sql, String low, Collection<String> lows) {
    if (!lows.isEmpty()) {
      lows(sql.add(" AND "), low, lows);
    }
  }

  /**
   * Appends that a later half of an id is one of these.
   *
   * @param low program text of a number
   */
  static Sql lows(Sql sql, String low, Collection<String> lows) {
    return sql.add(low + " IN (SELECT byteSwap(reinterpretAsUInt64(unhex(arrayJoin(")
        .bindAll(lows)
        .add(")))))");
  }

  /** Adds the minutes, epoch seconds, of a row of {@code hour_s} and {@code bits}. */
  static void minutes(Row row, Set<Long> into) {
    minutes(row.integer("hour_s"), row.integer("bits"), into);
  }

  /** The minutes of pairs of an hour and its bits. */
  static Set<Long> minutes(List<?> places) {
    Set<Long> out = new TreeSet<>();
    for (Object place : places) {
      if (place instanceof List<?> pair
          && pair.get(0) instanceof Number hour
          && pair.get(1) instanceof Number bits) {
        minutes(hour.longValue(), bits.longValue(), out);
      }
    }
    return out;
  }

  private static void minutes(long hourS, long bits, Set<Long> into) {
    for (int minute = 0; minute < 60; minute++) {
      if ((bits >> minute & 1) != 0) {
        into.add(hourS + minute * 60L);
      }
    }
  }

  private static String number(String high, String low) {
    return "bitOr(bitShiftLeft(toUInt128(byteSwap("
        + low
        + ")), 64), toUInt128(byteSwap("
        + high
        + ")))";
  }

  /** Appends that rows are of hours that have a part in the range. */
  static void hours(Sql sql, TimeRange range) {
    sql.add(" AND hour >= toDateTime(").bind(WindowKind.HOUR.startOf(range.fromMs()) / 1000);
    sql.add(", 'UTC') AND hour < toDateTime(").bind((range.toMs() + 999) / 1000).add(", 'UTC')");
  }
}
