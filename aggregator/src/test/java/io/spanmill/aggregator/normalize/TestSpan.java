/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.spanmill.model.NormalizedSpan;
import java.util.List;

/** Builds one span with the generated protobuf classes and normalises it. For unit tests only. */
final class TestSpan {
  static final long START_NANOS = 1_795_000_000_000_000_000L;

  private final Span.Builder span =
      Span.newBuilder()
          .setTraceId(
              ByteString.copyFrom(
                  new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))
          .setSpanId(ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}))
          .setStartTimeUnixNano(START_NANOS)
          .setEndTimeUnixNano(START_NANOS + 2_000_000_000L);
  private final Resource.Builder resource = Resource.newBuilder();
  private String scope = "";
  private NormalizerConfig config = NormalizerConfig.defaults();

  static TestSpan named(String name) {
    TestSpan test = new TestSpan();
    test.span.setName(name);
    return test;
  }

  TestSpan scope(String name) {
    scope = name;
    return this;
  }

  TestSpan config(NormalizerConfig with) {
    config = with;
    return this;
  }

  TestSpan kind(int kind) {
    span.setKindValue(kind);
    return this;
  }

  TestSpan flags(int flags) {
    span.setFlags(flags).setParentSpanId(ByteString.copyFrom(new byte[] {8, 7, 6, 5, 4, 3, 2, 1}));
    return this;
  }

  TestSpan times(long startNanos, long endNanos) {
    span.setStartTimeUnixNano(startNanos).setEndTimeUnixNano(endNanos);
    return this;
  }

  TestSpan error(String message) {
    span.setStatus(
        Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR).setMessage(message));
    return this;
  }

  TestSpan dropped(int attributes) {
    span.setDroppedAttributesCount(attributes);
    return this;
  }

  TestSpan resource(String key, Object value) {
    resource.addAttributes(attribute(key, value));
    return this;
  }

  TestSpan with(String key, Object value) {
    span.addAttributes(attribute(key, value));
    return this;
  }

  TestSpan event(String name, long afterStartMillis, Object... attributes) {
    Span.Event.Builder event =
        Span.Event.newBuilder()
            .setName(name)
            .setTimeUnixNano(START_NANOS + afterStartMillis * 1_000_000);
    for (int i = 0; i < attributes.length; i += 2) {
      event.addAttributes(attribute((String) attributes[i], attributes[i + 1]));
    }
    span.addEvents(event);
    return this;
  }

  NormalizedSpan normalize() {
    return Exports.normalize(request(), config).get(0);
  }

  byte[] request() {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    ScopeSpans.Builder spans =
        request.addResourceSpansBuilder().setResource(resource).addScopeSpansBuilder();
    spans.getScopeBuilder().setName(scope);
    spans.addSpans(span);
    return request.build().toByteArray();
  }

  private static KeyValue attribute(String key, Object value) {
    return KeyValue.newBuilder().setKey(key).setValue(any(value)).build();
  }

  private static AnyValue any(Object value) {
    AnyValue.Builder any = AnyValue.newBuilder();
    if (value instanceof String text) {
      any.setStringValue(text);
    } else if (value instanceof Boolean truth) {
      any.setBoolValue(truth);
    } else if (value instanceof Integer number) {
      any.setIntValue(number);
    } else if (value instanceof Long number) {
      any.setIntValue(number);
    } else if (value instanceof Double number) {
      any.setDoubleValue(number);
    } else if (value instanceof List<?> items) {
      ArrayValue.Builder array = ArrayValue.newBuilder();
      items.forEach(item -> array.addValues(any(item)));
      any.setArrayValue(array);
    } else {
      throw new IllegalArgumentException("no attribute value: " + value);
    }
    return any.build();
  }
}
