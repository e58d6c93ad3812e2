/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.WindowKind;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class StepsTest {
  private static final long HOUR = 3_600_000;
  private static final long DAY = 24 * HOUR;

  @Test
  void of_cutsDaysAtLocalMidnight() {
    TimeRange range = range("2026-03-10T05:00:00Z", "2026-03-12T05:00:00Z");

    Steps steps = Steps.of(range, DAY, ZoneId.of("Asia/Seoul"));

    assertThat(steps.startsMs())
        .containsExactly(
            ms("2026-03-09T15:00:00Z"), ms("2026-03-10T15:00:00Z"), ms("2026-03-11T15:00:00Z"));
    assertThat(steps.dividedBy(WindowKind.HOUR)).isTrue();
    assertThat(steps.dividedBy(WindowKind.DAY)).isFalse();
  }

  @Test
  void of_givesShortAndLongDaysOverAChangeOfTheClock() {
    ZoneId berlin = ZoneId.of("Europe/Berlin");

    assertThat(
            Steps.of(range("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"), DAY, berlin).startsMs())
        .containsExactly(
            ms("2026-03-27T23:00:00Z"), ms("2026-03-28T23:00:00Z"), ms("2026-03-29T22:00:00Z"));
    assertThat(
            Steps.of(range("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"), DAY, berlin).startsMs())
        .containsExactly(
            ms("2026-10-23T22:00:00Z"), ms("2026-10-24T22:00:00Z"), ms("2026-10-25T23:00:00Z"));
  }

  @Test
  void of_needsMinutesWhereTheZoneIsHalfAnHourOff() {
    Steps steps =
        Steps.of(
            range("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z"), DAY, ZoneId.of("Asia/Kolkata"));

    assertThat(steps.dividedBy(WindowKind.HOUR)).isFalse();
    assertThat(steps.dividedBy(WindowKind.MINUTE)).isTrue();
  }

  @Test
  void of_alignsOtherStepsToTheEpoch() {
    Steps steps =
        Steps.of(range("2026-03-10T00:07:00Z", "2026-03-10T00:31:00Z"), 600_000, ZoneOffset.UTC);

    assertThat(steps.startsMs())
        .containsExactly(
            ms("2026-03-10T00:00:00Z"),
            ms("2026-03-10T00:10:00Z"),
            ms("2026-03-10T00:20:00Z"),
            ms("2026-03-10T00:30:00Z"));
  }

  private static TimeRange range(String from, String to) {
    return new TimeRange(ms(from), ms(to));
  }

  private static long ms(String text) {
    return Instant.parse(text).toEpochMilli();
  }
}
