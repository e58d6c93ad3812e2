/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How answers are written: ordered objects, money as text, times as RFC 3339. */
public final class Json {
  public static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN).build();

  private static final DateTimeFormatter RFC_3339 =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private Json() {}

  /** An object of these names and values, in their order. */
  public static Map<String, @Nullable Object> object(@Nullable Object... namesAndValues) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      out.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return out;
  }

  /** Decimal text in USD without exponent and trailing zeros; null stays null. */
  public static @Nullable String usd(@Nullable BigDecimal usd) {
    if (usd == null) {
      return null;
    }
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }

  public static @Nullable String iso(@Nullable Long epochMs) {
    return epochMs == null ? null : RFC_3339.format(Instant.ofEpochMilli(epochMs));
  }

  /** Share of a count; null without a whole. */
  public static @Nullable Double ratio(long part, long whole) {
    return whole == 0 ? null : Double.valueOf((double) part / whole);
  }

  /** Milliseconds of microseconds, null if negative: not known. */
  public static @Nullable Double msOfMicros(long micros) {
    return micros < 0 ? null : Double.valueOf(micros / 1000.0);
  }

  /** {@code ""} means absent. */
  public static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** At most so many characters. */
  public static @Nullable String shortened(String text, int max) {
    return text.isEmpty() ? null : text.length() <= max ? text : text.substring(0, max - 1) + "…";
  }

  public static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
