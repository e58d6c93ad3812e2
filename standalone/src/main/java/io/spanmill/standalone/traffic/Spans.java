/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Short ways to write spans down. */
final class Spans {
  private Spans() {}

  static ByteString id(RandomGenerator random, int bytes) {
    byte[] id = new byte[bytes];
    random.nextBytes(id);
    // All zero is no id.
    id[0] |= 1;
    return ByteString.copyFrom(id);
  }

  /** One resource with its scopes. */
  static ResourceSpans of(Map<String, Object> resource, Map<String, List<Span>> byScope) {
    Resource.Builder described = Resource.newBuilder();
    resource.forEach((key, value) -> described.addAttributes(attribute(key, value)));
    ResourceSpans.Builder out = ResourceSpans.newBuilder().setResource(described);
    byScope.forEach(
        (scope, spans) ->
            out.addScopeSpans(
                ScopeSpans.newBuilder()
                    .setScope(InstrumentationScope.newBuilder().setName(scope))
                    .addAllSpans(spans)));
    return out.build();
  }

  /** What an exporter makes of the spans of its batch: each resource and scope is told once. */
  static ExportTraceServiceRequest request(List<ResourceSpans> parts) {
    Map<Resource, Map<InstrumentationScope, ScopeSpans.Builder>> grouped = new LinkedHashMap<>();
    for (ResourceSpans part : parts) {
      var scopes = grouped.computeIfAbsent(part.getResource(), r -> new LinkedHashMap<>());
      for (ScopeSpans spans : part.getScopeSpansList()) {
        scopes
            .computeIfAbsent(spans.getScope(), s -> ScopeSpans.newBuilder().setScope(s))
            .addAllSpans(spans.getSpansList());
      }
    }
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    grouped.forEach(
        (resource, scopes) -> {
          ResourceSpans.Builder spans = request.addResourceSpansBuilder().setResource(resource);
          scopes.values().forEach(spans::addScopeSpans);
        });
    return request.build();
  }

  static Span span(
      ByteString trace,
      ByteString id,
      ByteString parent,
      String name,
      Span.SpanKind kind,
      long startNanos,
      long endNanos,
      Status.StatusCode status,
      Map<String, Object> attributes) {
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(trace)
            .setSpanId(id)
            .setParentSpanId(parent)
            .setName(name)
            .setKind(kind)
            .setStartTimeUnixNano(startNanos)
            .setEndTimeUnixNano(endNanos);
    if (status != Status.StatusCode.STATUS_CODE_UNSET) {
      span.setStatus(Status.newBuilder().setCode(status));
    }
    attributes.forEach((key, value) -> span.addAttributes(attribute(key, value)));
    return span.build();
  }

  private static KeyValue attribute(String key, Object value) {
    return KeyValue.newBuilder().setKey(key).setValue(any(value)).build();
  }

  private static AnyValue any(Object value) {
    AnyValue.Builder any = AnyValue.newBuilder();
    if (value instanceof Long || value instanceof Integer) {
      any.setIntValue(((Number) value).longValue());
    } else if (value instanceof Double number) {
      any.setDoubleValue(number);
    } else if (value instanceof Boolean flag) {
      any.setBoolValue(flag);
    } else if (value instanceof List<?> list) {
      ArrayValue.Builder values = ArrayValue.newBuilder();
      list.forEach(item -> values.addValues(any(item)));
      any.setArrayValue(values);
    } else {
      any.setStringValue(value.toString());
    }
    return any.build();
  }
}
