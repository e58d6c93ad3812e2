/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.EntityRef;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.Random;

/**
 * Random export requests, the same for the same seed: every field, odd values, unknown fields on
 * wish.
 */
final class RandomRequests {
  static final String[] KEYS = {
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "llm.is_streaming",
    "hidden_params",
    "k",
    "",
    "litellm.call_id",
    "한국어.키",
    "exactly8",
    "sixteen-byte-key"
  };

  private final Random random;
  private final boolean unknownFields;
  private final boolean soundIds;

  private RandomRequests(long seed, boolean unknownFields, boolean soundIds) {
    this.random = new Random(seed);
    this.unknownFields = unknownFields;
    this.soundIds = soundIds;
  }

  /** Anything the protocol allows, wrong-length ids and unknown fields included. */
  static ExportTraceServiceRequest wild(long seed) {
    return new RandomRequests(seed, true, false).request(4, 4);
  }

  /** Known fields only, for formats that cannot carry others. */
  static ExportTraceServiceRequest known(long seed) {
    return new RandomRequests(seed, false, false).request(4, 4);
  }

  /** Ids that pass, many spans, few traces. */
  static ExportTraceServiceRequest sound(long seed, int maxSpans) {
    return new RandomRequests(seed, true, true).request(4, maxSpans);
  }

  private ExportTraceServiceRequest request(int maxGroups, int maxSpans) {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    for (int i = random.nextInt(maxGroups); i > 0; i--) {
      request.addResourceSpans(resourceSpans(maxGroups, maxSpans));
    }
    return (ExportTraceServiceRequest) withUnknown(request).build();
  }

  private ResourceSpans resourceSpans(int maxGroups, int maxSpans) {
    ResourceSpans.Builder group = ResourceSpans.newBuilder();
    if (random.nextInt(5) > 0) {
      Resource.Builder resource =
          Resource.newBuilder().setDroppedAttributesCount(number(random.nextInt(3)));
      for (int i = random.nextInt(5); i > 0; i--) {
        resource.addAttributes(pair(2));
      }
      if (random.nextInt(4) == 0) {
        resource.addEntityRefs(
            EntityRef.newBuilder()
                .setType(text())
                .setSchemaUrl(text())
                .addIdKeys(text())
                .addDescriptionKeys(text()));
      }
      group.setResource((Resource) withUnknown(resource).build());
    }
    for (int i = random.nextInt(maxGroups); i > 0; i--) {
      group.addScopeSpans(scopeSpans(maxSpans));
    }
    if (random.nextInt(3) == 0) {
      group.setSchemaUrl(text());
    }
    return (ResourceSpans) withUnknown(group).build();
  }

  private ScopeSpans scopeSpans(int maxSpans) {
    ScopeSpans.Builder group = ScopeSpans.newBuilder();
    if (random.nextInt(5) > 0) {
      InstrumentationScope.Builder scope =
          InstrumentationScope.newBuilder().setName(text()).setVersion(text());
      for (int i = random.nextInt(3); i > 0; i--) {
        scope.addAttributes(pair(2));
      }
      if (random.nextInt(4) == 0) {
        scope.setDroppedAttributesCount(number(4));
      }
      group.setScope((InstrumentationScope) withUnknown(scope).build());
    }
    for (int i = random.nextInt(maxSpans); i > 0; i--) {
      group.addSpans(span());
    }
    if (random.nextInt(3) == 0) {
      group.setSchemaUrl(text());
    }
    return (ScopeSpans) withUnknown(group).build();
  }

  Span span() {
    Span.Builder span = Span.newBuilder();
    span.setTraceId(id(16)).setSpanId(id(8));
    if (random.nextBoolean()) {
      span.setParentSpanId(soundIds && random.nextBoolean() ? ByteString.EMPTY : id(8));
    }
    span.setName(text());
    span.setKindValue(random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(6));
    span.setStartTimeUnixNano(random.nextLong())
        .setEndTimeUnixNano(1_795_000_000_000_000_000L + random.nextInt());
    for (int i = random.nextInt(12); i > 0; i--) {
      span.addAttributes(pair(3));
    }
    if (random.nextInt(3) == 0) {
      span.setTraceState(text()).setFlags(random.nextInt());
      span.setDroppedAttributesCount(number(5))
          .setDroppedEventsCount(number(5))
          .setDroppedLinksCount(number(5));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      Span.Event.Builder event =
          Span.Event.newBuilder().setName(text()).setTimeUnixNano(random.nextLong());
      for (int j = random.nextInt(4); j > 0; j--) {
        event.addAttributes(pair(2));
      }
      event.setDroppedAttributesCount(number(random.nextInt(4)));
      span.addEvents((Span.Event) withUnknown(event).build());
    }
    for (int i = random.nextInt(2); i > 0; i--) {
      Span.Link.Builder link =
          Span.Link.newBuilder()
              .setTraceId(id(16))
              .setSpanId(id(8))
              .setTraceState(text())
              .setFlags(random.nextInt());
      link.setDroppedAttributesCount(number(random.nextInt(4)));
      for (int j = random.nextInt(3); j > 0; j--) {
        link.addAttributes(pair(1));
      }
      span.addLinks((Span.Link) withUnknown(link).build());
    }
    if (random.nextInt(3) > 0) {
      Status.Builder status =
          Status.newBuilder().setCodeValue(random.nextInt(4)).setMessage(text());
      span.setStatus((Status) withUnknown(status).build());
    }
    return (Span) withUnknown(span).build();
  }

  private ByteString id(int length) {
    int actual = soundIds || random.nextInt(8) > 0 ? length : random.nextInt(20);
    byte[] id = new byte[actual];
    if (soundIds) {
      // Few ids, so that traces have several spans.
      new Random(random.nextInt(12)).nextBytes(id);
    } else if (random.nextInt(8) > 0) {
      random.nextBytes(id);
    }
    return ByteString.copyFrom(id);
  }

  private KeyValue pair(int depth) {
    KeyValue.Builder pair = KeyValue.newBuilder();
    pair.setKey(random.nextInt(3) > 0 ? KEYS[random.nextInt(KEYS.length)] : text());
    if (random.nextInt(12) > 0) {
      pair.setValue(any(depth));
    }
    if (random.nextInt(30) == 0) {
      pair.setKeyStrindex(number(6));
    }
    return (KeyValue) withUnknown(pair).build();
  }

  private AnyValue any(int depth) {
    AnyValue.Builder any = AnyValue.newBuilder();
    switch (random.nextInt(depth > 0 ? 14 : 10)) {
      case 0, 1, 2, 3 -> any.setStringValue(text());
      case 4, 5 ->
          any.setIntValue(random.nextBoolean() ? random.nextLong() : random.nextInt(100_000));
      case 6 -> any.setBoolValue(random.nextBoolean());
      case 7 -> any.setDoubleValue(real());
      case 8 -> any.setBytesValue(ByteString.copyFromUtf8(text()));
      case 9 -> {
        if (random.nextInt(4) == 0) {
          any.setStringValueStrindex(number(7));
        }
      }
      case 10, 11 -> {
        ArrayValue.Builder array = ArrayValue.newBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.addValues(any(depth - 1));
        }
        any.setArrayValue((ArrayValue) withUnknown(array).build());
      }
      default -> {
        KeyValueList.Builder list = KeyValueList.newBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
          list.addValues(pair(depth - 1));
        }
        any.setKvlistValue((KeyValueList) withUnknown(list).build());
      }
    }
    return (AnyValue) withUnknown(any).build();
  }

  private double real() {
    return switch (random.nextInt(6)) {
      case 0 -> Double.NaN;
      case 1 -> Double.POSITIVE_INFINITY;
      case 2 -> random.nextInt(1000);
      case 3 -> -0.0;
      default -> random.nextGaussian();
    };
  }

  private int number(int kind) {
    return kind == 0 ? random.nextInt() : random.nextInt(100);
  }

  private String text() {
    return switch (random.nextInt(10)) {
      case 0 -> "";
      case 1 -> "gpt-4o-mini";
      case 2 -> "안녕하세요 😀 \"quoted\" \\ \u0001\n";
      case 3 -> Long.toString(random.nextLong());
      case 4 -> Double.toString(random.nextGaussian());
      case 5 -> random.nextBoolean() ? "True" : "false";
      case 6 -> "x".repeat(random.nextInt(300));
      default -> {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
          text.append((char) (' ' + random.nextInt(95)));
        }
        yield text.toString();
      }
    };
  }

  private Message.Builder withUnknown(Message.Builder message) {
    if (unknownFields && random.nextInt(12) == 0) {
      message.setUnknownFields(unknown(2));
    }
    return message;
  }

  private UnknownFieldSet unknown(int depth) {
    UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      UnknownFieldSet.Field.Builder field = UnknownFieldSet.Field.newBuilder();
      switch (random.nextInt(depth > 0 ? 5 : 4)) {
        case 0 -> field.addVarint(random.nextLong());
        case 1 -> field.addFixed32(random.nextInt());
        case 2 -> field.addFixed64(random.nextLong());
        case 3 -> field.addLengthDelimited(ByteString.copyFromUtf8(text()));
        default -> field.addGroup(unknown(depth - 1));
      }
      fields.addField(20 + random.nextInt(random.nextBoolean() ? 10 : 100_000), field.build());
    }
    return fields.build();
  }
}
