/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class OtlpJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OtlpJson MAPPING = new OtlpJson();

  @Property(tries = 200)
  void toProtobuf_readsWhatTheMappingWrites(@ForAll long seed) throws Exception {
    ExportTraceServiceRequest request = RandomOtlp.request(new Random(seed));
    assertThat(parse(write(request).toString())).isEqualTo(request);
  }

  @Property(tries = 200)
  void toProtobuf_isWhatThePlainMappingMakesOfIt_howeverKeysRepeat(@ForAll long seed)
      throws Exception {
    Random random = new Random(seed);
    String text = write(RandomOtlp.request(random)).toString();
    for (int i = 0; i < 20; i++) {
      byte[] json = text.getBytes(StandardCharsets.UTF_8);
      JsonFuzz.check(json);
      text = mutated(text, random);
    }
  }

  @Test
  void toProtobuf_ofAKeyGivenTwice_theLastCounts_andListsAddUp() throws Exception {
    Span out =
        span(
            "{'name':'a','kind':2,'status':{'code':2,'message':'old'},'name':'','kind':3,"
                + "'status':{'message':'new'},'attributes':[{'key':'k','value':{'intValue':1,'stringValue':'x'}}],"
                + "'attributes':[{'key':'l','value':{'boolValue':false}}]}");
    assertThat(out.getName()).isEmpty();
    assertThat(out.getKindValue()).isEqualTo(3);
    assertThat(out.getStatus().getMessage()).isEqualTo("new");
    assertThat(out.getStatus().getCodeValue()).isZero();
    assertThat(out.getAttributesList()).hasSize(2);
    assertThat(out.getAttributes(0).getValue().getStringValue()).isEqualTo("x");
    assertThat(out.getAttributes(1).getValue().hasBoolValue()).isTrue();
  }

  @Test
  void encode_ofMillionsOfEmptyObjects_takesNoMoreThanTheJson() throws Exception {
    byte[] json =
        ("{\"resourceSpans\":[" + "{},".repeat(2_000_000) + "{}]}")
            .getBytes(StandardCharsets.UTF_8);
    OtlpJson.Encoded encoded = MAPPING.encode(json, 0, json.length);
    assertThat(encoded.bytes().length).isLessThanOrEqualTo(json.length);
    assertThat(encoded.length()).isEqualTo(2 * 2_000_001);
  }

  /** Characters changed, and pieces between braces copied elsewhere, so that keys repeat. */
  private static String mutated(String text, Random random) {
    StringBuilder out = new StringBuilder(text);
    if (random.nextBoolean()) {
      String alphabet = "{}[]\",:0123456789eE.-nulltruefalse\\ ";
      out.setCharAt(
          random.nextInt(out.length()), alphabet.charAt(random.nextInt(alphabet.length())));
    } else {
      int comma = text.indexOf(",\"", random.nextInt(text.length()));
      int next = comma < 0 ? -1 : text.indexOf(",\"", comma + 1);
      if (next > 0) {
        out.insert(next, text.substring(comma, next));
      }
    }
    return out.toString();
  }

  @Test
  void toProtobuf_isLenientWhereTheMappingSaysSo() throws Exception {
    String span =
        "{'traceId':'5B8EFFF798038103d269b633813fc60c','spanId':'eee19b7ec3c1b174','kind':'SPAN_KIND_CLIENT','name':null,"
            + "'startTimeUnixNano':18446744073709551615,'endTimeUnixNano':'7','unknown':{'a':[1,{'b':null}]},'start_time_unix_nano':'9',"
            + "'attributes':[{'key':'d','value':{'doubleValue':'Infinity'}},{'key':'i','value':{'intValue':5}},{'key':'b','value':{'bytesValue':'-_8='}},{'key':'e','value':{}}]}";
    Span out = span(span);
    assertThat(out.getStartTimeUnixNano()).isEqualTo(-1);
    assertThat(out.getEndTimeUnixNano()).isEqualTo(7);
    assertThat(out.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
    assertThat(out.getName()).isEmpty();
    assertThat(out.getAttributes(0).getValue().getDoubleValue()).isInfinite();
    assertThat(out.getAttributes(1).getValue().getIntValue()).isEqualTo(5);
    assertThat(out.getAttributes(2).getValue().getBytesValue())
        .isEqualTo(ByteString.copyFrom(new byte[] {(byte) 0xfb, (byte) 0xff}));
    assertThat(HexFormat.of().formatHex(out.getTraceId().toByteArray()))
        .isEqualTo("5b8efff798038103d269b633813fc60c");
    assertThat(span("{'traceId':'abcd'}").getTraceId().size()).isEqualTo(2);
    for (int digits = 1; digits < 40; digits += 2) {
      // A leading zero lost: never of an id's length, so the span alone is rejected.
      assertThat(span("{'traceId':'" + "a".repeat(digits) + "'}").getTraceId().size())
          .isNotIn(0, 8, 16);
    }
    assertThat(parse("{}")).isEqualTo(ExportTraceServiceRequest.getDefaultInstance());
  }

  @Test
  void toProtobuf_saysWhereAndWhatWasExpected() {
    assertThatThrownBy(() -> span("{'traceId':'xyz!'}"))
        .hasMessage(
            "malformed OTLP at /resourceSpans/0/scopeSpans/0/spans/0/traceId (line 1): expected hex digits");
    assertThatThrownBy(() -> span("{'traceId':'xyz'}")).hasMessageEndingWith("expected hex digits");
    assertThatThrownBy(() -> parse("[]"))
        .hasMessage("malformed OTLP at the top (line 1): expected an object");
    assertThatThrownBy(() -> span("{'kind':{}}"))
        .hasMessageEndingWith("expected an integer as number or text");
    assertThatThrownBy(() -> span("{'startTimeUnixNano':-1}"))
        .hasMessageContaining("expected an integer from 0 to");
    assertThatThrownBy(() -> span("{'startTimeUnixNano':1e999999999}"))
        .isInstanceOf(MalformedOtlpException.class);
    assertThatThrownBy(() -> span("{'name':5}"))
        .hasMessageEndingWith("/name (line 1): expected text");
    assertThatThrownBy(() -> span("{'name':'\\ud800'}"))
        .hasMessageEndingWith("expected text without lone surrogates");
    for (String bad :
        List.of(
            "[]",
            "{",
            "{}{}",
            "{\"resourceSpans\":{}}",
            "null",
            "[".repeat(5000),
            "{\"a\":".repeat(5000))) {
      assertThatThrownBy(() -> parse(bad))
          .as(bad.substring(0, Math.min(20, bad.length())))
          .isInstanceOf(MalformedOtlpException.class);
    }
  }

  private static ExportTraceServiceRequest parse(String json) throws Exception {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return ExportTraceServiceRequest.parseFrom(MAPPING.toProtobuf(bytes, 0, bytes.length));
  }

  private static Span span(String quoted) throws Exception {
    String json = "{'resourceSpans':[{'scopeSpans':[{'spans':[" + quoted + "]}]}]}";
    return parse(json.replace('\'', '"')).getResourceSpans(0).getScopeSpans(0).getSpans(0);
  }

  /** The mapping written by other code, from the descriptors. */
  private static JsonNode write(Message message) {
    ObjectNode out = JSON.createObjectNode();
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              if (field.isRepeated()) {
                ArrayNode array = out.putArray(field.getJsonName());
                ((List<?>) value).forEach(v -> array.add(scalar(field, v)));
              } else {
                out.set(field.getJsonName(), scalar(field, value));
              }
            });
    return out;
  }

  private static JsonNode scalar(FieldDescriptor field, Object value) {
    return switch (field.getType()) {
      case MESSAGE -> write((Message) value);
      case BYTES -> {
        byte[] bytes = ((ByteString) value).toByteArray();
        yield JSON.getNodeFactory()
            .textNode(
                field.getName().endsWith("_id")
                    ? HexFormat.of().formatHex(bytes)
                    : Base64.getEncoder().encodeToString(bytes));
      }
      case BOOL -> JSON.getNodeFactory().booleanNode((Boolean) value);
      case DOUBLE ->
          Double.isFinite((Double) value)
              ? JSON.getNodeFactory().numberNode((Double) value)
              : JSON.getNodeFactory().textNode(value.toString());
      case ENUM ->
          JSON.getNodeFactory()
              .numberNode(
                  ((com.google.protobuf.Descriptors.EnumValueDescriptor) value).getNumber());
      case FIXED64, UINT64 -> JSON.getNodeFactory().textNode(Long.toUnsignedString((Long) value));
      case FIXED32, UINT32 ->
          JSON.getNodeFactory().numberNode(Integer.toUnsignedLong((Integer) value));
      default -> JSON.getNodeFactory().textNode(value.toString());
    };
  }
}
