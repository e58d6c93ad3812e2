/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.pricing.Engines;
import io.spanmill.query.sql.CallsReader;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.TimeRange;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one's own engines cost, spread over the tokens they served: hours in the range times GPUs
 * times rate. An engine's hours are shared by all projects, so it is told over all of them, to
 * callers who may see all that there are.
 *
 * <p>Busy is the union of the engine's requests that ended in the range, from start to end; idle
 * share is the rest of its hours. Beside it stands what the calls of the same model cost by the
 * price book or by their sender's word, where such calls are counted.
 */
final class EngineCosts {
  private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
  private static final double MICROS_PER_HOUR = 3.6e9;
  private static final int RATE_PLACES = 6;

  private final CallsReader calls;
  private final Engines engines;
  private final Clock clock;

  EngineCosts(CallsReader calls, Engines engines, Clock clock) {
    this.calls = calls;
    this.engines = engines;
    this.clock = clock;
  }

  /**
   * A line for each model with a rate; null if the caller may not see it.
   *
   * @param known every project there is
   * @param counted coverage rows of the layers that count
   */
  @Nullable List<Object> of(Caller caller, Set<String> known, TimeRange asked, List<Row> counted) {
    if (!known.stream().allMatch(caller::mayRead)) {
      return null;
    }
    List<Object> out = new ArrayList<>();
    long toMs = Math.min(asked.toMs(), clock.millis());
    if (!engines.anyRate() || asked.fromMs() >= toMs) {
      return out;
    }
    TimeRange range = new TimeRange(asked.fromMs(), toMs);
    List<Row> served = calls.engineUse(range);
    for (Map.Entry<String, Engines.Cost> e :
        engines.costs(range.fromMs(), range.toMs()).entrySet()) {
      out.add(line(e.getKey(), e.getValue(), served, counted));
    }
    return out;
  }

  private static Map<String, @Nullable Object> line(
      String model, Engines.Cost cost, List<Row> served, List<Row> counted) {
    long requests = 0;
    long tokens = 0;
    double busyHours = 0;
    for (Row row : served) {
      if (row.text("model").equalsIgnoreCase(model)) {
        requests += row.integer("calls");
        tokens += row.integer("tokens");
        busyHours += row.integer("busy_us") / MICROS_PER_HOUR;
      }
    }
    return object(
        "model", model,
        "engines", cost.engines(),
        "gpus", cost.gpus(),
        "hours", cost.hours(),
        "gpuHours", cost.gpuHours(),
        "costUsd", Json.usd(cost.usd()),
        "calls", requests,
        "tokens", tokens,
        "usdPerMillionTokens", perMillion(cost.usd(), tokens),
        "busyHours", busyHours,
        "idleShare", cost.hours() == 0 ? null : Math.max(0, 1 - busyHours / cost.hours()),
        "listPrice", listPrice(model, counted));
  }

  /** What the priced calls of the model cost where calls are counted. */
  private static Map<String, @Nullable Object> listPrice(String model, List<Row> counted) {
    long priced = 0;
    long tokens = 0;
    BigDecimal usd = BigDecimal.ZERO;
    for (Row row : counted) {
      if (row.text("model").equalsIgnoreCase(model)) {
        BigDecimal cost = row.money("cost");
        usd = cost == null ? usd : usd.add(cost);
        priced += row.integer("priced_calls");
        tokens += row.integer("input") + row.integer("cache_read") + row.integer("cache_write");
        tokens += row.integer("output") + row.integer("reasoning");
        tokens -= row.integer("unpriced_tokens");
      }
    }
    return object(
        "calls",
        priced,
        "tokens",
        tokens,
        "costUsd",
        priced == 0 ? null : Json.usd(usd),
        "usdPerMillionTokens",
        priced == 0 ? null : perMillion(usd, tokens));
  }

  private static @Nullable String perMillion(BigDecimal usd, long tokens) {
    return tokens == 0
        ? null
        : Json.usd(
            usd.multiply(MILLION)
                .divide(BigDecimal.valueOf(tokens), RATE_PLACES, RoundingMode.HALF_EVEN));
  }
}
