/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
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
import org.junit.jupiter.api.Test;

/** The document needs no database. */
final class OpenApiTest {
  @Test
  void document_isAcceptedByAParser_andHasEveryEndpoint() throws Exception {
    Settings settings = Settings.of(Map.of(Keys.CLICKHOUSE_URL, "http://127.0.0.1:1"));
    Clock clock = Clock.systemUTC();
    try (Database database = new Database(settings);
        Proxies proxies = new Proxies(settings);
        QueryHttp server =
            new QueryHttp(
                settings,
                new Queries(database, settings, clock, CubeSet.BUILT_IN),
                new SimpleMeterRegistry(),
                clock,
                ApiKeys.of(settings),
                new Tokens(settings, clock),
                List.of(),
                List.of(proxies))) {
      server.start("127.0.0.1", 0);
      URI address = URI.create("http://127.0.0.1:" + server.port() + "/openapi.json");
      HttpClient http = HttpClient.newHttpClient();
      HttpResponse<String> answer =
          http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
      ParseOptions options = new ParseOptions();
      options.setResolve(true);
      SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(answer.body(), null, options);
      assertThat(parsed.getMessages()).isEmpty();
      assertThat(parsed.getOpenAPI().getPaths())
          .containsKeys(
              "/api/v1/overview",
              "/api/v1/timeseries",
              "/api/v1/traces/{traceId}",
              "/api/v1/live",
              "/api/v1/login",
              "/api/proxy/grafana/{path}",
              "/openapi.json");
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
      assertThat(
              http.send(
                      HttpRequest.newBuilder(address).header("If-None-Match", tag).build(),
                      HttpResponse.BodyHandlers.ofString())
                  .statusCode())
          .isEqualTo(304);
    }
  }
}
