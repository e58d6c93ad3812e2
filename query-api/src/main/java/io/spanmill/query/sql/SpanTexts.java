/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * In which hours texts occur that lists are searched for, from {@code span_texts}: each user,
 * session, name and tags of a root once a day. It is small, so that a text is looked for in all of
 * it, and spans are looked at in those hours alone. Thread-safe.
 */
final class SpanTexts {
  /** With more sessions on a day, they are not told one by one. */
  private static final int MAX_SESSIONS = 100;

  private final Database database;

  SpanTexts(Database database) {
    this.database = database;
  }

  /** What a text is looked for in. */
  enum Kind {
    USER,
    SESSION,
    NAME,
    TAGS;

    private String stored() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Where a text occurs.
   *
   * @param hours epoch ms, by kind; none that is empty
   * @param texts how many differ on each day, all days added up
   * @param sessions those that have it in their names, and perhaps some that do only around the
   *     hours asked for; null if they are many
   */
  record Hits(
      Map<Kind, NavigableSet<Long>> hours, long texts, @Nullable Set<SessionTraces.Key> sessions) {
    boolean isEmpty() {
      return hours.isEmpty();
    }

    Set<Long> of(Kind kind) {
      return hours.getOrDefault(kind, new TreeSet<>());
    }

    /** Of all kinds. */
    NavigableSet<Long> all() {
      NavigableSet<Long> all = new TreeSet<>();
      hours.values().forEach(all::addAll);
      return all;
    }

    /** Those of this hour and later ones. */
    Hits since(long hourMs) {
      Map<Kind, NavigableSet<Long>> some = new TreeMap<>();
      hours.forEach(
          (kind, of) -> {
            NavigableSet<Long> rest = of.tailSet(hourMs, true);
            if (!rest.isEmpty()) {
              some.put(kind, rest);
            }
          });
      return new Hits(some, texts, sessions);
    }
  }

  /**
   * Looks for a text.
   *
   * @param ended when spans ended that are searched
   * @param text not empty
   */
  Hits find(Set<String> projects, TimeRange ended, String text, Collection<Kind> kinds) {
    Sql sql =
        new Sql()
            .add("SELECT project, kind, toInt64(toUInt16(day)) AS days, count() AS texts,")
            .add(" toInt64(groupBitOr(hours)) AS bits, if(kind = 'session' AND texts <= ")
            .bind(MAX_SESSIONS)
            .add(", groupArray(" + MAX_SESSIONS + ")(text), []) AS names");
    from(sql, projects, ended, text, kinds);
    Map<Kind, NavigableSet<Long>> hours = new TreeMap<>();
    long texts = 0;
    Set<SessionTraces.Key> sessions = new LinkedHashSet<>();
    boolean many = false;
    for (Row row : database.query(sql.add(" GROUP BY project, kind, day"))) {
      texts += row.integer("texts");
      Kind kind = Kind.valueOf(row.text("kind").toUpperCase(Locale.ROOT));
      if (kind == Kind.SESSION) {
        row.texts("names")
            .forEach(n -> sessions.add(new SessionTraces.Key(row.text("project"), n)));
        many |= row.integer("texts") > MAX_SESSIONS || sessions.size() > MAX_SESSIONS;
      }
      long bits = row.integer("bits");
      for (int hour = 0; hour < 24; hour++) {
        long ms = row.integer("days") * TracesReader.DAY_MS + hour * WindowKind.HOUR.lengthMs();
        if ((bits >> hour & 1) != 0
            && ms + WindowKind.HOUR.lengthMs() > ended.fromMs()
            && ms < ended.toMs()) {
          hours.computeIfAbsent(kind, k -> new TreeSet<>()).add(ms);
        }
      }
    }
    return new Hits(hours, texts, many ? null : sessions);
  }

  /** Those of some texts that have the text in them. */
  Set<String> holding(Collection<String> some, String text) {
    Set<String> out = new HashSet<>();
    List<String> others = new ArrayList<>();
    String lower = text.toLowerCase(Locale.ROOT);
    for (String x : some) {
      // What is not plain has its case told by the server alone.
      if (!isAscii(text) || !isAscii(x)) {
        others.add(x);
      } else if (x.toLowerCase(Locale.ROOT).contains(lower)) {
        out.add(x);
      }
    }
    if (!others.isEmpty()) {
      Sql sql = new Sql().add("SELECT DISTINCT x FROM (SELECT arrayJoin(").bindAll(others);
      holds(sql.add(") AS x) WHERE "), "x", text);
      database.query(sql, Database.ONE_THREAD).forEach(r -> out.add(r.text("x")));
    }
    return out;
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 128);
  }

  /** Appends that a span is of an hour in which a text of the kind is. */
  static void inHours(Sql sql, Set<String> projects, TimeRange ended, String text, Kind kind) {
    sql.add("toStartOfHour(ts) IN (SELECT toDateTime(toInt64(toUInt16(day)) * 86400")
        .add(" + arrayJoin(bitPositionsToArray(hours)) * 3600, 'UTC')");
    from(sql, projects, ended, text, List.of(kind));
    sql.add(")");
  }

  /** Appends that a span has the text. */
  static void ofSpan(Sql sql, Kind kind, String text) {
    switch (kind) {
      case USER -> holds(sql, "user", text);
      case SESSION -> holds(sql, "session", text);
      case NAME -> holds(sql.add(TracesReader.ROOT + " AND "), "name", text);
      case TAGS -> {
        // Values of the map are read only where there is such a key.
        sql.add(TracesReader.ROOT + " AND has(attributes.keys, 'agentops.tags') AND ");
        holds(sql, "attributes['agentops.tags']", text);
      }
    }
  }

  /** Appends that a column has the text in it, whatever the case. */
  static void holds(Sql sql, String column, String text) {
    sql.add("positionCaseInsensitiveUTF8(" + column + ", ").bind(text).add(") > 0");
  }

  private static void from(
      Sql sql, Set<String> projects, TimeRange ended, String text, Collection<Kind> kinds) {
    sql.add(" FROM span_texts WHERE ").in("project", projects).add(" AND ");
    sql.in("kind", kinds.stream().map(Kind::stored).toList());
    sql.add(" AND day >= toDate(").bind(ended.fromMs() / TracesReader.DAY_MS);
    sql.add(") AND day <= toDate(").bind((ended.toMs() - 1) / TracesReader.DAY_MS).add(") AND ");
    holds(sql, "text", text);
  }
}
