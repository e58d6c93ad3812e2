/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of a request went: the gateway's own part, and the engine's queue, prefill and
 * decode. The engine's spans are found in the same trace, or by the response id in another one.
 */
final class LatencyParts {
  private final Queries queries;

  LatencyParts(Queries queries) {
    this.queries = queries;
  }

  /** Null if neither gateway request nor engine is known. */
  @Nullable Map<String, @Nullable Object> of(LayerScope scope, String traceId, List<Row> calls) {
    Row request = first(calls, "gateway_request");
    List<Row> attempts = layer(calls, "gateway");
    Row engine = first(calls, "engine");
    String joinedBy = engine == null ? null : "trace";
    if (engine == null) {
      List<String> responses =
          attempts.stream().map(c -> c.text("response_id")).filter(id -> !id.isEmpty()).toList();
      if (!responses.isEmpty()) {
        engine =
            queries.calls().ofResponses(scope.projects(), responses).stream()
                .findFirst()
                .orElse(null);
        joinedBy = engine == null ? null : "response_id";
      }
    }
    Double overhead = overhead(request, attempts);
    if (overhead == null && engine == null) {
      return null;
    }
    String engineTrace = engine == null ? null : engine.text("trace");
    return object(
        "gatewayOverheadMs",
        overhead,
        "queueMs",
        part(engine, "queue_us"),
        "prefillMs",
        part(engine, "prefill_us"),
        "decodeMs",
        part(engine, "decode_us"),
        "joinedBy",
        joinedBy,
        "engineTraceId",
        Objects.equals(engineTrace, traceId) ? null : engineTrace);
  }

  /** The request's time outside of its attempts, which follow one another. */
  private static @Nullable Double overhead(@Nullable Row request, List<Row> attempts) {
    if (request == null || attempts.isEmpty()) {
      return null;
    }
    long below = attempts.stream().mapToLong(a -> a.integer("duration_us")).sum();
    long own = request.integer("duration_us") - below;
    return own < 0 ? null : Double.valueOf(own / 1000.0);
  }

  private static @Nullable Double part(@Nullable Row engine, String column) {
    return engine == null ? null : Json.msOfMicros(engine.integer(column));
  }

  private static @Nullable Row first(List<Row> calls, String layer) {
    return layer(calls, layer).stream().findFirst().orElse(null);
  }

  private static List<Row> layer(List<Row> calls, String layer) {
    return calls.stream().filter(c -> c.text("layer").equals(layer)).toList();
  }
}
