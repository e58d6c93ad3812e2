/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.util.JsonFormat;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class OtlpBodyTest {
  private static final long END = 1_900_000_000_000_000_000L;

  private final ExportTraceServiceRequest request =
      ExportTraceServiceRequest.newBuilder()
          .addAllResourceSpans(new ExampleTraces(1, "t").next(1_000_000_000_000L))
          .build();

  @Test
  void kind_isToldByTheFirstCharacter() {
    assertThat(OtlpBody.of(" \n{}".getBytes(StandardCharsets.UTF_8)).json()).isTrue();
    assertThat(OtlpBody.of(request.toByteArray()).json()).isFalse();
    assertThat(OtlpBody.of(new byte[0]).json()).isFalse();
  }

  @Test
  void shiftedProtobuf_endsThenAndKeepsDurations() throws Exception {
    OtlpBody shifted = new OtlpBody(request.toByteArray(), false).endingAt(END);
    check(ExportTraceServiceRequest.parseFrom(shifted.bytes()));
  }

  @Test
  void shiftedJson_endsThenAndKeepsDurations() throws Exception {
    String json = JsonFormat.printer().print(request);
    OtlpBody shifted = OtlpBody.of(json.getBytes(StandardCharsets.UTF_8)).endingAt(END);
    ExportTraceServiceRequest.Builder back = ExportTraceServiceRequest.newBuilder();
    JsonFormat.parser().merge(new String(shifted.bytes(), StandardCharsets.UTF_8), back);
    check(back.build());
  }

  @Test
  void rubbish_isNamedSo() {
    assertThatThrownBy(
            () -> OtlpBody.of("{nonsense".getBytes(StandardCharsets.UTF_8)).endingAt(END))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not an OTLP trace export");
  }

  private void check(ExportTraceServiceRequest shifted) {
    List<Span> before = spans(request);
    List<Span> after = spans(shifted);
    assertThat(after.stream().mapToLong(Span::getEndTimeUnixNano).max()).hasValue(END);
    assertThat(after).hasSameSizeAs(before);
    for (int i = 0; i < before.size(); i++) {
      assertThat(after.get(i).getEndTimeUnixNano() - after.get(i).getStartTimeUnixNano())
          .isEqualTo(before.get(i).getEndTimeUnixNano() - before.get(i).getStartTimeUnixNano());
      assertThat(after.get(i).getName()).isEqualTo(before.get(i).getName());
    }
  }

  private static List<Span> spans(ExportTraceServiceRequest request) {
    return request.getResourceSpansList().stream()
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream())
        .toList();
  }
}
