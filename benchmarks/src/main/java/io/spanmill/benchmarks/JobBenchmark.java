/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the rollup job costs: the job alone in a process, behind ingest and a broker under load,
 * with neither sinks nor queries. CPU of each of its threads per million spans; the calls it
 * counted are compared with those sent.
 */
final class JobBenchmark {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final PrintStream out = System.out;

  private JobBenchmark() {}

  /** Arguments: {@code name=value}, see benchmarks/README.md. */
  public static void main(String[] args) throws Exception {
    System.exit(new JobBenchmark().run(Options.of(List.of(args))) ? 0 : 1);
  }

  private boolean run(Map<String, String> options) throws Exception {
    Path home = Path.of(System.getProperty("spanmill.home"));
    Path dir = Files.createTempDirectory("spanmill-job-");
    int rate = Options.number(options, "rate", 12_000);
    int seconds = Options.number(options, "seconds", 40);
    ObjectNode result = MAPPER.createObjectNode();
    result.put("rate", rate).put("seconds", seconds);
    try (Stage stage = new Stage(dir, home, List.of(), Options.settings(options))) {
      stage.start("ingest");
      JobProcess job = JobProcess.start(stage, options);
      Load load =
          new Load(
              stage,
              "generator",
              stage.port("ingest.http.port"),
              rate,
              Options.number(options, "warmrate", 30_000),
              Options.number(options, "warm", 30),
              seconds,
              "job");
      Watched watched = stage.watch("job");
      load.awaitMeasuring();
      double before = watched.cpuSeconds();
      Map<String, Double> threadsBefore = watched.cpuByThread();
      load.awaitMeasured();
      double cpu = watched.cpuSeconds() - before;
      Map<String, Double> threads = new TreeMap<>(watched.cpuByThread());
      threads.replaceAll((name, used) -> used - threadsBefore.getOrDefault(name, 0.0));
      JsonNode sent = load.end();
      boolean equal = job.allCounted(JobProcess.calls(sent), out);
      report(watched, sent, cpu, threads, result);
      String label = options.getOrDefault("label", Integer.toString(rate));
      Path file = home.resolve("benchmarks/target/job-" + label + ".json");
      Files.writeString(file, result.toPrettyString() + "\n");
      return equal;
    }
  }

  private void report(
      Watched watched, JsonNode sent, double cpu, Map<String, Double> threads, ObjectNode result)
      throws IOException {
    double millions = sent.path("measuredSpans").asDouble() / 1e6;
    out.printf(
        Locale.ROOT,
        "%n%,.0f spans/s; the job's process %.2f CPU s per million spans, RSS %d MiB%n",
        sent.path("spansPerSecond").asDouble(),
        cpu / millions,
        watched.rssPeakMib());
    result.put("cpuPerMillion", cpu / millions).put("rssMib", watched.rssPeakMib());
    ObjectNode byThread = result.putObject("threads");
    Map<String, Double> shown = new HashMap<>(threads);
    shown.values().removeIf(used -> used < 0.01 * cpu);
    new TreeMap<>(shown)
        .forEach(
            (name, used) -> {
              byThread.put(name, used / millions);
              out.printf(Locale.ROOT, "  %-18s %6.2f%n", name, used / millions);
            });
  }
}
