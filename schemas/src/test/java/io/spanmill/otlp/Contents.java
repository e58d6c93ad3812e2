/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compares what {@link TraceReader} reads with the message protobuf-java builds from the same
 * bytes.
 */
final class Contents {
  static final KeyTable KEYS = KeyTable.of(RandomRequests.KEYS);

  private Contents() {}

  static void assertSame(TraceReader reader, ExportTraceServiceRequest expected)
      throws MalformedOtlpException {
    for (ResourceSpans resource : expected.getResourceSpansList()) {
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        for (Span span : scope.getSpansList()) {
          assertThat(reader.next()).isTrue();
          assertSpan(reader, span);
          assertThat(reader.scopeName()).isEqualTo(scope.getScope().getName());
          assertThat(reader.scopeVersion()).isEqualTo(scope.getScope().getVersion());
          assertAttributes(reader.scope(), scope.getScope().getAttributesList());
          assertAttributes(reader.resource(), resource.getResource().getAttributesList());
        }
      }
    }
    assertThat(reader.next()).isFalse();
  }

  private static void assertSpan(TraceReader reader, Span span) throws MalformedOtlpException {
    assertId(reader.traceIdLength(), 16, reader.traceIdHi(), reader.traceIdLo(), span.getTraceId());
    assertId(reader.spanIdLength(), 8, reader.spanId(), 0, span.getSpanId());
    assertId(reader.parentSpanIdLength(), 8, reader.parentSpanId(), 0, span.getParentSpanId());
    assertThat(reader.name()).isEqualTo(span.getName());
    assertThat(reader.nameEquals(span.getNameBytes().toByteArray())).isTrue();
    assertThat(reader.kind()).isEqualTo(span.getKindValue());
    assertThat(reader.startEpochNanos()).isEqualTo(span.getStartTimeUnixNano());
    assertThat(reader.endEpochNanos()).isEqualTo(span.getEndTimeUnixNano());
    assertThat(reader.statusCode()).isEqualTo(span.getStatus().getCodeValue());
    assertThat(reader.statusMessage()).isEqualTo(span.getStatus().getMessage());
    assertThat(reader.traceState()).isEqualTo(span.getTraceState());
    assertThat(reader.flags()).isEqualTo(span.getFlags());
    assertThat(reader.droppedAttributesCount()).isEqualTo(span.getDroppedAttributesCount());
    assertThat(reader.droppedEventsCount()).isEqualTo(span.getDroppedEventsCount());
    assertThat(reader.droppedLinksCount()).isEqualTo(span.getDroppedLinksCount());
    assertAttributes(reader.attributes(), span.getAttributesList());
    EventCursor events = reader.events();
    for (Span.Event event : span.getEventsList()) {
      assertThat(events.next()).isTrue();
      assertThat(events.name()).isEqualTo(event.getName());
      assertThat(events.nameEquals(event.getNameBytes().toByteArray())).isTrue();
      assertThat(events.timeEpochNanos()).isEqualTo(event.getTimeUnixNano());
      assertThat(events.droppedAttributesCount()).isEqualTo(event.getDroppedAttributesCount());
      assertAttributes(events.attributes(), event.getAttributesList());
    }
    assertThat(events.next()).isFalse();
    LinkCursor links = reader.links();
    for (Span.Link link : span.getLinksList()) {
      assertThat(links.next()).isTrue();
      assertId(links.traceIdLength(), 16, links.traceIdHi(), links.traceIdLo(), link.getTraceId());
      assertId(links.spanIdLength(), 8, links.spanId(), 0, link.getSpanId());
      assertThat(links.traceState()).isEqualTo(link.getTraceState());
      assertThat(links.flags()).isEqualTo(link.getFlags());
      assertThat(links.droppedAttributesCount()).isEqualTo(link.getDroppedAttributesCount());
      assertAttributes(links.attributes(), link.getAttributesList());
    }
    assertThat(links.next()).isFalse();
    ByteString raw = ByteString.copyFrom(reader.buffer(), reader.spanOffset(), reader.spanLength());
    try {
      assertThat(Span.parseFrom(raw)).isEqualTo(span);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError("raw span bytes do not parse", e);
    }
  }

  private static void assertId(
      int actualLength, int rightLength, long hi, long lo, ByteString expected) {
    assertThat(actualLength).isEqualTo(expected.size());
    if (expected.size() == rightLength) {
      assertThat(hi).isEqualTo(expected.asReadOnlyByteBuffer().getLong(0));
      if (rightLength == 16) {
        assertThat(lo).isEqualTo(expected.asReadOnlyByteBuffer().getLong(8));
      }
    } else {
      assertThat(hi | lo).isZero();
    }
  }

  private static void assertAttributes(AttributeView view, List<KeyValue> expected) {
    assertThat(view.size()).isEqualTo(expected.size());
    Map<String, AnyValue> last = new HashMap<>();
    List<String> wanted = new ArrayList<>();
    for (KeyValue pair : expected) {
      last.put(pair.getKey(), pair.getValue());
      wanted.add(pair.getKey() + '=' + type(pair.getValue()) + ':' + text(pair.getValue()));
    }
    List<String> found = new ArrayList<>();
    view.forEach((key, value) -> found.add(key + '=' + value.type() + ':' + value.text()));
    assertThat(found).isEqualTo(wanted);
    List<String> raw = new ArrayList<>();
    view.forEachRaw(
        (buffer, at, length, value) ->
            raw.add(
                new String(buffer, at, length, java.nio.charset.StandardCharsets.UTF_8)
                    + '='
                    + value.type()
                    + ':'
                    + value.text()));
    assertThat(raw).isEqualTo(wanted);
    for (String prefix : List.of("gen_ai.", "llm.", "")) {
      assertThat(view.hasPrefix(prefix))
          .isEqualTo(expected.stream().anyMatch(p -> p.getKey().startsWith(prefix)));
    }
    for (int slot = 0; slot < KEYS.size(); slot++) {
      assertSlot(view, slot, last.get(KEYS.key(slot)));
    }
  }

  private static void assertSlot(AttributeView view, int slot, @Nullable AnyValue expected) {
    assertThat(view.has(slot)).isEqualTo(expected != null);
    if (expected == null) {
      assertThat(view.type(slot)).isEqualTo(io.spanmill.otlp.AnyValue.EMPTY);
      assertThat(view.string(slot)).isNull();
      assertThat(view.text(slot)).isEmpty();
      assertThat(view.get(slot)).isNull();
      assertThat(view.longValue(slot, -7)).isEqualTo(-7);
      assertThat(view.doubleValue(slot, -7)).isEqualTo(-7);
      assertThat(view.isTrue(slot)).isFalse();
      return;
    }
    assertThat(view.type(slot)).isEqualTo(type(expected));
    assertThat(view.string(slot)).isEqualTo(string(expected));
    assertThat(view.text(slot)).isEqualTo(text(expected));
    switch (expected.getValueCase()) {
      case INT_VALUE -> {
        assertThat(view.longValue(slot, -7)).isEqualTo(expected.getIntValue());
        assertThat(view.doubleValue(slot, -7)).isEqualTo((double) expected.getIntValue());
      }
      case DOUBLE_VALUE ->
          assertThat(Double.valueOf(view.doubleValue(slot, -7)))
              .isEqualTo(Double.valueOf(expected.getDoubleValue()));
      case BOOL_VALUE -> assertThat(view.isTrue(slot)).isEqualTo(expected.getBoolValue());
      case STRING_VALUE -> {
        byte[] bytes = expected.getStringValueBytes().toByteArray();
        assertThat(view.equalsAscii(slot, bytes)).isTrue();
      }
      default -> assertThat(view.longValue(slot, -7)).isEqualTo(-7);
    }
  }

  private static @Nullable String string(AnyValue value) {
    return value.hasStringValue() ? value.getStringValue() : null;
  }

  private static byte type(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> io.spanmill.otlp.AnyValue.STRING;
      case BOOL_VALUE -> io.spanmill.otlp.AnyValue.BOOL;
      case INT_VALUE -> io.spanmill.otlp.AnyValue.INT;
      case DOUBLE_VALUE -> io.spanmill.otlp.AnyValue.DOUBLE;
      case ARRAY_VALUE -> io.spanmill.otlp.AnyValue.ARRAY;
      case KVLIST_VALUE -> io.spanmill.otlp.AnyValue.KVLIST;
      case BYTES_VALUE -> io.spanmill.otlp.AnyValue.BYTES;
      default -> io.spanmill.otlp.AnyValue.EMPTY;
    };
  }

  /** Written down apart from {@link Values}, from built messages. */
  private static String text(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> value.getStringValue();
      case VALUE_NOT_SET, STRING_VALUE_STRINDEX -> "";
      case BYTES_VALUE -> base64(value);
      case DOUBLE_VALUE -> Double.toString(value.getDoubleValue());
      default -> json(value);
    };
  }

  private static String base64(AnyValue value) {
    return java.util.Base64.getEncoder().encodeToString(value.getBytesValue().toByteArray());
  }

  private static String json(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> quoted(value.getStringValue());
      case BOOL_VALUE -> Boolean.toString(value.getBoolValue());
      case INT_VALUE -> Long.toString(value.getIntValue());
      case DOUBLE_VALUE ->
          Double.isFinite(value.getDoubleValue())
              ? Double.toString(value.getDoubleValue())
              : quoted(Double.toString(value.getDoubleValue()));
      case BYTES_VALUE -> quoted(base64(value));
      case ARRAY_VALUE ->
          value.getArrayValue().getValuesList().stream()
              .map(Contents::json)
              .collect(java.util.stream.Collectors.joining(",", "[", "]"));
      case KVLIST_VALUE ->
          value.getKvlistValue().getValuesList().stream()
              .map(pair -> quoted(pair.getKey()) + ":" + json(pair.getValue()))
              .collect(java.util.stream.Collectors.joining(",", "{", "}"));
      default -> "null";
    };
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      int escape = "\"\\\n\r\t".indexOf(c);
      if (escape >= 0) {
        out.append('\\').append("\"\\nrt".charAt(escape));
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
