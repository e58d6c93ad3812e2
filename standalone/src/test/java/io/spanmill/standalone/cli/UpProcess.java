/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import static org.awaitility.Awaitility.await;

import io.spanmill.standalone.RunFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/** {@code spanmill up} as a process of its own, with every port free unless said otherwise. */
final class UpProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(240);

  private static final int LOG_LINES = 60;
  private static final int LOG_WIDTH = 220;

  private final Process process;
  private final Path data;
  private final Path output;

  private UpProcess(Process process, Path data, Path output) {
    this.process = process;
    this.data = data;
    this.output = output;
  }

  static UpProcess start(Path data, Path output, String... more) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Dspanmill.home=" + Path.of("..").toAbsolutePath().normalize(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "up",
                "--data",
                data.toString()));
    for (String key :
        List.of(
            "kafka.port",
            "clickhouse.http.port",
            "ingest.http.port",
            "ingest.grpc.port",
            "aggregator.port",
            "query.port")) {
      command.addAll(List.of("--set", key + "=0"));
    }
    command.addAll(Arrays.asList(more));
    Process process =
        new ProcessBuilder(command)
            // Elsewhere on purpose: nothing may depend on the working folder.
            .directory(output.getParent().toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    return new UpProcess(process, data, output);
  }

  /** Waits until it says that it is up. */
  UpProcess awaitUp() throws IOException {
    try {
      await()
          .atMost(START_LIMIT)
          .until(() -> !process.isAlive() || output().contains("Spanmill is up"));
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("not up in time:\n" + output() + log(), e);
    }
    if (!process.isAlive()) {
      throw new AssertionError("ended with " + process.exitValue() + ":\n" + output() + log());
    }
    return this;
  }

  RunFile runFile() {
    return RunFile.read(data).orElseThrow();
  }

  ProcessHandle clickHouse() {
    return process.toHandle().children().findFirst().orElseThrow();
  }

  /** As by Ctrl-C or a service manager. */
  int terminate() throws IOException, InterruptedException {
    process.destroy();
    return exitCode();
  }

  void kill9() throws IOException, InterruptedException {
    process.destroyForcibly();
    exitCode();
  }

  int exitCode() throws IOException, InterruptedException {
    if (!process.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("still running:\n" + output());
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(output);
  }

  /** The end of its log, shortened: what a failure is explained by. */
  private String log() throws IOException {
    Path log = data.resolve("logs/spanmill.log");
    if (!Files.exists(log)) {
      return "";
    }
    List<String> lines =
        Files.readAllLines(log).stream()
            .filter(line -> line.startsWith("2"))
            .map(line -> line.substring(0, Math.min(LOG_WIDTH, line.length())))
            .toList();
    return "\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
