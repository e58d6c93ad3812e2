/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.Role;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Laminar's SDKs: {@code lmnr.span.type}, else the conventions' keys. Input includes the cache. */
final class Laminar extends Dialect {
  private int[] type = {};
  private int[] marks = {};

  Laminar() {
    super(
        "laminar",
        new FieldKeys()
            .with(GenAiSemconv.COMMON)
            .with(GenAiSemconv.USAGE)
            .with(Field.SESSION, "lmnr.association.properties.session_id")
            .with(Field.USER, "lmnr.association.properties.user_id"));
  }

  @Override
  void bind(KeySlots all, Map<Field, List<String>> configured) {
    super.bind(all, configured);
    type = all.slots("lmnr.span.type");
    marks = all.slots("lmnr.span.path", "lmnr.span.instrumentation_source");
  }

  @Override
  @Nullable Role role(TraceReader span) {
    AttributeView attributes = span.attributes();
    String of = Values.text(attributes, type);
    if (!of.isEmpty()) {
      Role role = Operations.of(of).role();
      if (role != Role.OTHER) {
        return role;
      }
    } else if (!Values.told(attributes, marks)) {
      return null;
    }
    Role operation = Operations.of(text(attributes, Field.OPERATION)).role();
    return operation == Role.OTHER ? null : operation;
  }
}
