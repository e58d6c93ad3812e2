/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** All services in this process, asked as a user would ask them. */
public final class RunningSpanmill implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Composition composition;

  private RunningSpanmill(Composition composition) {
    this.composition = composition;
  }

  /** Starts every service over the servers that the settings name, and waits until all serve. */
  public static RunningSpanmill start(Settings settings) {
    Composition composition =
        Composition.start(
            HomePaths.resolve(settings, Path.of("..").toAbsolutePath().normalize()),
            List.of(ServiceKind.values()),
            why -> {});
    try {
      composition.awaitReady(LIMIT, () -> false, names -> {});
    } catch (RuntimeException e) {
      composition.close();
      throw e;
    }
    return new RunningSpanmill(composition);
  }

  public int port(String key) {
    return composition.settings().integer(key);
  }

  /** Where the service with this port setting answers. */
  public URI address(String portKey) {
    return URI.create("http://127.0.0.1:" + port(portKey));
  }

  /** JSON of an endpoint that must answer 200. */
  public JsonNode get(String pathAndQuery) {
    HttpResponse<String> answer = answer(pathAndQuery);
    assertThat(answer.statusCode()).as(pathAndQuery + ": " + answer.body()).isEqualTo(200);
    try {
      return MAPPER.readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(pathAndQuery + " answers no JSON: " + answer.body(), e);
    }
  }

  /** Whatever the query API answers. */
  public HttpResponse<String> answer(String pathAndQuery) {
    try {
      return http.send(
          HttpRequest.newBuilder(address(Keys.QUERY_PORT).resolve(pathAndQuery)).build(),
          BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(pathAndQuery, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(pathAndQuery, e);
    }
  }

  /**
   * Waits until the API says that all acknowledged before now is in whatever it answers; an
   * answer's own {@code completeThrough} speaks of the sinks it was read from alone.
   */
  public void awaitComplete() {
    Instant now = Instant.now();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              String through = get("/api/v1/status").path("completeThrough").asText();
              assertThat(through).isNotEqualTo("null");
              assertThat(Instant.parse(through)).isAfter(now);
            });
  }

  @Override
  public void close() {
    composition.close();
  }
}
