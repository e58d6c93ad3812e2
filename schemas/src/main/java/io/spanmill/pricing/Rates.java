/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * USD per token by kind. Immutable.
 *
 * @param usdPerToken prices that were given; kinds without one take their stand-in's
 */
record Rates(Map<TokenKind, BigDecimal> usdPerToken) {
  static final Rates NONE = new Rates(Map.of());

  Rates {
    usdPerToken = Map.copyOf(usdPerToken);
  }

  /** These rates where they speak, the other ones elsewhere. */
  Rates over(Rates base) {
    if (usdPerToken.isEmpty()) {
      return base;
    }
    Map<TokenKind, BigDecimal> merged = new EnumMap<>(TokenKind.class);
    merged.putAll(base.usdPerToken);
    merged.putAll(usdPerToken);
    return new Rates(merged);
  }

  /** Price of one token, or null if neither the kind nor any stand-in has one. */
  @Nullable BigDecimal of(TokenKind kind) {
    for (TokenKind k = kind; k != null; k = k.standIn()) {
      BigDecimal price = usdPerToken.get(k);
      if (price != null) {
        return price;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return usdPerToken.isEmpty();
  }
}
