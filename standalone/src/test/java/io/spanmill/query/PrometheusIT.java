/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.aggregator.AggregatorService;
import io.spanmill.aggregator.sink.CuttableProxy;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.Dashboard;
import io.spanmill.standalone.embedded.Ports;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.ExampleTraces;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A real Prometheus scrapes two replicas of the query API: its figures are those of the REST API
 * from the first call on, over restarts, and every panel and rule of {@code config} is answered.
 */
class PrometheusIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path RULES = ROOT.resolve("config/prometheus-rules.yml");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PARTITIONS = 2;
  private static final String ALL_LAYERS =
      "&layer=gateway&layer=direct&layer=client&layer=engine&layer=gateway_request";
  private static final Map<String, String> TOKEN_TYPES =
      Map.of(
          "input", "input",
          "cache_read", "cacheRead",
          "cache_write", "cacheWrite",
          "output", "output",
          "reasoning", "reasoning",
          "saved", "saved");

  private final HttpClient http = HttpClient.newHttpClient();
  private final ExampleTraces traces = new ExampleTraces(20260505L, "test");

  @Test
  void figures_areThoseOfTheApi_fromTheFirstCallOn_overRestarts() throws Exception {
    Path program = Dashboard.program("prometheus").orElse(null);
    Path promtool = Dashboard.program("promtool").orElse(null);
    assumeTrue(
        program != null && promtool != null,
        "no prometheus and promtool on the PATH: install Debian's package prometheus");
    Settings settings = settings(Map.of());
    Settings fixedPorts =
        settings(
            Map.of(
                Keys.QUERY_PORT,
                Integer.toString(Ports.free()),
                Keys.AGGREGATOR_PORT,
                Integer.toString(Ports.free())));
    AggregatorService aggregator = AggregatorService.start(fixedPorts);
    QueryService a = QueryService.start(fixedPorts);
    try (QueryService b = QueryService.start(settings);
        SentSpans sender = new SentSpans(servers.bootstrap(), PARTITIONS);
        Prometheus prometheus =
            Prometheus.start(
                program,
                servers.dir().resolve("prometheus"),
                RULES,
                List.of(
                    "a=127.0.0.1:" + a.port(),
                    "b=127.0.0.1:" + b.port(),
                    "aggregator=127.0.0.1:" + aggregator.port()))) {
      await().untilAsserted(() -> assertThat(prometheus.value("sum(up)")).isEqualTo(3));
      send(sender, 120);
      awaitSameCounts(prometheus, b);
      await().untilAsserted(() -> checkCounters(prometheus, b));
      checkLatencies(prometheus, b);
      checkExemplars(prometheus, b);

      a.close();
      a = QueryService.start(fixedPorts);
      aggregator.close();
      aggregator = AggregatorService.start(fixedPorts);
      await().untilAsserted(() -> assertThat(prometheus.value("sum(up)")).isEqualTo(3));
      send(sender, 60);
      awaitSameCounts(prometheus, b);
      await().untilAsserted(() -> checkCounters(prometheus, b));
      checkResets(prometheus);

      checkPanels(prometheus);
      checkRules(prometheus, promtool);
      checkMetrics(promtool, b.port());
      checkMetrics(promtool, aggregator.port());
      checkSeriesLimit(b);
    } finally {
      a.close();
      aggregator.close();
    }
  }

  @Test
  void replicaThatCannotReadTheLedger_answers503() throws Exception {
    URI clickHouse = URI.create(servers.running().clickHouse().url());
    try (CuttableProxy proxy = new CuttableProxy(clickHouse.getPort());
        QueryService service =
            QueryService.start(
                settings(Map.of(Keys.CLICKHOUSE_URL, "http://127.0.0.1:" + proxy.port())))) {
      proxy.cut();
      HttpResponse<String> answer = get(service.port(), "/metrics", "text/plain");
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("ledger_not_read");
      proxy.mend();
      await()
          .untilAsserted(
              () ->
                  assertThat(get(service.port(), "/metrics", "text/plain").statusCode())
                      .isEqualTo(200));
    }
  }

  private void send(SentSpans sender, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      sender.send(traces.next(System.currentTimeMillis() * 1_000_000L));
    }
  }

  /**
   * Waits until everything sent is in the API's answer and the counters of both replicas are there.
   */
  private void awaitSameCounts(Prometheus prometheus, QueryService service) throws Exception {
    long sentMs = System.currentTimeMillis();
    await()
        .untilAsserted(
            () -> {
              JsonNode overview = api(service, "/api/v1/overview?from=now-1h");
              assertThat(Instant.parse(overview.get("completeThrough").asText()).toEpochMilli())
                  .isGreaterThan(sentMs);
              Map<String, JsonNode> layers = byLayer(service);
              long all =
                  layers.entrySet().stream()
                      .filter(e -> !e.getKey().equals("gateway_request"))
                      .mapToLong(e -> e.getValue().get("calls").asLong())
                      .sum();
              assertThat(all).isPositive();
              for (String replica : List.of("a", "b")) {
                assertThat(prometheus.value("sum(llm_calls_total{replica=\"" + replica + "\"})"))
                    .isEqualTo(all);
                assertThat(prometheus.value("sum(llm_requests_total{replica=\"" + replica + "\"})"))
                    .isEqualTo(layers.get("gateway_request").get("calls").asLong());
                assertThat(
                        prometheus.value(
                            "sum(llm_errors_by_class_total{replica=\"" + replica + "\"})"))
                    .isEqualTo(
                        prometheus.value("sum(llm_errors_total{replica=\"" + replica + "\"})"));
                assertThat(
                        prometheus.value(
                            "sum(llm_call_duration_seconds_count{replica=\"" + replica + "\"})"))
                    .isEqualTo(all);
              }
            });
  }

  private Map<String, JsonNode> byLayer(QueryService service) throws Exception {
    Map<String, JsonNode> out = new TreeMap<>();
    api(service, "/api/v1/breakdown?from=now-1h&groupBy=layer" + ALL_LAYERS)
        .get("rows")
        .forEach(row -> out.put(row.at("/key/layer").asText(), row));
    return out;
  }

  private void checkCounters(Prometheus prometheus, QueryService service) throws Exception {
    for (Map.Entry<String, JsonNode> e : byLayer(service).entrySet()) {
      String layer = e.getKey();
      JsonNode totals = e.getValue();
      for (String replica : List.of("a", "b")) {
        if (layer.equals("gateway_request")) {
          check(prometheus, "llm_requests_total", layer, replica, "", totals.get("calls"));
          check(prometheus, "llm_requests_failed_total", layer, replica, "", totals.get("errors"));
          continue;
        }
        check(prometheus, "llm_calls_total", layer, replica, "", totals.get("calls"));
        check(prometheus, "llm_errors_total", layer, replica, "", totals.get("errors"));
        check(prometheus, "llm_errors_by_class_total", layer, replica, "", totals.get("errors"));
        check(prometheus, "llm_cost_usd_total", layer, replica, "", totals.at("/cost/usd"));
        check(
            prometheus,
            "llm_unpriced_calls_total",
            layer,
            replica,
            "",
            totals.at("/cost/unpricedCalls"));
        check(
            prometheus, "llm_call_duration_seconds_count", layer, replica, "", totals.get("calls"));
        for (Map.Entry<String, String> type : TOKEN_TYPES.entrySet()) {
          check(
              prometheus,
              "llm_tokens_total",
              layer,
              replica,
              ", type=\"" + type.getKey() + "\"",
              totals.at("/tokens/" + type.getValue()));
        }
      }
    }
  }

  /** At the moment of a scrape nothing is extrapolated: the increase is what was counted. */
  private static void check(
      Prometheus prometheus,
      String metric,
      String layer,
      String replica,
      String more,
      JsonNode expected)
      throws Exception {
    String series = metric + "{layer=\"" + layer + "\", replica=\"" + replica + "\"" + more + "}";
    JsonNode scraped = prometheus.query("max(timestamp(" + series + "))");
    if (scraped.isEmpty()) {
      assertThat(expected.asDouble()).as(series + " is missing").isZero();
      return;
    }
    JsonNode increase =
        prometheus.query("sum(increase(" + series + "[30m]))", scraped.at("/0/value/1").asText());
    double value = expected.isNull() ? 0 : Double.parseDouble(expected.asText());
    assertThat(Prometheus.value(increase))
        .as(series)
        .isCloseTo(value, within(1e-9 * Math.max(1, value)));
  }

  /** No counter ever went down, whatever was restarted. */
  private static void checkResets(Prometheus prometheus) throws Exception {
    int counters = 0;
    for (JsonNode name : prometheus.get("label/__name__/values").get("data")) {
      if (name.asText().matches("llm_.+_(total|bucket|count|sum)")) {
        JsonNode resets = prometheus.query("max(resets(" + name.asText() + "[30m]))");
        assertThat(resets).as(name.asText()).isNotEmpty();
        assertThat(Prometheus.value(resets)).as(name.asText()).isZero();
        counters++;
      }
    }
    assertThat(counters).isGreaterThan(10);
  }

  private void checkLatencies(Prometheus prometheus, QueryService service) throws Exception {
    JsonNode series =
        prometheus.query(
            "llm_call_duration_quantile_seconds{replica=\"b\", quantile=\"0.95\", window=\"5m\"}");
    assertThat(series).isNotEmpty();
    for (JsonNode one : series) {
      StringBuilder filters = new StringBuilder("?from=now-5m");
      StringBuilder labels = new StringBuilder("{replica=\"b\"");
      for (String label : List.of("project", "layer", "provider", "model", "operation")) {
        String value = one.at("/metric/" + label).asText();
        filters.append('&').append(label).append('=').append(Prometheus.encoded(value));
        labels.append(", ").append(label).append("=\"").append(value).append('"');
      }
      labels.append('}');
      JsonNode latency = api(service, "/api/v1/overview" + filters).at("/totals/latencyMs");
      for (String q : List.of("0.5", "0.9", "0.95", "0.99")) {
        double apiMs = latency.get("p" + Math.round(Double.parseDouble(q) * 100)).asDouble();
        String selector = labels.substring(0, labels.length() - 1);
        double gauge =
            prometheus.value(
                "llm_call_duration_quantile_seconds" + selector + ", quantile=\"" + q + "\"}");
        assertThat(gauge * 1000).as("p" + q + labels).isCloseTo(apiMs, within(1e-6));
        double estimate =
            prometheus.value(
                "histogram_quantile(" + q + ", llm_call_duration_seconds_bucket" + labels + ")");
        double upper = 0.001;
        while (upper * 1000 < apiMs) {
          upper *= 2;
        }
        assertThat(estimate)
            .as("histogram_quantile " + q + labels + " beside " + apiMs)
            .isBetween(upper > 0.001 ? upper / 2 : 0, upper);
      }
    }
  }

  private void checkExemplars(Prometheus prometheus, QueryService service) throws Exception {
    HttpResponse<String> text =
        get(service.port(), "/metrics", "application/openmetrics-text; version=1.0.0");
    assertThat(text.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/openmetrics-text");
    assertThat(text.body()).contains("# {trace_id=\"").endsWith("# EOF\n");
    long now = System.currentTimeMillis() / 1000;
    JsonNode stored =
        prometheus
            .get(
                "query_exemplars?query=llm_call_duration_seconds_bucket&start="
                    + (now - 900)
                    + "&end="
                    + (now + 60))
            .get("data");
    assertThat(stored).isNotEmpty();
    String trace = stored.at("/0/exemplars/0/labels/trace_id").asText();
    assertThat(api(service, "/api/v1/traces/" + trace).toString()).contains(trace);
  }

  private static void checkPanels(Prometheus prometheus) throws Exception {
    List<JsonNode> panels = Dashboard.panels(Dashboard.read(ROOT));
    assertThat(panels).hasSize(8);
    for (JsonNode panel : panels) {
      for (String query : Dashboard.queries(panel)) {
        JsonNode result = prometheus.query(query);
        assertThat(result).as(panel.get("title").asText() + ": " + query).isNotEmpty();
        for (JsonNode series : result) {
          assertThat(Double.parseDouble(series.at("/value/1").asText()))
              .as(query)
              .isFinite()
              .isNotNegative();
        }
      }
    }
  }

  private static void checkRules(Prometheus prometheus, Path promtool) throws Exception {
    run(promtool, "", "check", "rules", RULES.toString());
    run(promtool, "", "check", "config", ROOT.resolve("config/prometheus.yml").toString());
    JsonNode groups = prometheus.get("rules").at("/data/groups");
    assertThat(groups).isNotEmpty();
    for (JsonNode group : groups) {
      assertThat(group.get("rules")).isNotEmpty();
      for (JsonNode rule : group.get("rules")) {
        String name = rule.get("name").asText();
        assertThat(rule.get("health").asText()).as(name).isEqualTo("ok");
        // Without its threshold a rule has a value whether it fires or not.
        String query =
            rule.get("query").asText().strip().replaceAll("(?s)\\s*(==|>|<)\\s*[0-9.]+$", "");
        assertThat(prometheus.query(query)).as(name + ": " + query).isNotEmpty();
      }
    }
  }

  private void checkMetrics(Path promtool, int port) throws Exception {
    run(promtool, get(port, "/metrics", "text/plain").body(), "check", "metrics");
  }

  private void checkSeriesLimit(QueryService unlimited) throws Exception {
    String all = get(unlimited.port(), "/metrics", "text/plain").body();
    try (QueryService limited =
        QueryService.start(settings(Map.of(Keys.METRICS_MAX_SERIES, "2")))) {
      await()
          .untilAsserted(
              () -> {
                String some = get(limited.port(), "/metrics", "text/plain").body();
                assertThat(some).contains("model=\"__other__\"");
                assertThat(sum(some, "llm_calls_total")).isEqualTo(sum(all, "llm_calls_total"));
                assertThat(
                        some.lines()
                            .filter(l -> l.startsWith("llm_calls_total{"))
                            .filter(l -> !l.contains("__other__")))
                    .hasSizeLessThanOrEqualTo(2);
              });
    }
  }

  private static double sum(String metrics, String name) {
    return metrics
        .lines()
        .filter(l -> l.startsWith(name + "{"))
        .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static void run(Path program, String input, String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(command + ": " + said).isZero();
    if (!input.isEmpty()) {
      assertThat(said).as(command.toString()).isEmpty();
    }
  }

  private Settings settings(Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    all.put(Keys.PRICES_PATHS, ROOT.resolve("config/prices").toString());
    all.put(Keys.EMIT_HOUR_MS, "1000");
    all.put(Keys.EMIT_DAY_MS, "1000");
    all.put(Keys.METRICS_ZERO_MS, "4000");
    all.put(Keys.QUERY_RATE_LIMIT, "100000");
    all.putAll(more);
    return servers.settings(all);
  }

  private JsonNode api(QueryService service, String path) throws Exception {
    HttpResponse<String> answer = get(service.port(), path, "application/json");
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private HttpResponse<String> get(int port, String path, String accept)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Accept", accept)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptions();
  }
}
