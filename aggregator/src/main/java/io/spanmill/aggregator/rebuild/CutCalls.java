/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.model.Dimension;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.PricedState;
import java.math.BigDecimal;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code calls} that lie before the cuts of an edition, each once and as corrected. Not
 * thread-safe.
 */
final class CutCalls {
  private static final String BEFORE_CUT =
      "source_offset < {cuts:Array(Int64)}[source_partition + 1]";

  private final ClickHouse clickHouse;
  private final List<Long> cuts;
  private final List<String> attributes;
  private final NormalizedSpan call = new NormalizedSpan();

  /**
   * @param cuts first offset of each source partition that does not count
   * @param attributes names of the configured attributes
   */
  CutCalls(ClickHouse clickHouse, List<Long> cuts, List<String> attributes) {
    this.clickHouse = clickHouse;
    this.cuts = List.copyOf(cuts);
    this.attributes = List.copyOf(attributes);
  }

  /** Calls of each hour that has any, by its start. */
  NavigableMap<Long, Long> hours() {
    NavigableMap<Long, Long> hours = new TreeMap<>();
    clickHouse.forEach(
        sql(
            "SELECT toInt64(toUnixTimestamp(toStartOfHour(event_time))) * 1000 AS hour,"
                + " toInt64(count()) AS calls FROM calls FINAL WHERE "
                + BEFORE_CUT
                + " GROUP BY hour"),
        row -> hours.put(row.getLong("hour"), row.getLong("calls")));
    return hours;
  }

  /** Hands over the calls of a stretch of time; the object is reused. */
  void read(long fromMs, long toMs, Consumer<NormalizedSpan> calls) {
    clickHouse.forEach(
        sql("SELECT "
                + columns()
                + " FROM calls FINAL WHERE event_time >= fromUnixTimestamp64Milli({from:Int64},"
                + " 'UTC') AND event_time < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND "
                + BEFORE_CUT)
            .with("from", fromMs)
            .with("to", toMs),
        row -> {
          fill(row);
          calls.accept(call);
        });
  }

  private Sql sql(String text) {
    // Rows of one call lie in one partition.
    return Sql.of(text)
        .with("cuts", cuts)
        .setting("do_not_merge_across_partitions_select_final", 1);
  }

  private String columns() {
    StringBuilder out = new StringBuilder();
    for (Dimension dimension : Dimension.values()) {
      out.append(dimension.column()).append(", ");
    }
    for (int i = 0; i < attributes.size(); i++) {
      out.append("extra['").append(attributes.get(i)).append("'] AS x").append(i).append(", ");
    }
    return out
        + "toUnixTimestamp64Milli(event_time) AS event_ms,"
        + " reinterpretAsInt64(reverse(substring(trace_id, 1, 8))) AS trace_hi,"
        + " reinterpretAsInt64(reverse(substring(trace_id, 9, 8))) AS trace_lo,"
        + " toInt32(streaming) AS is_streaming, toInt32(cache_hit) AS is_hit,"
        + " toInt32(failed) AS has_failed, toInt32(priced) AS priced_state, input_tokens,"
        + " cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, saved_tokens,"
        + " cost, reported_cost, computed_cost, duration_us, ttft_us, tpot_us, queue_us,"
        + " prefill_us, decode_us";
  }

  private void fill(GenericRecord row) {
    NormalizedSpan c = call;
    c.clear();
    c.project = row.getString("project");
    c.layer = Layer.ofLabel(row.getString("layer"));
    c.provider = row.getString("provider");
    c.model = row.getString("model");
    c.operation = row.getString("operation");
    c.errorClass = ErrorClass.ofLabel(row.getString("error_class"));
    c.service = row.getString("service");
    c.environment = row.getString("environment");
    c.team = row.getString("team");
    c.apiKey = row.getString("api_key");
    c.user = row.getString("user");
    c.extra = new String[attributes.size()];
    for (int i = 0; i < c.extra.length; i++) {
      c.extra[i] = row.getString("x" + i);
    }
    c.eventTimeMs = row.getLong("event_ms");
    c.traceIdHi = row.getLong("trace_hi");
    c.traceIdLo = row.getLong("trace_lo");
    c.streaming = row.getInteger("is_streaming") != 0;
    c.cacheHit = row.getInteger("is_hit") != 0;
    c.failed = row.getInteger("has_failed") != 0;
    c.priced =
        switch (row.getInteger("priced_state")) {
          case 1 -> PricedState.PRICED;
          case 2 -> PricedState.UNPRICED;
          default -> PricedState.NONE;
        };
    c.inputTokens = row.getLong("input_tokens");
    c.cacheReadTokens = row.getLong("cache_read_tokens");
    c.cacheWriteTokens = row.getLong("cache_write_tokens");
    c.outputTokens = row.getLong("output_tokens");
    c.reasoningTokens = row.getLong("reasoning_tokens");
    c.savedTokens = row.getLong("saved_tokens");
    c.costPicoUsd = pico(row.getBigDecimal("cost"));
    c.reportedPicoUsd = pico(row.getBigDecimal("reported_cost"));
    c.computedPicoUsd = pico(row.getBigDecimal("computed_cost"));
    c.durationMicros = row.getLong("duration_us");
    c.ttftMicros = row.getLong("ttft_us");
    c.tpotMicros = row.getLong("tpot_us");
    c.queueMicros = row.getLong("queue_us");
    c.prefillMicros = row.getLong("prefill_us");
    c.decodeMicros = row.getLong("decode_us");
  }

  private static long pico(@Nullable BigDecimal usd) {
    return usd == null ? PicoUsd.ABSENT : usd.movePointRight(12).longValueExact();
  }
}
