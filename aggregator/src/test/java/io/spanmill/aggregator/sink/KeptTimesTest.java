/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.NormalizedSpan;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeptTimesTest {
  private static final long ARRIVAL_MS = 1_795_000_050_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final long YEAR_2099 = 4_070_908_800L * SECOND;

  @ParameterizedTest
  @CsvSource({
    // start, end, flags, duration in s, kept start, kept end; in seconds from the arrival
    "-3,    -1,    0,  2, -3,   -1",
    "-1,    -1,    0,  0, -1,   -1",
    "-1,    -2,    32, 0, -2,   -2",
    "none,  -1,    64, 0, -1,   -1",
    "1970,  -1,    64, 0, -1,   -1",
    "2099,  -1,    32, 0, -1,   -1",
    "past,  -1,    64, 0, -1,   -1",
    "-2,    none,  65, 0, -2,   -2",
    "-2,    1970,  33, 0, -2,   -2",
    "-2,    2099,  65, 0, -2,   -2",
    "-2,    past,  65, 0, -2,   -2",
    "none,  none,  65, 0, 0,    0",
    "past,  past,  65, 0, 0,    0",
    "1970,  1973,  1,  3, -3,   0",
    "2099,  2102,  1,  3, 2099, 2102",
    "7200,  7203,  1,  3, 7200, 7203",
  })
  void times_thatCannotBe_giveWayToTheOther_thenToTheArrival(
      String start, String end, int flags, long seconds, String keptStart, String keptEnd) {
    NormalizedSpan span = new NormalizedSpan();
    span.arrivalMs = ARRIVAL_MS;
    span.startEpochNanos = nanos(start);
    span.endEpochNanos = nanos(end);
    span.durationMicros = seconds * 1_000_000;
    span.flags = flags;
    assertThat(KeptTimes.startNanos(span)).isEqualTo(nanos(keptStart));
    assertThat(KeptTimes.endNanos(span)).isEqualTo(nanos(keptEnd));
  }

  private static long nanos(String text) {
    return switch (text) {
      case "none" -> 0;
      case "past" -> -1; // of a long
      case "1970" -> SECOND;
      case "1973" -> 4 * SECOND;
      case "2099" -> YEAR_2099;
      case "2102" -> YEAR_2099 + 3 * SECOND;
      default -> ARRIVAL_MS * 1_000_000 + Long.parseLong(text) * SECOND;
    };
  }
}
