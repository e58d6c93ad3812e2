/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.standalone.embedded.SetupException;
import io.spanmill.standalone.traffic.ExampleTraces;
import io.spanmill.standalone.traffic.LoadCheck;
import io.spanmill.standalone.traffic.LoadRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code load}: realistic traffic at a chosen rate, and what it must come to. */
@Command(
    name = "load",
    description = {
      "Sends traces like those of LiteLLM, vLLM and SDKs at a steady rate, until each is acknowledged, and prints the exact totals that Spanmill must show for them.",
      "The spans carry the environment 'load-RUN'. Exit 1 if any span was not taken, or with --check if a figure differs."
    },
    mixinStandardHelpOptions = true)
final class LoadCommand implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Mixin private TargetOptions target = new TargetOptions();

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Spans a second (default: ${DEFAULT-VALUE}).")
  private double rate = 1000;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description =
          "For how long; N × S spans are sent, however long it takes (default: ${DEFAULT-VALUE}).")
  private long seconds = 30;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Spans of one request (default: ${DEFAULT-VALUE}).")
  private int batch = 512;

  @Option(
      names = "--late",
      paramLabel = "PERCENT",
      description =
          "Traces that ended two minutes to six hours before they are sent (default: ${DEFAULT-VALUE}).")
  private double late;

  @Option(
      names = "--duplicates",
      paramLabel = "PERCENT",
      description = "Spans that are sent a second time (default: ${DEFAULT-VALUE}).")
  private double duplicates;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same seed gives the same traffic (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--run",
      paramLabel = "NAME",
      description =
          "Names the run; seed and name give the trace ids, so a run repeated with both is all duplicates (default: the time).")
  private String run = Long.toString(System.currentTimeMillis(), 36);

  @Option(
      names = "--patience",
      paramLabel = "S",
      description =
          "How long a request is sent again, and --check waits (default: ${DEFAULT-VALUE}).")
  private long patience = 120;

  @Option(
      names = "--check",
      description =
          "Then compares the query API's answers with the totals; costs are those of the price books that Spanmill ships.")
  private boolean check;

  @Option(
      names = "--query-url",
      paramLabel = "URL",
      description = "Address of the query API (default: the one running here).")
  private @Nullable URI queryUrl;

  @Option(
      names = "--read-key",
      paramLabel = "KEY",
      description = "API key with the role read, for --check.")
  private @Nullable String readKey;

  @Option(names = "--json", description = "Prints one JSON object.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (!(rate > 0) || seconds < 1 || patience < 1) {
      throw new ParameterException(
          spec.commandLine(), "--rate, --seconds and --patience must be above 0");
    }
    LoadRun.Report report = send();
    List<LoadCheck.Row> compared = check ? compare(report) : List.of();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(asJson(report, compared).toPrettyString());
    } else {
      printReport(report, out);
      printComparison(compared, out);
    }
    out.flush();
    boolean equal = compared.stream().allMatch(LoadCheck.Row::equal);
    return report.complete() && equal ? ExitCode.OK : ExitCode.FAILED;
  }

  private String environment() {
    return "load-" + run;
  }

  private LoadRun.Report send() {
    LoadRun.Plan plan;
    try {
      plan = new LoadRun.Plan(seed, batch, late, duplicates, Duration.ofSeconds(patience));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
    LoadRun load =
        new LoadRun(
            target.client(), new ExampleTraces(seed, run, environment()), plan, Clock.systemUTC());
    long spans = Math.round(rate * seconds);
    LoadRun.Report report;
    try (LoadProgress progress =
        LoadProgress.start(load::soFar, spans, spec.commandLine().getErr())) {
      report = load.run(rate, spans, () -> false);
    }
    if (report.acknowledged() == 0) {
      throw new SetupException(
          "the ingest at "
              + target.address()
              + " took nothing; start one with ./spanmill up, or name it with --url");
    }
    return report;
  }

  private List<LoadCheck.Row> compare(LoadRun.Report report) throws InterruptedException {
    URI query = queryUrl == null ? Addresses.query(target.settings()) : queryUrl;
    try {
      return new LoadCheck(query, readKey, environment())
          .compare(report, Duration.ofSeconds(patience));
    } catch (IOException e) {
      throw new SetupException(
          "cannot check at "
              + query
              + ": "
              + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()),
          e);
    }
  }

  private void printReport(LoadRun.Report report, PrintWriter out) {
    double took = report.took().toNanos() / 1e9;
    out.printf(
        Locale.ROOT,
        "%,d spans acknowledged in %.1f s (%,.0f/s), %,d more sent twice, %,d late; %,d requests, %,d retries; acknowledged after %d ms (p50), %d ms (p99)%n",
        report.acknowledged(),
        took,
        (report.acknowledged() + report.repeated()) / took,
        report.repeated(),
        report.late(),
        report.requests(),
        report.retries(),
        report.p50().toMillis(),
        report.p99().toMillis());
    if (!report.complete()) {
      out.printf(
          Locale.ROOT,
          "%,d spans were rejected, %,d had no good answer in %d s: the totals below are no longer exact%n",
          report.rejected(),
          report.unsettled(),
          patience);
    }
    out.printf(
        Locale.ROOT,
        "%nMust show for environment=%s, seed %d:%n%-16s %10s %8s %14s %12s %12s %12s %12s %10s  %s%n",
        environment(),
        seed,
        "layer",
        "calls",
        "errors",
        "input",
        "cache read",
        "cache write",
        "output",
        "reasoning",
        "saved",
        "USD");
    report
        .expected()
        .toJson()
        .path("layers")
        .properties()
        .forEach(
            layer -> {
              JsonNode f = layer.getValue();
              JsonNode tokens = f.path("tokens");
              out.printf(
                  Locale.ROOT,
                  "%-16s %10d %8d %14s %12s %12s %12s %12s %10s  %s%n",
                  layer.getKey(),
                  f.path("calls").asLong(),
                  f.path("errors").asLong(),
                  tokens.path("input").asText("-"),
                  tokens.path("cacheRead").asText("-"),
                  tokens.path("cacheWrite").asText("-"),
                  tokens.path("output").asText("-"),
                  tokens.path("reasoning").asText("-"),
                  tokens.path("saved").asText("-"),
                  f.path("usd").asText("-"));
            });
  }

  private void printComparison(List<LoadCheck.Row> compared, PrintWriter out) {
    if (compared.isEmpty()) {
      return;
    }
    List<LoadCheck.Row> different = compared.stream().filter(row -> !row.equal()).toList();
    if (different.isEmpty()) {
      out.printf("%nChecked: %d figures, all equal%n", compared.size());
      return;
    }
    out.printf(
        "%nDifferent: %d of %d figures%n%-40s %24s %24s%n",
        different.size(), compared.size(), "figure", "expected", "answered");
    different.forEach(
        row -> out.printf("%-40s %24s %24s%n", row.figure(), row.expected(), row.answered()));
  }

  private JsonNode asJson(LoadRun.Report report, List<LoadCheck.Row> compared) {
    ObjectNode out = MAPPER.createObjectNode();
    out.put("environment", environment()).put("seed", seed).put("run", run);
    out.put("acknowledged", report.acknowledged());
    out.put("duplicates", report.repeated()).put("late", report.late());
    out.put("rejected", report.rejected()).put("unsettled", report.unsettled());
    out.put("requests", report.requests()).put("retries", report.retries());
    out.put("bytes", report.bytes()).put("tookMs", report.took().toMillis());
    out.put("ackP50Ms", report.p50().toNanos() / 1e6);
    out.put("ackP99Ms", report.p99().toNanos() / 1e6);
    out.put("exact", report.complete());
    out.set("expected", report.expected().toJson());
    if (check) {
      out.put("equal", compared.stream().allMatch(LoadCheck.Row::equal));
      ArrayNode different = out.putArray("different");
      compared.stream()
          .filter(row -> !row.equal())
          .forEach(
              row ->
                  different
                      .addObject()
                      .put("figure", row.figure())
                      .put("expected", row.expected())
                      .put("answered", row.answered()));
    }
    return out;
  }
}
