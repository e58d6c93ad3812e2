/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every input that fuzzing has ever found stays found: {@code src/test/resources/fuzz/TARGET/*}.
 */
class FoundInputsTest {
  private interface Target {
    void check(byte[] input) throws Exception;
  }

  @TestFactory
  Stream<DynamicTest> otlp_agrees() throws IOException {
    return inputs("otlp", OtlpFuzz::check);
  }

  @TestFactory
  Stream<DynamicTest> json_agrees() throws IOException {
    return inputs("json", JsonFuzz::check);
  }

  /** The targets themselves work where no fuzzer drives them. */
  @Test
  void randomRequests_agree() throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      byte[] bytes = RandomRequests.wild(seed).toByteArray();
      OtlpFuzz.check(bytes);
      OtlpFuzz.check(Mutations.mutate(bytes, new Random(seed)));
      JsonFuzz.check(bytes);
    }
  }

  private static Stream<DynamicTest> inputs(String target, Target check) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/fuzz", target))) {
      return files.toList().stream()
          .map(
              file ->
                  DynamicTest.dynamicTest(
                      target + "/" + file.getFileName(),
                      () -> check.check(Files.readAllBytes(file))));
    }
  }
}
