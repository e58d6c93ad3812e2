/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One OTLP export request as a file holds it.
 *
 * @param bytes the request, not compressed
 * @param json whether it is OTLP/JSON, else protobuf
 */
public record OtlpBody(byte[] bytes, boolean json) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String NANOS = "UnixNano";
  private static final String END = "endTimeUnixNano";

  /** JSON if the first character that is no white space is a brace; protobuf never starts so. */
  public static OtlpBody of(byte[] bytes) {
    for (byte b : bytes) {
      if (b != ' '
          && b != '\n'
          && b != '\r'
          && b != '\t'
          && (b & 0xff) != 0xEF
          && (b & 0xff) != 0xBB
          && (b & 0xff) != 0xBF) {
        return new OtlpBody(bytes, b == '{');
      }
    }
    return new OtlpBody(bytes, false);
  }

  public String contentType() {
    return json ? "application/json" : "application/x-protobuf";
  }

  /**
   * The same with all times moved so that the last span ends then.
   *
   * @throws IllegalArgumentException if the body is not OTLP
   */
  public OtlpBody endingAt(long epochNanos) {
    try {
      return json ? shiftJson(epochNanos) : shiftProtobuf(epochNanos);
    } catch (JsonProcessingException | InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not an OTLP trace export: " + e.getMessage(), e);
    }
  }

  private OtlpBody shiftJson(long epochNanos) throws JsonProcessingException {
    JsonNode root = MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8));
    long last =
        root.findValuesAsText(END).stream().mapToLong(Long::parseLong).max().orElse(epochNanos);
    shift(root, epochNanos - last);
    return new OtlpBody(MAPPER.writeValueAsBytes(root), true);
  }

  private static void shift(JsonNode node, long byNanos) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        long value = field.getKey().endsWith(NANOS) ? field.getValue().asLong() : 0;
        if (value != 0) {
          object.put(field.getKey(), Long.toString(value + byNanos));
        }
      }
    }
    node.forEach(child -> shift(child, byNanos));
  }

  private OtlpBody shiftProtobuf(long epochNanos) throws InvalidProtocolBufferException {
    ExportTraceServiceRequest.Builder request =
        ExportTraceServiceRequest.parseFrom(bytes).toBuilder();
    long last =
        request.getResourceSpansList().stream()
            .flatMap(resource -> resource.getScopeSpansList().stream())
            .flatMap(scope -> scope.getSpansList().stream())
            .mapToLong(Span::getEndTimeUnixNano)
            .max()
            .orElse(epochNanos);
    request
        .getResourceSpansBuilderList()
        .forEach(
            resource ->
                resource
                    .getScopeSpansBuilderList()
                    .forEach(
                        scope ->
                            scope
                                .getSpansBuilderList()
                                .forEach(span -> shift(span, epochNanos - last))));
    return new OtlpBody(request.build().toByteArray(), false);
  }

  private static void shift(Span.Builder span, long byNanos) {
    span.setStartTimeUnixNano(span.getStartTimeUnixNano() + byNanos);
    span.setEndTimeUnixNano(span.getEndTimeUnixNano() + byNanos);
    span.getEventsBuilderList()
        .forEach(event -> event.setTimeUnixNano(event.getTimeUnixNano() + byNanos));
  }
}
