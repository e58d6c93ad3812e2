/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dlq}: the records no one could decode. */
@Command(
    name = "dlq",
    description = "Lists, shows and sends again the records that could not be decoded.",
    mixinStandardHelpOptions = true,
    subcommands = {DlqCommand.ListLetters.class, DlqCommand.Show.class, DlqCommand.Redrive.class})
final class DlqCommand implements Runnable {
  private static final Pattern ID = Pattern.compile("([0-9]{1,6}):([0-9]{1,18})");

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "list, show or redrive?");
  }

  private static DeadLetters.Letter find(DeadLetters letters, String id, CommandSpec spec) {
    Matcher parts = ID.matcher(id);
    if (!parts.matches()) {
      throw new ParameterException(
          spec.commandLine(), id + " is no id; ./spanmill dlq list shows them as PARTITION:OFFSET");
    }
    DeadLetters.@Nullable Letter letter =
        letters.find(Integer.parseInt(parts.group(1)), Long.parseLong(parts.group(2)));
    if (letter == null) {
      throw new ParameterException(spec.commandLine(), "there is no dead letter " + id);
    }
    return letter;
  }

  /** {@code dlq list}. */
  @Command(
      name = "list",
      description = "One line for each, oldest first in each partition.",
      mixinStandardHelpOptions = true)
  static final class ListLetters implements Callable<Integer> {
    @Mixin private SettingsOptions options = new SettingsOptions();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      List<String> seen = new ArrayList<>();
      new DeadLetters(options.loadBesideRunning())
          .each(
              letter -> {
                seen.add(letter.id());
                out.printf(
                    Locale.ROOT,
                    "%-12s %s  %-24s %8d bytes  %s%n",
                    letter.id(),
                    letter.arrived(),
                    letter.source(),
                    letter.value().length,
                    letter.reason());
              });
      out.println(seen.size() + " dead letters");
      out.flush();
      return ExitCode.OK;
    }
  }

  /** {@code dlq show}. */
  @Command(
      name = "show",
      description = "Where one came from, what is wrong, and its first bytes.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    private static final int ROW = 16;

    @Mixin private SettingsOptions options = new SettingsOptions();

    @Option(
        names = "--bytes",
        paramLabel = "N",
        description = "How many bytes (default: ${DEFAULT-VALUE}).")
    private int bytes = 256;

    @Parameters(paramLabel = "ID", description = "PARTITION:OFFSET, as dlq list shows it.")
    private String id = "";

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      DeadLetters.Letter letter = find(new DeadLetters(options.loadBesideRunning()), id, spec);
      PrintWriter out = spec.commandLine().getOut();
      out.println("reason   " + letter.reason());
      out.println("source   " + letter.source());
      out.println("project  " + letter.project());
      out.println("arrived  " + letter.arrived());
      out.println("bytes    " + letter.value().length);
      HexFormat hex = HexFormat.ofDelimiter(" ");
      int end = Math.min(bytes, letter.value().length);
      for (int at = 0; at < end; at += ROW) {
        out.printf(
            Locale.ROOT,
            "%08x  %s%n",
            at,
            hex.formatHex(letter.value(), at, Math.min(at + ROW, end)));
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  /** {@code dlq redrive}. */
  @Command(
      name = "redrive",
      description = {
        "Sends some again, through ingest, which checks them as any other request. Exit 1 if one was refused again.",
        "Safe to repeat: what has been counted is not counted again. The records stay in the topic."
      },
      mixinStandardHelpOptions = true)
  static final class Redrive implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @Parameters(
        arity = "1..*",
        paramLabel = "ID",
        description = "PARTITION:OFFSET, as dlq list shows them.")
    private List<String> ids = new ArrayList<>();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      DeadLetters letters = new DeadLetters(target.settings());
      List<DeadLetters.Letter> chosen = ids.stream().map(id -> find(letters, id, spec)).toList();
      OtlpClient client = target.client();
      PrintWriter out = spec.commandLine().getOut();
      boolean allTaken = true;
      for (DeadLetters.Letter letter : chosen) {
        OtlpClient.Result result = client.send(new OtlpBody(letter.value(), false)).join();
        boolean taken = result.accepted() && result.rejectedSpans() == 0;
        allTaken &= taken;
        out.println(
            letter.id()
                + (taken
                    ? " accepted"
                    : " refused, status " + result.status() + " " + result.message()));
      }
      out.flush();
      return allTaken ? ExitCode.OK : ExitCode.FAILED;
    }
  }
}
