/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.standalone.embedded.Ports;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * Spanmill beside an OpenTelemetry Collector, both under the same load at the same time, on the
 * same broker: ingest beside otlp → kafka, the rollup job beside spanmetrics by model and
 * spanmetrics by what the cube {@code traffic} has, which read the same topic. Fewer of them by
 * {@code only=}.
 */
final class Comparison {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String COLLECTOR_TOPIC = "otlp_spans_collector";
  private static final int PARTITIONS = 4;
  private static final String INGEST = "ingest";
  private static final String AGGREGATOR = "aggregator";
  private static final String JOB = "job";
  private static final String OTLP_TO_KAFKA = "otlp-to-kafka";
  private static final String SPANMETRICS = "spanmetrics";
  private static final String SPANMETRICS_TRAFFIC = "spanmetrics-traffic";
  private static final List<String> SERVICES = List.of(INGEST, AGGREGATOR, "query-api");
  private static final List<String> ALL =
      List.of(INGEST, AGGREGATOR, "query-api", OTLP_TO_KAFKA, SPANMETRICS, SPANMETRICS_TRAFFIC);

  private final Path home = Path.of(System.getProperty("spanmill.home"));
  private final PrintStream out = System.out;
  private final Map<String, String> options;
  private final List<String> only;

  private Comparison(Map<String, String> options) {
    this.options = options;
    only = List.of(options.getOrDefault("only", String.join(",", ALL)).split(","));
    List<String> others = new ArrayList<>(only);
    others.removeAll(ALL);
    others.remove(JOB);
    if (!others.isEmpty() || !(only.contains(INGEST) || only.contains(OTLP_TO_KAFKA))) {
      throw new IllegalArgumentException(
          "only= takes names of "
              + ALL
              + " or "
              + JOB
              + ", at least "
              + INGEST
              + " or "
              + OTLP_TO_KAFKA);
    }
    if (only.contains(JOB) && (only.contains(AGGREGATOR) || !only.contains(INGEST))) {
      throw new IllegalArgumentException(
          "only= takes " + JOB + " in place of " + AGGREGATOR + ", with " + INGEST);
    }
  }

  /**
   * Arguments: spans a second to each of the two, seconds of warm-up, seconds measured; then {@code
   * name=value}, see benchmarks/README.md.
   */
  public static void main(String[] args) throws Exception {
    if (args.length < 3) {
      System.err.println("usage: compare.sh RATE WARM SECONDS [NAME=VALUE…]");
      System.exit(2);
    }
    Map<String, String> options = Options.of(List.of(args).subList(3, args.length));
    boolean equal =
        new Comparison(options)
            .run(Integer.parseInt(args[0]), Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    System.exit(equal ? 0 : 1);
  }

  /** False if the job counted other calls than were sent. */
  private boolean run(int rate, int warm, int seconds) throws Exception {
    Path dir = Files.createTempDirectory("spanmill-compare-");
    Map<String, String> settings = new HashMap<>(Map.of("content.storage", "off"));
    settings.putAll(Options.settings(options));
    try (Stage stage = new Stage(dir, home, Options.java(options), settings)) {
      List<String> services = SERVICES.stream().filter(only::contains).toList();
      for (String service : services) {
        stage.begin(service);
      }
      for (String service : services) {
        stage.awaitReady(service);
      }
      JobProcess job = only.contains(JOB) ? JobProcess.start(stage, options) : null;
      int collectorPort = startCollectors(stage);
      Map<String, JsonNode> sent = measure(stage, collectorPort, rate, warm, seconds);
      return job == null || job.allCounted(JobProcess.calls(sent.get(INGEST)), out);
    }
  }

  /** Starts what is wanted of the Collector; gives the port of otlp → kafka, 0 without. */
  private int startCollectors(Stage stage) throws Exception {
    String bootstrap = stage.setting("kafka.bootstrap");
    for (String spanmetrics : List.of(SPANMETRICS, SPANMETRICS_TRAFFIC)) {
      if (only.contains(spanmetrics)) {
        Collectors.spanmetrics(stage, spanmetrics);
      }
    }
    if (!only.contains(OTLP_TO_KAFKA)) {
      return 0;
    }
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(List.of(new NewTopic(COLLECTOR_TOPIC, PARTITIONS, (short) 1))).all().get();
    }
    int port = Ports.free();
    Map<String, String> kafka = new HashMap<>();
    kafka.put("KAFKA_BOOTSTRAP", bootstrap);
    kafka.put("OTLP_HTTP", "127.0.0.1:" + port);
    kafka.put("OTLP_GRPC", "127.0.0.1:" + Ports.free());
    kafka.put("TRACES_TOPIC", COLLECTOR_TOPIC);
    kafka.put("KAFKA_ACKS", "all");
    kafka.put("KAFKA_COMPRESSION", "lz4");
    Collectors.start(stage, OTLP_TO_KAFKA, kafka);
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

  /** What each load sent. */
  private Map<String, JsonNode> measure(
      Stage stage, int collectorPort, int rate, int warm, int seconds) throws Exception {
    List<Watched> watched = stage.watchAll();
    Map<String, Load> loads = new LinkedHashMap<>();
    if (only.contains(INGEST)) {
      int port = stage.port("ingest.http.port");
      loads.put(INGEST, load(stage, "generator", port, rate, warm, seconds));
    }
    if (only.contains(OTLP_TO_KAFKA)) {
      loads.put(
          OTLP_TO_KAFKA, load(stage, "generator-collector", collectorPort, rate, warm, seconds));
    }
    // The first load's clock is everybody's; the other began within the same second.
    Load clock = loads.values().iterator().next();
    clock.awaitMeasuring();
    Sample before = Sample.of(watched);
    clock.awaitMeasured();
    Sample after = Sample.of(watched);
    Map<String, JsonNode> told = new LinkedHashMap<>();
    for (Map.Entry<String, Load> load : loads.entrySet()) {
      if (load.getValue() != clock) {
        load.getValue().awaitMeasuring();
        load.getValue().awaitMeasured();
      }
      told.put(load.getKey(), load.getValue().end());
    }
    report(watched, before, after, told);
    return told;
  }

  private static Load load(Stage stage, String name, int port, int rate, int warm, int seconds)
      throws IOException {
    return new Load(stage, name, port, rate, rate, warm, seconds, "compare");
  }

  /** CPU so far, by process and by process and thread. */
  private record Sample(Map<String, Double> cpu, Map<String, Map<String, Double>> threads) {
    static Sample of(List<Watched> watched) throws IOException {
      Map<String, Double> cpu = new TreeMap<>();
      Map<String, Map<String, Double>> threads = new TreeMap<>();
      for (Watched process : watched) {
        cpu.put(process.name(), process.cpuSeconds());
        threads.put(process.name(), process.cpuByThread());
      }
      return new Sample(cpu, threads);
    }
  }

  private void report(
      List<Watched> watched, Sample before, Sample after, Map<String, JsonNode> loads)
      throws IOException {
    ObjectNode result = MAPPER.createObjectNode();
    loads.forEach(
        (name, load) -> {
          out.printf(
              Locale.ROOT,
              "%n%s: %,.0f spans/s, acknowledged p50 %.1f p99 %.1f ms, %d retries",
              name,
              load.path("spansPerSecond").asDouble(),
              load.path("ackP50Ms").asDouble(),
              load.path("ackP99Ms").asDouble(),
              load.path("retries").asLong());
          result.set(name + "Load", load);
        });
    out.printf(Locale.ROOT, "%n%-14s %10s %12s %10s%n", "process", "CPU s", "CPU s/M", "RSS MiB");
    JsonNode ours = loads.values().iterator().next();
    ObjectNode memory = result.putObject("rssMib");
    ObjectNode threads = result.putObject("threads");
    for (Watched process : watched) {
      String name = process.name();
      JsonNode load = name.equals(OTLP_TO_KAFKA) ? loads.get(OTLP_TO_KAFKA) : ours;
      double millions = load.path("measuredSpans").asDouble() / 1e6;
      double cpu = after.cpu().get(name) - before.cpu().get(name);
      result.put(name, cpu / millions);
      memory.put(name, process.rssPeakMib());
      out.printf(
          Locale.ROOT,
          "%-14s %10.2f %12.2f %10d%n",
          name,
          cpu,
          cpu / millions,
          process.rssPeakMib());
      ObjectNode table = threads.putObject(name);
      after
          .threads()
          .get(name)
          .forEach(
              (thread, used) -> {
                double spent = used - before.threads().get(name).getOrDefault(thread, 0.0);
                if (spent / millions >= 0.05) {
                  table.put(thread, Math.round(spent / millions * 100) / 100.0);
                }
              });
    }
    for (String name : List.of(INGEST, AGGREGATOR, JOB, "broker")) {
      if (threads.path(name).size() > 0) {
        out.println(name + ", s/M by thread: " + threads.path(name));
      }
    }
    ratio(result, INGEST, OTLP_TO_KAFKA);
    for (String our : List.of(AGGREGATOR, JOB)) {
      ratio(result, our, SPANMETRICS);
      ratio(result, our, SPANMETRICS_TRAFFIC);
    }
    String label = options.getOrDefault("label", "");
    String file = label.isEmpty() ? "compare.json" : "compare-" + label + ".json";
    Files.writeString(
        home.resolve("benchmarks/target").resolve(file), result.toPrettyString() + "\n");
  }

  private void ratio(ObjectNode result, String our, String their) {
    if (result.has(our) && result.has(their)) {
      out.printf(
          Locale.ROOT,
          "%s / %s %.2f%n",
          our,
          their,
          result.path(our).asDouble() / result.path(their).asDouble());
    }
  }
}
