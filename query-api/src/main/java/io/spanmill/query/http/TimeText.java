/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads times and durations as the API takes them. */
final class TimeText {
  /** Year 2100: beyond it no window start fits its column. */
  private static final long LATEST_MS = 4_102_444_800_000L;

  private static final Pattern RELATIVE = Pattern.compile("now(?:([+-])(\\d{1,9})([smhdw]))?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,15})(ms|[smhdw])?");
  private static final Map<String, Long> UNITS =
      Map.of(
          "ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L, "w", 604_800_000L);

  private TimeText() {}

  /**
   * RFC 3339, epoch milliseconds, or {@code now}, {@code now-1h}, {@code now+5m}.
   *
   * @throws ApiException naming the field
   */
  static long instant(String field, String text, Clock clock) {
    long ms = parse(field, text, clock);
    if (ms < 0 || ms > LATEST_MS) {
      throw ApiException.badParameter(field, "must lie between 1970 and 2100");
    }
    return ms;
  }

  /** {@code 60s}, {@code 1m}, {@code 1h}, {@code 1d}, {@code 1w}, or milliseconds. */
  static long duration(String field, String text) {
    Matcher m = DURATION.matcher(text);
    if (!m.matches()) {
      throw ApiException.badParameter(
          field, "'" + text + "' is no duration: write 60s, 5m, 1h, 1d or milliseconds");
    }
    String unit = m.group(2) == null ? "ms" : m.group(2);
    try {
      return Math.multiplyExact(Long.parseLong(m.group(1)), UNITS.getOrDefault(unit, 1L));
    } catch (ArithmeticException e) {
      throw ApiException.badParameter(field, "'" + text + "' is too long");
    }
  }

  private static long parse(String field, String text, Clock clock) {
    if (text.matches("\\d{1,15}")) {
      return Long.parseLong(text);
    }
    Matcher m = RELATIVE.matcher(text);
    if (m.matches()) {
      if (m.group(1) == null) {
        return clock.millis();
      }
      long delta = Long.parseLong(m.group(2)) * UNITS.getOrDefault(m.group(3), 1L);
      return m.group(1).equals("-") ? clock.millis() - delta : clock.millis() + delta;
    }
    try {
      // A '+' of an offset that was not escaped in the URL arrives as a space.
      return OffsetDateTime.parse(text.replace(' ', '+')).toInstant().toEpochMilli();
    } catch (ArithmeticException e) {
      // Millions of years away: out of range as any other that is.
      return Long.MAX_VALUE;
    } catch (DateTimeParseException e) {
      throw ApiException.badParameter(
          field,
          "'"
              + text
              + "' is no time: write RFC 3339 (2026-01-31T12:00:00Z), epoch milliseconds, or now-1h");
    }
  }
}
