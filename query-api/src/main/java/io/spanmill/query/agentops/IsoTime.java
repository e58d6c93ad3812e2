/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Times as Python writes and reads them: ISO 8601, microseconds only where there are any. */
final class IsoTime {
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT);
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,15}(\\.\\d{1,9})?");

  /** Greater numbers are milliseconds, as pydantic has it. */
  private static final double MAX_SECONDS = 2e10;

  private static final long LATEST_MS = 4_102_444_800_000L;

  private IsoTime() {}

  /** UTC with {@code +00:00}. */
  static String ofNanos(long epochNanos) {
    Instant at =
        Instant.ofEpochSecond(
            Math.floorDiv(epochNanos, 1_000_000_000L), Math.floorMod(epochNanos, 1_000_000_000L));
    return text(at) + "+00:00";
  }

  /** UTC without an offset: a naive time. */
  static String naive(long epochSeconds) {
    return text(Instant.ofEpochSecond(epochSeconds));
  }

  /** Epoch milliseconds; null if it is no time between 1970 and 2100. */
  static @Nullable Long parse(String given) {
    Long ms = read(given.trim());
    return ms == null || ms < 0 || ms > LATEST_MS ? null : ms;
  }

  private static @Nullable Long read(String text) {
    try {
      if (NUMBER.matcher(text).matches()) {
        double number = Double.parseDouble(text);
        return (long) (Math.abs(number) > MAX_SECONDS ? number : number * 1000);
      }
      if (text.length() == 10) {
        return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
      }
      // A '+' that was not escaped in the URL arrives as a space.
      String joined = text.length() > 10 ? text.substring(0, 10) + "T" + text.substring(11) : text;
      joined = joined.replace(' ', '+').replaceAll("([+-]\\d{2})(\\d{2})$", "$1:$2");
      boolean zoned = joined.matches(".*([zZ]|[+-]\\d{2}:\\d{2})$");
      return zoned
          ? OffsetDateTime.parse(joined.toUpperCase(Locale.ROOT)).toInstant().toEpochMilli()
          : LocalDateTime.parse(joined).toInstant(ZoneOffset.UTC).toEpochMilli();
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static String text(Instant at) {
    int micros = at.getNano() / 1000;
    String seconds = SECONDS.format(at.atOffset(ZoneOffset.UTC));
    return micros == 0 ? seconds : seconds + String.format(Locale.ROOT, ".%06d", micros);
  }
}
