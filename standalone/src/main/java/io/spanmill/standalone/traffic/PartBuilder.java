/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The spans of one process under way, all of one trace. */
final class PartBuilder {
  private static final int PICO_PLACES = 12;

  private final TracePart.Origin origin;
  private final String scope;
  private final Map<String, Object> resource;
  private final ByteString trace;
  private final Dice dice;
  private final Map<String, List<Span>> byScope = new LinkedHashMap<>();
  private final List<Fact> facts = new ArrayList<>();

  PartBuilder(
      TracePart.Origin origin,
      String scope,
      Map<String, Object> resource,
      ByteString trace,
      Dice dice) {
    this.origin = origin;
    this.scope = scope;
    this.resource = resource;
    this.trace = trace;
    this.dice = dice;
  }

  /** Adds a span of the usual scope and gives its id. */
  ByteString add(
      ByteString parent,
      String name,
      SpanKind kind,
      long startNanos,
      long endNanos,
      StatusCode status,
      Map<String, Object> attributes) {
    ByteString id = dice.id(8);
    add(scope, id, parent, name, kind, startNanos, endNanos, status, attributes);
    return id;
  }

  void add(
      String ofScope,
      ByteString id,
      ByteString parent,
      String name,
      SpanKind kind,
      long startNanos,
      long endNanos,
      StatusCode status,
      Map<String, Object> attributes) {
    byScope
        .computeIfAbsent(ofScope, s -> new ArrayList<>())
        .add(Spans.span(trace, id, parent, name, kind, startNanos, endNanos, status, attributes));
  }

  void counts(Fact fact) {
    facts.add(fact);
  }

  TracePart build() {
    int spans = byScope.values().stream().mapToInt(List::size).sum();
    return new TracePart(origin, Spans.of(resource, byScope), spans, List.copyOf(facts));
  }

  /** An amount as Python sends it. The nearest double's shortest form is the amount again. */
  static double usd(long pico) {
    return BigDecimal.valueOf(pico, PICO_PLACES).doubleValue();
  }
}
