/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each limit of a query is reached and told; a query ends with its asker. */
class LimitsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  /** Reads a gigabyte of text and finds nothing. */
  private static final String SLOW =
      "/api/v1/calls?from=now-1h&layer=client&sort=-tokens&q=%C3%84%C3%96%C3%9Cnowhere";

  /** No cube has these dimensions together: sums of all calls. */
  private static final String OVERVIEW =
      "/api/v1/overview?from=now-1h&layer=client&user=somebody&environment=somewhere";

  private static final String BREAKDOWN =
      "/api/v1/breakdown?from=now-1h&layer=client&groupBy=user,environment";
  private static final String TRACES = "/api/v1/traces?from=now-1h&layer=client&sort=-cost";

  /** Holds what the calls of each trace come to. */
  private static final String CHEAPEST_TRACES = "/api/v1/traces?from=now-1h&layer=client&sort=cost";

  private static final String SESSIONS = "/api/v1/sessions?from=now-1h&layer=client&sort=-cost";

  private static final HttpClient http = HttpClient.newHttpClient();
  private static ClickHouse clickHouse;

  @BeforeAll
  static void fill() {
    Settings settings = servers.settings(Map.of());
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    // In parts: the server holds an insert's rows in memory, once more for each view.
    for (int from = 0; from < 1_000_000; from += 250_000) {
      clickHouse.execute(
          Sql.of(
              "INSERT INTO calls (project, layer, event_time, trace_id, span_id, arrival_time,"
                  + " start_time, name, model, error_message, input_tokens, user, environment, session,"
                  + " duration_us, ttft_us, cost)"
                  + " SELECT 'default', 'client', now64(3) - number % 3000, reverse(reinterpretAsFixedString(toUInt128(number + 1))),"
                  + " reinterpretAsFixedString(number + 1), now64(3), now64(9) - number % 3000,"
                  + " 'chat', 'model', repeat('äbcdefghi', 100), number, 'somebody', 'somewhere',"
                  + " toString(number % 300000), 1000 + number, 1000 + number % 77777, 1.5"
                  + " FROM numbers("
                  + from
                  + ", 250000)"));
    }
  }

  @AfterAll
  static void close() {
    clickHouse.close();
  }

  @Test
  void limits_areToldByName() throws Exception {
    assertLimit(
        Map.of(Keys.QUERY_RAW_MAX_ROWS, "1000"), "/api/v1/coverage", 400, "query.raw.max.rows");
    assertLimit(Map.of(Keys.QUERY_TIMEOUT_MS, "500"), SLOW, 504, "query.timeout.ms");
    assertLimit(
        Map.of(Keys.QUERY_MEMORY_MAX, Long.toString(16L << 20)),
        CHEAPEST_TRACES,
        400,
        "query.memory.max.bytes");
  }

  @Test
  void rateLimit_is429_andTellsWhenToAskAgain() throws Exception {
    try (QueryService service = start(Map.of(Keys.QUERY_RATE_LIMIT, "1"))) {
      HttpResponse<String> answer = get(service, "/api/v1/status");
      for (int i = 0; i < 10 && answer.statusCode() == 200; i++) {
        answer = get(service, "/api/v1/status");
      }
      assertThat(answer.statusCode()).isEqualTo(429);
      assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
      assertThat(answer.body()).contains("rate_limited");
    }
  }

  @Test
  void rateLimit_isOnEveryOperationThatReads() throws Exception {
    try (QueryService service = start(Map.of(Keys.QUERY_RATE_LIMIT, "1"))) {
      JsonNode paths =
          new ObjectMapper().readTree(get(service, "/openapi.json").body()).path("paths");
      int limited = 0;
      for (Map.Entry<String, JsonNode> path : paths.properties()) {
        for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
          if (operation.getValue().has("x-role")) {
            String at = path.getKey().replaceAll("\\{\\w+}", "x");
            assertThat(statusesWhenAskedAtOnce(service, operation.getKey(), at))
                .as(operation.getKey() + " " + at)
                .contains(429);
            limited++;
          }
        }
      }
      assertThat(limited).isGreaterThan(25);
    }
  }

  /** Only one a second is let through: of some at once, most are not. */
  private static Set<Integer> statusesWhenAskedAtOnce(
      QueryService service, String method, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
            .method(method.toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.noBody())
            .build();
    List<CompletableFuture<HttpResponse<InputStream>>> sent = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      sent.add(http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream()));
    }
    Set<Integer> statuses = new HashSet<>();
    for (CompletableFuture<HttpResponse<InputStream>> answer : sent) {
      HttpResponse<InputStream> told = answer.get(120, TimeUnit.SECONDS);
      // A stream that was let through would not end by itself.
      told.body().close();
      statuses.add(told.statusCode());
    }
    return statuses;
  }

  @ParameterizedTest
  @ValueSource(strings = {SLOW, OVERVIEW, BREAKDOWN, TRACES, SESSIONS})
  void askerThatLeaves_endsItsQuery(String path) throws Exception {
    try (QueryService service = start(Map.of(Keys.QUERY_TIMEOUT_MS, "60000"))) {
      long before = cancelled();
      // Again, if a query was done before anybody could leave.
      await()
          .atMost(Duration.ofSeconds(120))
          .until(
              () -> {
                askAndLeave(service, path);
                await().atMost(Duration.ofSeconds(60)).until(() -> running() == 0);
                return cancelled() > before;
              });
    }
  }

  /** Leaves as soon as the query is seen at work. */
  private static void askAndLeave(QueryService service, String path) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", service.port())) {
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      InputStream answer = socket.getInputStream();
      await()
          .atMost(Duration.ofSeconds(60))
          .pollDelay(Duration.ofMillis(5))
          .pollInterval(Duration.ofMillis(10))
          .until(() -> running() > 0 || answer.available() > 0);
    }
  }

  private static long running() {
    return clickHouse.number(
        Sql.of(
            "SELECT count() FROM system.processes WHERE query_id LIKE 'spanmill-%'"
                + " AND query LIKE '%FROM calls%'"));
  }

  private static long cancelled() {
    return clickHouse.number(
        Sql.of("SELECT sum(value) FROM system.errors WHERE name = 'QUERY_WAS_CANCELLED'"));
  }

  private static void assertLimit(
      Map<String, String> settings, String path, int status, String named) throws Exception {
    try (QueryService service = start(settings)) {
      HttpResponse<String> answer = get(service, path);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
      assertThat(answer.body()).contains(named);
    }
  }

  private static QueryService start(Map<String, String> more) {
    return QueryService.start(servers.settings(more));
  }

  private static HttpResponse<String> get(QueryService service, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
