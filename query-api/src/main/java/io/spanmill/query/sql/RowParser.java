/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.spanmill.model.LatencySketch;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a result: a line with the names of the columns, then a line for each row, each line an
 * array.
 */
final class RowParser {
  private static final ObjectReader VALUES = new ObjectMapper().readerFor(Object.class);
  private static final ObjectReader NAMES = new ObjectMapper().readerFor(String[].class);

  private RowParser() {}

  static List<Row> read(InputStream in) throws IOException {
    List<Row> out = new ArrayList<>();
    try (JsonParser parser = VALUES.createParser(in)) {
      if (parser.nextToken() == null) {
        return out;
      }
      String[] names = NAMES.readValue(parser);
      Map<String, Integer> columns = new HashMap<>();
      boolean[] sketches = new boolean[names.length];
      for (int i = 0; i < names.length; i++) {
        columns.put(names[i], i);
        sketches[i] = names[i].endsWith("_sketch");
      }
      while (parser.nextToken() != null) {
        out.add(new Row(columns, row(parser, sketches)));
      }
    }
    return out;
  }

  private static @Nullable Object[] row(JsonParser parser, boolean[] sketches) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw new JsonParseException(parser, "a row of a result begins with [");
    }
    @Nullable Object[] values = new Object[sketches.length];
    for (int i = 0; i < values.length; i++) {
      JsonToken token = parser.nextToken();
      values[i] =
          token == JsonToken.START_OBJECT && sketches[i] ? sketch(parser) : value(parser, token);
    }
    parser.nextToken();
    return values;
  }

  /** An object of bucket index to count, which as a map would be thousands of small objects. */
  private static LatencySketch sketch(JsonParser parser) throws IOException {
    LatencySketch out = new LatencySketch();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      short index = Short.parseShort(parser.currentName());
      parser.nextToken();
      out.addCount(index, parser.getLongValue());
    }
    return out;
  }

  private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token)
      throws IOException {
    if (token == null) {
      throw new JsonEOFException(parser, null, "the result ends within a row");
    }
    return switch (token) {
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getNumberValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_NULL -> null;
      default -> VALUES.readValue(parser);
    };
  }
}
