/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.PriceBooks;
import io.spanmill.query.agentops.AgentOpsSurface;
import io.spanmill.query.metrics.MetricsEndpoint;
import io.spanmill.query.proxy.Proxies;
import io.spanmill.query.sql.Database;
import io.spanmill.query.sql.Queries;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The document and the routes need no database. */
final class OpenApiTest {
  /** Served, and no part of the API: files of the screen, and what answers wrong paths. */
  private static final Set<String> BESIDE =
      Set.of(
          "get /*",
          "get /api/*",
          "options /*",
          "get /v3/*",
          "get /v4/*",
          "get /public/*",
          "get /opsboard/*",
          "get /auth/*",
          "get /deploy/*");

  private static Database database;
  private static ClickHouse clickHouse;
  private static Proxies proxies;
  private static QueryHttp server;

  @BeforeAll
  static void start() {
    Settings settings = Settings.of(Map.of(Keys.CLICKHOUSE_URL, "http://127.0.0.1:1"));
    Clock clock = Clock.systemUTC();
    ApiKeys keys = ApiKeys.of(settings);
    Tokens tokens = new Tokens(settings, keys, clock);
    database = new Database(settings);
    clickHouse = ClickHouse.open(settings);
    proxies = new Proxies(settings);
    Queries queries = new Queries(database, settings, clock, CubeSet.BUILT_IN);
    AgentOpsSurface agentOps =
        new AgentOpsSurface(
            settings, queries, clickHouse, new PriceBooks(List.of()), keys, tokens, clock);
    MetricsEndpoint metrics =
        new MetricsEndpoint(
            queries.ledger(), clickHouse, new PrometheusRegistry(), settings, clock);
    server =
        new QueryHttp(
            settings,
            queries,
            new SimpleMeterRegistry(),
            clock,
            keys,
            tokens,
            agentOps::upstreamState,
            List.of(agentOps.comparison()),
            List.of(metrics, agentOps, proxies));
    server.start("127.0.0.1", 0);
  }

  @AfterAll
  static void stop() {
    server.close();
    proxies.close();
    clickHouse.close();
    database.close();
  }

  @Test
  void routesServed_areTheOnesDescribed() throws Exception {
    Set<String> described = new TreeSet<>();
    Json.MAPPER
        .readTree(document().body())
        .path("paths")
        .fields()
        .forEachRemaining(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(method -> described.add(method + " " + path.getKey())));
    Set<String> served = new TreeSet<>();
    for (String route : server.routes()) {
      if (!BESIDE.contains(route)) {
        served.add(route.replace("/*", "/{path}"));
      }
    }
    assertThat(described).isEqualTo(served);
    assertThat(described)
        .hasSizeGreaterThan(50)
        .contains(
            "post /v3/auth/token", "get /opsboard/users/me", "delete /api/proxy/grafana/{path}");
  }

  @Test
  void document_isAcceptedByAParser_andExplainsItself() throws Exception {
    HttpResponse<String> answer = document();
    ParseOptions options = new ParseOptions();
    options.setResolve(true);
    SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(answer.body(), null, options);
    assertThat(parsed.getMessages()).isEmpty();
    JsonNode document = Json.MAPPER.readTree(answer.body());
    JsonNode schemas = document.path("components").path("schemas");
    document
        .findValuesAsText("$ref")
        .forEach(
            ref -> {
              if (ref.startsWith("#/components/schemas/")) {
                assertThat(schemas.has(ref.substring("#/components/schemas/".length())))
                    .as(ref)
                    .isTrue();
              }
            });
    document
        .path("paths")
        .forEach(
            path ->
                path.forEach(
                    op -> {
                      assertThat(op.path("summary").asText()).isNotEmpty();
                      op.path("parameters")
                          .forEach(
                              p ->
                                  assertThat(
                                          p.path("in").asText().equals("path")
                                              || !p.path("description").asText().isEmpty())
                                      .as(p.toString())
                                      .isTrue());
                    }));
    String tag = answer.headers().firstValue("ETag").orElseThrow();
    assertThat(document("If-None-Match", tag).statusCode()).isEqualTo(304);
  }

  private static HttpResponse<String> document(String... headers) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + server.port() + "/openapi.json");
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
