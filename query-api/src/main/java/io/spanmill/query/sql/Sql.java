/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * SQL text under construction together with its bound parameters. Values get into a query by {@link
 * #bind} alone; {@link #add} takes text of the program itself. Not thread-safe.
 */
public final class Sql {
  /** ClickHouse takes 128 KiB a parameter; a character may take several bytes. */
  private static final int MAX_LENGTH = 40_000;

  private final StringBuilder text = new StringBuilder();
  private final Map<String, Object> parameters = new LinkedHashMap<>();

  /** Appends program text. */
  public Sql add(String programText) {
    text.append(programText);
    return this;
  }

  /**
   * Appends a placeholder of this ClickHouse type for this value, or several for a long list, each
   * of which the server takes.
   */
  public Sql bind(String type, Object value) {
    if (value instanceof List<?> list && list.size() > 1 && length(list) > MAX_LENGTH) {
      int half = list.size() / 2;
      add("arrayConcat(").bind(type, list.subList(0, half)).add(", ");
      return bind(type, list.subList(half, list.size())).add(")");
    }
    String name = "p" + parameters.size();
    parameters.put(name, value);
    text.append('{').append(name).append(':').append(type).append('}');
    return this;
  }

  private static long length(List<?> list) {
    return list.stream().mapToLong(v -> String.valueOf(v).length() + 3L).sum();
  }

  public Sql bind(String value) {
    return bind("String", value);
  }

  public Sql bind(long value) {
    return bind("Int64", value);
  }

  /** Appends a bound array of strings. */
  public Sql bindAll(Collection<String> values) {
    return bind("Array(String)", List.copyOf(values));
  }

  /** Appends {@code column IN (values)}; the column is program text. */
  public Sql in(String column, Collection<String> values) {
    return add(column).add(" IN ").bindAll(values);
  }

  /** Appends that a column of milliseconds lies in the range; the column is program text. */
  Sql during(String column, TimeRange range) {
    return add(column + " >= fromUnixTimestamp64Milli(")
        .bind(range.fromMs())
        .add(", 'UTC') AND " + column + " < fromUnixTimestamp64Milli(")
        .bind(range.toMs())
        .add(", 'UTC')");
  }

  /** The same of several ranges: in any of them. */
  Sql during(String column, List<TimeRange> ranges) {
    String between = "(";
    for (TimeRange range : ranges) {
      add(between).during(column, range);
      between = " OR ";
    }
    return add(ranges.isEmpty() ? "false" : ")");
  }

  /** Appends another piece, its parameters renumbered. */
  public Sql append(Sql other) {
    String piece = other.text.toString();
    int at = 0;
    for (Map.Entry<String, Object> p : other.parameters.entrySet()) {
      // Placeholders stand in the text in the order they were bound.
      String old = "{" + p.getKey() + ":";
      int found = piece.indexOf(old, at);
      text.append(piece, at, found);
      int end = piece.indexOf('}', found);
      bind(piece.substring(found + old.length(), end), p.getValue());
      at = end + 1;
    }
    text.append(piece, at, piece.length());
    return this;
  }

  public String text() {
    return text.toString();
  }

  public Map<String, Object> parameters() {
    return parameters;
  }

  /** Text and values: equal for identical queries. */
  String fingerprint() {
    return text + "\u0000" + parameters;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
