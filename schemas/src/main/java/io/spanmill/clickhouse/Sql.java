/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.util.HashMap;
import java.util.Map;

/**
 * A statement: its text, which is made of constants alone, the values bound to its {@code
 * {name:Type}} places, and ClickHouse settings for this one run. Immutable.
 */
public record Sql(String text, Map<String, Object> parameters, Map<String, String> settings) {
  public Sql {
    parameters = Map.copyOf(parameters);
    settings = Map.copyOf(settings);
  }

  public static Sql of(String text) {
    return new Sql(text, Map.of(), Map.of());
  }

  /** Binds a value: text, number, instant in ClickHouse's form, or a list of those. */
  public Sql with(String name, Object value) {
    Map<String, Object> more = new HashMap<>(parameters);
    more.put(name, value);
    return new Sql(text, more, settings);
  }

  public Sql setting(String name, Object value) {
    Map<String, String> more = new HashMap<>(settings);
    more.put(name, value.toString());
    return new Sql(text, parameters, more);
  }
}
