/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.config.Settings;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An aggregator in a process of its own, which can be killed. */
final class ChildAggregator {
  private final Process process;

  private ChildAggregator(Process process) {
    this.process = process;
  }

  /** Runs until it is killed. Arguments are settings, KEY=VALUE. */
  public static void main(String[] args) throws Exception {
    Map<String, String> settings = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      settings.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    AggregatorService.start(Settings.of(settings));
    // The parent holds the other end: this process does not outlive it.
    while (System.in.read() >= 0) {
      continue;
    }
    Runtime.getRuntime().halt(0);
  }

  static ChildAggregator start(Map<String, String> settings, Path log) throws IOException {
    return start(settings, log, "-Xmx512m");
  }

  static ChildAggregator start(Map<String, String> settings, Path log, String heap)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(heap);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(ChildAggregator.class.getName());
    settings.forEach((key, value) -> command.add(key + "=" + value));
    File file = log.toFile();
    return new ChildAggregator(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(file))
            .start());
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** As kill -9: no hook runs, nothing is flushed. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("process " + process.pid() + " outlived its kill");
    }
  }
}
