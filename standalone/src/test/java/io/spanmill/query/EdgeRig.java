/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.spanmill.config.Keys;
import io.spanmill.standalone.RunningSpanmill;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A running Spanmill with keys of several projects, what was sent to it, and the asking: shared by
 * all tests of the API's edge, so that it is started once.
 */
final class EdgeRig {
  static final String ALPHA = "key-of-alpha";
  static final String BRAVO = "key-of-bravo";
  static final String CHARLIE = "key-of-charlie";
  static final String READER = "key-of-a-reader";
  static final String ALL = "key-of-everything";
  static final String SENDER = "key-of-a-sender";
  static final String SCRAPER = "key-of-a-scraper";
  static final String DOCS = "key-of-the-examples";
  static final Path EXAMPLES = Path.of("../aggregator/src/test/resources/otlp");
  static final String EXAMPLE_TRACE = "80e1afed08e019fc1110464cfa66635c";
  static final String EXAMPLE_DAY = "from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z";
  static final ObjectMapper JSON = new ObjectMapper();
  static final Duration LIMIT = Duration.ofSeconds(120);

  /** An hour ago, so that no answer changes by itself. */
  static final Instant AT = Instant.now().minusSeconds(3600);

  static final String RANGE =
      "from=" + AT.minusSeconds(900).toEpochMilli() + "&to=" + AT.plusSeconds(900).toEpochMilli();

  static final HttpClient http = HttpClient.newHttpClient();
  static SpanmillServers servers;
  static RunningSpanmill spanmill;
  static HttpServer grafana;
  static JsonNode openapi;

  /** Starts everything and sends what most of the tests ask for. */
  static void start(SpanmillServers running) throws Exception {
    servers = running;
    Map<String, String> more = new HashMap<>();
    more.put(
        Keys.AUTH_KEYS,
        ALPHA
            + ":alpha:ingest|read,"
            + BRAVO
            + ":bravo:ingest|read,"
            + CHARLIE
            + ":charlie:ingest|read,"
            + READER
            + ":alpha:read,"
            + ALL
            + ":*:read|metrics|admin,"
            + SENDER
            + ":alpha:ingest,"
            + SCRAPER
            + ":alpha:metrics,"
            + DOCS
            + ":default:ingest|read");
    more.put(Keys.PROJECTS, "default,alpha,bravo");
    more.put(Keys.QUERY_RATE_LIMIT, "100000");
    more.put(Keys.CONTENT_STORAGE, "on");
    // Answers of closed ranges are kept for 20 s: here that would only be waited for.
    more.put(Keys.QUERY_CACHE_BYTES, "0");
    grafana = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    grafana.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("a board of bravo-".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    grafana.start();
    more.put(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + grafana.getAddress().getPort());
    spanmill = RunningSpanmill.start(servers.settings(more));
    openapi = json(get("/openapi.json", null));
    send(ALPHA, "alpha", 0, 3, AT);
    awaitCalls(ALPHA, 6);
    String log = TwoProjects.traceId("alpha", 1);
    assertThat(call("post", "/v4/logs/upload/", ALPHA, "Trace-Id", log).statusCode())
        .isEqualTo(200);
  }

  static void stop() {
    if (spanmill != null) {
      spanmill.close();
    }
    grafana.stop(0);
  }

  /** An operation of the document. */
  record Operation(String method, String path, JsonNode node) {
    String role() {
      return node.path("x-role").asText();
    }

    boolean has(String parameter) {
      return node.path("parameters").findValuesAsText("name").contains(parameter);
    }

    List<String> mediaTypes() {
      List<String> out = new ArrayList<>();
      node.path("responses").path("200").path("content").fieldNames().forEachRemaining(out::add);
      return out;
    }

    String path(String word) {
      return path.replace("{traceId}", TwoProjects.traceId(word, 1))
          .replace("{id}", TwoProjects.session(word))
          .replace("{trace}", TwoProjects.traceId(word, 1))
          .replace("{span}", "0000000000000003")
          .replace("{project}", word)
          .replaceAll("\\{\\w+}", "x");
    }
  }

  static List<Operation> operations() {
    List<Operation> out = new ArrayList<>();
    openapi
        .path("paths")
        .fields()
        .forEachRemaining(
            p ->
                p.getValue()
                    .fields()
                    .forEachRemaining(
                        o -> out.add(new Operation(o.getKey(), p.getKey(), o.getValue()))));
    assertThat(out).hasSizeGreaterThan(15);
    return out;
  }

  static List<String> variants(Operation op) {
    String range = op.has("from") ? "?" + RANGE : "?";
    List<String> out = new ArrayList<>(List.of(range));
    if (op.has("groupBy")) {
      out.add(range + "&groupBy=model,team");
    }
    if (op.path().endsWith("timeseries")) {
      out.add(range + "&metric=latency.p95");
      out.add(range + "&metric=cost&groupBy=model&step=1h");
    }
    if (op.has("content")) {
      out.add("?content=0000000000000003");
    }
    if (op.has("layer")) {
      out.add(range + "&layer=engine");
    }
    return out;
  }

  static void send(String key, String word, int first, int traces, Instant at) {
    OtlpClient.Result result =
        new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), key, false)
            .send(new OtlpBody(TwoProjects.body(word, first, traces, at), true))
            .join();
    assertThat(result.status()).as(result.message()).isEqualTo(200);
    assertThat(result.rejectedSpans()).isZero();
  }

  /** Until calls, spans and rollups all have it. */
  static void awaitCalls(String key, int calls) {
    Instant sent = Instant.now();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              JsonNode overview = json(get("/api/v1/overview?" + RANGE, key));
              assertThat(overview.path("totals").path("calls").asInt()).isEqualTo(calls);
              JsonNode status = json(get("/api/v1/status", key));
              assertThat(Instant.parse(status.path("completeThrough").asText())).isAfter(sent);
              JsonNode failures = json(get("/api/v1/failures?" + RANGE, key));
              assertThat(failures.path("rows")).isNotEmpty();
            });
  }

  static JsonNode json(HttpResponse<String> answer) throws Exception {
    return JSON.readTree(answer.body());
  }

  static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create(spanmill.address(Keys.QUERY_PORT) + path.replace("?&", "?")));
  }

  static HttpResponse<String> get(String path, String key) throws Exception {
    HttpRequest.Builder request = request(path);
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    return guarded(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  /** What no answer may lack, whatever was asked and whatever came of it. */
  static HttpResponse<String> guarded(HttpResponse<String> answer) {
    if (answer.statusCode() != 200 || !answer.uri().getPath().startsWith("/api/proxy/")) {
      assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
          .as(answer.uri() + " " + answer.statusCode())
          .contains("default-src 'self'", "object-src 'none'", "frame-ancestors 'self'");
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
      assertThat(answer.headers().firstValue("X-Frame-Options")).hasValue("SAMEORIGIN");
      assertThat(answer.headers().firstValue("Referrer-Policy")).hasValue("same-origin");
    }
    return answer;
  }

  static HttpResponse<String> call(String method, String path, String key, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        request(path).method(method.toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.noBody());
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return guarded(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  static HttpResponse<String> post(String path, String body, String origin) throws Exception {
    HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofString(body));
    if (origin != null) {
      request.header("Origin", origin);
    }
    return guarded(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  private EdgeRig() {}
}
