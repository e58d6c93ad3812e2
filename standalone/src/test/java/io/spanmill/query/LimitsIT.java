/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each limit of a query is reached and told; a query ends with its asker. */
class LimitsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  /** Reads a gigabyte of text and finds nothing. */
  private static final String SLOW =
      "/api/v1/calls?from=now-1h&layer=client&sort=-tokens&q=%C3%84%C3%96%C3%9Cnowhere";

  private static final HttpClient http = HttpClient.newHttpClient();
  private static ClickHouse clickHouse;

  @BeforeAll
  static void fill() {
    Settings settings = servers.settings(Map.of());
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    clickHouse.execute(
        Sql.of(
            "INSERT INTO calls (project, layer, event_time, trace_id, span_id, arrival_time,"
                + " start_time, name, model, error_message, input_tokens)"
                + " SELECT 'default', 'client', now64(3) - number % 3000, reverse(reinterpretAsFixedString(toUInt128(number + 1))),"
                + " reinterpretAsFixedString(number + 1), now64(3), now64(9) - number % 3000,"
                + " 'chat', 'model', repeat('äbcdefghi', 100), number FROM numbers(1000000)"));
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
        SLOW,
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
  void askerThatLeaves_endsItsQuery() throws Exception {
    try (QueryService service = start(Map.of(Keys.QUERY_TIMEOUT_MS, "60000"))) {
      long before = cancelled();
      try (Socket socket = new Socket("127.0.0.1", service.port())) {
        socket
            .getOutputStream()
            .write(
                ("GET " + SLOW + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        await()
            .atMost(Duration.ofSeconds(20))
            .pollDelay(Duration.ofMillis(5))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> running() > 0);
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> running() == 0);
      await().atMost(Duration.ofSeconds(5)).until(() -> cancelled() > before);
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
