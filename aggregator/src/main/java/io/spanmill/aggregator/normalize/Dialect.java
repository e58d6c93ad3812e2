/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One way of writing down model calls as spans: which spans are its own and what they are, and a
 * table of attribute keys. {@link Dialects} lists them all; a new one is a class and a line there.
 * Not thread-safe.
 */
abstract class Dialect {
  private final String id;
  private final FieldKeys keys;
  private final int[][] slots = new int[Field.values().length][];

  Dialect(String id, FieldKeys keys) {
    this.id = id;
    this.keys = keys;
  }

  /** Name in {@code calls.dialect} and in the docs. */
  final String id() {
    return id;
  }

  final FieldKeys keys() {
    return keys;
  }

  /** Takes its places in the common table; configured keys are asked after the dialect's own. */
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    for (Field field : Field.values()) {
      FieldKeys merged =
          new FieldKeys()
              .with(field, keys.of(field).toArray(new String[0]))
              .with(field, configured.getOrDefault(field, List.of()).toArray(new String[0]));
      slots[field.ordinal()] = all.slots(merged.of(field));
    }
  }

  final int[] slots(Field field) {
    return slots[field.ordinal()];
  }

  final String text(AttributeView view, Field field) {
    return Values.text(view, slots(field));
  }

  /**
   * What the span is, if this dialect wrote it; null if not. Looks at as few keys as it can: it is
   * asked of every span.
   */
  abstract @Nullable Role role(TraceReader span);

  /** What the table alone cannot tell; called after the table was read, before tokens are split. */
  void refine(TraceReader span, NormalizedSpan out, Figures figures)
      throws MalformedOtlpException {}

  /** What depends on the split tokens and the failure, such as a response-cache hit. */
  void finish(TraceReader span, NormalizedSpan out) {}

  /** Names of events of which the first marks the first token; none by default. */
  List<String> firstTokenEvents() {
    return List.of();
  }
}
