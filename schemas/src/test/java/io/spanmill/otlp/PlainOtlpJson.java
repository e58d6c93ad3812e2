/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON mapping through generated messages: slower and hungrier than {@link OtlpJson}, but plain
 * to see. Its oracle.
 */
final class PlainOtlpJson {
  private static final BigInteger UNSIGNED_MAX =
      BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(2 * Wire.MAX_DEPTH)
                  .maxNumberLength(400)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /** Fields by JSON name, by message. */
  private final Map<Descriptor, Map<String, FieldDescriptor>> fields = new HashMap<>();

  PlainOtlpJson() {
    index(ExportTraceServiceRequest.getDescriptor());
  }

  private void index(Descriptor descriptor) {
    if (fields.containsKey(descriptor)) {
      return;
    }
    Map<String, FieldDescriptor> byName = new HashMap<>();
    fields.put(descriptor, byName);
    for (FieldDescriptor field : descriptor.getFields()) {
      byName.put(field.getJsonName(), field);
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        index(field.getMessageType());
      }
    }
  }

  /**
   * The request as protobuf bytes. Ids of a wrong length stay so: they make their span invalid, not
   * the request.
   *
   * @throws MalformedOtlpException with the JSON path and what was expected
   */
  byte[] toProtobuf(byte[] json, int offset, int length) throws MalformedOtlpException {
    try (JsonParser parser = FACTORY.createParser(json, offset, length)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        return new byte[0];
      }
      if (first != JsonToken.START_OBJECT) {
        throw problem(parser, "an object");
      }
      ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
      message(parser, request);
      if (parser.nextToken() != null) {
        throw problem(parser, "nothing more");
      }
      return request.build().toByteArray();
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      throw new MalformedOtlpException(
          "malformed JSON in line " + line + ": " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new MalformedOtlpException("unreadable JSON: " + e.getMessage());
    }
  }

  private void message(JsonParser p, Message.Builder into)
      throws IOException, MalformedOtlpException {
    Map<String, FieldDescriptor> known = fields.getOrDefault(into.getDescriptorForType(), Map.of());
    while (p.nextToken() == JsonToken.FIELD_NAME) {
      FieldDescriptor field = known.get(p.currentName());
      JsonToken value = p.nextToken();
      if (field == null) {
        p.skipChildren();
      } else if (value != JsonToken.VALUE_NULL) {
        if (field.isRepeated()) {
          repeated(p, into, field);
        } else {
          Object parsed = value(p, into, field);
          if (parsed != null) {
            into.setField(field, parsed);
          }
        }
      }
    }
  }

  private void repeated(JsonParser p, Message.Builder into, FieldDescriptor field)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() != JsonToken.START_ARRAY) {
      throw problem(p, "an array");
    }
    while (p.nextToken() != JsonToken.END_ARRAY) {
      // A null in an array stands for a default element.
      Object parsed =
          p.currentToken() == JsonToken.VALUE_NULL
                  && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
              ? into.newBuilderForField(field).build()
              : value(p, into, field);
      if (parsed != null) {
        into.addRepeatedField(field, parsed);
      }
    }
  }

  private @Nullable Object value(JsonParser p, Message.Builder parent, FieldDescriptor field)
      throws IOException, MalformedOtlpException {
    return switch (field.getType()) {
      case MESSAGE -> {
        if (p.currentToken() != JsonToken.START_OBJECT) {
          throw problem(p, "an object");
        }
        Message.Builder child = parent.newBuilderForField(field);
        message(p, child);
        yield child.build();
      }
      case STRING -> {
        if (p.currentToken() != JsonToken.VALUE_STRING) {
          throw problem(p, "text");
        }
        yield validText(p);
      }
      case BYTES -> bytes(p, field);
      case BOOL ->
          switch (p.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw problem(p, "true or false");
          };
      case DOUBLE -> doubleValue(p);
      case ENUM -> enumValue(p, field);
      case INT64, SINT64, SFIXED64 ->
          integer(p, BigInteger.valueOf(Long.MIN_VALUE), BigInteger.valueOf(Long.MAX_VALUE))
              .longValue();
      case UINT64, FIXED64 -> integer(p, BigInteger.ZERO, UNSIGNED_MAX).longValue();
      case UINT32, FIXED32 ->
          integer(p, BigInteger.ZERO, BigInteger.valueOf(0xffffffffL)).intValue();
      default ->
          integer(p, BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE))
              .intValue();
    };
  }

  /** Text that can be written as UTF-8: a lone surrogate cannot. */
  private static String validText(JsonParser p) throws IOException, MalformedOtlpException {
    String text = p.getText();
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 < text.length()
            && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          i++;
        } else {
          throw problem(p, "text without lone surrogates");
        }
      }
    }
    return text;
  }

  private static ByteString bytes(JsonParser p, FieldDescriptor field)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() != JsonToken.VALUE_STRING) {
      throw problem(p, "text");
    }
    String text = p.getText();
    boolean id = field.getName().endsWith("_id");
    try {
      if (id) {
        boolean odd = text.length() % 2 != 0 && text.matches("[0-9a-fA-F]+");
        return odd
            ? ByteString.copyFromUtf8(text)
            : ByteString.copyFrom(HexFormat.of().parseHex(text));
      }
      return ByteString.copyFrom(
          Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/')));
    } catch (IllegalArgumentException e) {
      throw problem(p, id ? "hex digits" : "base64");
    }
  }

  private static double doubleValue(JsonParser p) throws IOException, MalformedOtlpException {
    if (p.currentToken().isNumeric()) {
      return p.getDoubleValue();
    }
    if (p.currentToken() == JsonToken.VALUE_STRING) {
      String text = p.getText();
      switch (text) {
        case "NaN":
          return Double.NaN;
        case "Infinity":
          return Double.POSITIVE_INFINITY;
        case "-Infinity":
          return Double.NEGATIVE_INFINITY;
        default:
          try {
            return new BigDecimal(text).doubleValue();
          } catch (NumberFormatException e) {
            throw problem(p, "a number");
          }
      }
    }
    throw problem(p, "a number");
  }

  private static @Nullable EnumValueDescriptor enumValue(JsonParser p, FieldDescriptor field)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() == JsonToken.VALUE_STRING) {
      EnumValueDescriptor byName = field.getEnumType().findValueByName(p.getText());
      if (byName != null) {
        return byName;
      }
    }
    int number =
        integer(p, BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE))
            .intValue();
    return field.getEnumType().findValueByNumberCreatingIfUnknown(number);
  }

  private static BigInteger integer(JsonParser p, BigInteger min, BigInteger max)
      throws IOException, MalformedOtlpException {
    BigDecimal value;
    try {
      value =
          switch (p.currentToken()) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> p.getDecimalValue();
            case VALUE_STRING -> new BigDecimal(p.getText());
            default -> throw problem(p, "an integer as number or text");
          };
      // A huge exponent would make a huge integer of a few characters.
      if (value.precision() - (long) value.scale() > 40) {
        throw problem(p, "an integer from " + min + " to " + max);
      }
      BigInteger integer = value.toBigIntegerExact();
      if (integer.compareTo(min) >= 0 && integer.compareTo(max) <= 0) {
        return integer;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw problem(p, "an integer as number or text");
    }
    throw problem(p, "an integer from " + min + " to " + max);
  }

  private static MalformedOtlpException problem(JsonParser p, String expected) {
    String at = p.getParsingContext().pathAsPointer().toString();
    return new MalformedOtlpException(
        "malformed OTLP at "
            + (at.isEmpty() ? "the top" : at)
            + " (line "
            + p.currentTokenLocation().getLineNr()
            + "): expected "
            + expected);
  }
}
