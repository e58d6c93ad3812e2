/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The columns that rows of an answer have as a table: every field of the row's schema, nested ones
 * with a dot, so that a table has the same columns whatever is in it. Immutable.
 *
 * @param types type in ClickHouse by column, in order
 */
record TableColumns(Map<String, String> types) {
  private static final Pattern FRACTIONS =
      Pattern.compile("(?i).*(ms|rate|ratio|share|avg|p50|p90|p95|p99|max|start|end|lastseen)");

  TableColumns {
    types = new LinkedHashMap<>(types);
  }

  /**
   * Of the rows of an answer.
   *
   * @param schemas all schemas by name
   * @param answer name of the answer's schema
   * @param field of the answer that holds the rows
   * @param keys dimensions that a field {@code key} holds
   */
  static TableColumns of(JsonNode schemas, String answer, String field, List<String> keys) {
    Map<String, String> out = new LinkedHashMap<>();
    JsonNode rows = schemas.path(answer).path("properties").path(field).path("items");
    // Those first by which rows are told apart.
    keys.forEach(k -> out.put("key." + k, "String"));
    add(out, schemas, rows, "");
    return new TableColumns(out);
  }

  private static void add(Map<String, String> out, JsonNode schemas, JsonNode schema, String name) {
    if (name.equals("key")) {
      return;
    }
    JsonNode at = resolved(schemas, schema);
    if (at.has("properties")) {
      at.path("properties")
          .properties()
          .forEach(
              p ->
                  add(
                      out,
                      schemas,
                      p.getValue(),
                      name.isEmpty() ? p.getKey() : name + "." + p.getKey()));
    } else {
      out.put(name, type(at, name));
    }
  }

  /** Behind references, descriptions and the chance of being null. */
  private static JsonNode resolved(JsonNode schemas, JsonNode schema) {
    JsonNode at = schema;
    while (true) {
      if (at.has("$ref")) {
        String ref = at.path("$ref").asText();
        at = schemas.path(ref.substring(ref.lastIndexOf('/') + 1));
      } else if (at.has("allOf")) {
        at = at.path("allOf").path(0);
      } else if (at.has("anyOf")
          && (!at.path("anyOf").path(0).has("type") || at.path("anyOf").size() == 2)) {
        at = at.path("anyOf").path(0);
      } else {
        return at;
      }
    }
  }

  private static String type(JsonNode schema, String name) {
    JsonNode type = schema.path("type");
    String first = type.isArray() ? type.path(0).asText() : type.asText();
    if (name.toLowerCase(Locale.ROOT).endsWith("usd")) {
      return "Decimal(38, 12)";
    }
    return switch (first) {
      case "boolean" -> "Bool";
      case "number" -> FRACTIONS.matcher(name).matches() ? "Float64" : "Int64";
      default -> "String";
    };
  }

  /** For ClickHouse: names quoted, everything may be missing. */
  String structure() {
    return types.entrySet().stream()
        .map(e -> "`" + e.getKey() + "` Nullable(" + e.getValue() + ")")
        .collect(Collectors.joining(", "));
  }

  /** The values of a row in the order of the columns. */
  List<@Nullable Object> values(Map<?, ?> row) {
    List<@Nullable Object> out = new ArrayList<>();
    for (String name : types.keySet()) {
      out.add(value(row, name));
    }
    return out;
  }

  private static @Nullable Object value(Map<?, ?> row, String name) {
    Object at = row;
    for (String part : name.split("\\.")) {
      at = at instanceof Map<?, ?> m ? m.get(part) : null;
    }
    if (at instanceof List<?> list) {
      return list.stream()
          .map(
              v ->
                  v instanceof Map<?, ?> m
                      ? new String(Json.bytes(m), StandardCharsets.UTF_8)
                      : String.valueOf(v))
          .collect(Collectors.joining(" "));
    }
    return at;
  }
}
