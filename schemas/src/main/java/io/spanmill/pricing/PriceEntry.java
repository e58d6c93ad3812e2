/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs from a date on. Immutable.
 *
 * @param name names the entry in a call's row, e.g. {@code gpt-4o@2024-10-02}
 * @param provider normalised provider it is for; empty for any
 * @param validFromMs first instant it is valid, epoch ms; {@link Long#MIN_VALUE} if always
 * @param base prices of the plain tier
 * @param above prices by context size, ascending; each speaks for all tokens of a call
 * @param tiers prices by service tier ({@code batch}, {@code priority}, {@code flex})
 * @param perRequestUsd fee of one call, or null
 * @param perImageUsd price of one image made, or null
 * @param perSecondUsd price of one second of the call's duration, or null
 */
record PriceEntry(
    String name,
    String provider,
    long validFromMs,
    Rates base,
    List<ContextTier> above,
    Map<String, Tier> tiers,
    @Nullable BigDecimal perRequestUsd,
    @Nullable BigDecimal perImageUsd,
    @Nullable BigDecimal perSecondUsd) {

  PriceEntry {
    above = List.copyOf(above);
    tiers = Map.copyOf(tiers);
  }

  /**
   * Prices of large contexts.
   *
   * @param tokens bound on all prompt tokens, cached ones included
   * @param inclusive whether the bound itself is already large (xAI)
   */
  record ContextTier(long tokens, boolean inclusive, Rates rates) {
    boolean covers(long promptTokens) {
      return inclusive ? promptTokens >= tokens : promptTokens > tokens;
    }
  }

  /** A service tier: prices of its own, and by context size. */
  record Tier(Rates rates, List<ContextTier> above) {
    Tier {
      above = List.copyOf(above);
    }
  }

  /** The rates of a call with this tier and prompt size. */
  Rates rates(String serviceTier, long promptTokens) {
    Rates rates = largest(above, promptTokens).over(base);
    Tier tier = tiers.get(serviceTier);
    return tier == null ? rates : largest(tier.above, promptTokens).over(tier.rates.over(rates));
  }

  private static Rates largest(List<ContextTier> tiers, long promptTokens) {
    Rates found = Rates.NONE;
    for (ContextTier tier : tiers) {
      if (tier.covers(promptTokens)) {
        found = tier.rates.over(found);
      }
    }
    return found;
  }
}
