/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Places;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.TraceFinder;
import io.spanmill.query.sql.WholeTrace;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Puts spans and calls of traces together into the rows that lists and details show. */
public final class TraceRows {
  private static final int MAX_NAMES = 5;
  private static final int MAX_CALLS = 100_000;
  private static final String REQUEST = "gateway_request";

  private final Queries queries;

  public TraceRows(Queries queries) {
    this.queries = queries;
  }

  /** Rows of these traces in the order given; traces of which no span is kept are left out. */
  public List<Map<String, @Nullable Object>> of(LayerScope scope, List<String> traceIds) {
    return of(scope, traceIds, Places.ANYWHERE);
  }

  /** Rows of these traces of a list, in the order given. */
  List<Map<String, @Nullable Object>> of(
      LayerScope scope, List<String> traceIds, TraceFinder.Matches matches) {
    if (matches.whole().isEmpty()) {
      return of(scope, traceIds, matches.places());
    }
    List<Map<String, @Nullable Object>> out = new ArrayList<>();
    for (String id : traceIds) {
      WholeTrace trace = matches.whole().get(id);
      if (trace != null) {
        out.add(row(scope, trace.summary(), trace.calls()));
      }
    }
    return out;
  }

  /** The same where it is known where they lie. */
  List<Map<String, @Nullable Object>> of(LayerScope scope, List<String> traceIds, Places places) {
    if (traceIds.isEmpty()) {
      return List.of();
    }
    Supplier<Map<String, Row>> summaries =
        queries
            .database()
            .begin(() -> queries.traces().summaries(scope.projects(), traceIds, places));
    Map<String, List<Row>> calls =
        queries.calls().ofListed(scope.projects(), traceIds, MAX_CALLS, places).stream()
            .collect(
                Collectors.groupingBy(
                    r -> r.text("trace"), LinkedHashMap::new, Collectors.toList()));
    Map<String, Row> spans = summaries.get();
    List<Map<String, @Nullable Object>> out = new ArrayList<>();
    for (String id : traceIds) {
      Row summary = spans.get(id);
      if (summary != null) {
        out.add(row(scope, summary, calls.getOrDefault(id, List.of())));
      }
    }
    return out;
  }

  /** One trace from the aggregates of its spans and from its calls by start. */
  public static Map<String, @Nullable Object> row(LayerScope scope, Row s, List<Row> calls) {
    List<Row> counted =
        calls.stream().filter(c -> scope.counts(c.text("project"), c.text("layer"))).toList();
    List<Row> requests = calls.stream().filter(c -> c.text("layer").equals(REQUEST)).toList();
    List<?> first = s.list("first");
    Row failed = latest(counted.stream().filter(c -> c.bool("failed")).toList());
    return object(
        "traceId", s.text("trace"),
        "project", s.text("project"),
        "name", text(first, 0),
        "service", text(first, 1),
        "environment", text(first, 2),
        "start", CallJson.ms(s.integer("start_ns")),
        "end", CallJson.ms(s.integer("end_ns")),
        "durationMs", CallJson.ms(s.integer("end_ns") - s.integer("start_ns")),
        "spanCount", s.integer("spans"),
        "callCount", counted.size(),
        "errorCount", s.integer("errors"),
        "status", failed(s, requests, counted) ? "error" : "ok",
        "errorClass", failed == null ? null : Json.orNull(failed.text("error_class")),
        "models", distinct(counted, "model"),
        "agents", s.texts("agents").stream().limit(MAX_NAMES).toList(),
        "tokens", tokens(counted),
        "costUsd", cost(counted),
        "unpricedCalls",
            counted.stream().filter(c -> c.text("cost_kind").equals("unpriced")).count(),
        "user", firstOf(calls, "user", s.text("user")),
        "team", firstOf(calls, "team", ""),
        "apiKey", firstOf(calls, "api_key", ""),
        "sessionId", Json.orNull(firstOf(calls, "session", s.text("session"))),
        "tags", tags(s.text("tags")));
  }

  /** By the root or the gateway's request; lacking both, by the last counted call. */
  private static boolean failed(Row s, List<Row> requests, List<Row> counted) {
    if (s.integer("roots") > 0 || !requests.isEmpty()) {
      return s.integer("failed_roots") > 0 || requests.stream().anyMatch(r -> r.bool("failed"));
    }
    Row last = latest(counted);
    return last != null && last.bool("failed");
  }

  private static @Nullable Row latest(List<Row> calls) {
    Row out = null;
    for (Row c : calls) {
      if (out == null || c.integer("event_ms") >= out.integer("event_ms")) {
        out = c;
      }
    }
    return out;
  }

  static Map<String, @Nullable Object> tokens(List<Row> calls) {
    Map<String, Long> sums = new LinkedHashMap<>();
    long total = 0;
    for (Map.Entry<String, String> kind : KINDS.entrySet()) {
      long sum = calls.stream().mapToLong(c -> Math.max(0, c.integer(kind.getValue()))).sum();
      total += sum;
      sums.put(kind.getKey(), sum);
    }
    Map<String, @Nullable Object> out = new LinkedHashMap<>(sums);
    out.put("total", total);
    out.put("saved", calls.stream().mapToLong(c -> Math.max(0, c.integer("saved_tokens"))).sum());
    return out;
  }

  private static final Map<String, String> KINDS = kinds();

  private static Map<String, String> kinds() {
    Map<String, String> m = new LinkedHashMap<>();
    m.put("input", "input_tokens");
    m.put("cacheRead", "cache_read_tokens");
    m.put("cacheWrite", "cache_write_tokens");
    m.put("output", "output_tokens");
    m.put("reasoning", "reasoning_tokens");
    return m;
  }

  /** Sum over the calls that have a cost; null if none has. */
  static @Nullable String cost(List<Row> calls) {
    BigDecimal sum = null;
    for (Row c : calls) {
      BigDecimal cost = c.money("cost");
      if (cost != null) {
        sum = sum == null ? cost : sum.add(cost);
      }
    }
    return Json.usd(sum);
  }

  static List<String> distinct(List<Row> calls, String column) {
    Set<String> out = new LinkedHashSet<>();
    calls.stream().map(c -> c.text(column)).filter(v -> !v.isEmpty()).forEach(out::add);
    return out.stream().limit(MAX_NAMES).toList();
  }

  private static String firstOf(List<Row> calls, String column, String absent) {
    return calls.stream()
        .map(c -> c.text(column))
        .filter(v -> !v.isEmpty())
        .findFirst()
        .orElse(absent);
  }

  /** A JSON array, or text separated by commas. */
  private static List<String> tags(String text) {
    if (text.isEmpty()) {
      return List.of();
    }
    if (text.startsWith("[")) {
      try {
        List<Object> parts = Json.MAPPER.readValue(text, new TypeReference<>() {});
        return parts.stream().map(String::valueOf).toList();
      } catch (JsonProcessingException e) {
        // Not JSON after all: shown as it is.
        return List.of(text);
      }
    }
    return Arrays.stream(text.split(",")).map(String::trim).filter(t -> !t.isEmpty()).toList();
  }

  private static String text(List<?> tuple, int at) {
    return at < tuple.size() ? String.valueOf(tuple.get(at)) : "";
  }
}
