/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeTextTest {
  private static final long NOW = Instant.parse("2026-05-06T07:08:09Z").toEpochMilli();
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC);

  @ParameterizedTest
  @CsvSource({
    "now, 2026-05-06T07:08:09Z",
    "now-1h, 2026-05-06T06:08:09Z",
    "now-90s, 2026-05-06T07:06:39Z",
    "now-2w, 2026-04-22T07:08:09Z",
    "now+5m, 2026-05-06T07:13:09Z",
    "2026-05-06T07:08:09.5Z, 2026-05-06T07:08:09.500Z",
    "2026-05-06T16:08:09+09:00, 2026-05-06T07:08:09Z",
    "2026-05-06T16:08:09 09:00, 2026-05-06T07:08:09Z",
    "1778051289000, 2026-05-06T07:08:09Z",
    "0, 1970-01-01T00:00:00Z"
  })
  void instant_readsEveryForm(String text, String expected) {
    assertThat(TimeText.instant("from", text, CLOCK))
        .isEqualTo(Instant.parse(expected).toEpochMilli());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "yesterday",
        "now-1y",
        "now - 1h",
        "2026-05-06",
        "-5",
        "now-99999w",
        "",
        "9999999999999",
        "+999999999-01-01T00:00:00Z",
        "-999999999-01-01T00:00:00Z"
      })
  void instant_refusesOthersNamingTheField(String text) {
    assertThatThrownBy(() -> TimeText.instant("from", text, CLOCK))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status()).isEqualTo(400);
              assertThat(e.field()).isEqualTo("from");
            });
  }

  @Test
  void duration_readsUnitsAndMilliseconds() {
    assertThat(TimeText.duration("step", "60s")).isEqualTo(60_000);
    assertThat(TimeText.duration("step", "1d")).isEqualTo(86_400_000);
    assertThat(TimeText.duration("step", "300000")).isEqualTo(300_000);
    assertThatThrownBy(() -> TimeText.duration("step", "1 hour")).isInstanceOf(ApiException.class);
  }
}
