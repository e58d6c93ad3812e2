/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.embedded.SetupException;
import io.spanmill.standalone.traffic.ExampleTraces;
import io.spanmill.standalone.traffic.LoadRun;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code load}: realistic traffic at a chosen rate. */
@Command(
    name = "load",
    description =
        "Sends traces like LiteLLM's, vLLM's and the AgentOps SDK's at a steady rate. Exit 1 if any span was not taken.",
    mixinStandardHelpOptions = true)
final class LoadCommand implements Callable<Integer> {
  @Mixin private TargetOptions target = new TargetOptions();

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Spans a second (default: ${DEFAULT-VALUE}).")
  private double rate = 1000;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "For how long (default: ${DEFAULT-VALUE}).")
  private long seconds = 30;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Spans of one request (default: ${DEFAULT-VALUE}).")
  private int batch = 512;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Another seed gives other traces (default: the time).")
  private long seed = System.nanoTime();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    LoadRun run =
        new LoadRun(target.client(), new ExampleTraces(seed, "load"), batch, Clock.systemUTC());
    LoadRun.Report report = run.run(rate, Duration.ofSeconds(seconds), () -> false);
    if (report.accepted() == 0) {
      throw new SetupException(
          "the ingest at "
              + target.address()
              + " took nothing; start one with ./spanmill up, or name it with --url");
    }
    out.printf(
        Locale.ROOT,
        "%,d spans accepted in %.1f s (%,.0f/s), %,d rejected, %,d failed; acknowledged after %d ms (p50), %d ms (p99)%n",
        report.accepted(),
        report.took().toMillis() / 1000.0,
        report.accepted() / (report.took().toNanos() / 1e9),
        report.rejected(),
        report.failed(),
        report.p50().toMillis(),
        report.p99().toMillis());
    out.flush();
    return report.rejected() + report.failed() == 0 ? ExitCode.OK : ExitCode.FAILED;
  }
}
