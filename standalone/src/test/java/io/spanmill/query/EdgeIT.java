/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.sun.net.httpserver.HttpServer;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.RunningSpanmill;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the OpenAPI document says is what is answered, and a key sees its own project alone: every
 * operation of the document is asked, over two projects that came through the whole pipeline.
 */
class EdgeIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final String ALPHA = "key-of-alpha";
  private static final String BRAVO = "key-of-bravo";
  private static final String CHARLIE = "key-of-charlie";
  private static final String READER = "key-of-a-reader";
  private static final String ALL = "key-of-everything";
  private static final String SENDER = "key-of-a-sender";
  private static final String SCRAPER = "key-of-a-scraper";
  private static final String DOCS = "key-of-the-examples";
  private static final Path EXAMPLES = Path.of("../aggregator/src/test/resources/otlp");
  private static final String EXAMPLE_TRACE = "80e1afed08e019fc1110464cfa66635c";
  private static final String EXAMPLE_DAY = "from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** An hour ago, so that no answer changes by itself. */
  private static final Instant AT = Instant.now().minusSeconds(3600);

  private static final String RANGE =
      "from=" + AT.minusSeconds(900).toEpochMilli() + "&to=" + AT.plusSeconds(900).toEpochMilli();

  private static final HttpClient http = HttpClient.newHttpClient();
  private static RunningSpanmill spanmill;
  private static HttpServer grafana;
  private static JsonNode openapi;

  @BeforeAll
  static void start() throws Exception {
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

  @AfterAll
  static void stop() {
    if (spanmill != null) {
      spanmill.close();
    }
    grafana.stop(0);
  }

  @Test
  void everyAnswer_isAsTheDocumentSays() throws Exception {
    ObjectNode strict = openapi.path("components").path("schemas").deepCopy();
    strict.forEach(EdgeIT::close);
    JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    int checked = 0;
    for (Operation op : operations()) {
      String ref =
          op.node
              .path("responses")
              .path("200")
              .path("content")
              .path("application/json")
              .path("schema")
              .path("$ref")
              .asText();
      // A token's own route is asked with a token; AgentOpsIT does.
      if (!op.method.equals("get") || ref.isEmpty() || op.path.equals("/v3/auth/token")) {
        continue;
      }
      ObjectNode root = JSON.createObjectNode();
      root.put("$ref", ref);
      root.putObject("components").set("schemas", strict);
      JsonSchema schema = factory.getSchema(root);
      for (String more : variants(op)) {
        HttpResponse<String> answer = get(op.path("alpha") + more, ALPHA);
        if (op.path.equals("/api/v1/compare/agentops")) {
          // Nothing is configured to compare with.
          continue;
        }
        assertThat(answer.statusCode()).as(op.path + more + answer.body()).isEqualTo(200);
        assertThat(schema.validate(json(answer))).as(op.path + more).isEmpty();
        checked++;
      }
    }
    assertThat(checked).isGreaterThanOrEqualTo(40);
  }

  @Test
  void key_seesItsOwnProjectAlone_onEveryOperation() throws Exception {
    awaitCalls(ALPHA, 6);
    Map<String, String> before = answers(ALPHA);
    assertThat(before.values()).anyMatch(a -> a.contains("model-alpha"));
    send(BRAVO, "bravo", 0, 7, AT);
    awaitCalls(BRAVO, 14);
    Map<String, String> after = answers(ALPHA);
    assertThat(after).isEqualTo(before);
    int asked = 0;
    for (Operation op : operations()) {
      if (!op.method.equals("get") || op.role().isEmpty()) {
        continue;
      }
      if (op.path.contains("/proxy/")) {
        // What another tool shows is nobody's own: a key of one project does not get there.
        assertThat(get(op.path("bravo"), ALPHA).statusCode()).as(op.path).isEqualTo(403);
        asked++;
        continue;
      }
      for (String foreign : foreign(op, "bravo")) {
        if (op.mediaTypes().contains("text/event-stream") && !foreign.contains("project=")) {
          // Streams of own calls: another test reads them.
          continue;
        }
        assertNothingOf("bravo", op, foreign, get(op.path("bravo") + foreign, ALPHA));
        asked++;
      }
    }
    assertThat(asked).isGreaterThan(100);
    // It is all there for those who may see it.
    assertThat(get("/api/v1/breakdown?groupBy=project&" + RANGE, ALL).body())
        .contains("\"project\":\"bravo\"");
    assertThat(get("/api/v1/traces/" + TwoProjects.traceId("bravo", 1), BRAVO).statusCode())
        .isEqualTo(200);
    assertThat(get("/api/v1/traces/" + TwoProjects.traceId("bravo", 1), ALPHA).statusCode())
        .isEqualTo(404);
  }

  private static void assertNothingOf(
      String word, Operation op, String query, HttpResponse<String> answer) {
    // An error may repeat what was asked.
    String told =
        answer.statusCode() == 200
            ? answer.body()
            : answer.body().replace(TwoProjects.session(word), "");
    assertThat(told).as(op.path + query).doesNotContain(word + "-", "-" + word);
    if (query.contains("project=" + word) || query.contains("project_id=" + word)) {
      assertThat(answer.statusCode()).as(op.path + query + told).isIn(403, 404);
    }
  }

  @Test
  void anonymousCaller_seesTheDefaultProjectAlone_onEveryOperation() throws Exception {
    Map<String, String> open = new HashMap<>();
    open.put(Keys.AUTH_ANONYMOUS, "true");
    open.put(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + grafana.getAddress().getPort());
    open.put(Keys.QUERY_RATE_LIMIT, "100000");
    try (QueryService service = QueryService.start(servers.settings(open))) {
      int asked = 0;
      for (Operation op : operations()) {
        if (op.role().isEmpty() || !op.method.equals("get")) {
          continue;
        }
        for (String foreign : foreign(op, "alpha")) {
          if (op.mediaTypes().contains("text/event-stream") && !foreign.contains("project=")) {
            continue;
          }
          URI address =
              URI.create(
                  "http://127.0.0.1:"
                      + service.port()
                      + (op.path("alpha") + foreign).replace("?&", "?"));
          HttpResponse<String> answer =
              http.send(
                  HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
          assertNothingOf("alpha", op, foreign, answer);
          if (op.path.contains("/proxy/")) {
            assertThat(answer.statusCode()).as(op.path).isEqualTo(403);
          } else {
            assertThat(answer.statusCode()).as(op.path + foreign).isNotIn(401, 500);
          }
          asked++;
        }
      }
      assertThat(asked).isGreaterThan(100);
    }
  }

  @Test
  void roles_areAskedForOnEveryOperation() throws Exception {
    int asked = 0;
    for (Operation op : operations()) {
      if (op.role().isEmpty()) {
        continue;
      }
      String path = op.path("alpha");
      String as = op.method + " " + path;
      // The public API of AgentOps calls every want of a token a bad request.
      int unknown = path.startsWith("/public/v1/") ? 400 : 401;
      assertThat(call(op.method, path, null).statusCode()).as(as).isEqualTo(unknown);
      assertThat(call(op.method, path, "no-such-key").statusCode()).as(as).isEqualTo(unknown);
      for (String key : List.of(SENDER, SCRAPER, READER)) {
        boolean may =
            switch (op.role()) {
              case "read" -> key.equals(READER);
              case "ingest" -> key.equals(SENDER);
              // Who may read all of it may scrape it.
              case "metrics" -> !key.equals(SENDER);
              default -> throw new IllegalStateException(op.role());
            };
        if (!may) {
          assertThat(call(op.method, path, key).statusCode()).as(as + key).isEqualTo(403);
          asked++;
        }
      }
      if (path.contains("/proxy/grafana")) {
        assertThat(call(op.method, path, READER).statusCode()).as(as).isEqualTo(403);
        assertThat(call(op.method, path + "/x", ALL).statusCode()).as(as).isEqualTo(200);
      }
    }
    assertThat(asked).isGreaterThan(100);
    assertThat(get("/openapi.json", null).statusCode()).isEqualTo(200);
    assertThat(get("/health", null).statusCode()).isEqualTo(200);
  }

  @Test
  void login_givesACookieThatScriptsCannotRead() throws Exception {
    HttpResponse<String> wrong = post("/api/v1/login", "{\"key\":\"not-a-key\"}", null);
    assertThat(wrong.statusCode()).isEqualTo(401);
    HttpResponse<String> right = post("/api/v1/login", "{\"key\":\"" + ALPHA + "\"}", null);
    assertThat(right.statusCode()).isEqualTo(200);
    String cookie = right.headers().firstValue("Set-Cookie").orElse("");
    assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").contains("Path=/");
    assertThat(cookie).doesNotContain(ALPHA);
    HttpResponse<String> seen =
        http.send(
            request("/api/v1/status").header("Cookie", cookie.split(";")[0]).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(json(seen).path("auth").path("project").asText()).isEqualTo("alpha");
    assertThat(
            post("/api/v1/login", "{\"key\":\"" + ALPHA + "\"}", "http://evil.example.org")
                .statusCode())
        .isEqualTo(403);
  }

  @Test
  void http_isAsItShouldBe() throws Exception {
    String path = "/api/v1/breakdown?groupBy=model&" + RANGE;
    HttpResponse<String> whole = get(path, ALPHA);
    assertThat(whole.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'")
        .contains("frame-ancestors 'self'");
    assertThat(whole.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    String path2 = "/api/v1/traces/" + TwoProjects.traceId("alpha", 1);
    HttpResponse<byte[]> packed =
        http.send(
            request(path2).header("X-API-Key", ALPHA).header("Accept-Encoding", "gzip").build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(packed.headers().firstValue("Content-Encoding")).hasValue("gzip");
    HttpResponse<String> head =
        http.send(
            request(path)
                .header("X-API-Key", ALPHA)
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();

    assertError(get("/api/v1/nothing", ALPHA), 404, "not_found", "null");
    assertError(post("/api/v1/overview", "{}", null), 405, "method_not_allowed", "null");
    assertError(get("/api/v1/overview?colour=red", ALPHA), 400, "unknown_parameter", "colour");
    assertError(get("/api/v1/live?from=now-1h", ALPHA), 400, "unknown_parameter", "from");
    assertError(get("/api/v1/overview?from=yesterday", ALPHA), 400, "bad_parameter", "from");
    assertError(get("/api/v1/calls?limit=0&" + RANGE, ALPHA), 400, "bad_parameter", "limit");
    assertError(get("/api/v1/calls?format=xml&" + RANGE, ALPHA), 400, "bad_parameter", "format");
    assertThat(raw("GET /api/v1/status HTTP/1.1\r\nHost: evil.example.org\r\n")).contains(" 421 ");
  }

  @Test
  void unchangedAnswers_areNotSentAgain() throws Exception {
    int asked = 0;
    for (Operation op : operations()) {
      boolean own = op.method.equals("get") && op.path.startsWith("/api/v1/");
      boolean still = !op.path.endsWith("/status") && !op.path.endsWith("/agentops");
      if (own && still && op.mediaTypes().contains("application/json")) {
        for (String variant : variants(op)) {
          String path = op.path("alpha") + variant;
          String tag = get(path, ALPHA).headers().firstValue("ETag").orElseThrow();
          HttpResponse<String> again = call("get", path, ALPHA, "If-None-Match", tag);
          assertThat(again.statusCode()).as(path).isEqualTo(304);
          assertThat(again.body()).isEmpty();
          assertThat(again.headers().firstValue("ETag")).hasValue(tag);
          asked++;
        }
      }
    }
    assertThat(asked).isGreaterThan(20);
  }

  @Test
  void tagOfAnAnswer_staysWhileTimeGoesOn_andChangesWithAFigure() throws Exception {
    send(CHARLIE, "charlie", 9000, 1, AT);
    awaitCalls(CHARLIE, 2);
    String path = "/api/v1/overview?" + RANGE;
    HttpResponse<String> first = get(path, CHARLIE);
    String tag = first.headers().firstValue("ETag").orElseThrow();
    Instant through = Instant.parse(json(first).path("completeThrough").asText());
    assertThat(completeThrough(first)).isEqualTo(through);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              HttpResponse<String> again = call("get", path, CHARLIE, "If-None-Match", tag);
              assertThat(again.statusCode()).isEqualTo(304);
              return completeThrough(again).isAfter(through);
            });
    String several = "\"other\", " + tag.substring(2) + ", W/\"more\"";
    assertThat(call("get", path, CHARLIE, "If-None-Match", several).statusCode()).isEqualTo(304);
    assertThat(call("get", path, CHARLIE, "If-None-Match", "\"other\"").statusCode())
        .isEqualTo(200);
    send(CHARLIE, "charlie", 9001, 1, AT);
    awaitCalls(CHARLIE, 4);
    HttpResponse<String> changed = call("get", path, CHARLIE, "If-None-Match", tag);
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(changed.headers().firstValue("ETag").orElseThrow()).isNotEqualTo(tag);
    assertThat(json(changed).path("totals").path("calls").asInt()).isEqualTo(4);
  }

  private static Instant completeThrough(HttpResponse<String> answer) {
    return Instant.parse(answer.headers().firstValue("X-Spanmill-Complete-Through").orElseThrow());
  }

  @Test
  void traces_areFoundByHowTheirCallsCameToTheirMoney() throws Exception {
    String path = "/api/v1/traces?" + RANGE + "&costKind=";
    JsonNode reported = json(get(path + "reported", ALPHA)).path("rows");
    assertThat(reported).hasSize(json(get("/api/v1/traces?" + RANGE, ALPHA)).path("rows").size());
    assertThat(reported).isNotEmpty();
    assertThat(json(get(path + "unpriced", ALPHA)).path("rows")).isEmpty();
  }

  @Test
  void status_tellsTheEditionAndWhatItsCubesAnswer() throws Exception {
    JsonNode status = json(get("/api/v1/status", ALPHA));
    assertThat(status.path("rollups").path("edition").asInt()).isZero();
    List<String> filled = new ArrayList<>();
    status
        .path("rollups")
        .path("cubes")
        .forEach(
            c -> {
              assertThat(c.path("filled").asBoolean()).isTrue();
              filled.add(c.path("cube").asText());
            });
    assertThat(filled).containsExactly("summary", "model", "traffic", "usage");
    // Where another AgentOps is, or whether a proxy is open, is told to those who may know.
    assertThat(status.path("upstreams").path("grafana").path("configured").asBoolean()).isTrue();
    assertThat(status.path("upstreams").path("grafana").path("path").isNull()).isTrue();
    assertThat(status.path("upstreams").path("agentops").path("state").asText())
        .isEqualTo("not_asked");
    assertThat(
            json(get("/api/v1/status", ALL))
                .path("upstreams")
                .path("grafana")
                .path("path")
                .asText())
        .isEqualTo("/api/proxy/grafana/");
  }

  @Test
  void tables_haveTheSameRowsAsJson() throws Exception {
    int exports = 0;
    for (Operation op : operations()) {
      if (!op.mediaTypes().contains("text/csv")) {
        continue;
      }
      String path = op.path("alpha") + "?" + (op.has("from") ? RANGE : "");
      HttpResponse<String> csv = get(path + "&format=csv", ALPHA);
      assertThat(csv.statusCode()).as(path + csv.body()).isEqualTo(200);
      assertThat(csv.headers().firstValue("Content-Disposition").orElse(""))
          .matches("attachment; filename=\"spanmill-[a-z-]+-\\d{8}T\\d{6}Z\\.csv\"");
      HttpResponse<byte[]> parquet =
          http.send(
              request(path + "&format=parquet").header("X-API-Key", ALPHA).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      assertThat(parquet.statusCode()).as(path).isEqualTo(200);
      assertThat(new String(parquet.body(), 0, 4, StandardCharsets.US_ASCII)).isEqualTo("PAR1");
      exports++;
    }
    assertThat(exports).isGreaterThanOrEqualTo(8);
    List<String> lines =
        get("/api/v1/calls?sort=start&format=csv&" + RANGE, ALPHA).body().lines().toList();
    JsonNode rows = json(get("/api/v1/calls?sort=start&" + RANGE, ALPHA)).path("rows");
    assertThat(lines).hasSize(rows.size() + 1);
    List<String> names = List.of(lines.get(0).split(","));
    assertThat(names).contains("traceId", "tokens.input", "costUsd");
    for (int i = 0; i < rows.size(); i++) {
      List<String> cells = List.of(lines.get(i + 1).split(",", -1));
      assertThat(cells.get(names.indexOf("traceId")))
          .isEqualTo(rows.get(i).path("traceId").asText());
      JsonNode usd = rows.get(i).path("costUsd");
      assertThat(cells.get(names.indexOf("costUsd"))).isEqualTo(usd.isNull() ? "" : usd.asText());
      JsonNode input = rows.get(i).path("tokens").path("input");
      assertThat(cells.get(names.indexOf("tokens.input")))
          .isEqualTo(input.isMissingNode() ? "" : input.asText());
    }
    List<String> two =
        get("/api/v1/calls?limit=2&format=csv&" + RANGE, ALPHA).body().lines().toList();
    assertThat(two).hasSize(3);
  }

  @Test
  void tableWithMoreRowsThanMayBe_saysSo() throws Exception {
    Map<String, String> few = new HashMap<>();
    few.put(Keys.EXPORT_MAX_ROWS, "3");
    try (QueryService service = QueryService.start(servers.settings(few))) {
      String calls = "/api/v1/calls?project=alpha&" + RANGE;
      String csv = raw(service.port(), calls + "&format=csv");
      assertThat(csv).contains("\r\nTrailer: X-Spanmill-Truncated");
      assertThat(csv).endsWith("X-Spanmill-Truncated: true\r\n\r\n");
      assertThat(raw(service.port(), calls + "&limit=2&format=csv"))
          .as("what a limit asks for is all that was asked for")
          .endsWith("X-Spanmill-Truncated: false\r\n\r\n");
      assertThat(raw(service.port(), calls + "&format=parquet"))
          .contains("\r\nX-Spanmill-Truncated: true\r\n");
    }
  }

  private static String raw(int port, String path) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      String head = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void parquet_isReadBackToTheLastDecimal() throws Exception {
    byte[] parquet =
        http.send(
                request("/api/v1/calls?format=parquet&" + RANGE).header("X-API-Key", ALPHA).build(),
                HttpResponse.BodyHandlers.ofByteArray())
            .body();
    Settings settings = servers.settings(Map.of());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      clickHouse.execute(
          Sql.of(
              "CREATE TABLE IF NOT EXISTS exported (traceId String, costUsd Nullable(Decimal(38,"
                  + " 12)), `tokens.total` Nullable(Int64), streaming Bool) ENGINE = Memory"));
      HttpResponse<String> inserted =
          http.send(
              HttpRequest.newBuilder(
                      URI.create(
                          settings.string(Keys.CLICKHOUSE_URL)
                              + "/?database="
                              + clickHouse.database()
                              + "&query=INSERT%20INTO%20exported%20FORMAT%20Parquet"))
                  .header("X-ClickHouse-User", settings.string(Keys.CLICKHOUSE_USER))
                  .header("X-ClickHouse-Key", settings.secret(Keys.CLICKHOUSE_PASSWORD))
                  .POST(HttpRequest.BodyPublishers.ofByteArray(parquet))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(inserted.statusCode()).as(inserted.body()).isEqualTo(200);
      var row =
          clickHouse
              .query(
                  Sql.of(
                      "SELECT count() AS n, toString(sum(costUsd)) AS usd, sum(`tokens.total`) AS t"
                          + " FROM exported"))
              .get(0);
      JsonNode rows = json(get("/api/v1/calls?" + RANGE, ALPHA)).path("rows");
      BigDecimal usd = BigDecimal.ZERO;
      long tokens = 0;
      for (JsonNode r : rows) {
        usd =
            usd.add(
                r.path("costUsd").isTextual()
                    ? new BigDecimal(r.path("costUsd").asText())
                    : BigDecimal.ZERO);
        tokens += r.path("tokens").path("total").asLong();
      }
      assertThat(row.getLong("n")).isEqualTo(rows.size());
      assertThat(new BigDecimal(row.getString("usd"))).isEqualByComparingTo(usd);
      assertThat(usd.signum()).isPositive();
      assertThat(row.getLong("t")).isEqualTo(tokens);
    }
  }

  /** {@code -Ddocs.write=true} writes the document anew. */
  @Test
  void examplesOfTheDocument_areWhatIsAnswered() throws Exception {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(EXAMPLES, "example-*.json")) {
      found.forEach(files::add);
    }
    for (Path file : files) {
      OtlpClient.Result result =
          new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), DOCS, false)
              .send(new OtlpBody(Files.readAllBytes(file), true))
              .join();
      assertThat(result.status()).as(result.message()).isEqualTo(200);
    }
    Instant sent = Instant.now();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              JsonNode status = json(get("/api/v1/status", DOCS));
              assertThat(Instant.parse(status.path("completeThrough").asText())).isAfter(sent);
            });
    ApiDocument written = new ApiDocument();
    Map<String, JsonNode> answers = new LinkedHashMap<>();
    for (Operation op : operations()) {
      written.operation(op.method, op.path, op.node);
      boolean example =
          op.method.equals("get")
              && op.path.startsWith("/api/v1/")
              && op.node.at("/responses/200/content/application~1json").has("schema");
      if (example) {
        String path =
            op.path.replace("{traceId}", EXAMPLE_TRACE).replace("{id}", EXAMPLE_TRACE)
                + (op.has("from") ? "?" + EXAMPLE_DAY : "");
        HttpResponse<String> answer = get(path, DOCS);
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        answers.put(path, json(answer));
        written.example(path, json(answer));
      }
    }
    Path document = Path.of("..", "docs", "api.md");
    if (Boolean.getBoolean("docs.write")) {
      Files.writeString(document, written.toString());
    }
    Map<String, JsonNode> examples = ApiDocument.examples(Files.readString(document));
    assertThat(examples.keySet()).isEqualTo(answers.keySet());
    answers.forEach(
        (path, answer) ->
            assertThat(ApiDocument.differences(examples.get(path), ApiDocument.cut(answer)))
                .as(path + ": write the document anew with -Ddocs.write=true")
                .isEmpty());
  }

  @Test
  void live_bringsOwnCallsAsTheyArrive_andGoesOnWhereItBroke() throws Exception {
    Instant now = Instant.now();
    String lastId;
    try (Events events = new Events("/api/v1/live?status=ok", null)) {
      // The feed takes its position when somebody watches: what comes after is news.
      int[] sent = {100};
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> {
                send(BRAVO, "bravo", sent[0], 1, now);
                send(ALPHA, "alpha", sent[0]++, 1, now);
                return events.queue.stream().anyMatch(e -> !e.get("event").equals("ping"));
              });
      Map<String, String> event = events.next();
      while (event.get("event").equals("ping")) {
        event = events.next();
      }
      assertThat(event.get("event")).isEqualTo("call");
      JsonNode call = JSON.readTree(event.get("data"));
      assertThat(call.path("model").asText()).isEqualTo("model-alpha");
      assertThat(call.path("status").asText()).isEqualTo("ok");
      assertThat(event.get("data")).doesNotContain("bravo");
      lastId = event.get("id");
    }
    send(ALPHA, "alpha", 500, 1, now);
    send(BRAVO, "bravo", 500, 1, now);
    try (Events events = new Events("/api/v1/live?status=ok", lastId)) {
      String last = "";
      while (!last.contains(TwoProjects.traceId("alpha", 500))) {
        Map<String, String> event = events.next();
        last = String.valueOf(event.get("data"));
        assertThat(event.get("event")).isIn("call", "ping");
        assertThat(last).doesNotContain("bravo");
      }
    }
    try (Events events = new Events("/api/v1/live", "0123456789abcdef")) {
      assertThat(events.next())
          .containsEntry("event", "dropped")
          .containsEntry("data", "{\"calls\":null}");
    }
  }

  @Test
  void live_hasNoMoreReadersThanItMay() throws Exception {
    Map<String, String> one = new HashMap<>();
    one.put(Keys.LIVE_MAX_CLIENTS, "1");
    one.put(Keys.LIVE_PING_MS, "1000");
    try (QueryService service = QueryService.start(servers.settings(one))) {
      URI live = URI.create("http://127.0.0.1:" + service.port() + "/api/v1/live");
      HttpRequest request = HttpRequest.newBuilder(live).build();
      HttpResponse<InputStream> first =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      assertThat(first.statusCode()).isEqualTo(200);
      HttpResponse<String> second = http.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(second.statusCode()).isEqualTo(503);
      assertThat(second.headers().firstValue("Retry-After")).hasValue("2");
      assertThat(second.body()).contains("live.max.clients");
      first.body().close();
      // A place is free again once the reader is gone.
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> {
                HttpResponse<InputStream> next =
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream());
                next.body().close();
                return next.statusCode() == 200;
              });
    }
  }

  /** Server-sent events as they come. */
  private static final class Events implements AutoCloseable {
    final BlockingQueue<Map<String, String>> queue = new LinkedBlockingQueue<>();
    private final InputStream in;

    Events(String path, String lastId) throws Exception {
      in = live(path, lastId);
      Thread reader = new Thread(this::read, "events");
      reader.setDaemon(true);
      reader.start();
    }

    Map<String, String> next() throws InterruptedException {
      Map<String, String> event = queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(event).isNotNull();
      return event;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }

    private void read() {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        Map<String, String> event = new HashMap<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          int at = line.indexOf(": ");
          if (at > 0) {
            event.put(line.substring(0, at), line.substring(at + 2));
          } else if (event.containsKey("event")) {
            queue.add(event);
            event = new HashMap<>();
          } else {
            event.clear();
          }
        }
      } catch (IOException e) {
        // Closed by the test.
        queue.add(Map.of("event", "closed"));
      }
    }
  }

  private static InputStream live(String path, String lastId) throws Exception {
    HttpRequest.Builder request = request(path).header("X-API-Key", ALPHA);
    if (lastId != null) {
      request.header("Last-Event-ID", lastId);
    }
    HttpResponse<InputStream> answer =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).contains("event-stream");
    return answer.body();
  }

  /** An operation of the document. */
  private record Operation(String method, String path, JsonNode node) {
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

  private static List<Operation> operations() {
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

  private static List<String> variants(Operation op) {
    String range = op.has("from") ? "?" + RANGE : "?";
    List<String> out = new ArrayList<>(List.of(range));
    if (op.has("groupBy")) {
      out.add(range + "&groupBy=model,team");
    }
    if (op.path.endsWith("timeseries")) {
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

  /** What a caller may ask to see of another's. */
  private static List<String> foreign(Operation op, String word) {
    String range = op.has("from") ? "?" + RANGE : "?";
    List<String> out = new ArrayList<>(List.of(range));
    Map<String, String> asked =
        Map.of(
            "project",
            word,
            "project_id",
            word,
            "traceId",
            TwoProjects.traceId(word, 1),
            "sessionId",
            TwoProjects.session(word),
            "q",
            word,
            "query",
            word,
            "model",
            "model-" + word,
            "content",
            "0000000000000003");
    asked.forEach(
        (name, value) -> {
          if (op.has(name)) {
            out.add(range + "&" + name + "=" + value);
            if (op.has("format")) {
              out.add(range + "&format=csv&" + name + "=" + value);
            }
          }
        });
    if (op.has("groupBy")) {
      out.add(range + "&groupBy=project,user");
    }
    if (op.has("format")) {
      out.add(range + "&format=csv");
      out.add(range + "&format=parquet&project=" + word);
    }
    return out;
  }

  /** What a key is told everywhere, without what changes by itself. */
  private static Map<String, String> answers(String key) throws Exception {
    Map<String, String> out = new TreeMap<>();
    for (Operation op : operations()) {
      boolean asked =
          op.method.equals("get")
              && op.role().equals("read")
              && !op.path.contains("/proxy/")
              && op.mediaTypes().contains("application/json");
      if (asked) {
        for (String variant : variants(op)) {
          HttpResponse<String> answer = get(op.path("alpha") + variant, key);
          out.put(
              op.path + variant,
              answer.statusCode()
                  + " "
                  + answer
                      .body()
                      .replaceAll(
                          "\"(completeThrough|now|watermark|lateness|lagMs|state|warnings)\":"
                              + "(\"[^\"]*\"|\\{[^}]*}|\\[[^]]*]|[^,}\\]]*)",
                          ""));
        }
      }
    }
    return out;
  }

  /** Objects of this schema have no other fields than it names. */
  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    schema.forEach(EdgeIT::close);
  }

  private static void assertError(
      HttpResponse<String> answer, int status, String code, String field) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = json(answer).path("error");
    assertThat(error.path("code").asText()).isEqualTo(code);
    assertThat(error.path("field").asText()).isEqualTo(field);
    assertThat(error.path("message").asText()).isNotEmpty();
  }

  private static void send(String key, String word, int first, int traces, Instant at) {
    OtlpClient.Result result =
        new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), key, false)
            .send(new OtlpBody(TwoProjects.body(word, first, traces, at), true))
            .join();
    assertThat(result.status()).as(result.message()).isEqualTo(200);
    assertThat(result.rejectedSpans()).isZero();
  }

  /** Until calls, spans and rollups all have it. */
  private static void awaitCalls(String key, int calls) {
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

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    return JSON.readTree(answer.body());
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create(spanmill.address(Keys.QUERY_PORT) + path.replace("?&", "?")));
  }

  private static HttpResponse<String> get(String path, String key) throws Exception {
    HttpRequest.Builder request = request(path);
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    return guarded(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  /** What no answer may lack, whatever was asked and whatever came of it. */
  private static HttpResponse<String> guarded(HttpResponse<String> answer) {
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

  private static HttpResponse<String> call(
      String method, String path, String key, String... headers) throws Exception {
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

  private static HttpResponse<String> post(String path, String body, String origin)
      throws Exception {
    HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofString(body));
    if (origin != null) {
      request.header("Origin", origin);
    }
    return guarded(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  private static String raw(String head) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", spanmill.port(Keys.QUERY_PORT))) {
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }
}
