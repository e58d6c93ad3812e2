/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.model.Layer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ExampleTracesTest {
  private static final long END = 1_795_000_000_000_000_000L;

  @Test
  void sameSeed_givesTheSameTraces() {
    ExampleTraces one = new ExampleTraces(7, "t");
    ExampleTraces two = new ExampleTraces(7, "t");
    for (int i = 0; i < 200; i++) {
      assertThat(one.next(END)).isEqualTo(two.next(END));
    }
    assertThat(new ExampleTraces(7, "t").next(END))
        .isNotEqualTo(new ExampleTraces(8, "t").next(END));
  }

  @Test
  void traces_areWholeMarkedAndEndInTime() {
    ExampleTraces traces = new ExampleTraces(3, "demo");
    Set<String> services = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      List<ResourceSpans> trace = traces.next(END);
      List<Span> spans =
          trace.stream()
              .flatMap(r -> r.getScopeSpansList().stream())
              .flatMap(s -> s.getSpansList().stream())
              .toList();
      assertThat(spans.stream().map(Span::getTraceId).distinct()).hasSize(1);
      assertThat(spans.stream().map(Span::getSpanId).distinct()).hasSameSizeAs(spans);
      assertThat(spans)
          .allSatisfy(
              span -> {
                assertThat(span.getTraceId().size()).isEqualTo(16);
                assertThat(span.getSpanId().size()).isEqualTo(8);
                assertThat(span.getEndTimeUnixNano()).isBetween(span.getStartTimeUnixNano(), END);
              });
      Set<Object> ids = new HashSet<>(spans.stream().map(Span::getSpanId).toList());
      assertThat(spans)
          .allSatisfy(
              span ->
                  assertThat(
                          span.getParentSpanId().isEmpty() || ids.contains(span.getParentSpanId()))
                      .isTrue());
      trace.forEach(
          part ->
              part.getResource()
                  .getAttributesList()
                  .forEach(
                      attribute -> {
                        if (attribute.getKey().equals("service.name")) {
                          services.add(attribute.getValue().getStringValue());
                        }
                        if (attribute.getKey().equals("deployment.environment")) {
                          assertThat(attribute.getValue().getStringValue()).isEqualTo("demo");
                        }
                      }));
    }
    assertThat(services).contains("litellm", "vllm-qwen3-32b", "checkout-agent");
  }

  @Test
  void anotherRun_hasTheSameTrafficUnderOtherIds() {
    ExampleTraces one = new ExampleTraces(7, "one", "t");
    ExampleTraces two = new ExampleTraces(7, "two", "t");
    ExpectedTotals ofOne = new ExpectedTotals();
    ExpectedTotals ofTwo = new ExpectedTotals();
    Set<Object> ids = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      for (ExampleTraces traces : List.of(one, two)) {
        List<TracePart> trace = traces.nextParts(END);
        trace.forEach(traces == one ? ofOne::acknowledge : ofTwo::acknowledge);
        ids.add(trace.get(0).resourceSpans().getScopeSpans(0).getSpans(0).getTraceId());
      }
    }
    assertThat(ids).hasSize(1000);
    assertThat(ofOne.toJson()).isEqualTo(ofTwo.toJson());
    assertThat(ofOne.of(Layer.GATEWAY).calls).isPositive();
  }

  @Test
  void factOfSpansSentTwice_countsOnce() {
    ExpectedTotals totals = new ExpectedTotals();
    List<TracePart> trace = new ExampleTraces(7, "t").nextParts(END);
    trace.forEach(totals::acknowledge);
    JsonNode once = totals.toJson();
    trace.forEach(totals::acknowledge);
    assertThat(totals.toJson()).isEqualTo(once);
    assertThat(once.path("layers").properties()).isNotEmpty();
  }

  @Test
  void traffic_hasEveryLayerFailureAndKindOfToken() {
    ExampleTraces traces = new ExampleTraces(5, "t");
    ExpectedTotals totals = new ExpectedTotals();
    for (int i = 0; i < 5000; i++) {
      traces.nextParts(END).forEach(totals::acknowledge);
    }
    for (Layer layer : List.of(Layer.GATEWAY, Layer.GATEWAY_REQUEST, Layer.CLIENT)) {
      assertThat(totals.of(layer).errors).as(layer.label()).isPositive();
    }
    ExpectedTotals.Figures gateway = totals.of(Layer.GATEWAY);
    assertThat(totals.of(Layer.ENGINE).calls).isBetween(1L, gateway.calls);
    assertThat(totals.gatewayErrors()).hasSize(9);
    assertThat(gateway.tokens.cacheRead()).isPositive();
    assertThat(gateway.tokens.cacheWrite()).isPositive();
    assertThat(gateway.tokens.reasoning()).isPositive();
    assertThat(gateway.savedTokens).isPositive();
    assertThat(gateway.cacheHits).isPositive();
    assertThat(gateway.unpriced).isPositive();
    assertThat(gateway.costPico).isGreaterThan(gateway.reportedPico);
    // More attempts than requests failed: some were tried again.
    assertThat(gateway.errors).isGreaterThan(0);
    assertThat(totals.of(Layer.GATEWAY_REQUEST).errors).isLessThan(gateway.errors * 2);
  }

  @Test
  void proxy_tellsOfAsManyServicesAsRealOnes() {
    ExampleTraces traces = new ExampleTraces(5, "t");
    int requests = 0;
    for (int i = 0; i < 500; i++) {
      List<Span> spans = traces.next(END).stream().flatMap(ExampleTracesTest::spans).toList();
      for (Span server : spans) {
        boolean first = server.getName().equals("Received Proxy Server Request");
        boolean turnedAway =
            server.getAttributesList().stream()
                .anyMatch(
                    a ->
                        Set.of("BudgetExceededError", "AuthenticationError")
                            .contains(a.getValue().getStringValue()));
        if (!(first || server.getName().startsWith("POST /v1/")) || turnedAway) {
          continue;
        }
        long services = spans.stream().filter(s -> isServiceOf(server, s, spans)).count();
        assertThat(services).as(server.getName()).isBetween(first ? 6L : 2L, first ? 9L : 5L);
        requests++;
      }
    }
    assertThat(requests).isGreaterThan(300);
  }

  @Test
  void request_tellsEachResourceAndScopeOnce() {
    ExampleTraces traces = new ExampleTraces(5, "t");
    List<ResourceSpans> parts = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      parts.addAll(traces.next(END));
    }
    List<ResourceSpans> grouped = Spans.request(parts).getResourceSpansList();
    assertThat(grouped.stream().map(ResourceSpans::getResource).distinct()).hasSameSizeAs(grouped);
    assertThat(grouped)
        .allSatisfy(
            of ->
                assertThat(of.getScopeSpansList().stream().map(s -> s.getScope()).distinct())
                    .hasSize(of.getScopeSpansCount()));
    assertThat(grouped.stream().flatMap(ExampleTracesTest::told))
        .containsExactlyInAnyOrderElementsOf(
            parts.stream().flatMap(ExampleTracesTest::told).toList());
  }

  private static Stream<Span> spans(ResourceSpans of) {
    return of.getScopeSpansList().stream().flatMap(scope -> scope.getSpansList().stream());
  }

  /** Spans with who told of them. */
  private static Stream<List<Object>> told(ResourceSpans of) {
    return of.getScopeSpansList().stream()
        .flatMap(
            scope ->
                scope.getSpansList().stream()
                    .map(span -> List.of(of.getResource(), scope.getScope(), span)));
  }

  /** Whether it is a service's span, of the server span itself or of one below it. */
  private static boolean isServiceOf(Span server, Span span, List<Span> all) {
    if (span.getAttributesList().stream().noneMatch(a -> a.getKey().equals("service"))) {
      return false;
    }
    Object parent = span.getParentSpanId();
    return parent.equals(server.getSpanId())
        || all.stream()
            .anyMatch(
                s ->
                    s.getSpanId().equals(parent) && s.getParentSpanId().equals(server.getSpanId()));
  }
}
