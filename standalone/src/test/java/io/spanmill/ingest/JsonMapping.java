/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** OTLP's JSON mapping, written; unknown fields are left out. */
final class JsonMapping {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonMapping() {}

  static byte[] write(Message message) {
    return object(message).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode object(Message message) {
    ObjectNode out = NODES.objectNode();
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              if (field.isRepeated()) {
                ArrayNode array = out.putArray(field.getJsonName());
                ((List<?>) value).forEach(v -> array.add(value(field, v)));
              } else {
                out.set(field.getJsonName(), value(field, value));
              }
            });
    return out;
  }

  private static JsonNode value(FieldDescriptor field, Object value) {
    return switch (field.getType()) {
      case MESSAGE -> object((Message) value);
      case BYTES -> {
        byte[] bytes = ((ByteString) value).toByteArray();
        yield NODES.textNode(
            field.getName().endsWith("_id")
                ? HexFormat.of().formatHex(bytes)
                : Base64.getEncoder().encodeToString(bytes));
      }
      case BOOL -> NODES.booleanNode((Boolean) value);
      case DOUBLE -> NODES.numberNode((Double) value);
      case ENUM -> NODES.numberNode(((EnumValueDescriptor) value).getNumber());
      case FIXED64, UINT64 -> NODES.textNode(Long.toUnsignedString((Long) value));
      case FIXED32, UINT32 -> NODES.numberNode(Integer.toUnsignedLong((Integer) value));
      default -> NODES.textNode(value.toString());
    };
  }
}
