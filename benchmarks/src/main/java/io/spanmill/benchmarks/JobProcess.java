/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.aggregator.JobAlone;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The rollup job alone in a process, and what it says of itself. */
final class JobProcess {
  private static final long DRAIN_LIMIT_MS = 30_000;

  private final Process process;
  private final BufferedReader said;

  private JobProcess(Process process) {
    this.process = process;
    this.said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts one, and waits until it runs.
   *
   * @param options {@code java} and {@code jfr}
   */
  static JobProcess start(Stage stage, Map<String, String> options) throws IOException {
    List<String> arguments =
        stage.settings().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    List<String> java =
        Options.java(options).stream().map(option -> option.replace("%n", "job")).toList();
    JobProcess job = new JobProcess(stage.java("job", "1g", java, JobAlone.class, arguments));
    String line = job.said.readLine();
    while (line != null && !line.equals("ready")) {
      line = job.said.readLine();
    }
    if (line == null) {
      throw new IOException("the job did not start; see " + stage.dir().resolve("job.err"));
    }
    return job;
  }

  /** How many calls a load's spans are. */
  static long calls(JsonNode sent) {
    long sum = 0;
    for (JsonNode layer : sent.path("expected").path("layers")) {
      sum += layer.path("calls").asLong();
    }
    return sum;
  }

  /** Waits until the job has counted so many calls; false if it counts others. */
  boolean allCounted(long wanted, PrintStream out) throws IOException, InterruptedException {
    long limit = System.currentTimeMillis() + DRAIN_LIMIT_MS;
    while (true) {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
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
        out.printf("%d calls in %s partials: equal to those sent%n", counted, counts[2]);
        return true;
      }
      if (counted > wanted || System.currentTimeMillis() > limit) {
        out.printf("DIFFERENT: counted %d calls, sent %d%n", counted, wanted);
        return false;
      }
      Thread.sleep(200);
    }
  }
}
