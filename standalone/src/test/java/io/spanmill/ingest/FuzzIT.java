/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.otlp.OtlpJson;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Coverage-guided fuzzing with Jazzer, some seconds for each target; as long as you like with
 * {@code -Dspanmill.fuzz.seconds=600}. What it finds is in {@code target/fuzz}: put it, under a
 * name that says what it is, beside the inputs that are replayed by every test run.
 */
class FuzzIT {
  private static final int SECONDS = Integer.getInteger("spanmill.fuzz.seconds", 4);
  private static final Path SCHEMAS = Path.of("../schemas");

  @TempDir Path corpus;

  @TestFactory
  Stream<DynamicTest> foundInputs_areAnsweredWell() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/fuzz/http"))) {
      return files.toList().stream()
          .map(
              file ->
                  DynamicTest.dynamicTest(
                      "http/" + file.getFileName(),
                      () -> HttpFuzz.check(Files.readAllBytes(file))));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "io.spanmill.otlp.OtlpFuzz, ../schemas/src/test/resources/fuzz/otlp",
    "io.spanmill.otlp.JsonFuzz, ../schemas/src/test/resources/fuzz/json",
    "io.spanmill.ingest.HttpFuzz, src/test/resources/fuzz/http"
  })
  void target_findsNothing(String target, Path seeds) throws Exception {
    // A real export beside the small ones: a fuzzer would take long to come to one by itself.
    byte[] example = Files.readAllBytes(Path.of("../docs/examples/first-trace.json"));
    boolean json = target.endsWith("JsonFuzz");
    Files.write(
        corpus.resolve("example"),
        json ? example : new OtlpJson().toProtobuf(example, 0, example.length));
    Path found = Files.createDirectories(Path.of("target/fuzz"));
    Path log = found.resolve(target.substring(target.lastIndexOf('.') + 1) + ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx384m");
    if (SECONDS < 60) {
      // A short run is mostly loading, which the first compiler does in half the time.
      command.add("-XX:TieredStopAtLevel=1");
    }
    command.add("-cp");
    command.add(
        SCHEMAS.resolve("target/test-classes")
            + File.pathSeparator
            + System.getProperty("java.class.path"));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target);
    command.add("--instrumentation_includes=io.spanmill.otlp.**:io.spanmill.ingest.**");
    command.add("--custom_hook_includes=io.spanmill.otlp.**:io.spanmill.ingest.**");
    command.add("--reproducer_path=" + found);
    command.add("-artifact_prefix=" + found + File.separator);
    command.add("-max_total_time=" + SECONDS);
    command.add("-timeout=30");
    command.add("-rss_limit_mb=0");
    command.add("-max_len=8192");
    command.add(corpus.toString());
    command.add(seeds.toString());
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(SECONDS + 120, TimeUnit.SECONDS)).as("see " + log).isTrue();
      assertThat(process.exitValue()).as(tail(log)).isZero();
      assertThat(Files.readString(log)).contains("Done ");
    } finally {
      process.destroyForcibly();
    }
  }

  private static String tail(Path log) throws IOException {
    String text = Files.readString(log);
    return "see " + log + "\n" + text.substring(Math.max(0, text.length() - 4000));
  }
}
