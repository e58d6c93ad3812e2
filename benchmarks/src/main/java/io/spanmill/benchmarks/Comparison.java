/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * Spanmill beside an OpenTelemetry Collector, both under the same load at the same time, on the
 * same broker: ingest beside otlp → kafka, the rollup job beside spanmetrics, which read the same
 * topic.
 */
final class Comparison {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String COLLECTOR_TOPIC = "otlp_spans_collector";
  private static final int PARTITIONS = 4;

  private final Path home = Path.of(System.getProperty("spanmill.home"));
  private final PrintStream out = System.out;

  private Comparison() {}

  /** Arguments: spans a second to each of the two, seconds of warm-up, seconds measured. */
  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      System.err.println("usage: compare.sh RATE WARM SECONDS");
      System.exit(2);
    }
    new Comparison().run(args[0], args[1], args[2]);
  }

  private void run(String rate, String warm, String seconds) throws Exception {
    Path dir = Files.createTempDirectory("spanmill-compare-");
    try (Stage stage = new Stage(dir, home, List.of(), Map.of("content.storage", "off"))) {
      for (String service : List.of("ingest", "aggregator", "query-api")) {
        stage.begin(service);
      }
      for (String service : List.of("ingest", "aggregator", "query-api")) {
        stage.awaitReady(service);
      }
      int collectorPort = startCollectors(stage);
      measure(stage, collectorPort, rate, warm, seconds);
    }
  }

  private int startCollectors(Stage stage) throws Exception {
    String bootstrap = stage.setting("kafka.bootstrap");
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(List.of(new NewTopic(COLLECTOR_TOPIC, PARTITIONS, (short) 1))).all().get();
    }
    int port = Stage.freePort();
    Map<String, String> kafka = new HashMap<>();
    kafka.put("KAFKA_BOOTSTRAP", bootstrap);
    kafka.put("OTLP_HTTP", "127.0.0.1:" + port);
    kafka.put("OTLP_GRPC", "127.0.0.1:" + Stage.freePort());
    kafka.put("TRACES_TOPIC", COLLECTOR_TOPIC);
    kafka.put("KAFKA_ACKS", "all");
    kafka.put("KAFKA_COMPRESSION", "lz4");
    collector(stage, "otlp-to-kafka", kafka);
    Map<String, String> metrics = new HashMap<>();
    metrics.put("KAFKA_BOOTSTRAP", bootstrap);
    metrics.put("TRACES_TOPIC", "otlp_spans");
    metrics.put("PROMETHEUS", "127.0.0.1:" + Stage.freePort());
    collector(stage, "spanmetrics", metrics);
    for (int attempt = 0; ; attempt++) {
      try (HttpSender probe = new HttpSender("127.0.0.1", port)) {
        return port;
      } catch (IOException e) {
        if (attempt == 100) {
          throw new IOException("the Collector does not listen; see " + stage.dir(), e);
        }
        Thread.sleep(100);
      }
    }
  }

  private void collector(Stage stage, String configuration, Map<String, String> environment)
      throws IOException {
    stage.run(
        configuration,
        List.of(
            home.resolve(".tools/collector/otelcol").toString(),
            "--config",
            home.resolve("benchmarks/collector/" + configuration + ".yaml").toString()),
        environment);
  }

  private void measure(Stage stage, int collectorPort, String rate, String warm, String seconds)
      throws Exception {
    List<Watched> watched = stage.watchAll();
    Process toIngest =
        generator(stage, "generator", stage.setting("ingest.http.port"), rate, warm, seconds);
    Process toCollector =
        generator(
            stage, "generator-collector", Integer.toString(collectorPort), rate, warm, seconds);
    Map<String, Double> cpu = new TreeMap<>();
    Map<String, Double> job = new TreeMap<>();
    JsonNode ingest;
    try (BufferedReader said = reader(toIngest);
        BufferedReader other = reader(toCollector)) {
      await(said, "measuring");
      sample(watched, cpu, job, -1);
      await(said, "measured");
      sample(watched, cpu, job, 1);
      ingest = MAPPER.readTree(said.readLine());
      await(other, "measuring");
      await(other, "measured");
      JsonNode collector = MAPPER.readTree(other.readLine());
      report(watched, cpu, job, ingest, collector);
    }
    stage.forget("generator");
    stage.forget("generator-collector");
  }

  private static Process generator(
      Stage stage, String name, String port, String rate, String warm, String seconds)
      throws IOException {
    return stage.java(
        name,
        "512m",
        List.of("-XX:+UseSerialGC"),
        Generator.class,
        List.of("127.0.0.1", port, rate, warm, seconds, "compare"));
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void await(BufferedReader said, String wanted) throws IOException {
    String line = said.readLine();
    if (!wanted.equals(line)) {
      throw new IOException("the generator said " + line + " and not " + wanted);
    }
  }

  private static void sample(
      List<Watched> watched, Map<String, Double> cpu, Map<String, Double> job, int sign)
      throws IOException {
    for (Watched process : watched) {
      cpu.merge(process.name(), sign * process.cpuSeconds(), Double::sum);
      if (process.name().equals("aggregator")) {
        process
            .cpuByThread()
            .forEach((thread, seconds) -> job.merge(thread, sign * seconds, Double::sum));
      }
    }
  }

  private void report(
      List<Watched> watched,
      Map<String, Double> cpu,
      Map<String, Double> job,
      JsonNode ingest,
      JsonNode collector)
      throws IOException {
    double ours = ingest.path("measuredSpans").asDouble() / 1e6;
    double theirs = collector.path("measuredSpans").asDouble() / 1e6;
    out.printf(
        Locale.ROOT,
        "%nSpanmill %,.0f spans/s, acknowledged p50 %.1f p99 %.1f ms; Collector %,.0f spans/s, p50 %.1f p99 %.1f ms%n%-14s %10s %12s %10s%n",
        ingest.path("spansPerSecond").asDouble(),
        ingest.path("ackP50Ms").asDouble(),
        ingest.path("ackP99Ms").asDouble(),
        collector.path("spansPerSecond").asDouble(),
        collector.path("ackP50Ms").asDouble(),
        collector.path("ackP99Ms").asDouble(),
        "process",
        "CPU s",
        "CPU s/M",
        "RSS MiB");
    ObjectNode result = MAPPER.createObjectNode();
    for (Watched process : watched) {
      double millions = process.name().equals("otlp-to-kafka") ? theirs : ours;
      double perMillion = cpu.get(process.name()) / millions;
      result.put(process.name(), perMillion);
      out.printf(
          Locale.ROOT,
          "%-14s %10.2f %12.2f %10d%n",
          process.name(),
          cpu.get(process.name()),
          perMillion,
          process.rssPeakMib());
    }
    Map<String, Double> threads = new TreeMap<>();
    job.forEach(
        (thread, seconds) -> {
          if (seconds / ours >= 0.05) {
            threads.put(thread, Math.round(seconds / ours * 100) / 100.0);
          }
        });
    out.println("aggregator, s/M by thread: " + threads);
    out.printf(
        Locale.ROOT,
        "ingest / otlp-to-kafka %.2f; aggregator with its sinks / spanmetrics %.2f%n",
        result.path("ingest").asDouble() / result.path("otlp-to-kafka").asDouble(),
        result.path("aggregator").asDouble() / result.path("spanmetrics").asDouble());
    result.set("ingestLoad", ingest);
    result.set("collectorLoad", collector);
    result.set("aggregatorThreads", MAPPER.valueToTree(threads));
    Path file = home.resolve("benchmarks/target/compare.json");
    Files.writeString(file, result.toPrettyString() + "\n");
  }
}
