/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Which rows of spans and calls are looked at, and in which views each is seen. What a trace comes
 * to in a view is worked out from its rows in that view alone, so that one query tells how much
 * some rows change. Immutable.
 */
final class Views {
  /** Sees all rows of a range; of it, traces are found that began in the range. */
  static final long ASKED = 0;

  /** Sees the rows of certain hours. */
  static final long HOURS = 1;

  /** Sees the rows of other hours. */
  static final long OTHER_HOURS = 2;

  private final BiConsumer<Sql, String> rows;
  private final BiConsumer<Sql, String> views;
  private final boolean asks;

  private Views(BiConsumer<Sql, String> rows, BiConsumer<Sql, String> views, boolean asks) {
    this.rows = rows;
    this.views = views;
    this.asks = asks;
  }

  /** Whether {@link #ASKED} is among them; every trace that is seen is in any other. */
  boolean asks() {
    return asks;
  }

  /** All rows of a range, in {@link #ASKED}. */
  static Views of(TimeRange range) {
    return new Views(
        (sql, time) -> sql.during(time, range),
        (sql, time) -> sql.add("toUInt32(" + ASKED + ")"),
        true);
  }

  /** Rows of these hours (epoch ms), each in the view of its day. */
  static Views ofDays(Set<Long> hours) {
    return new Views(
        (sql, time) -> hours(sql, time, hours), (sql, time) -> sql.add(day(time)), false);
  }

  /**
   * Rows at these places, of these hours (epoch ms), each in the view of its day and in {@link
   * #HOURS}.
   */
  static Views ofDaysTogether(Set<Long> hours, Places places) {
    return new Views(
        (sql, time) -> {
          hours(sql, time, hours);
          at(sql.add(" AND "), time, places);
        },
        (sql, time) -> sql.add("arrayJoin([toUInt32(" + HOURS + "), " + day(time) + "])"),
        false);
  }

  /**
   * All rows of some hours and those at some places: what is in the range in {@link #ASKED}, what
   * is of certain hours in {@link #HOURS}.
   *
   * @param some hours, epoch ms; may be none
   */
  static Views compared(TimeRange range, Set<Long> hours, Set<Long> some, Places places) {
    return new Views(
        (sql, time) -> someOrAt(sql, time, some, places),
        (sql, time) -> {
          sql.add("arrayJoin(arrayConcat(if(").during(time, range);
          sql.add(", [toUInt32(" + ASKED + ")], emptyArrayUInt32()), if(");
          hours(sql, time, hours);
          sql.add(", [toUInt32(" + HOURS + ")], emptyArrayUInt32())))");
        },
        true);
  }

  /** The same of other hours, in {@link #OTHER_HOURS}, and certain hours. */
  static Views compared(Set<Long> others, Set<Long> hours, Set<Long> some, Places places) {
    return new Views(
        (sql, time) -> someOrAt(sql, time, some, places),
        (sql, time) -> {
          sql.add("arrayJoin(arrayConcat(if(");
          hours(sql, time, others);
          sql.add(", [toUInt32(" + OTHER_HOURS + ")], emptyArrayUInt32()), if(");
          hours(sql, time, hours);
          sql.add(", [toUInt32(" + HOURS + ")], emptyArrayUInt32())))");
        },
        false);
  }

  /** The number of the view of the day that begins then. */
  static long day(long ms) {
    return ms / TracesReader.DAY_MS;
  }

  /**
   * Appends that a row is looked at.
   *
   * @param time when it ended
   */
  void rows(Sql sql, String time) {
    rows.accept(sql, time);
  }

  /** Appends the number of a view, once for each that sees the row. */
  void view(Sql sql, String time) {
    views.accept(sql, time);
  }

  private static String day(String time) {
    return "toUInt32(toDate(" + time + ", 'UTC'))";
  }

  private static void hours(Sql sql, String time, Set<Long> hours) {
    TraceBounds.inHours(sql, "toStartOfHour(" + time + ")", hours);
  }

  private static void someOrAt(Sql sql, String time, Set<Long> some, Places places) {
    if (some.isEmpty()) {
      at(sql, time, places);
      return;
    }
    sql.add("(");
    hours(sql, time, some);
    if (!places.traces().isEmpty()) {
      at(sql.add(" OR "), time, places);
    }
    sql.add(")");
  }

  private static void at(Sql sql, String time, Places places) {
    sql.add("(trace_id IN ");
    CallsReader.traceIds(sql, List.copyOf(places.traces()));
    places.and(sql, time);
    sql.add(")");
  }
}
