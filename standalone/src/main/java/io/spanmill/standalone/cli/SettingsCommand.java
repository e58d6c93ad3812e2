/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Settings;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code settings}: every setting with type, default, range and meaning. */
@Command(
    name = "settings",
    description =
        "Prints all settings, as the table of docs/settings.md or as config/spanmill.properties.",
    mixinStandardHelpOptions = true)
final class SettingsCommand implements Callable<Integer> {
  /** What is printed. */
  enum Format {
    markdown,
    properties
  }

  @Option(
      names = "--format",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format = Format.markdown;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    SettingsDocument document = new SettingsDocument(Settings.definitions());
    out.print(format == Format.markdown ? document.markdown() : document.properties());
    out.flush();
    return ExitCode.OK;
  }
}
