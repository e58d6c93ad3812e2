/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A {@link Generator} in a process of its own, and what it says. */
final class Load {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Stage stage;
  private final String name;
  private final BufferedReader said;

  /**
   * Starts one.
   *
   * @param name of the process, beginning with {@code generator}
   * @param port where it sends to, on this machine
   * @param rate spans a second, and {@code warmRate} while it warms up
   * @param environment its spans tell
   */
  Load(
      Stage stage,
      String name,
      int port,
      int rate,
      int warmRate,
      int warmSeconds,
      int seconds,
      String environment)
      throws IOException {
    this.stage = stage;
    this.name = name;
    Process process =
        stage.java(
            name,
            "512m",
            List.of("-XX:+UseSerialGC"),
            Generator.class,
            List.of(
                "127.0.0.1",
                Integer.toString(port),
                Integer.toString(rate),
                Integer.toString(warmSeconds),
                Integer.toString(seconds),
                environment,
                Integer.toString(warmRate)));
    said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Waits until the measured time begins. */
  void awaitMeasuring() throws IOException {
    expect("measuring");
  }

  /** Waits until the measured time ends. */
  void awaitMeasured() throws IOException {
    expect("measured");
  }

  /** Waits for all answers; what was sent and what it must come to. */
  JsonNode end() throws IOException {
    try (said) {
      JsonNode result = MAPPER.readTree(said.readLine());
      stage.forget(name);
      return result;
    }
  }

  private void expect(String wanted) throws IOException {
    String line = said.readLine();
    if (!wanted.equals(line)) {
      throw new IOException(name + " said " + line + " and not " + wanted);
    }
  }
}
