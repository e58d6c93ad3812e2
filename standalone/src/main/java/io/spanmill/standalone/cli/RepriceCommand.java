/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.aggregator.reprice.Preview;
import io.spanmill.aggregator.reprice.RepriceRefusedException;
import io.spanmill.aggregator.reprice.Repricer;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Runs;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.PicoUsd;
import io.spanmill.pricing.PriceBook;
import io.spanmill.pricing.PriceBookException;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.pricing.Pricer;
import java.io.Console;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code reprice}: today's prices for calls of the past. */
@Command(
    name = "reprice",
    description = {
      "Prices the calls of a range anew by today's price books, shows what changes by model and"
          + " team, and writes it once confirmed.",
      "Calls and rollups then show the new cost; what the sender reported still counts first; the"
          + " all-time counters stay as metered, with the correction beside them."
    },
    mixinStandardHelpOptions = true,
    footer =
        "Exit codes: 0 done, or nothing to do, or not confirmed; 1 refused, since another run or a"
            + " rebuild is at work; 2 wrong arguments or settings.")
final class RepriceCommand implements Callable<Integer> {
  private static final int MAX_LINES = 40;

  @Mixin private SettingsOptions options = new SettingsOptions();

  @Mixin private RangeOptions range = new RangeOptions();

  @Option(names = "--name", paramLabel = "NAME", description = "What to call the run.")
  private @Nullable String name;

  @Option(names = "--yes", description = "Does not ask.")
  private boolean yes;

  @Option(names = "--list", description = "Shows the runs kept, and does nothing else.")
  private boolean list;

  @Option(names = "--resume", description = "Finishes a run that died while it was applied.")
  private boolean resume;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (!list && !resume && !range.isWhole()) {
      throw new ParameterException(spec.commandLine(), "which calls? give --from and --to");
    }
    Settings settings = options.loadBesideRunning();
    PrintWriter out = spec.commandLine().getOut();
    // Only a new run needs prices; a broken file must not hide or hold up the old ones.
    Optional<PriceFiles> prices = list || resume ? Optional.empty() : Optional.of(prices(settings));
    Pricer pricer = prices.<Pricer>map(files -> files).orElse(call -> {});
    try (ClickHouse clickHouse = Databases.open(settings)) {
      Repricer repricer = new Repricer(clickHouse, CubesFile.cubes(settings), settings, pricer);
      if (list) {
        repricer.list().forEach(run -> print(run, out));
        out.flush();
        return ExitCode.OK;
      }
      if (prices.isEmpty()) {
        Optional<Runs.Run> resumed = repricer.resume(this::progress);
        endProgress();
        out.println(
            resumed.map(run -> Runs.describe(run) + " is done").orElse("no run was interrupted"));
        out.flush();
        return ExitCode.OK;
      }
      return reprice(repricer, prices.get(), out);
    } catch (RepriceRefusedException e) {
      endProgress();
      spec.commandLine().getErr().println("spanmill: " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  private int reprice(Repricer repricer, PriceFiles prices, PrintWriter out)
      throws RepriceRefusedException, InterruptedException {
    long fromMs = range.fromMs(spec, 0);
    long toMs = range.toMs(spec, 0);
    if (fromMs >= toMs) {
      throw new ParameterException(spec.commandLine(), "--from must come before --to");
    }
    String called =
        name == null ? Instant.ofEpochMilli(fromMs) + ".." + Instant.ofEpochMilli(toMs) : name;
    List<String> books = prices.books().books().stream().map(PriceBook::id).toList();
    Repricer.Planned planned = repricer.plan(called, fromMs, toMs, books, this::progress);
    try (planned) {
      endProgress();
      print(planned.preview(), out);
      out.flush();
      if (planned.preview().isEmpty()) {
        repricer.decline(planned);
        out.println("nothing changes");
      } else if (confirmed(planned, out)) {
        repricer.apply(planned, this::progress);
        endProgress();
        out.println(Runs.describe(planned.run()) + " is done");
      } else {
        repricer.decline(planned);
        out.println("not applied");
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  private boolean confirmed(Repricer.Planned planned, PrintWriter out) {
    if (yes) {
      return true;
    }
    Console console = System.console();
    if (console == null) {
      out.println("no terminal to ask at: --yes applies it");
      return false;
    }
    String answer = console.readLine("Apply %s? [y/N] ", Runs.describe(planned.run()));
    return answer != null && answer.trim().toLowerCase(Locale.ROOT).startsWith("y");
  }

  private PriceFiles prices(Settings settings) {
    try {
      return PriceFiles.load(settings.list(Keys.PRICES_PATHS));
    } catch (PriceBookException e) {
      throw new ParameterException(
          spec.commandLine(), Keys.PRICES_PATHS + ": " + e.getMessage(), e);
    }
  }

  private static void print(Preview preview, PrintWriter out) {
    out.printf(Locale.ROOT, "%,d calls looked at%n", preview.callsRead());
    if (preview.isEmpty()) {
      return;
    }
    String form = "%-10s %-32s %-20s %12s %22s %22s %22s %12s %12s%n";
    out.printf(
        form,
        "LAYER",
        "MODEL",
        "TEAM",
        "CALLS",
        "BEFORE USD",
        "AFTER USD",
        "DIFFERENCE USD",
        "NEWLY PRICED",
        "UNPRICED NOW");
    List<Map.Entry<Preview.Key, Preview.Line>> lines = preview.lines();
    lines.stream()
        .limit(MAX_LINES)
        .forEach(
            e ->
                print(
                    form,
                    e.getKey().layer(),
                    e.getKey().model(),
                    e.getKey().team(),
                    e.getValue(),
                    out));
    if (lines.size() > MAX_LINES) {
      out.println("… and " + (lines.size() - MAX_LINES) + " more lines");
    }
    preview.layers().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> print(form, e.getKey(), "(all)", "(all)", e.getValue(), out));
  }

  private static void print(
      String form, String layer, String model, String team, Preview.Line line, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        form,
        layer,
        model,
        team,
        line.calls(),
        PicoUsd.toUsd(line.beforePicoUsd()),
        PicoUsd.toUsd(line.afterPicoUsd()),
        PicoUsd.toUsd(line.differencePicoUsd()),
        line.newlyPriced(),
        line.noLongerPriced());
  }

  private static void print(Runs.Run run, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%4d  %-10s %s  %-40s %s%n",
        run.id(),
        run.state(),
        Instant.ofEpochMilli(run.startedMs()),
        run.name(),
        run.detail());
  }

  /** On a terminal alone; a pipe gets results and nothing else. */
  private void progress(String phase, long days, long ofDays) {
    if (System.console() != null) {
      spec.commandLine().getErr().printf("\r%s: day %d of %d   ", phase, days, ofDays);
      spec.commandLine().getErr().flush();
    }
  }

  private void endProgress() {
    if (System.console() != null) {
      spec.commandLine().getErr().println();
    }
  }
}
