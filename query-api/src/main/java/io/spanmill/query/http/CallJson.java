/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row of {@code calls} as answers show it. */
final class CallJson {
  private static final int MESSAGE_LENGTH = 500;
  private static final String NO_PARENT = "0000000000000000";

  private CallJson() {}

  static Map<String, @Nullable Object> row(Row r) {
    boolean failed = r.bool("failed");
    long status = r.integer("http_status");
    return object(
        "traceId", r.text("trace"),
        "spanId", r.text("span"),
        "parentSpanId", parent(r.text("parent")),
        "project", r.text("project"),
        "layer", r.text("layer"),
        "name", r.text("name"),
        "start", ms(r.integer("start_ns")),
        "end", ms(r.integer("start_ns") + r.integer("duration_us") * 1000),
        "durationMs", msOfMicros(r.integer("duration_us")),
        "timeToFirstTokenMs", Json.msOfMicros(r.integer("ttft_us")),
        "timePerOutputTokenMs", Json.msOfMicros(r.integer("tpot_us")),
        "queueMs", Json.msOfMicros(r.integer("queue_us")),
        "prefillMs", Json.msOfMicros(r.integer("prefill_us")),
        "decodeMs", Json.msOfMicros(r.integer("decode_us")),
        "provider", r.text("provider"),
        "model", r.text("model"),
        "operation", r.text("operation"),
        "service", r.text("service"),
        "environment", r.text("environment"),
        "team", r.text("team"),
        "apiKey", r.text("api_key"),
        "user", r.text("user"),
        "sessionId", Json.orNull(r.text("session")),
        "status", failed ? "error" : "ok",
        "errorClass", Json.orNull(r.text("error_class")),
        "httpStatus", status == 0 ? null : status,
        "message", Json.shortened(r.text("error_message"), MESSAGE_LENGTH),
        "streaming", r.bool("streaming"),
        "cacheHit", r.bool("cache_hit"),
        "tokens", tokens(r),
        "costKind", r.text("cost_kind"),
        "costUsd", usd(r, "cost"),
        "reportedUsd", usd(r, "reported_cost"),
        "computedUsd", usd(r, "computed_cost"),
        "priceBook", Json.orNull(r.text("price_book")),
        "priceEntry", Json.orNull(r.text("price_entry")));
  }

  /** Null if the sender told no usage. */
  static @Nullable Map<String, @Nullable Object> tokens(Row r) {
    if (r.integer("input_tokens") < 0
        && r.integer("output_tokens") < 0
        && r.integer("saved_tokens") < 0) {
      return null;
    }
    long input = known(r, "input_tokens");
    long cacheRead = known(r, "cache_read_tokens");
    long cacheWrite = known(r, "cache_write_tokens");
    long output = known(r, "output_tokens");
    long reasoning = known(r, "reasoning_tokens");
    return object(
        "input", input,
        "cacheRead", cacheRead,
        "cacheWrite", cacheWrite,
        "output", output,
        "reasoning", reasoning,
        "total", input + cacheRead + cacheWrite + output + reasoning,
        "saved", known(r, "saved_tokens"));
  }

  static @Nullable String usd(Row r, String column) {
    BigDecimal v = r.money(column);
    return Json.usd(v);
  }

  /** Milliseconds to the microsecond: epoch nanoseconds do not fit a JSON reader's double. */
  static BigDecimal ms(long nanos) {
    return msOfMicros(Math.floorDiv(nanos, 1000));
  }

  static BigDecimal msOfMicros(long micros) {
    BigDecimal ms = BigDecimal.valueOf(micros, 3).stripTrailingZeros();
    return ms.scale() < 0 ? ms.setScale(0) : ms;
  }

  static @Nullable String parent(String hex) {
    return hex.isEmpty() || hex.equals(NO_PARENT) ? null : hex;
  }

  private static long known(Row r, String column) {
    return Math.max(0, r.integer(column));
  }
}
