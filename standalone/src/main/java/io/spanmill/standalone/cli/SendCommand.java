/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.embedded.SetupException;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code send}: OTLP files to the running ingest. */
@Command(
    name = "send",
    description =
        "Sends OTLP trace files, JSON or protobuf, to the running ingest. Exit 1 if any span was not taken.",
    mixinStandardHelpOptions = true)
final class SendCommand implements Callable<Integer> {
  private static final int ATTEMPTS = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);

  @Mixin private TargetOptions target = new TargetOptions();

  @Option(names = "--now", description = "Moves each file's times so that its last span ends now.")
  private boolean now;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files, each one export request.")
  private List<Path> files = new ArrayList<>();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    for (Path file : files) {
      if (!Files.isReadable(file) || Files.isDirectory(file)) {
        throw new ParameterException(
            spec.commandLine(), "cannot read " + file + ": no such file, or no right to read it");
      }
    }
    OtlpClient client = target.client();
    PrintWriter out = spec.commandLine().getOut();
    boolean allTaken = true;
    for (Path file : files) {
      OtlpClient.Result result = send(client, file);
      boolean taken = result.accepted() && result.rejectedSpans() == 0;
      allTaken &= taken;
      String told = result.message().isEmpty() ? "" : ": " + result.message();
      if (taken) {
        out.println(file + " accepted" + told);
      } else if (result.accepted()) {
        out.println(file + " accepted but for " + result.rejectedSpans() + " spans" + told);
      } else {
        out.println(file + " refused, status " + result.status() + told);
      }
      out.flush();
    }
    return allTaken ? ExitCode.OK : ExitCode.FAILED;
  }

  private OtlpClient.Result send(OtlpClient client, Path file) {
    OtlpBody body;
    try {
      body = OtlpBody.of(Files.readAllBytes(file));
      if (now) {
        Instant end = Instant.now();
        body = body.endingAt(end.getEpochSecond() * 1_000_000_000L + end.getNano());
      }
    } catch (IOException e) {
      throw new SetupException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      return new OtlpClient.Result(400, 0, String.valueOf(e.getMessage()));
    }
    Duration pause = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      OtlpClient.Result result;
      try {
        result = client.send(body).join();
      } catch (CompletionException e) {
        throw new SetupException(
            "no ingest answers at "
                + target.address()
                + "; start one with ./spanmill up, or name it with --url",
            e);
      }
      if (!result.retryable() || attempt == ATTEMPTS) {
        return result;
      }
      LockSupport.parkNanos(pause.toNanos());
      pause = pause.multipliedBy(2);
    }
  }
}
