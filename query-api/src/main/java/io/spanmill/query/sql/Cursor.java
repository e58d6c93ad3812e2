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

/**
 * Where a page ended: the sort order and the sort values of its last row. Opaque to clients; a
 * tampered one can only point elsewhere in what the caller may read anyway.
 */
public record Cursor(String sort, List<String> values) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public String encode() {
    try {
      byte[] json = MAPPER.writeValueAsBytes(List.of(sort, values));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
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
