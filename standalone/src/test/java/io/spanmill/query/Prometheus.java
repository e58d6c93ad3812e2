/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.standalone.embedded.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real Prometheus that scrapes each second. */
final class Prometheus implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final int port;
  private final HttpClient http = HttpClient.newHttpClient();

  private Prometheus(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts one.
   *
   * @param targets {@code replica=host:port}
   */
  static Prometheus start(Path program, Path dir, Path rules, List<String> targets)
      throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("global: {scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}");
    lines.add("rule_files: ['" + rules.toAbsolutePath() + "']");
    lines.add("scrape_configs:");
    lines.add("  - job_name: spanmill");
    lines.add("    static_configs:");
    for (String target : targets) {
      int at = target.indexOf('=');
      lines.add("      - targets: ['" + target.substring(at + 1) + "']");
      lines.add("        labels: {replica: " + target.substring(0, at) + "}");
    }
    Files.createDirectories(dir);
    Path config = dir.resolve("prometheus.yml");
    Files.write(config, lines);
    int port = Ports.free();
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--config.file=" + config,
                "--storage.tsdb.path=" + dir.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port,
                "--enable-feature=exemplar-storage",
                "--log.level=warn")
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("prometheus.log").toFile())
            .start();
    return new Prometheus(process, port);
  }

  /** Result of an instant query now. */
  JsonNode query(String query) throws IOException, InterruptedException {
    return get("query?query=" + encoded(query)).at("/data/result");
  }

  /** The same at a moment, in seconds as Prometheus told it. */
  JsonNode query(String query, String time) throws IOException, InterruptedException {
    return get("query?query=" + encoded(query) + "&time=" + time).at("/data/result");
  }

  /** The one value of a query, or NaN. */
  double value(String query) throws IOException, InterruptedException {
    return value(query(query));
  }

  static double value(JsonNode result) {
    return result.size() == 0 ? Double.NaN : Double.parseDouble(result.at("/0/value/1").asText());
  }

  /** An answer of its HTTP API. */
  JsonNode get(String path) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/" + path))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    JsonNode json = JSON.readTree(answer.body());
    if (!json.path("status").asText().equals("success")) {
      throw new IOException(path + ": " + answer.body());
    }
    return json;
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(5, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
