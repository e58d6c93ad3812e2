/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.model.ErrorClass;
import io.spanmill.model.Layer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a load run must come to with what a running query API answers, once its answers are
 * complete. Not thread-safe.
 */
public final class LoadCheck {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration POLL = Duration.ofMillis(250);
  private static final long MARGIN_MS = 60_000;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final URI query;
  private final @Nullable String key;
  private final String environment;

  /**
   * A check.
   *
   * @param query address of the query API, without path
   * @param key API key with the role read, or null
   * @param environment value of {@code deployment.environment} of the run's spans, of no others
   */
  public LoadCheck(URI query, @Nullable String key, String environment) {
    this.query = URI.create(query.toString().replaceAll("/+$", ""));
    this.key = key;
    this.environment = environment;
  }

  /** A figure that was compared. */
  public record Row(String figure, String expected, String answered) {
    public boolean equal() {
      return expected.equals(answered);
    }
  }

  /**
   * All figures.
   *
   * @throws IOException if the API does not answer, or its answers are not complete within patience
   */
  public List<Row> compare(LoadRun.Report report, Duration patience)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    ExpectedTotals expected = report.expected();
    String range =
        "from="
            + (report.firstEventMs() - MARGIN_MS)
            + "&to="
            + (report.lastAcknowledgedMs() + MARGIN_MS)
            + "&environment="
            + URLEncoder.encode(environment, StandardCharsets.UTF_8);
    List<Row> rows = new ArrayList<>();
    for (Layer layer : List.of(Layer.GATEWAY, Layer.CLIENT, Layer.ENGINE)) {
      JsonNode answer = ask("overview?layer=" + layer.label() + "&" + range, report, deadline);
      compare(layer, expected.of(layer), answer.path("totals"), rows);
      if (layer == Layer.GATEWAY) {
        ExpectedTotals.Figures requests = expected.of(Layer.GATEWAY_REQUEST);
        JsonNode told = answer.path("totals").path("requests");
        count("requests", requests.calls, told.path("count"), rows);
        count("requests failed", requests.errors, told.path("failed"), rows);
      }
    }
    compareErrors(
        expected,
        ask("breakdown?groupBy=errorClass&sort=-calls&layer=gateway&" + range, report, deadline),
        rows);
    compareModels(
        expected,
        ask("breakdown?groupBy=model&sort=-calls&layer=gateway&" + range, report, deadline),
        rows);
    return rows;
  }

  private static void compare(
      Layer layer, ExpectedTotals.Figures f, JsonNode totals, List<Row> rows) {
    String of = layer.label() + " ";
    count(of + "calls", f.calls, totals.path("calls"), rows);
    count(of + "errors", f.errors, totals.path("errors"), rows);
    count(of + "cache hits", f.cacheHits, totals.path("cacheHits"), rows);
    JsonNode tokens = totals.path("tokens");
    count(of + "tokens input", f.tokens.input(), tokens.path("input"), rows);
    count(of + "tokens cache read", f.tokens.cacheRead(), tokens.path("cacheRead"), rows);
    count(of + "tokens cache write", f.tokens.cacheWrite(), tokens.path("cacheWrite"), rows);
    count(of + "tokens output", f.tokens.output(), tokens.path("output"), rows);
    count(of + "tokens reasoning", f.tokens.reasoning(), tokens.path("reasoning"), rows);
    count(of + "tokens saved", f.savedTokens, tokens.path("saved"), rows);
    if (layer != Layer.ENGINE) {
      money(of + "usd", f.costPico, totals.path("cost").path("usd"), rows);
      money(of + "usd reported", f.reportedPico, totals.path("cost").path("reportedUsd"), rows);
      count(of + "unpriced", f.unpriced, totals.path("cost").path("unpricedCalls"), rows);
    }
  }

  private static void compareErrors(ExpectedTotals expected, JsonNode answer, List<Row> rows) {
    Map<String, Long> told = new TreeMap<>();
    for (JsonNode row : answer.path("rows")) {
      String label = row.path("key").path("errorClass").asText("");
      if (!label.isEmpty()) {
        told.put(label, row.path("calls").asLong());
      }
    }
    Map<String, Long> wanted = new TreeMap<>();
    for (Map.Entry<ErrorClass, Long> e : expected.gatewayErrors().entrySet()) {
      wanted.put(e.getKey().label(), e.getValue());
    }
    told.keySet().forEach(label -> wanted.putIfAbsent(label, 0L));
    wanted.forEach(
        (label, n) ->
            rows.add(
                new Row(
                    "gateway errors " + label,
                    Long.toString(n),
                    Long.toString(told.getOrDefault(label, 0L)))));
  }

  private static void compareModels(ExpectedTotals expected, JsonNode answer, List<Row> rows) {
    Map<String, JsonNode> told = new TreeMap<>();
    for (JsonNode row : answer.path("rows")) {
      told.put(row.path("key").path("model").asText(), row);
    }
    Map<String, ExpectedTotals.Figures> wanted = expected.gatewayModels();
    told.keySet().forEach(model -> wanted.putIfAbsent(model, new ExpectedTotals.Figures()));
    wanted.forEach(
        (model, figures) -> {
          JsonNode row = told.getOrDefault(model, MAPPER.nullNode());
          count("gateway " + model + " calls", figures.calls, row.path("calls"), rows);
          money("gateway " + model + " usd", figures.costPico, row.path("cost").path("usd"), rows);
        });
  }

  private static void count(String figure, long expected, JsonNode told, List<Row> rows) {
    rows.add(new Row(figure, Long.toString(expected), Long.toString(told.asLong(0))));
  }

  /** No figure stands for no money. */
  private static void money(String figure, BigInteger pico, JsonNode told, List<Row> rows) {
    String text = told.asText("");
    BigDecimal usd = text.isEmpty() || text.equals("null") ? BigDecimal.ZERO : new BigDecimal(text);
    rows.add(new Row(figure, plain(new BigDecimal(pico, 12)), plain(usd)));
  }

  private static String plain(BigDecimal usd) {
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }

  /** The answer, once it holds all that was acknowledged before the run's end. */
  private JsonNode ask(String question, LoadRun.Report report, long deadlineNanos)
      throws IOException, InterruptedException {
    while (true) {
      JsonNode answer = get(question);
      String through = answer.path("completeThrough").asText("");
      if (isInstant(through)
          && Instant.parse(through).toEpochMilli() > report.lastAcknowledgedMs()) {
        return answer;
      }
      if (System.nanoTime() > deadlineNanos) {
        throw new IOException(
            "the answers are complete through "
                + (isInstant(through) ? through : "no time at all")
                + " only, and the last span was acknowledged at "
                + Instant.ofEpochMilli(report.lastAcknowledgedMs())
                + "; the aggregator or its sinks lag or do not run");
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  private static boolean isInstant(String text) {
    return text.endsWith("Z");
  }

  private JsonNode get(String question) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(query + "/api/v1/" + question))
            .timeout(Duration.ofSeconds(30));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new IOException(
          "the query API answered "
              + response.statusCode()
              + " to "
              + question
              + ": "
              + new String(response.body(), StandardCharsets.UTF_8).strip());
    }
    return MAPPER.readTree(response.body());
  }
}
