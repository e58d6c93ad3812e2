/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.ALPHA;
import static io.spanmill.query.EdgeRig.RANGE;
import static io.spanmill.query.EdgeRig.get;
import static io.spanmill.query.EdgeRig.http;
import static io.spanmill.query.EdgeRig.json;
import static io.spanmill.query.EdgeRig.operations;
import static io.spanmill.query.EdgeRig.request;
import static io.spanmill.query.EdgeRig.servers;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.EdgeRig.Operation;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tables as CSV and Parquet hold what the JSON answer holds. */
interface ExportTests {
  @Test
  default void tables_haveTheSameRowsAsJson() throws Exception {
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
    assertThat(get("/api/v1/breakdown?groupBy=team,model&format=csv&" + RANGE, ALPHA).body())
        .startsWith("key.team,key.model,events,calls,");
  }

  @Test
  default void tableWithMoreRowsThanMayBe_saysSo() throws Exception {
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

  @Test
  default void parquet_isReadBackToTheLastDecimal() throws Exception {
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

  private static String raw(int port, String path) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      String head = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
