/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.aggregator.reconcile.Difference;
import io.spanmill.aggregator.reconcile.Reconciler;
import io.spanmill.aggregator.reconcile.Report;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Settings;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reconcile}: proves that the tables agree, or names where they do not. */
@Command(
    name = "reconcile",
    description = {
      "Compares every rollup with the calls, the calls with the raw spans, and all time with the"
          + " days: calls, errors, every kind of token, money to the picodollar, latencies.",
      "Compared are windows that closed a minute ago and longer; what is still on its way is waited"
          + " for."
    },
    mixinStandardHelpOptions = true,
    footer =
        "Exit codes: 0 no difference, 1 differences (a table tells them), 4 cannot tell, 2 wrong"
            + " arguments or settings.")
final class ReconcileCommand implements Callable<Integer> {
  @Mixin private SettingsOptions options = new SettingsOptions();

  @Mixin private RangeOptions range = new RangeOptions();

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Most differences to print (default: ${DEFAULT-VALUE}).")
  private int rows = 50;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    Settings settings = options.loadBesideRunning();
    PrintWriter out = spec.commandLine().getOut();
    long fromMs = range.fromMs(spec, Long.MIN_VALUE);
    long toMs = range.toMs(spec, Long.MAX_VALUE);
    Report report;
    try (ClickHouse clickHouse = Databases.open(settings)) {
      report =
          new Reconciler(clickHouse, CubesFile.cubes(settings), settings, Clock.systemUTC())
              .run(fromMs, toMs);
    } catch (ClickHouseFailure e) {
      spec.commandLine().getErr().println("spanmill: cannot tell: " + e.getMessage());
      return ExitCode.UNKNOWN;
    }
    print(report, out);
    out.flush();
    return switch (report.outcome()) {
      case SAME -> ExitCode.OK;
      case DIFFERENT -> ExitCode.FAILED;
      case UNKNOWN -> ExitCode.UNKNOWN;
    };
  }

  private void print(Report report, PrintWriter out) {
    List<Difference> shown = report.differences().stream().limit(rows).toList();
    if (!shown.isEmpty()) {
      out.printf(
          Locale.ROOT,
          "%-22s %-6s %-20s %-12s %-15s %-24s %-18s %22s %22s %22s  %s%n",
          "TABLE",
          "WINDOW",
          "START",
          "PROJECT",
          "LAYER",
          "MODEL",
          "FIGURE",
          "EXPECTED",
          "FOUND",
          "DIFFERENCE",
          "NOTE");
      for (Difference d : shown) {
        out.printf(
            Locale.ROOT,
            "%-22s %-6s %-20s %-12s %-15s %-24s %-18s %22s %22s %22s  %s%n",
            d.check(),
            d.window(),
            Instant.ofEpochMilli(d.startMs()),
            d.project(),
            d.layer(),
            d.model(),
            d.figure(),
            d.expected().toPlainString(),
            d.found().toPlainString(),
            d.difference().toPlainString(),
            d.note());
      }
      long rest = report.count() - shown.size();
      if (rest > 0) {
        out.println("… and " + rest + " more");
      }
      out.println();
    }
    report.notes().forEach(note -> out.println("note: " + note));
    out.printf(
        Locale.ROOT,
        "%s%d difference%s from %s to %s: %d comparisons, %,d rows read, %.1f s%n",
        report.outcome() == Report.Outcome.UNKNOWN ? "cannot tell; " : "",
        report.count(),
        report.count() == 1 ? "" : "s",
        Instant.ofEpochMilli(report.fromMs()),
        Instant.ofEpochMilli(report.toMs()),
        report.comparisons(),
        report.rowsRead(),
        report.took().toMillis() / 1000.0);
  }
}
