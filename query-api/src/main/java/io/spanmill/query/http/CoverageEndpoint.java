/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.model.Layer;
import io.spanmill.query.sql.LayerScope;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/coverage}: how much of the traffic the money covers, and what to configure. */
final class CoverageEndpoint implements Endpoint {
  private static final int MAX_MODELS = 500;

  private final Queries queries;
  private final QuestionReader questions;
  private final EngineCosts engineCosts;

  CoverageEndpoint(Queries queries, QuestionReader questions, EngineCosts engineCosts) {
    this.queries = queries;
    this.questions = questions;
    this.engineCosts = engineCosts;
  }

  @Override
  public String path() {
    return "/api/v1/coverage";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.COMMON;
  }

  @Override
  public String exports() {
    return "models";
  }

  @Override
  public Described describes() {
    return new Described(
        "Coverage", "How much of the traffic the money covers, and what to configure.");
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.question(asked, List.of());
    Long complete = queries.progress().read().completeThroughMs().get("calls");
    List<Row> read = queries.calls().coverage(with(q, Layer.ENGINE));
    List<Row> counted =
        read.stream().filter(r -> q.scope().counts(r.text("project"), r.text("layer"))).toList();
    Map<String, @Nullable Object> out =
        Answers.range(
            q, new RollupReader.Origin("calls", complete), queries.rollups().notCounted(q));
    out.put("totals", totals(counted));
    out.put("models", models(read));
    out.put("engines", engineCosts.of(asked.caller(), queries.knownProjects(), q.range(), counted));
    out.put("enginesWithoutModel", engines(q));
    out.put("clientWithoutGateway", clients(q));
    out.put("priceBook", priceBook());
    // Entries are known where calls are priced, in the rollup job; calls name the one they took.
    out.put("prices", List.of());
    return out;
  }

  /** The question with this layer too: coverage lists layers side by side, it does not add them. */
  private static Question with(Question q, Layer layer) {
    Map<String, Set<Layer>> layers = new LinkedHashMap<>();
    q.scope()
        .counted()
        .forEach(
            (p, l) -> {
              Set<Layer> more = EnumSet.of(layer);
              more.addAll(l);
              layers.put(p, more);
            });
    return new Question(q.range(), new LayerScope(layers), q.filters(), List.of());
  }

  private static Map<String, @Nullable Object> totals(List<Row> rows) {
    return object(
        "calls", sum(rows, "calls"),
        "pricedCalls", sum(rows, "priced_calls"),
        "unpricedCalls", sum(rows, "unpriced_calls"),
        "noUsageCalls", sum(rows, "no_usage"),
        "cacheHits", sum(rows, "hits"),
        "badCostCalls", sum(rows, "bad_cost"),
        "badTimeCalls", sum(rows, "bad_time"),
        "reportedUsd", Json.usd(money(rows, "reported")),
        "computedUsd", Json.usd(money(rows, "computed")),
        "both", both(rows));
  }

  /** Models over all projects: those with unpriced calls first, then the busiest. */
  private static List<Object> models(List<Row> read) {
    Map<List<String>, List<Row>> byModel = new LinkedHashMap<>();
    for (Row r : read) {
      byModel
          .computeIfAbsent(
              List.of(r.text("layer"), r.text("provider"), r.text("model")), k -> new ArrayList<>())
          .add(r);
    }
    Comparator<List<Row>> order =
        Comparator.<List<Row>, Boolean>comparing(rows -> sum(rows, "unpriced_calls") == 0)
            .thenComparing(rows -> -sum(rows, "calls"));
    List<Object> out = new ArrayList<>();
    byModel.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(order))
        .limit(MAX_MODELS)
        .forEach(e -> out.add(model(e.getKey(), e.getValue())));
    return out;
  }

  private static Map<String, @Nullable Object> model(List<String> key, List<Row> rows) {
    long[] t = {
      sum(rows, "input"),
      sum(rows, "cache_read"),
      sum(rows, "cache_write"),
      sum(rows, "output"),
      sum(rows, "reasoning")
    };
    return object(
        "layer", key.get(0),
        "provider", key.get(1),
        "model", key.get(2),
        "calls", sum(rows, "calls"),
        "pricedCalls", sum(rows, "priced_calls"),
        "unpricedCalls", sum(rows, "unpriced_calls"),
        "noUsageCalls", sum(rows, "no_usage"),
        "cacheHits", sum(rows, "hits"),
        "tokens",
            object(
                "input", t[0],
                "cacheRead", t[1],
                "cacheWrite", t[2],
                "output", t[3],
                "reasoning", t[4],
                "total", t[0] + t[1] + t[2] + t[3] + t[4],
                "saved", sum(rows, "saved")),
        "unpricedTokens", sum(rows, "unpriced_tokens"),
        "costUsd", Json.usd(money(rows, "cost")),
        "both", both(rows));
  }

  private static Map<String, @Nullable Object> both(List<Row> rows) {
    BigDecimal reported = zero(money(rows, "both_reported"));
    BigDecimal computed = zero(money(rows, "both_computed"));
    BigDecimal drift = reported.subtract(computed);
    return object(
        "calls", sum(rows, "both_calls"),
        "reportedUsd", Json.usd(reported),
        "computedUsd", Json.usd(computed),
        "driftUsd", Json.usd(drift),
        "driftRatio",
            computed.signum() == 0
                ? null
                : drift.divide(computed, MathContext.DECIMAL64).doubleValue());
  }

  private List<Object> engines(Question q) {
    List<Object> out = new ArrayList<>();
    for (Row r : queries.calls().enginesWithoutModel(only(q, Layer.ENGINE))) {
      String service = r.text("service");
      out.add(
          object(
              "service",
              service,
              "host",
              "",
              "calls",
              r.integer("calls"),
              "hint",
              "engines.yaml: name the model of service '" + service + "'"));
    }
    return out;
  }

  private List<Object> clients(Question q) {
    List<Object> out = new ArrayList<>();
    for (Row r : queries.calls().clientsWithoutGateway(only(q, Layer.CLIENT))) {
      String service = r.text("service");
      out.add(
          object(
              "service",
              service,
              "host",
              "",
              "calls",
              r.integer("calls"),
              "usd",
              Json.usd(r.money("cost")),
              "hint",
              "layers.direct=" + service));
    }
    return out;
  }

  private static Question only(Question q, Layer layer) {
    Map<String, Set<Layer>> layers = new LinkedHashMap<>();
    q.scope().projects().forEach(p -> layers.put(p, EnumSet.of(layer)));
    return new Question(q.range(), new LayerScope(layers), q.filters(), List.of());
  }

  private @Nullable Map<String, @Nullable Object> priceBook() {
    List<Row> told = queries.status().facts().getOrDefault("prices", List.of());
    if (told.isEmpty()) {
      return null;
    }
    try {
      JsonNode json = Json.MAPPER.readTree(told.get(0).text("value"));
      return StatusEndpoint.priceBook(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("status prices is no JSON", e);
    }
  }

  private static long sum(List<Row> rows, String column) {
    return rows.stream().mapToLong(r -> r.integer(column)).sum();
  }

  private static @Nullable BigDecimal money(List<Row> rows, String column) {
    BigDecimal sum = null;
    for (Row r : rows) {
      BigDecimal v = r.money(column);
      if (v != null) {
        sum = sum == null ? v : sum.add(v);
      }
    }
    return sum;
  }

  private static BigDecimal zero(@Nullable BigDecimal v) {
    return v == null ? BigDecimal.ZERO : v;
  }
}
