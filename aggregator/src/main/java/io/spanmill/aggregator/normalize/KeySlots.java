/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.otlp.KeyTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gathers the attribute keys of all dialects into one table, so that a span is scanned once. */
final class KeySlots {
  private final Map<String, Integer> slots = new LinkedHashMap<>();

  /** The slot of a key, given on first asking. */
  int slot(String key) {
    return slots.computeIfAbsent(key, k -> slots.size());
  }

  int[] slots(List<String> keys) {
    return keys.stream().mapToInt(this::slot).toArray();
  }

  int[] slots(String... keys) {
    return slots(List.of(keys));
  }

  /** The table of all keys asked for so far, each at the slot it was given. */
  KeyTable table() {
    return KeyTable.of(slots.keySet().toArray(new String[0]));
  }
}
