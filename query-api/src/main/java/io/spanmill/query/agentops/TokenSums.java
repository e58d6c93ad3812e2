/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Tokens and money as AgentOps names them: the prompt with what the cache gave and took, the
 * completion with the reasoning; the total is both, each token once. Mutable; not thread-safe.
 */
final class TokenSums {
  private static final int METRIC_PLACES = 7;
  private static final int PROJECT_PLACES = 5;

  long prompt;
  long completion;
  long cacheRead;
  long reasoning;
  BigDecimal cost = BigDecimal.ZERO;
  CostSplit.Parts parts = CostSplit.Parts.NONE;

  /** Adds calls priced alike. */
  void add(Row group, CostSplit split) {
    prompt += group.integer("input") + group.integer("cache_read") + group.integer("cache_write");
    completion += group.integer("output") + group.integer("reasoning");
    cacheRead += group.integer("cache_read");
    reasoning += group.integer("reasoning");
    BigDecimal usd = group.money("cost");
    cost = usd == null ? cost : cost.add(usd);
    parts = parts.plus(split.of(group));
  }

  long total() {
    return prompt + completion;
  }

  /** Seven decimals. */
  static String metric(BigDecimal usd) {
    return usd.setScale(METRIC_PLACES, RoundingMode.HALF_EVEN).toPlainString();
  }

  /** Five decimals. */
  static String project(BigDecimal usd) {
    return usd.setScale(PROJECT_PLACES, RoundingMode.HALF_EVEN).toPlainString();
  }

  static BigDecimal average(BigDecimal usd, long of) {
    return of == 0
        ? BigDecimal.ZERO
        : usd.divide(BigDecimal.valueOf(of), 12, RoundingMode.HALF_EVEN);
  }

  /** A number that has a fraction, as a float has in Python's JSON. */
  static BigDecimal number(BigDecimal usd) {
    BigDecimal plain = usd.stripTrailingZeros();
    return plain.scale() < 1 ? plain.setScale(1) : plain;
  }
}
