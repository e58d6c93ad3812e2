/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A range of event time on the command line. */
final class RangeOptions {
  private static final Pattern RELATIVE = Pattern.compile("now(?:-(\\d{1,6})([smhdw]))?");
  private static final Pattern MILLIS = Pattern.compile("\\d{1,15}");

  @Option(
      names = "--from",
      paramLabel = "TIME",
      description =
          "First instant, by the end of a call: 2026-01-31, 2026-01-31T12:00:00Z, epoch milliseconds or now-7d.")
  private @Nullable String from;

  @Option(
      names = "--to",
      paramLabel = "TIME",
      description = "The instant after the last, in the same forms.")
  private @Nullable String to;

  long fromMs(CommandSpec spec, long absent) {
    return from == null ? absent : parse(spec, "--from", from);
  }

  long toMs(CommandSpec spec, long absent) {
    if (to == null) {
      return absent;
    }
    long toMs = parse(spec, "--to", to);
    if (from != null && parse(spec, "--from", from) >= toMs) {
      throw new ParameterException(spec.commandLine(), "--from must lie before --to");
    }
    return toMs;
  }

  boolean isWhole() {
    return from != null && to != null;
  }

  private static long parse(CommandSpec spec, String option, String text) {
    Matcher relative = RELATIVE.matcher(text);
    if (relative.matches()) {
      long now = System.currentTimeMillis();
      String unit = relative.group(2);
      if (unit == null) {
        return now;
      }
      long n = Long.parseLong(relative.group(1));
      Duration back =
          switch (unit) {
            case "s" -> Duration.ofSeconds(n);
            case "m" -> Duration.ofMinutes(n);
            case "h" -> Duration.ofHours(n);
            case "d" -> Duration.ofDays(n);
            default -> Duration.ofDays(7 * n);
          };
      return now - back.toMillis();
    }
    if (MILLIS.matcher(text).matches()) {
      return Long.parseLong(text);
    }
    try {
      return text.contains("T")
          ? OffsetDateTime.parse(text).toInstant().toEpochMilli()
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw new ParameterException(
          spec.commandLine(),
          option
              + ": "
              + text
              + " is no time; give 2026-01-31, "
              + Instant.EPOCH
              + ", epoch milliseconds or now-7d",
          e);
    }
  }
}
