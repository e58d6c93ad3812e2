/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.aggregator.JobAlone;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
  private static final long DRAIN_LIMIT_MS = 30_000;

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
      List<String> arguments =
          stage.settings().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
      List<String> java =
          Options.java(options).stream().map(option -> option.replace("%n", "job")).toList();
      Process job = stage.java("job", "1g", java, JobAlone.class, arguments);
      BufferedReader said =
          new BufferedReader(new InputStreamReader(job.getInputStream(), StandardCharsets.UTF_8));
      awaitReady(said, dir);
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
      boolean equal = allCounted(said, job.getOutputStream(), calls(sent));
      report(watched, sent, cpu, threads, result);
      out.println(equal ? "calls: equal to those sent" : "DIFFERENT calls");
      String label = options.getOrDefault("label", Integer.toString(rate));
      Path file = home.resolve("benchmarks/target/job-" + label + ".json");
      Files.writeString(file, result.toPrettyString() + "\n");
      return equal;
    }
  }

  private static void awaitReady(BufferedReader said, Path dir) throws IOException {
    String line = said.readLine();
    while (line != null && !line.equals("ready")) {
      line = said.readLine();
    }
    if (line == null) {
      throw new IOException("the job did not start; see " + dir.resolve("job.err"));
    }
  }

  private static long calls(JsonNode sent) {
    long sum = 0;
    for (JsonNode layer : sent.path("expected").path("layers")) {
      sum += layer.path("calls").asLong();
    }
    return sum;
  }

  private boolean allCounted(BufferedReader said, OutputStream to, long wanted)
      throws IOException, InterruptedException {
    long limit = System.currentTimeMillis() + DRAIN_LIMIT_MS;
    while (true) {
      to.write('\n');
      to.flush();
      String line = said.readLine();
      while (line != null && !line.startsWith("calls ")) {
        line = said.readLine();
      }
      if (line == null) {
        throw new IOException("the job ended by itself");
      }
      String[] counts = line.split(" ");
      long counted = Long.parseLong(counts[1]);
      if (counted == wanted) {
        out.printf("%n%d calls in %s partials", counted, counts[2]);
        return true;
      }
      if (counted > wanted || System.currentTimeMillis() > limit) {
        out.printf("counted %d calls, sent %d%n", counted, wanted);
        return false;
      }
      Thread.sleep(200);
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
