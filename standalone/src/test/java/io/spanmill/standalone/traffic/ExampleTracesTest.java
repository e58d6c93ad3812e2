/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExampleTracesTest {
  private static final long END = 1_795_000_000_000_000_000L;

  @Test
  void sameSeed_givesTheSameTraces() {
    assertThat(new ExampleTraces(7, "t").next(END)).isEqualTo(new ExampleTraces(7, "t").next(END));
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
          trace.stream().flatMap(r -> r.getScopeSpans(0).getSpansList().stream()).toList();
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
}
