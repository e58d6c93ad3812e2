/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * Money as whole picodollars (10⁻¹² USD): a {@code long} for one call, {@link BigInteger} for sums.
 * Never floating point.
 */
public final class PicoUsd {
  /** Decimal places of a picodollar. */
  public static final int SCALE = 12;

  /** No figure. */
  public static final long ABSENT = Long.MIN_VALUE;

  /** One call costing more than this (10⁶ USD) is taken for an error of the sender. */
  public static final long MAX_PER_CALL = 1_000_000L * 1_000_000_000_000L;

  private static final double PER_USD = 1e12;

  /**
   * A decimal of at most fifteen digits that reads as some double is that one's shortest form: no
   * other of so many digits reads as it. Both numbers of the division are exact, so it rounds as
   * reading the decimal does.
   */
  private static final double EXACT_BELOW = 1e15;

  private PicoUsd() {}

  /**
   * A sender's double by its shortest decimal form, half-even to 12 places.
   *
   * @return picodollars, or {@link #ABSENT} if negative, not finite or above {@link #MAX_PER_CALL}
   */
  public static long ofReported(double usd) {
    if (!Double.isFinite(usd)) {
      return ABSENT;
    }
    double pico = Math.rint(usd * PER_USD);
    if (pico >= 0 && pico < EXACT_BELOW && pico / PER_USD == usd) {
      return (long) pico;
    }
    return ofReported(BigDecimal.valueOf(usd));
  }

  /** The same of a decimal. */
  public static long ofReported(BigDecimal usd) {
    if (usd.signum() < 0 || usd.precision() - usd.scale() > 8) {
      return ABSENT;
    }
    BigDecimal pico = usd.setScale(SCALE, RoundingMode.HALF_EVEN);
    BigInteger unscaled = pico.unscaledValue();
    return unscaled.compareTo(BigInteger.valueOf(MAX_PER_CALL)) > 0
        ? ABSENT
        : unscaled.longValueExact();
  }

  /** Plain decimal text in USD without trailing zeros: {@code 0.00345}, {@code 0}. */
  public static String toUsd(BigInteger pico) {
    BigDecimal usd = new BigDecimal(pico, SCALE);
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }

  /** The same of one call's cost. */
  public static String toUsd(long pico) {
    return toUsd(BigInteger.valueOf(pico));
  }
}
