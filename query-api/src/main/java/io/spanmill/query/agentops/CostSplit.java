/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.pricing.Pricer;
import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Splits what calls cost into the prompt's and the completion's part, in the proportion the price
 * book in force gives; both parts together are the cost. Calls of models that no book knows have no
 * split: their cost is in the total alone. Thread-safe.
 */
final class CostSplit {
  private static final int PLACES = 12;

  private final Pricer pricer;

  CostSplit(Pricer pricer) {
    this.pricer = pricer;
  }

  /** USD. */
  record Parts(BigDecimal prompt, BigDecimal completion) {
    static final Parts NONE = new Parts(BigDecimal.ZERO, BigDecimal.ZERO);

    Parts plus(Parts other) {
      return new Parts(prompt.add(other.prompt), completion.add(other.completion));
    }
  }

  /** Of calls priced alike: a row of {@code AgentOpsReader.money}. */
  Parts of(Row group) {
    BigDecimal cost = group.money("cost");
    if (cost == null || cost.signum() == 0) {
      return Parts.NONE;
    }
    // Prices change with the size of one call's context, so one call of average size is priced.
    long calls = Math.max(1, group.integer("calls"));
    NormalizedSpan call = new NormalizedSpan();
    call.layer = Layer.GATEWAY;
    call.provider = group.text("provider");
    call.model = group.text("model");
    call.requestModel = group.text("request_model");
    call.responseModel = group.text("response_model");
    call.serviceTier = group.text("service_tier");
    call.eventTimeMs = group.integer("event_ms");
    call.inputTokens = group.integer("input") / calls;
    call.cacheReadTokens = group.integer("cache_read") / calls;
    call.cacheWriteTokens = group.integer("cache_write") / calls;
    call.cacheWrite1hTokens = group.integer("cache_write_1h") / calls;
    call.audioInputTokens = group.integer("audio_input") / calls;
    call.outputTokens = 0;
    call.reasoningTokens = 0;
    BigDecimal prompt = price(call);
    call.outputTokens = group.integer("output") / calls;
    call.reasoningTokens = group.integer("reasoning") / calls;
    call.audioOutputTokens = group.integer("audio_output") / calls;
    BigDecimal whole = price(call);
    if (prompt.signum() < 0 || whole.signum() <= 0) {
      return Parts.NONE;
    }
    BigDecimal part = cost.multiply(prompt).divide(whole, PLACES, RoundingMode.HALF_EVEN);
    return new Parts(part, cost.subtract(part));
  }

  /** Computed cost, or -1 if there is no price. */
  private BigDecimal price(NormalizedSpan call) {
    call.reportedPicoUsd = PicoUsd.ABSENT;
    pricer.price(call);
    return call.computedPicoUsd == PicoUsd.ABSENT
        ? BigDecimal.ONE.negate()
        : BigDecimal.valueOf(call.computedPicoUsd, PLACES);
  }
}
