/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.otlp.AnyValue;
import io.spanmill.otlp.AttributeView;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A call's cost by its sender's word. The first key that is told decides: a double counts by its
 * shortest decimal form, text by its digits, half-even to 12 places. What is negative, not finite,
 * absurd or no number is no cost and marks the span.
 */
final class ReportedCost {
  private ReportedCost() {}

  /** Takes the whole, or adds its parts where no whole is told. */
  static void read(AttributeView view, int[] whole, int[] input, int[] output, NormalizedSpan out) {
    for (int slot : whole) {
      if (Values.told(view, slot)) {
        take(view, slot, out);
        return;
      }
    }
    BigDecimal in = decimal(view, input);
    BigDecimal and = decimal(view, output);
    if (in != null || and != null) {
      take((in == null ? BigDecimal.ZERO : in).add(and == null ? BigDecimal.ZERO : and), out);
    }
  }

  /** Takes a decimal; null is bad. */
  static void take(@Nullable BigDecimal usd, NormalizedSpan out) {
    long pico = usd == null ? PicoUsd.ABSENT : PicoUsd.ofReported(usd);
    if (pico == PicoUsd.ABSENT) {
      out.flags |= NormalizedSpan.BAD_COST;
    }
    out.reportedPicoUsd = pico;
  }

  private static void take(AttributeView view, int slot, NormalizedSpan out) {
    if (view.type(slot) == AnyValue.DOUBLE) {
      long pico = PicoUsd.ofReported(view.doubleValue(slot, Double.NaN));
      if (pico == PicoUsd.ABSENT) {
        out.flags |= NormalizedSpan.BAD_COST;
      }
      out.reportedPicoUsd = pico;
    } else {
      take(decimal(view, slot), out);
    }
  }

  private static @Nullable BigDecimal decimal(AttributeView view, int[] slots) {
    for (int slot : slots) {
      if (Values.told(view, slot)) {
        BigDecimal usd = decimal(view, slot);
        return usd == null ? BigDecimal.ONE.negate() : usd;
      }
    }
    return null;
  }

  private static @Nullable BigDecimal decimal(AttributeView view, int slot) {
    switch (view.type(slot)) {
      case AnyValue.INT:
        return BigDecimal.valueOf(view.longValue(slot, -1));
      case AnyValue.DOUBLE:
        double usd = view.doubleValue(slot, Double.NaN);
        return Double.isFinite(usd) ? BigDecimal.valueOf(usd) : null;
      case AnyValue.STRING:
        return Values.decimal(view.string(slot));
      default:
        return null;
    }
  }
}
