/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A dialect's table: the attribute keys of each field, in the order in which they are asked. */
final class FieldKeys {
  private final Map<Field, List<String>> keys = new EnumMap<>(Field.class);

  /** Adds keys behind those the field already has. */
  FieldKeys with(Field field, String... more) {
    List<String> all = keys.computeIfAbsent(field, f -> new ArrayList<>());
    for (String key : more) {
      if (!all.contains(key)) {
        all.add(key);
      }
    }
    return this;
  }

  /** Adds all keys of another table behind those of this one. */
  FieldKeys with(FieldKeys other) {
    other.keys.forEach((field, more) -> with(field, more.toArray(new String[0])));
    return this;
  }

  List<String> of(Field field) {
    return keys.getOrDefault(field, List.of());
  }
}
