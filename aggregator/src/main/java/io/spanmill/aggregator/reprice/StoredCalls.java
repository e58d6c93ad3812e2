/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads from {@code calls} what pricing depends on and what it gave. */
final class StoredCalls {
  private static final String QUERY =
      """
      SELECT toString(project) AS project, toString(layer) AS layer,
        toUnixTimestamp64Milli(event_time) AS event_ms, hex(trace_id) AS trace, hex(span_id) AS span,
        toString(provider) AS provider, toString(model) AS model,
        toString(request_model) AS request_model, toString(response_model) AS response_model,
        toString(team) AS team, toString(service_tier) AS service_tier, duration_us, cache_hit,
        failed, input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens,
        output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, image_count,
        saved_tokens, cost, reported_cost, computed_cost, toString(priced) AS priced,
        toString(price_book) AS price_book, toString(price_entry) AS price_entry
      FROM calls FINAL
      WHERE layer IN ('gateway', 'client', 'direct')
        AND event_time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
        AND event_time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
      """;

  private final ClickHouse clickHouse;

  StoredCalls(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /** Hands over the calls of a range of event time one by one; each is reused for the next. */
  void forEach(long fromMs, long toMs, Consumer<NormalizedSpan> calls) {
    NormalizedSpan call = new NormalizedSpan();
    clickHouse.forEach(
        Sql.of(QUERY).with("from", fromMs).with("to", toMs),
        row -> {
          fill(call, row);
          calls.accept(call);
        });
  }

  private static void fill(NormalizedSpan c, GenericRecord row) {
    c.clear();
    c.project = row.getString("project");
    c.layer = Layer.ofLabel(row.getString("layer"));
    c.eventTimeMs = row.getLong("event_ms");
    String trace = row.getString("trace");
    c.traceIdHi = Long.parseUnsignedLong(trace.substring(0, 16), 16);
    c.traceIdLo = Long.parseUnsignedLong(trace.substring(16), 16);
    c.spanId = Long.parseUnsignedLong(row.getString("span"), 16);
    c.provider = row.getString("provider");
    c.model = row.getString("model");
    c.requestModel = row.getString("request_model");
    c.responseModel = row.getString("response_model");
    c.team = row.getString("team");
    c.serviceTier = row.getString("service_tier");
    c.durationMicros = row.getLong("duration_us");
    c.cacheHit = row.getBoolean("cache_hit");
    c.failed = row.getBoolean("failed");
    c.inputTokens = row.getLong("input_tokens");
    c.cacheReadTokens = row.getLong("cache_read_tokens");
    c.cacheWriteTokens = row.getLong("cache_write_tokens");
    c.cacheWrite1hTokens = row.getLong("cache_write_1h_tokens");
    c.outputTokens = row.getLong("output_tokens");
    c.reasoningTokens = row.getLong("reasoning_tokens");
    c.audioInputTokens = row.getLong("audio_input_tokens");
    c.audioOutputTokens = row.getLong("audio_output_tokens");
    c.imageCount = row.getLong("image_count");
    c.savedTokens = row.getLong("saved_tokens");
    c.costPicoUsd = pico(row.getBigDecimal("cost"));
    c.reportedPicoUsd = pico(row.getBigDecimal("reported_cost"));
    c.computedPicoUsd = pico(row.getBigDecimal("computed_cost"));
    c.priced = PricedState.valueOf(row.getString("priced").toUpperCase(Locale.ROOT));
    c.priceBook = row.getString("price_book");
    c.priceEntry = row.getString("price_entry");
  }

  private static long pico(@Nullable BigDecimal usd) {
    return usd == null ? PicoUsd.ABSENT : usd.movePointRight(PicoUsd.SCALE).longValueExact();
  }
}
