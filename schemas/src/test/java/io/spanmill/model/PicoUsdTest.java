/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PicoUsdTest {
  @Test
  void ofReported_takesTheShortestDecimalForm() {
    assertThat(PicoUsd.ofReported(0.1)).isEqualTo(100_000_000_000L);
    assertThat(PicoUsd.ofReported(0.00345)).isEqualTo(3_450_000_000L);
    assertThat(PicoUsd.ofReported(1.5e-07)).isEqualTo(150_000L);
    assertThat(PicoUsd.ofReported(0.0)).isZero();
    assertThat(PicoUsd.ofReported(-0.0)).isZero();
  }

  @Test
  void ofReported_roundsHalfEven() {
    assertThat(PicoUsd.ofReported(2.5e-12)).isEqualTo(2);
    assertThat(PicoUsd.ofReported(3.5e-12)).isEqualTo(4);
    assertThat(PicoUsd.ofReported(4.9e-324)).isZero();
  }

  @Test
  void ofReported_refusesWhatIsNoCost() {
    for (double bad :
        new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY, 1_000_000.01, 1e300}) {
      assertThat(PicoUsd.ofReported(bad)).as("%s", bad).isEqualTo(PicoUsd.ABSENT);
    }
    assertThat(PicoUsd.ofReported(1_000_000.0)).isEqualTo(PicoUsd.MAX_PER_CALL);
  }

  @Property
  void ofReported_agreesWithBigDecimal(@ForAll @DoubleRange(min = 0, max = 1_000_000) double usd) {
    BigDecimal expected = new BigDecimal(Double.toString(usd)).setScale(12, RoundingMode.HALF_EVEN);
    assertThat(PicoUsd.ofReported(usd)).isEqualTo(expected.unscaledValue().longValueExact());
  }

  @Property
  void ofReported_ofFewDigits_agreesWithBigDecimal(
      @ForAll @LongRange(min = 0, max = 2_000_000_000_000_000L) long digits,
      @ForAll @IntRange(min = 9, max = 16) int places) {
    double usd = BigDecimal.valueOf(digits, places).doubleValue();
    BigDecimal expected = new BigDecimal(Double.toString(usd)).setScale(12, RoundingMode.HALF_EVEN);
    assertThat(PicoUsd.ofReported(usd))
        .isEqualTo(
            expected.compareTo(BigDecimal.valueOf(1_000_000)) > 0
                ? PicoUsd.ABSENT
                : expected.unscaledValue().longValueExact());
  }

  @Test
  void toUsd_isPlainAndShort() {
    assertThat(PicoUsd.toUsd(3_450_000_000L)).isEqualTo("0.00345");
    assertThat(PicoUsd.toUsd(0)).isEqualTo("0");
    assertThat(PicoUsd.toUsd(BigInteger.TEN.pow(30))).isEqualTo("1000000000000000000");
    assertThat(PicoUsd.toUsd(-1)).isEqualTo("-0.000000000001");
  }
}
