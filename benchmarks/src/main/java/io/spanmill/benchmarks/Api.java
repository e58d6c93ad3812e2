/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/** What a measurement asks of the query API. Thread-safe. */
final class Api {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;

  Api(int port) {
    base = "http://127.0.0.1:" + port;
  }

  JsonNode overview(String layer, String environment, long fromMs) throws IOException {
    return MAPPER.readTree(
        get(
            "/api/v1/overview?layer="
                + layer
                + "&environment="
                + environment
                + "&from="
                + fromMs
                + "&to="
                + (System.currentTimeMillis() + 60_000)));
  }

  /** A metric without labels; 0 while it is not there or nobody listens. */
  double metric(String name) {
    String text;
    try {
      text = new String(get("/metrics"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return 0; // Not yet, or no longer.
    }
    return text.lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  /** Epoch milliseconds; 0 if the answer does not say. */
  static long completeThrough(JsonNode answer) {
    String text = answer.path("completeThrough").asText("");
    return text.endsWith("Z") ? Instant.parse(text).toEpochMilli() : 0;
  }

  private byte[] get(String path) throws IOException {
    try {
      HttpResponse<byte[]> response =
          http.send(
              HttpRequest.newBuilder(URI.create(base + path))
                  .timeout(Duration.ofSeconds(20))
                  .build(),
              BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException(
            path
                + ": status "
                + response.statusCode()
                + " "
                + new String(response.body(), StandardCharsets.UTF_8));
      }
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
