/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * OTLP's JSON mapping of trace requests: lowerCamelCase keys, ids in hex of either case, enums as
 * integers (names are understood too), 64-bit integers as text or number, bytes in base64, unknown
 * keys ignored at every depth, null as absent. Of a key given twice the last counts; lists add up.
 *
 * <p>Written straight into protobuf bytes, which are about as many as those of the JSON at most:
 * millions of empty objects in a small body cost no memory beyond that. Driven by the generated
 * descriptors. Thread-safe.
 */
public final class OtlpJson {
  private static final BigInteger UNSIGNED_MAX =
      BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
  private static final BigInteger INT_MIN = BigInteger.valueOf(Integer.MIN_VALUE);
  private static final BigInteger INT_MAX = BigInteger.valueOf(Integer.MAX_VALUE);
  private static final BigInteger UNSIGNED_INT_MAX = BigInteger.valueOf(0xffffffffL);
  private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(2 * Wire.MAX_DEPTH)
                  .maxNumberLength(400)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /**
   * Protobuf bytes.
   *
   * @param bytes the request from the beginning; what follows {@code length} means nothing
   */
  public record Encoded(byte[] bytes, int length) {}

  /**
   * A field as the reader of JSON needs it.
   *
   * @param slot index among the message's fields of one value; all members of a oneof share one, -1
   *     for lists
   * @param presence whether a default value is written too, as in a oneof
   */
  private record Field(
      FieldDescriptor descriptor, int tag, int slot, boolean presence, Shape message, boolean id) {}

  /** A message type: its fields by JSON name. */
  private static final class Shape {
    private final Map<String, Field> fields = new HashMap<>();
    private int slots;
  }

  private static final Shape NONE = new Shape();

  private final Shape request;

  public OtlpJson() {
    request = shape(ExportTraceServiceRequest.getDescriptor(), new HashMap<>());
  }

  private static Shape shape(Descriptor descriptor, Map<Descriptor, Shape> known) {
    Shape found = known.get(descriptor);
    if (found != null) {
      return found;
    }
    Shape shape = new Shape();
    known.put(descriptor, shape);
    Map<Object, Integer> slots = new HashMap<>();
    for (FieldDescriptor field : descriptor.getFields()) {
      Object oneof = field.getRealContainingOneof();
      Object owner = oneof == null ? field : oneof;
      int slot = field.isRepeated() ? -1 : slots.computeIfAbsent(owner, o -> slots.size());
      boolean message = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      int tag = field.getNumber() << 3 | field.getLiteType().getWireType();
      shape.fields.put(
          field.getJsonName(),
          new Field(
              field,
              tag,
              slot,
              field.hasPresence(),
              message ? shape(field.getMessageType(), known) : NONE,
              field.getName().endsWith("_id")));
    }
    shape.slots = slots.size();
    return shape;
  }

  /**
   * The request as protobuf bytes, exactly as many as needed.
   *
   * @throws MalformedOtlpException as {@link #encode}
   */
  public byte[] toProtobuf(byte[] json, int offset, int length) throws MalformedOtlpException {
    Encoded encoded = encode(json, offset, length);
    return Arrays.copyOf(encoded.bytes(), encoded.length());
  }

  /**
   * The request as protobuf bytes. Ids of a wrong length stay so: they make their span invalid, not
   * the request.
   *
   * @throws MalformedOtlpException with the JSON path and what was expected
   */
  public Encoded encode(byte[] json, int offset, int length) throws MalformedOtlpException {
    ProtoWriter out = new ProtoWriter(length);
    try (JsonParser parser = FACTORY.createParser(json, offset, length)) {
      JsonToken first = parser.nextToken();
      if (first != null) {
        if (first != JsonToken.START_OBJECT) {
          throw problem(parser, "an object");
        }
        message(parser, request, out);
        if (parser.nextToken() != null) {
          throw problem(parser, "nothing more");
        }
      }
      return new Encoded(out.bytes(), out.size());
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
      throw new MalformedOtlpException(
          "malformed JSON in line " + line + ": " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new MalformedOtlpException("unreadable JSON: " + e.getMessage());
    }
  }

  private static void message(JsonParser p, Shape shape, ProtoWriter out)
      throws IOException, MalformedOtlpException {
    // Where each field of one value was written, begin and end: a later one takes its place.
    int[] written = null;
    while (p.nextToken() == JsonToken.FIELD_NAME) {
      Field field = shape.fields.get(p.currentName());
      JsonToken value = p.nextToken();
      if (field == null) {
        p.skipChildren();
      } else if (value == JsonToken.VALUE_NULL) {
        continue;
      } else if (field.slot < 0) {
        repeated(p, field, out);
      } else {
        if (written == null) {
          written = new int[shape.slots * 2];
        }
        int begin = out.size();
        value(p, field, out);
        replace(written, field.slot, begin, out);
      }
    }
  }

  private static void replace(int[] written, int slot, int begin, ProtoWriter out) {
    int from = written[slot * 2];
    int length = written[slot * 2 + 1] - from;
    int end = out.size();
    if (length > 0) {
      out.remove(from, from + length);
      for (int i = 0; i < written.length; i += 2) {
        if (written[i] > from) {
          written[i] -= length;
          written[i + 1] -= length;
        }
      }
    } else {
      length = 0;
    }
    written[slot * 2] = begin - length;
    written[slot * 2 + 1] = end - length;
  }

  private static void repeated(JsonParser p, Field field, ProtoWriter out)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() != JsonToken.START_ARRAY) {
      throw problem(p, "an array");
    }
    boolean messages = field.descriptor.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    while (p.nextToken() != JsonToken.END_ARRAY) {
      if (messages && p.currentToken() == JsonToken.VALUE_NULL) {
        // A null in an array stands for a default element.
        out.endMessage(out.beginMessage(field.tag));
      } else {
        value(p, field, out);
      }
    }
  }

  private static void value(JsonParser p, Field field, ProtoWriter out)
      throws IOException, MalformedOtlpException {
    boolean always = field.presence || field.slot < 0;
    switch (field.descriptor.getType()) {
      case MESSAGE -> {
        if (p.currentToken() != JsonToken.START_OBJECT) {
          throw problem(p, "an object");
        }
        int begin = out.beginMessage(field.tag);
        message(p, field.message, out);
        out.endMessage(begin);
      }
      case STRING -> {
        if (p.currentToken() != JsonToken.VALUE_STRING) {
          throw problem(p, "text");
        }
        if ((always || p.getTextLength() > 0)
            && !out.text(field.tag, p.getTextCharacters(), p.getTextOffset(), p.getTextLength())) {
          throw problem(p, "text without lone surrogates");
        }
      }
      case BYTES -> {
        byte[] bytes = bytes(p, field.id);
        if (always || bytes.length > 0) {
          out.bytes(field.tag, bytes);
        }
      }
      case BOOL -> {
        boolean yes = p.currentToken() == JsonToken.VALUE_TRUE;
        if (!yes && p.currentToken() != JsonToken.VALUE_FALSE) {
          throw problem(p, "true or false");
        }
        number(field, yes ? 1 : 0, always, out);
      }
      case DOUBLE -> number(field, Double.doubleToRawLongBits(doubleValue(p)), always, out);
      case ENUM -> number(field, enumValue(p, field.descriptor), always, out);
      case INT64, SFIXED64 -> number(field, integer(p, LONG_MIN, LONG_MAX), always, out);
      case UINT64, FIXED64 -> number(field, integer(p, BigInteger.ZERO, UNSIGNED_MAX), always, out);
      case UINT32, FIXED32 ->
          number(field, integer(p, BigInteger.ZERO, UNSIGNED_INT_MAX), always, out);
      case INT32, SFIXED32 -> number(field, integer(p, INT_MIN, INT_MAX), always, out);
      default ->
          throw new IllegalStateException(
              "OTLP has no field of type " + field.descriptor.getType());
    }
  }

  private static void number(Field field, long bits, boolean always, ProtoWriter out) {
    if (bits != 0 || always) {
      switch (field.descriptor.getLiteType().getWireType()) {
        case WireFormat.WIRETYPE_VARINT -> out.varint(field.tag, bits);
        case WireFormat.WIRETYPE_FIXED64 -> out.fixed64(field.tag, bits);
        default -> out.fixed32(field.tag, (int) bits);
      }
    }
  }

  private static byte[] bytes(JsonParser p, boolean id) throws IOException, MalformedOtlpException {
    if (p.currentToken() != JsonToken.VALUE_STRING) {
      throw problem(p, "text");
    }
    String text = p.getText();
    try {
      return id ? id(text) : Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'));
    } catch (IllegalArgumentException e) {
      throw problem(p, id ? "hex digits" : "base64");
    }
  }

  /**
   * Of an odd number of digits, as a sender writes that drops leading zeros: the digits themselves,
   * which have no id's length either. So that span is rejected, and not all that came with it.
   */
  private static byte[] id(String hex) {
    if (hex.length() % 2 == 0) {
      return HexFormat.of().parseHex(hex);
    }
    if (!hex.chars().allMatch(HexFormat::isHexDigit)) {
      throw new IllegalArgumentException("no hex digits");
    }
    return hex.getBytes(StandardCharsets.US_ASCII);
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

  private static long enumValue(JsonParser p, FieldDescriptor field)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() == JsonToken.VALUE_STRING) {
      EnumValueDescriptor byName = field.getEnumType().findValueByName(p.getText());
      if (byName != null) {
        return byName.getNumber();
      }
    }
    return integer(p, INT_MIN, INT_MAX);
  }

  private static long integer(JsonParser p, BigInteger min, BigInteger max)
      throws IOException, MalformedOtlpException {
    if (p.currentToken() == JsonToken.VALUE_NUMBER_INT
        && p.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long plain = p.getLongValue();
      if (plain >= min.longValue() && (max.bitLength() > 63 || plain <= max.longValue())) {
        return plain;
      }
    }
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
        return integer.longValue();
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
