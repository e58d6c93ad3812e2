/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.Composition;
import io.spanmill.standalone.DataFolder;
import io.spanmill.standalone.Logging;
import io.spanmill.standalone.RunFile;
import io.spanmill.standalone.ServiceKind;
import io.spanmill.standalone.embedded.SetupException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code up}: everything in this process until it is told to stop. */
@Command(
    name = "up",
    description =
        "Runs all of Spanmill on this machine: Kafka, ClickHouse, ingest, aggregator, query API and screen.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  @Mixin private SettingsOptions options = new SettingsOptions();

  @Option(
      names = "--demo",
      description = "Also sends example traffic, marked as environment 'demo'.")
  private boolean demo;

  @Option(
      names = {"-v", "--verbose"},
      description = "Shows informative log lines on the terminal too.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    long startedNanos = System.nanoTime();
    Settings settings = options.load();
    try (DataFolder folder = DataFolder.open(Path.of(settings.string(Keys.DATA_DIR)))) {
      Path log = folder.dir().resolve("logs/spanmill.log");
      Logging.configure(settings.string(Keys.LOG_FORMAT), log, verbose);
      StopSignal stop = StopSignal.install();
      try {
        return run(withTokenSecret(settings, folder), folder, stop, startedNanos);
      } finally {
        RunFile.delete(folder.dir());
        stop.finished();
      }
    }
  }

  /** One secret for all services of the process: a token of one is good at the others. */
  private static Settings withTokenSecret(Settings settings, DataFolder folder) {
    return settings.secret(Keys.AUTH_TOKEN_SECRET).isEmpty()
        ? settings.with(Map.of(Keys.AUTH_TOKEN_SECRET, folder.tokenSecret()))
        : settings;
  }

  private int run(Settings settings, DataFolder folder, StopSignal stop, long startedNanos) {
    PrintWriter out = spec.commandLine().getOut();
    try (Composition running =
        Composition.start(settings, List.of(ServiceKind.values()), stop::fail)) {
      running.awaitReady(
          Composition.READY_LIMIT,
          stop::ended,
          names -> {
            out.println("still waiting for " + names + "; the log is in " + folder.dir() + "/logs");
            out.flush();
          });
      if (!stop.ended()) {
        new RunFile(ProcessHandle.current().pid(), running.addresses()).write(folder.dir());
        Addresses.print(
            running.settings(),
            folder.dir(),
            Duration.ofNanos(System.nanoTime() - startedNanos),
            out);
      }
      String why = serve(running, stop);
      if (!why.isEmpty()) {
        throw new SetupException(why);
      }
      out.println("stopping");
      out.flush();
    }
    out.println("stopped; the data are in " + folder.dir());
    out.flush();
    return ExitCode.OK;
  }

  private String serve(Composition running, StopSignal stop) {
    if (!demo || stop.ended()) {
      return stop.await();
    }
    try (DemoTraffic traffic = DemoTraffic.start(Addresses.ingest(running.settings()))) {
      return stop.await();
    }
  }
}
