/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.LatencySketch;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One row of a result, read by column name. */
public final class Row {
  private final Map<String, Integer> columns;
  private final @Nullable Object[] values;

  Row(Map<String, Integer> columns, @Nullable Object[] values) {
    this.columns = columns;
    this.values = values;
  }

  /** The same row with another column. */
  Row with(String column, Object value) {
    Map<String, Integer> more = new HashMap<>(columns);
    more.put(column, values.length);
    @Nullable Object[] all = Arrays.copyOf(values, values.length + 1);
    all[values.length] = value;
    return new Row(more, all);
  }

  /** The value as it came: text, number, boolean, list, map or null. */
  public @Nullable Object value(String column) {
    Integer at = columns.get(column);
    if (at == null) {
      throw new IllegalArgumentException("no column " + column + " in " + columns.keySet());
    }
    return values[at];
  }

  public boolean has(String column) {
    return columns.containsKey(column);
  }

  public String text(String column) {
    Object v = value(column);
    return v == null ? "" : v.toString();
  }

  public long integer(String column) {
    return value(column) instanceof Number n ? n.longValue() : 0;
  }

  public @Nullable Double decimal(String column) {
    return value(column) instanceof Number n ? n.doubleValue() : null;
  }

  public boolean bool(String column) {
    Object v = value(column);
    return v instanceof Boolean b ? b : v instanceof Number n && n.longValue() != 0;
  }

  /** A Decimal column; null stays null. */
  public @Nullable BigDecimal money(String column) {
    Object v = value(column);
    return v == null ? null : new BigDecimal(v.toString());
  }

  /** A sketch column, not to be changed; empty if null. */
  public LatencySketch sketch(String column) {
    return value(column) instanceof LatencySketch sketch ? sketch : new LatencySketch();
  }

  /** A list of texts. */
  public List<String> texts(String column) {
    return value(column) instanceof List<?> l
        ? l.stream().map(String::valueOf).toList()
        : List.of();
  }

  /** A list as it came. */
  public List<?> list(String column) {
    return value(column) instanceof List<?> l ? l : List.of();
  }

  /** Rough size on the heap. */
  long estimatedBytes() {
    long bytes = 48;
    for (Object v : values) {
      bytes += v instanceof String s ? 56 + s.length() : 24;
      bytes += v instanceof LatencySketch sketch ? 100 + 20L * sketch.size() : 0;
      bytes += v instanceof Map<?, ?> m ? 120L * m.size() : 0;
      bytes += v instanceof List<?> l ? 72L * l.size() : 0;
    }
    return bytes;
  }

  /** A map of texts. */
  @SuppressWarnings("unchecked")
  public Map<String, String> map(String column) {
    return value(column) instanceof Map<?, ?> m ? (Map<String, String>) m : Map.of();
  }
}
