/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class EnginesTest {
  private static final String FILE =
      """
      engines:
        - service: vllm-a
          model: m
          gpus: 2
          gpuHourUsd: "2.10"
          validFrom: 2026-01-01
        - service: vllm-a
          model: m
          gpus: 4
          gpuHourUsd: "1.999"
          validFrom: 2026-01-02
        - host: gpu7
          model: m
          gpuHourUsd: 3
        - service: unrated
          model: n
      """;

  @Test
  void costs_takeTheRateOfEachHour_overAllEnginesOfAModel() {
    Engines engines = Engines.parse("e.yaml", FILE);
    Engines.Cost cost =
        engines
            .costs(at("2025-12-31T23:00:00Z"), at("2026-01-02T12:00:00Z"))
            .getOrDefault("m", null);

    // 24 h x 2 x 2.10 + 12 h x 4 x 1.999 + 37 h x 3; before its first rate an hour costs nothing.
    assertThat(cost.usd()).isEqualByComparingTo("307.752");
    assertThat(cost.engines()).isEqualTo(2);
    assertThat(cost.gpus()).isEqualByComparingTo("5");
    assertThat(cost.hours()).isCloseTo(37, within(1e-9));
    assertThat(cost.gpuHours()).isCloseTo(48 + 48 + 37, within(1e-9));
    assertThat(engines.costs(0, 1000)).containsOnlyKeys("m");
    assertThat(engines.anyRate()).isTrue();
    assertThat(Engines.none().anyRate()).isFalse();
  }

  @Test
  void costs_areRoundedOnceHalfEven() {
    Engines.Cost cost =
        Engines.parse("e.yaml", "engines: [{service: s, model: m, gpuHourUsd: 1}]")
            .costs(0, 1)
            .getOrDefault("m", null);

    assertThat(cost.usd().toPlainString()).isEqualTo("0.000000277778");
  }

  @Test
  void badEntries_sayWhichAndWhy() {
    assertThatThrownBy(
            () -> Engines.parse("e.yaml", "engines: [{service: s, model: m, gpuHourUsd: x}]"))
        .hasMessage("e.yaml: engine 1: gpuHourUsd is no number: x");
    assertThatThrownBy(() -> Engines.parse("e.yaml", "engines: [{service: s, model: m, gpus: -1}]"))
        .hasMessageContaining("gpus must be 0 to");
    assertThatThrownBy(() -> Engines.parse("e.yaml", "engines: [{service: s, model: m, gpu: 1}]"))
        .hasMessageContaining("unknown key gpu");
    assertThatThrownBy(
            () -> Engines.parse("e.yaml", "engines: [{service: s, model: m, validFrom: May}]"))
        .hasMessageContaining("validFrom must be a date");
  }

  private static long at(String instant) {
    return Instant.parse(instant).toEpochMilli();
  }
}
