/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.aggregator.rebuild.Rebuild;
import io.spanmill.aggregator.rebuild.RebuildException;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rebuild}: rollups made anew from the calls. */
@Command(
    name = "rebuild",
    description = {
      "Folds the calls into new rollups beside those that are read, and lets them take their place"
          + " at once. Everything goes on meanwhile; readers see the one or the other, never a"
          + " gap.",
      "Also fills cubes that were added to cubes.file: change the file, start aggregator and"
          + " query-api anew, then rebuild.",
      "All-time figures are a ledger and stay as they are. One that was killed changes nothing that"
          + " is read, and can be run again."
    },
    mixinStandardHelpOptions = true,
    footer =
        "Exit codes: 0 done, 1 refused or failed (nothing has changed), 2 wrong arguments or"
            + " settings, 3 this machine does not allow it.")
final class RebuildCommand implements Callable<Integer> {
  @Mixin private SettingsOptions options = new SettingsOptions();

  @Option(
      names = "--name",
      paramLabel = "TEXT",
      description = "What the run is called in table runs (default: the time).")
  private String name = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();

  @Option(
      names = "--wait",
      paramLabel = "S",
      description =
          "How many seconds the job may take to go over to the new rollups (default:"
              + " ${DEFAULT-VALUE}).")
  private long waitSeconds = 120;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    Settings settings = options.loadBesideRunning();
    CubeSet cubes = CubesFile.cubes(settings);
    PrintWriter out = spec.commandLine().getOut();
    Terminal terminal = new Terminal(out, System.console() != null);
    try (ClickHouse clickHouse = Databases.open(settings)) {
      Rebuild.Result done =
          Rebuild.run(
              clickHouse, settings, cubes, name, TimeUnit.SECONDS.toMillis(waitSeconds), terminal);
      terminal.endLine();
      out.printf(
          Locale.ROOT,
          "edition %d is read: %,d calls folded into %,d rows in %.1f s; cubes: %s%n",
          done.edition(),
          done.calls(),
          done.rows(),
          done.tookMs() / 1000.0,
          String.join(", ", done.cubes()));
      if (done.keptBeforeMs() > 0) {
        out.println(
            "calls no longer reach back behind "
                + Instant.ofEpochMilli(done.keptBeforeMs())
                + ": the windows before it are kept as they were; cubes that are new have none"
                + " there");
      }
      out.flush();
      return ExitCode.OK;
    } catch (RebuildException | ClickHouseFailure e) {
      terminal.endLine();
      spec.commandLine().getErr().println("spanmill: " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  /** Steps and progress on a terminal; nothing in a pipe. */
  private static final class Terminal implements Rebuild.Listener {
    private static final long INTERVAL_NANOS = 250_000_000L;

    private final PrintWriter out;
    private final boolean shown;
    private long startedNanos;
    private long toldNanos;
    private boolean lineOpen;

    Terminal(PrintWriter out, boolean shown) {
      this.out = out;
      this.shown = shown;
    }

    @Override
    public void step(String what) {
      startedNanos = System.nanoTime();
      if (shown) {
        endLine();
        out.println(what);
        out.flush();
      }
    }

    @Override
    public void folded(long calls, long of) {
      long now = System.nanoTime();
      if (!shown || (now - toldNanos < INTERVAL_NANOS && calls < of)) {
        return;
      }
      toldNanos = now;
      double seconds = Math.max(1e-3, (now - startedNanos) / 1e9);
      double rate = calls / seconds;
      out.printf(
          Locale.ROOT,
          "\r  %,d of %,d calls (%.0f %%), %,.0f/s, %.0f s left   ",
          calls,
          of,
          of == 0 ? 100.0 : 100.0 * calls / of,
          rate,
          rate == 0 ? 0.0 : Math.max(0, of - calls) / rate);
      out.flush();
      lineOpen = true;
    }

    void endLine() {
      if (lineOpen) {
        out.println();
        lineOpen = false;
      }
    }
  }
}
