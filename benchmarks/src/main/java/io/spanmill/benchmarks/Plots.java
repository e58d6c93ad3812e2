/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Draws what the measurements wrote into {@code benchmarks/target} as SVG for the documents. */
final class Plots {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path results;
  private final Path out;

  private Plots(Path results, Path out) {
    this.results = results;
    this.out = out;
  }

  /** Arguments: folder of the results, folder of the drawings, label of the end-to-end run. */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      System.err.println("usage: Plots RESULTS DRAWINGS LABEL");
      System.exit(2);
    }
    Plots plots = new Plots(Path.of(args[0]), Path.of(args[1]));
    Files.createDirectories(plots.out);
    plots.decode();
    plots.endToEnd(args[2]);
    plots.comparison();
    plots.front();
    plots.job();
    plots.growth("kept", "CPU by spans kept before", "spans", "growth-kept.svg");
    plots.growth("partitions", "CPU by partitions", "partitions", "growth-partitions.svg");
  }

  private JsonNode read(String name) throws IOException {
    Path file = results.resolve(name);
    if (!Files.exists(file)) {
      System.err.println("no " + file + ": its drawing is left as it is");
      return MAPPER.missingNode();
    }
    return MAPPER.readTree(Files.readAllBytes(file));
  }

  private void write(String name, BarChart chart) throws IOException {
    if (!chart.isEmpty()) {
      Files.writeString(out.resolve(name), chart.svg());
      System.out.println(out.resolve(name));
    }
  }

  private void decode() throws IOException {
    BarChart time = new BarChart("Reading the spans of a record", "ns per span of 1.2 kB");
    BarChart allocation =
        new BarChart("Memory allocated for reading the spans of a record", "bytes per span");
    for (JsonNode run : read("jmh.json")) {
      String name = run.path("benchmark").asText();
      if (!name.contains("DecodeBenchmark.")) {
        continue;
      }
      String label = name.substring(name.lastIndexOf('.') + 1);
      boolean ours = !label.startsWith("protobuf");
      String told =
          switch (label) {
            case "protobufParse" -> "protobuf-java, full parse";
            case "lazyScan" -> "Spanmill, scan";
            default -> "Spanmill, scan and meaning";
          };
      time.add(told, run.path("primaryMetric").path("score").asDouble(), ours);
      allocation.add(
          told,
          run.path("secondaryMetrics").path("gc.alloc.rate.norm").path("score").asDouble(),
          ours);
    }
    write("decode-time.svg", time);
    write("decode-allocation.svg", allocation);
  }

  private void endToEnd(String label) throws IOException {
    JsonNode run = read("e2e-" + label + ".json");
    BarChart cpu =
        new BarChart(
            "CPU by process, end to end",
            String.format(
                "CPU seconds (user and system) per million spans, at %,.0f spans/s",
                run.path("load").path("spansPerSecond").asDouble()));
    BarChart memory = new BarChart("Resident memory by process, highest", "MiB");
    for (JsonNode process : run.path("processes")) {
      boolean ours = !process.path("name").asText().matches("broker|clickhouse");
      cpu.add(process.path("name").asText(), process.path("cpuPerMillion").asDouble(), ours);
      memory.add(process.path("name").asText(), process.path("rssMib").asDouble(), ours);
    }
    write("e2e-cpu.svg", cpu);
    write("e2e-memory.svg", memory);
  }

  private void comparison() throws IOException {
    JsonNode run = read("compare.json");
    BarChart chart =
        new BarChart(
            "Beside an OpenTelemetry Collector, same load, same broker",
            "CPU seconds (user and system) per million spans");
    if (!run.isMissingNode()) {
      chart
          .add("Spanmill ingest", run.path("ingest").asDouble(), true)
          .add("Collector otlp → kafka", run.path("otlp-to-kafka").asDouble(), false)
          .add("Spanmill aggregator, all of it", run.path("aggregator").asDouble(), true)
          .add(
              "… its stream thread", run.at("/threads/aggregator/spanmill-aggreg").asDouble(), true)
          .add("spanmetrics, by model", run.path("spanmetrics").asDouble(), false)
          .add("spanmetrics, by cube traffic", run.path("spanmetrics-traffic").asDouble(), false);
    }
    write("compare.svg", chart);
  }

  /** Ingest and the Collector's way into Kafka alone, by {@code compare.sh … label=front}. */
  private void front() throws IOException {
    JsonNode run = read("compare-front.json");
    BarChart chart =
        new BarChart(
            String.format(
                "From OTLP into Kafka, %,.0f spans/s to each",
                run.path("ingestLoad").path("spansPerSecond").asDouble()),
            "CPU seconds (user and system) per million spans");
    if (!run.isMissingNode()) {
      chart
          .add("Spanmill ingest", run.path("ingest").asDouble(), true)
          .add("Collector otlp → kafka", run.path("otlp-to-kafka").asDouble(), false);
    }
    write("ingest-cpu.svg", chart);
  }

  /** The job alone beside spanmetrics, by {@code compare.sh … label=job} and catch-up.sh. */
  private void job() throws IOException {
    JsonNode paced = read("compare-job.json");
    BarChart chart =
        new BarChart(
            String.format(
                "The rollup job and spanmetrics, %,.0f spans/s",
                paced.path("ingestLoad").path("spansPerSecond").asDouble()),
            "CPU seconds (user and system) of the process per million spans");
    if (!paced.isMissingNode()) {
      chart
          .add("Spanmill's rollup job", paced.path("job").asDouble(), true)
          .add("spanmetrics, by model", paced.path("spanmetrics").asDouble(), false)
          .add("spanmetrics, by cube traffic", paced.path("spanmetrics-traffic").asDouble(), false);
    }
    write("job-cpu.svg", chart);
    JsonNode full = read("catch-up.json");
    BarChart fastest =
        new BarChart(
            "The same, each in turn as fast as it can",
            "CPU seconds (user and system) of the process per million spans");
    if (!full.isMissingNode()) {
      fastest
          .add("Spanmill's rollup job", full.at("/job/cpuPerMillion").asDouble(), true)
          .add("… its stream thread", full.at("/job/threads/spanmill-aggreg").asDouble(), true)
          .add("spanmetrics, by model", full.at("/spanmetrics/cpuPerMillion").asDouble(), false)
          .add(
              "spanmetrics, by cube traffic",
              full.at("/spanmetrics-traffic/cpuPerMillion").asDouble(),
              false);
    }
    write("catch-up.svg", fastest);
  }

  /** End-to-end runs that differ in one number, by {@code e2e.sh … label=WHAT-NUMBER}. */
  private void growth(String what, String title, String unit, String name) throws IOException {
    Map<Long, JsonNode> runs = new TreeMap<>();
    String begin = "e2e-" + what + "-";
    try (DirectoryStream<Path> files = Files.newDirectoryStream(results, begin + "*.json")) {
      for (Path file : files) {
        String number = file.getFileName().toString().replace(begin, "").replace(".json", "");
        runs.put(Long.parseLong(number), MAPPER.readTree(Files.readAllBytes(file)));
      }
    }
    BarChart chart = new BarChart(title, "CPU seconds (user and system) per million spans");
    for (String process : List.of("aggregator", "clickhouse", "all")) {
      runs.forEach(
          (number, run) ->
              chart.add(
                  String.format(Locale.ROOT, "%s, %,d %s", process, number, unit),
                  cpuPerMillion(run, process),
                  !process.equals("clickhouse")));
    }
    write(name, chart);
  }

  private static double cpuPerMillion(JsonNode run, String process) {
    double sum = 0;
    for (JsonNode one : run.path("processes")) {
      if (process.equals("all") || one.path("name").asText().equals(process)) {
        sum += one.path("cpuPerMillion").asDouble();
      }
    }
    return sum;
  }
}
