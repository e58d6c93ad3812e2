/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.config.Settings;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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
      List<DeadLetters.Letter> letters = new DeadLetters(options.loadBesideRunning()).list();
      for (DeadLetters.Letter letter : letters) {
        out.printf(
            Locale.ROOT,
            "%-12s %s  %-24s %8d bytes  %s%s%n",
            letter.id(),
            letter.arrived(),
            letter.source(),
            letter.sizeBytes(),
            letter.sentAgain() == null ? "" : "(sent again " + letter.sentAgain() + ") ",
            letter.reason());
      }
      long open = letters.stream().filter(letter -> letter.sentAgain() == null).count();
      out.println(letters.size() + " dead letters, " + open + " not sent again");
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
      out.println("by       " + letter.by());
      out.println("source   " + letter.source());
      out.println("project  " + letter.project());
      out.println("arrived  " + letter.arrived());
      if (letter.sentAgain() != null) {
        out.println("sent     " + letter.sentAgain());
      }
      out.println("bytes    " + letter.sizeBytes());
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
        "Sends some again, checked as ingest checks them, in the project they came for. Exit 1 if one was refused.",
        "Once only: a letter that was sent again is left alone, unless --again is given. What the job",
        "counted when it came first is stored and not counted again. A record too large to be kept here",
        "is read from its topic."
      },
      mixinStandardHelpOptions = true)
  static final class Redrive implements Callable<Integer> {
    @Mixin private SettingsOptions options = new SettingsOptions();

    @Option(names = "--all", description = "All that were not sent again yet.")
    private boolean all;

    @Option(
        names = "--again",
        description = "Also what was sent again before. Past dedup.horizon.ms it counts anew.")
    private boolean again;

    @Parameters(
        arity = "0..*",
        paramLabel = "ID",
        description = "PARTITION:OFFSET, as dlq list shows them.")
    private List<String> ids = new ArrayList<>();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      if (ids.isEmpty() != all) {
        throw new ParameterException(spec.commandLine(), "ids, or --all; not both");
      }
      Settings settings = options.loadBesideRunning();
      DeadLetters letters = new DeadLetters(settings);
      List<String> wanted =
          all ? letters.list().stream().map(DeadLetters.Letter::id).toList() : ids;
      PrintWriter out = spec.commandLine().getOut();
      boolean allSent = true;
      Set<String> sentNow = new HashSet<>();
      try (LetterSender sender = new LetterSender(settings)) {
        for (String id : wanted) {
          if (sentNow.contains(id) && !again) {
            // A transaction that has just ended may not show to readers of committed notes yet.
            out.println(id + " was sent again just now: left alone");
            continue;
          }
          // Looked at one by one: only one value is held.
          allSent &= redrive(letters, find(letters, id, spec), sender, sentNow, out);
        }
      }
      out.flush();
      return allSent ? ExitCode.OK : ExitCode.FAILED;
    }

    private boolean redrive(
        DeadLetters letters,
        DeadLetters.Letter letter,
        LetterSender sender,
        Set<String> sentNow,
        PrintWriter out) {
      if (letter.sentAgain() != null && !again) {
        out.println(letter.id() + " was sent again at " + letter.sentAgain() + ": left alone");
        return true;
      }
      LetterSender.Outcome outcome = sender.send(letters.fromSource(letter));
      if (outcome.sent()) {
        sentNow.add(letter.id());
      }
      String message = outcome.message().isEmpty() ? "" : ", " + outcome.message();
      out.println(letter.id() + (outcome.sent() ? " sent again" : " refused") + message);
      return outcome.sent() && outcome.message().isEmpty();
    }
  }
}
