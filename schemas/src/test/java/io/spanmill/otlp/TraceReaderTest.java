/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TraceReaderTest {
  private final TraceReader reader = new TraceReader(Contents.KEYS);

  @Property(tries = 400)
  void randomRequest_readsAsProtobufJavaBuildsIt(@ForAll long seed) throws MalformedOtlpException {
    ExportTraceServiceRequest request = RandomRequests.wild(seed);
    byte[] bytes = request.toByteArray();
    reader.reset(bytes, 0, bytes.length);
    Contents.assertSame(reader, request);
  }

  @Property(tries = 400)
  void unusualEncoding_readsAsProtobufJavaMergesIt(@ForAll long seed) throws Exception {
    byte[] bytes = new WireShuffler(seed).write(RandomRequests.wild(seed));
    reader.reset(bytes, 0, bytes.length);
    Contents.assertSame(reader, ExportTraceServiceRequest.parseFrom(bytes));
  }

  @Test
  void mutatedBytes_agreeWithProtobufJava() throws MalformedOtlpException {
    long seed = Long.getLong("mutation.seed", 20_260_101L);
    int accepted = 0;
    Random random = new Random(seed);
    for (int i = 0; i < 30_000; i++) {
      byte[] valid = RandomRequests.wild(seed + i / 20).toByteArray();
      byte[] bytes = Mutations.mutate(valid, random);
      try {
        accepted += agrees(bytes) ? 1 : 0;
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("mutation.seed=" + seed + ", mutation " + i, e);
      }
    }
    // Both sides must have been tried.
    assertThat(accepted).isBetween(3_000, 27_000);
  }

  /** Whether protobuf-java accepts; fails if the reader does otherwise or reads something else. */
  private boolean agrees(byte[] bytes) throws MalformedOtlpException {
    ExportTraceServiceRequest expected;
    try {
      expected = ExportTraceServiceRequest.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      reader.reset(bytes, 0, bytes.length);
      assertThatThrownBy(reader::next)
          .as(e.getMessage())
          .isInstanceOf(MalformedOtlpException.class);
      return false;
    }
    reader.reset(bytes, 0, bytes.length);
    Contents.assertSame(reader, expected);
    return true;
  }

  @Test
  void partOfAnArray_isReadAlone() throws MalformedOtlpException {
    byte[] bytes = RandomRequests.wild(5).toByteArray();
    byte[] framed = new byte[bytes.length + 20];
    java.util.Arrays.fill(framed, (byte) -1);
    System.arraycopy(bytes, 0, framed, 7, bytes.length);
    reader.reset(framed, 7, bytes.length);
    Contents.assertSame(reader, RandomRequests.wild(5));
  }

  @Test
  void concatenatedRequests_readAsOne() throws Exception {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(RandomRequests.wild(3).toByteArray());
    both.writeBytes(RandomRequests.wild(11).toByteArray());
    reader.reset(both.toByteArray(), 0, both.size());
    Contents.assertSame(
        reader, RandomRequests.wild(3).toBuilder().mergeFrom(RandomRequests.wild(11)).build());
  }

  @Test
  void emptyRequest_hasNoSpans() throws MalformedOtlpException {
    reader.reset(new byte[0], 0, 0);
    assertThat(reader.next()).isFalse();
  }

  @Test
  void malformedRequest_isRefusedBeforeItsFirstSpan() {
    byte[] good = RandomRequests.sound(1, 9).toByteArray();
    byte[] bytes = java.util.Arrays.copyOf(good, good.length + 1);
    bytes[good.length] = 0x0A;
    reader.reset(bytes, 0, bytes.length);
    assertThatThrownBy(reader::next)
        .isInstanceOf(MalformedOtlpException.class)
        .hasMessage("malformed OTLP at byte " + bytes.length + ": truncated in a varint");
  }

  @Test
  void scopeAfterItsSpans_stillCounts() throws Exception {
    byte[] spanFirst =
        ScopeSpans.newBuilder().addSpans(Span.newBuilder().setName("a")).build().toByteArray();
    byte[] scopeLast =
        ScopeSpans.newBuilder()
            .setScope(
                io.opentelemetry.proto.common.v1.InstrumentationScope.newBuilder().setName("late"))
            .build()
            .toByteArray();
    ByteArrayOutputStream group = new ByteArrayOutputStream();
    group.writeBytes(spanFirst);
    group.writeBytes(scopeLast);
    byte[] request =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(
                ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.parseFrom(group.toByteArray())))
            .build()
            .toByteArray();
    byte[] bytes = new WireShuffler(1).write(ExportTraceServiceRequest.parseFrom(request));
    reader.reset(bytes, 0, bytes.length);
    assertThat(reader.next()).isTrue();
    assertThat(reader.scopeName()).isEqualTo("late");
  }

  @Test
  void nesting_endsWhereProtobufJavaEnds() {
    for (int depth = 40; depth <= 60; depth++) {
      AnyValue value = AnyValue.newBuilder().setStringValue("deep").build();
      for (int i = 0; i < depth; i++) {
        value =
            AnyValue.newBuilder()
                .setArrayValue(
                    io.opentelemetry.proto.common.v1.ArrayValue.newBuilder().addValues(value))
                .build();
      }
      byte[] bytes =
          requestOf(Span.newBuilder().addAttributes(KeyValue.newBuilder().setValue(value)).build());
      boolean accepted = accepts(bytes);
      if (accepted) {
        assertThat(validates(bytes)).as("depth " + depth).isTrue();
      } else {
        assertThat(validates(bytes)).as("depth " + depth).isFalse();
      }
    }
    assertThat(accepts(new byte[0])).isTrue();
  }

  @Test
  void groups_endWhereProtobufJavaEnds() {
    for (int depth = 95; depth <= 105; depth++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int i = 0; i < depth; i++) {
        bytes.write(25 << 3 & 0x7F | 0x83);
        bytes.write(25 >> 4);
      }
      for (int i = 0; i < depth; i++) {
        bytes.write(25 << 3 & 0x7F | 0x84);
        bytes.write(25 >> 4);
      }
      assertThat(validates(bytes.toByteArray()))
          .as("depth " + depth)
          .isEqualTo(accepts(bytes.toByteArray()));
    }
  }

  @Test
  void longVarints_endWhereProtobufJavaEndsThem() throws Exception {
    // Field 2 (bool), 3 (int64), 8 (int32) of AnyValue and an unknown one, 9 to 12 bytes long.
    for (int tag : new int[] {0x10, 0x18, 0x40, 0x78}) {
      for (int length = 9; length <= 12; length++) {
        for (int tenth = 0; tenth < 256; tenth++) {
          ByteArrayOutputStream any = new ByteArrayOutputStream();
          any.write(tag);
          for (int i = 1; i < length; i++) {
            any.write(i == 10 ? tenth : 0x81);
          }
          any.write(length == 10 ? tenth : 1);
          any.writeBytes(new byte[] {0x10, 1, 0x10, 1, 0x10, 1, 0x10, 1, 0x10, 1});
          ByteArrayOutputStream pair = new ByteArrayOutputStream();
          pair.writeBytes(new byte[] {0x0A, 1, 'k', 0x12, (byte) any.size()});
          pair.writeBytes(any.toByteArray());
          byte[] bytes = pair.toByteArray();
          for (int wrap : new int[] {0x4A, 0x12, 0x12, 0x0A}) {
            ByteArrayOutputStream outer = new ByteArrayOutputStream();
            outer.write(wrap);
            outer.write(bytes.length);
            outer.writeBytes(bytes);
            bytes = outer.toByteArray();
          }
          agrees(bytes);
        }
      }
    }
  }

  @Test
  void everyTwoByteString_agreesWithProtobufJavaOnUtf8() {
    // Two free bytes and a fixed continuation reach every rule about lead bytes and ranges.
    for (int pair = 0; pair < 0x10000; pair += 1) {
      byte[] text = {(byte) (pair >> 8), (byte) pair, (byte) 0x80, (byte) 0x80};
      for (int length = 1; length <= 4; length++) {
        int bad = Utf8.firstMalformed(text, 0, length);
        boolean valid = ByteString.copyFrom(text, 0, length).isValidUtf8();
        if (valid != bad < 0) {
          throw new AssertionError(java.util.Arrays.toString(text) + " of " + length);
        }
      }
    }
  }

  @Test
  void repeatedString_isBuiltOnce() throws MalformedOtlpException {
    KeyTable keys = KeyTable.of("model");
    TraceReader strings = new TraceReader(keys);
    byte[] bytes =
        requestOf(
            Span.newBuilder()
                .addAttributes(
                    pair("model", AnyValue.newBuilder().setStringValue("gpt-4o-mini").build()))
                .build());
    String previous = null;
    for (int i = 0; i < 4; i++) {
      strings.reset(bytes, 0, bytes.length);
      assertThat(strings.next()).isTrue();
      String model = strings.attributes().string(0);
      if (i == 3) {
        assertThat(model).isSameAs(previous);
      }
      previous = model;
    }
  }

  private static KeyValue pair(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static byte[] requestOf(Span span) {
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder().addScopeSpans(ScopeSpans.newBuilder().addSpans(span)))
        .build()
        .toByteArray();
  }

  private static boolean accepts(byte[] bytes) {
    try {
      ExportTraceServiceRequest.parseFrom(bytes);
      return true;
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private static boolean validates(byte[] bytes) {
    try {
      TraceReader.validate(bytes, 0, bytes.length);
      return true;
    } catch (MalformedOtlpException e) {
      return false;
    }
  }
}
