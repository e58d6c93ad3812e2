/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/** Random export requests, and one text form of a span for both sides of a comparison. */
final class RandomOtlp {
  private RandomOtlp() {}

  static ExportTraceServiceRequest request(Random r) {
    ExportTraceServiceRequest.Builder out = ExportTraceServiceRequest.newBuilder();
    for (int i = r.nextInt(4); i > 0; i--) {
      ResourceSpans.Builder rs =
          ResourceSpans.newBuilder()
              .setSchemaUrl(r.nextBoolean() ? "" : "https://schema/" + r.nextInt(3));
      rs.setResource(
          Resource.newBuilder().addAttributes(attribute("service.name", "s" + r.nextInt(3))));
      for (int j = r.nextInt(3); j > 0; j--) {
        ScopeSpans.Builder ss = ScopeSpans.newBuilder();
        ss.setScope(
            InstrumentationScope.newBuilder()
                .setName("scope" + r.nextInt(3))
                .setVersion("1." + r.nextInt(3)));
        for (int k = r.nextInt(4); k > 0; k--) {
          ss.addSpans(span(r));
        }
        rs.addScopeSpans(ss);
      }
      out.addResourceSpans(rs);
    }
    return out.build();
  }

  static Span.Builder span(Random r) {
    Span.Builder s = Span.newBuilder().setName("n" + r.nextInt(5) + "é").setKindValue(r.nextInt(6));
    s.setTraceId(id(r, 16))
        .setSpanId(id(r, 8))
        .setStartTimeUnixNano(r.nextLong())
        .setEndTimeUnixNano(r.nextLong());
    if (r.nextBoolean()) {
      s.setParentSpanId(id(r, 8)).setTraceState("a=b").setFlags(r.nextInt());
      s.setStatus(Status.newBuilder().setCodeValue(r.nextInt(3)).setMessage("m" + r.nextInt(9)));
    }
    for (int i = r.nextInt(6); i > 0; i--) {
      s.addAttributes(
          KeyValue.newBuilder()
              .setKey(r.nextInt(4) == 0 ? "gen_ai.request.model" : "k" + r.nextInt(6))
              .setValue(value(r, 0)));
    }
    for (int i = r.nextInt(3); i > 0; i--) {
      s.addEvents(
          Span.Event.newBuilder()
              .setName("e" + i)
              .setTimeUnixNano(r.nextLong())
              .addAttributes(attribute("k1", "v" + i)));
    }
    if (r.nextInt(3) == 0) {
      s.addLinks(
          Span.Link.newBuilder()
              .setTraceId(bytes(r, 16))
              .setSpanId(bytes(r, 8))
              .setTraceState("l")
              .addAttributes(attribute("k0", "w")));
    }
    return s;
  }

  static ExportTraceServiceRequest wrap(Span.Builder span) {
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.newBuilder().addSpans(span)))
        .build();
  }

  static KeyValue attribute(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  private static AnyValue value(Random r, int depth) {
    AnyValue.Builder v = AnyValue.newBuilder();
    return switch (r.nextInt(depth > 2 ? 6 : 8)) {
      case 0 -> v.setStringValue("s\"\n" + r.nextInt(100)).build();
      case 1 -> v.setBoolValue(r.nextBoolean()).build();
      case 2 -> v.setIntValue(r.nextLong()).build();
      case 3 -> v.setDoubleValue(r.nextInt(9) == 0 ? Double.NaN : r.nextGaussian()).build();
      case 4 -> v.setBytesValue(bytes(r, 5)).build();
      case 5 -> v.build();
      case 6 ->
          v.setArrayValue(
                  ArrayValue.newBuilder()
                      .addValues(value(r, depth + 1))
                      .addValues(value(r, depth + 1)))
              .build();
      default ->
          v.setKvlistValue(
                  KeyValueList.newBuilder()
                      .addValues(KeyValue.newBuilder().setKey("in").setValue(value(r, depth + 1))))
              .build();
    };
  }

  /** Mostly of the right length, at times not. */
  private static ByteString id(Random r, int length) {
    return bytes(r, r.nextInt(12) == 0 ? r.nextInt(20) : length);
  }

  private static ByteString bytes(Random r, int length) {
    byte[] b = new byte[length];
    r.nextBytes(b);
    return ByteString.copyFrom(b);
  }

  static byte[] mutate(byte[] bytes, Random r) {
    byte[] out = bytes.clone();
    for (int i = r.nextInt(4); i >= 0 && out.length > 0; i--) {
      int at = r.nextInt(out.length);
      switch (r.nextInt(3)) {
        case 0 -> out[at] = (byte) r.nextInt();
        case 1 -> out = Arrays.copyOf(out, at);
        default -> {
          byte[] longer = new byte[out.length + 1];
          System.arraycopy(out, 0, longer, 0, at);
          longer[at] = (byte) r.nextInt();
          System.arraycopy(out, at, longer, at + 1, out.length - at);
          out = longer;
        }
      }
    }
    return out;
  }

  static String describe(ResourceSpans rs, ScopeSpans ss, Span s) {
    StringBuilder out = new StringBuilder();
    out.append(attributes(rs.getResource().getAttributesList()))
        .append(ss.getScope().getName())
        .append(ss.getScope().getVersion());
    out.append(s.getName())
        .append(s.getKindValue())
        .append(' ')
        .append(s.getStartTimeUnixNano())
        .append(' ')
        .append(s.getEndTimeUnixNano());
    out.append(s.getTraceState())
        .append(s.getFlags())
        .append(' ')
        .append(s.getStatus().getCodeValue())
        .append(s.getStatus().getMessage());
    out.append(' ').append(s.getTraceId().size()).append(' ').append(s.getSpanId().size());
    out.append(id(s.getSpanId(), 8))
        .append(id(s.getParentSpanId(), 8))
        .append(attributes(s.getAttributesList()));
    s.getEventsList()
        .forEach(
            e ->
                out.append(e.getName())
                    .append(e.getTimeUnixNano())
                    .append(attributes(e.getAttributesList())));
    s.getLinksList()
        .forEach(
            l ->
                out.append(id(l.getSpanId(), 8))
                    .append(l.getTraceState())
                    .append(attributes(l.getAttributesList())));
    return out.toString();
  }

  static String describe(TraceReader s) throws MalformedOtlpException {
    StringBuilder out = new StringBuilder();
    out.append(attributes(s.resource())).append(s.scopeName()).append(s.scopeVersion());
    out.append(s.name())
        .append(s.kind())
        .append(' ')
        .append(s.startEpochNanos())
        .append(' ')
        .append(s.endEpochNanos());
    out.append(s.traceState())
        .append(s.flags())
        .append(' ')
        .append(s.statusCode())
        .append(s.statusMessage());
    out.append(' ').append(s.traceIdLength()).append(' ').append(s.spanIdLength());
    out.append(s.spanId()).append(s.parentSpanId()).append(attributes(s.attributes()));
    EventCursor events = s.events();
    while (events.next()) {
      out.append(events.name())
          .append(events.timeEpochNanos())
          .append(attributes(events.attributes()));
    }
    LinkCursor links = s.links();
    while (links.next()) {
      out.append(links.spanId()).append(links.traceState()).append(attributes(links.attributes()));
    }
    return out.toString();
  }

  private static long id(ByteString id, int length) {
    return id.size() == length ? id.asReadOnlyByteBuffer().getLong() : 0;
  }

  private static String attributes(List<KeyValue> list) {
    StringBuilder out = new StringBuilder("{");
    list.forEach(kv -> out.append(kv.getKey()).append('=').append(text(kv.getValue())).append(';'));
    return out.append('}').toString();
  }

  private static String attributes(AttributeView view) {
    StringBuilder out = new StringBuilder("{");
    view.forEach((key, value) -> out.append(key).append('=').append(value.text()).append(';'));
    return out.append('}').toString();
  }

  static String text(AnyValue v) {
    return v.hasStringValue()
        ? v.getStringValue()
        : v.getValueCase() == AnyValue.ValueCase.VALUE_NOT_SET ? "" : json(v);
  }

  private static String json(AnyValue v) {
    return switch (v.getValueCase()) {
      case STRING_VALUE ->
          "\""
              + v.getStringValue().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")
              + "\"";
      case BOOL_VALUE -> Boolean.toString(v.getBoolValue());
      case INT_VALUE -> Long.toString(v.getIntValue());
      case DOUBLE_VALUE -> Double.toString(v.getDoubleValue());
      case BYTES_VALUE -> Base64.getEncoder().encodeToString(v.getBytesValue().toByteArray());
      case ARRAY_VALUE ->
          v.getArrayValue().getValuesList().stream()
              .map(RandomOtlp::nested)
              .toList()
              .toString()
              .replace(", ", ",");
      case KVLIST_VALUE ->
          v.getKvlistValue().getValuesList().stream()
              .map(kv -> "\"" + kv.getKey() + "\":" + nested(kv.getValue()))
              .toList()
              .toString()
              .replace(", ", ",")
              .replaceAll("^\\[(.*)]$", "{$1}");
      default -> "null";
    };
  }

  private static String nested(AnyValue v) {
    boolean quoted =
        v.hasBytesValue() || (v.hasDoubleValue() && !Double.isFinite(v.getDoubleValue()));
    return quoted ? "\"" + json(v) + "\"" : json(v);
  }
}
