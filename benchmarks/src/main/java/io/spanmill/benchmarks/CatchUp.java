/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.codec.Topics;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The rollup job and the Collector's {@code spanmetrics}: a topic is filled, then each in turn
 * reads all of it as fast as it can, in a process of its own with nothing else running but the
 * broker. CPU of the whole process per million spans.
 */
final class CatchUp {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String JOB = "job";
  private static final Map<String, String> GROUPS =
      Map.of(
          JOB,
          "spanmill-aggregator",
          "spanmetrics",
          "otel-collector-spanmetrics",
          "spanmetrics-traffic",
          "otel-collector-spanmetrics-traffic");
  private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long LOOK_MS = 50;

  /** At a third of the rate, as ingest has just started. */
  private static final int FILL_WARM_SECONDS = 15;

  /** All of them still work off then what they do once a second. */
  private static final long AFTERWARDS_MS = 2000;

  private final PrintStream out = System.out;
  private final Map<String, String> options;
  private final Stage stage;
  private final Admin admin;

  private CatchUp(Map<String, String> options, Stage stage, Admin admin) {
    this.options = options;
    this.stage = stage;
    this.admin = admin;
  }

  /** Arguments: {@code name=value}, see benchmarks/README.md. */
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Options.of(List.of(args));
    if (!GROUPS.keySet().containsAll(readers(options))) {
      throw new IllegalArgumentException("only= takes names of " + GROUPS.keySet());
    }
    Path home = Path.of(System.getProperty("spanmill.home"));
    Path dir = Files.createTempDirectory("spanmill-catch-up-");
    boolean equal;
    try (Stage stage = new Stage(dir, home, Options.java(options), Options.settings(options));
        Admin admin = Admin.create(Map.of("bootstrap.servers", stage.setting("kafka.bootstrap")))) {
      equal = new CatchUp(options, stage, admin).run();
    }
    System.exit(equal ? 0 : 1);
  }

  private boolean run() throws Exception {
    JsonNode sent = fill();
    long spans = sent.path("spans").asLong();
    double millions = spans / 1e6;
    out.printf(Locale.ROOT, "%,d spans of %d B%n", spans, sent.path("spanBytes").asLong());
    out.printf(
        "%-20s %10s %10s | %12s %12s %10s%n",
        "", "spans/s", "CPU s/M", "2nd: spans/s", "CPU s/M", "RSS MiB");
    ObjectNode result = MAPPER.createObjectNode().put("spans", spans);
    boolean equal = true;
    for (String reader : readers(options)) {
      JobProcess job = null;
      if (reader.equals(JOB)) {
        job = JobProcess.start(stage, options);
      } else {
        Collectors.spanmetrics(stage, reader);
      }
      measure(reader, millions, result);
      if (job != null) {
        equal = job.allCounted(JobProcess.calls(sent), out);
      }
      stage.stop(reader);
    }
    String label = options.getOrDefault("label", "");
    String file = label.isEmpty() ? "catch-up.json" : "catch-up-" + label + ".json";
    Files.writeString(
        stage.home().resolve("benchmarks/target").resolve(file), result.toPrettyString() + "\n");
    return equal;
  }

  private static List<String> readers(Map<String, String> options) {
    return List.of(options.getOrDefault("only", "spanmetrics,spanmetrics-traffic,job").split(","));
  }

  private JsonNode fill() throws Exception {
    int rate = Options.number(options, "rate", 45_000);
    int spans = Options.number(options, "spans", 6_000_000);
    stage.start("ingest");
    Load load =
        new Load(
            stage,
            "generator",
            stage.port("ingest.http.port"),
            rate,
            rate / 3,
            FILL_WARM_SECONDS,
            Math.max(1, (spans - rate / 3 * FILL_WARM_SECONDS) / rate),
            "catch-up");
    load.awaitMeasuring();
    load.awaitMeasured();
    JsonNode sent = load.end();
    stage.stop("ingest");
    return sent;
  }

  /** What a reader took until now. */
  private record Sample(long nanos, double cpu, Map<String, Double> threads) {
    static Sample of(Watched watched) throws IOException {
      return new Sample(System.nanoTime(), watched.cpuSeconds(), watched.cpuByThread());
    }
  }

  private void measure(String reader, double millions, ObjectNode result) throws Exception {
    Watched watched = stage.watch(reader);
    double skipped = Options.number(options, "from", 50) / 100.0;
    Map<TopicPartition, Long> ends = ends();
    long all = ends.values().stream().mapToLong(Long::longValue).sum();
    awaitRead(reader, 1);
    Sample first = Sample.of(watched);
    long began = awaitRead(reader, (long) (all * skipped));
    Sample half = Sample.of(watched);
    awaitRead(reader, all);
    long done = System.nanoTime();
    Thread.sleep(AFTERWARDS_MS);
    Sample end = Sample.of(watched);
    double measured = millions * (all - began) / all;
    double rate = measured * 1e6 / ((done - half.nanos()) / 1e9);
    double cpu = (end.cpu() - half.cpu()) / measured;
    out.printf(
        Locale.ROOT,
        "%-20s %,10.0f %10.2f | %,12.0f %12.2f %10d%n",
        reader,
        millions * 1e6 / ((done - first.nanos()) / 1e9),
        end.cpu() / millions,
        rate,
        cpu,
        watched.rssPeakMib());
    ObjectNode told = result.putObject(reader);
    told.put("cpuPerMillion", cpu).put("spansPerSecond", rate);
    told.put("fromStartCpuPerMillion", end.cpu() / millions).put("rssMib", watched.rssPeakMib());
    ObjectNode threads = told.putObject("threads");
    new TreeMap<>(end.threads())
        .forEach(
            (name, used) -> {
              double spent = (used - half.threads().getOrDefault(name, 0.0)) / measured;
              if (spent > 0.01 * cpu) {
                threads.put(name, Math.round(spent * 100) / 100.0);
                if (reader.equals(JOB)) {
                  out.printf(Locale.ROOT, "  %-18s %6.2f%n", name, spent);
                }
              }
            });
  }

  private Map<TopicPartition, Long> ends() throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    admin
        .describeTopics(List.of(Topics.SPANS))
        .allTopicNames()
        .get()
        .get(Topics.SPANS)
        .partitions()
        .forEach(
            p -> asked.put(new TopicPartition(Topics.SPANS, p.partition()), OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    admin.listOffsets(asked).all().get().forEach((p, end) -> ends.put(p, end.offset()));
    return ends;
  }

  /** Waits until a reader has committed so many records of the topic; how many it has by then. */
  private long awaitRead(String reader, long records) throws Exception {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (true) {
      long read = 0;
      for (Map.Entry<TopicPartition, OffsetAndMetadata> at :
          admin
              .listConsumerGroupOffsets(GROUPS.get(reader))
              .partitionsToOffsetAndMetadata()
              .get()
              .entrySet()) {
        if (at.getKey().topic().equals(Topics.SPANS) && at.getValue() != null) {
          read += at.getValue().offset();
        }
      }
      if (read >= records) {
        return read;
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(reader + " has read " + read + " records; see " + stage.dir());
      }
      stage.requireAlive();
      Thread.sleep(LOOK_MS);
    }
  }
}
