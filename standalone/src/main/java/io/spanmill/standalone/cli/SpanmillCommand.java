/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Build;
import io.spanmill.config.SettingsException;
import io.spanmill.standalone.ServiceKind;
import io.spanmill.standalone.embedded.SetupException;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code spanmill} command: what it offers, and how its failures are told. */
@Command(
    name = "spanmill",
    description =
        "Exact metering of LLM traffic: OTLP spans in; cost, tokens, latency and failures out.",
    subcommands = {
      UpCommand.class,
      SendCommand.class,
      LoadCommand.class,
      DlqCommand.class,
      ReconcileCommand.class,
      RebuildCommand.class,
      RepriceCommand.class,
      SettingsCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "The start script adds: build (builds only), test (runs every test suite).",
      "Exit codes: 0 fine, 1 failed or different, 2 wrong arguments or settings, 3 this machine does not allow it, 4 cannot tell."
    })
public final class SpanmillCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Runs one command line and gives its exit code. */
  public static int run(String... args) {
    return line().execute(args);
  }

  /** The command line with everything it offers. */
  static CommandLine line() {
    CommandLine line = new CommandLine(new SpanmillCommand());
    for (ServiceKind kind : ServiceKind.values()) {
      line.addSubcommand(kind.commandName(), new ServiceCommand(kind));
    }
    tellVersion(line);
    line.setExecutionExceptionHandler(
        (failure, command, result) -> report(failure, command.getErr()));
    line.setParameterExceptionHandler(
        (wrong, arguments) -> {
          CommandLine command = wrong.getCommandLine();
          command.getErr().println("spanmill: " + wrong.getMessage());
          command.getErr().println("see: " + command.getCommandSpec().qualifiedName() + " --help");
          return ExitCode.USAGE;
        });
    return line;
  }

  private static void tellVersion(CommandLine line) {
    line.getCommandSpec().versionProvider(new Version());
    line.getSubcommands().values().forEach(SpanmillCommand::tellVersion);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }

  private static int report(Exception failure, PrintWriter err) {
    if (failure instanceof SettingsException settings) {
      settings.problems().forEach(problem -> err.println("spanmill: " + problem));
      return ExitCode.USAGE;
    }
    if (failure instanceof SetupException) {
      err.println("spanmill: " + failure.getMessage());
      return ExitCode.ENVIRONMENT;
    }
    LoggerFactory.getLogger(SpanmillCommand.class).error("the command failed", failure);
    err.println("spanmill: " + failure);
    return ExitCode.FAILED;
  }

  /** What {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"Spanmill " + Build.read()};
    }
  }
}
