/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IsoTimeTest {
  @ParameterizedTest
  @CsvSource({
    "1767225600000000000, 2026-01-01T00:00:00+00:00",
    "1767225600000000999, 2026-01-01T00:00:00+00:00",
    "1767225600500000000, 2026-01-01T00:00:00.500000+00:00",
    "1767225600000001000, 2026-01-01T00:00:00.000001+00:00",
  })
  void nanos_areWrittenAsPythonWritesThem(long nanos, String text) {
    assertThat(IsoTime.ofNanos(nanos)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00.000000z",
        "2026-01-01T09:00:00+09:00",
        "2026-01-01T09:00:00 09:00",
        "2025-12-31T19:00:00-0500",
        "1767225600",
        "1767225600.0",
        "1767225600000",
      })
  void theSameInstant_isReadFromEveryForm(String text) {
    assertThat(IsoTime.parse(text)).isEqualTo(1_767_225_600_000L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "2026-13-01",
        "1969-12-31T23:59:59Z",
        "2101-01-01",
        "-5",
        "2026-01-01T25:00"
      })
  void whatIsNoTime_isNone(String text) {
    assertThat(IsoTime.parse(text)).isNull();
  }

  @Test
  void tokenTimes_haveNoOffset() {
    assertThat(IsoTime.naive(1_767_225_600)).isEqualTo("2026-01-01T00:00:00");
  }
}
