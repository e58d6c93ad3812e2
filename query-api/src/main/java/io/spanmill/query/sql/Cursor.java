/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Where a page ended: the sort order and the sort values of its last row. Opaque to clients; a
 * tampered one can only point elsewhere in what the caller may read anyway.
 */
public record Cursor(String sort, List<String> values) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern DECIMAL = Pattern.compile("-?\\d{1,26}(\\.\\d{1,12})?");

  public String encode() {
    try {
      byte[] json = MAPPER.writeValueAsBytes(List.of(sort, values));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Whether its first value is an integer of 64 bits or else, if it may be one, a decimal number.
   */
  public boolean startsWithNumber(boolean decimal) {
    String value = values.get(0);
    if (decimal && DECIMAL.matcher(value).matches()) {
      return true;
    }
    try {
      Long.parseLong(value);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /**
   * @param sort the order it must be of
   * @param size how many values it must have
   * @throws IllegalArgumentException if it is not a cursor of that order
   */
  public static Cursor decode(String text, String sort, int size) {
    try {
      String json = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
      List<Object> parts = MAPPER.readValue(json, new TypeReference<>() {});
      if (parts.size() == 2
          && sort.equals(parts.get(0))
          && parts.get(1) instanceof List<?> values
          && values.size() == size
          && values.stream().allMatch(String.class::isInstance)) {
        return new Cursor(sort, values.stream().map(String.class::cast).toList());
      }
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IllegalArgumentException("not a cursor of this list", e);
    }
    throw new IllegalArgumentException("not a cursor of this list in this order");
  }
}
