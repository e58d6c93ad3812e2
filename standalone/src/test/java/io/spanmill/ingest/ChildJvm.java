/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A broker or a receiver in a process of its own, which can be killed. */
final class ChildJvm implements AutoCloseable {
  private final Process process;

  private ChildJvm(Process process) {
    this.process = process;
  }

  /** Runs until it is killed. Arguments: {@code kafka DIR PORT} or {@code ingest KEY=VALUE…}. */
  public static void main(String[] args) throws Exception {
    if (args[0].equals("kafka")) {
      EmbeddedKafka.start(
          Path.of(args[1]), Integer.parseInt(args[2]), why -> Runtime.getRuntime().halt(1));
    } else {
      Map<String, String> settings = new HashMap<>();
      for (String arg : List.of(args).subList(1, args.length)) {
        int equals = arg.indexOf('=');
        settings.put(arg.substring(0, equals), arg.substring(equals + 1));
      }
      IngestService.start(Settings.of(settings));
    }
  }

  /** A broker on this port; not waited for. */
  static ChildJvm kafka(Path dir, int port, Path log) {
    return start(log, List.of("kafka", dir.toString(), Integer.toString(port)));
  }

  /** A receiver; not waited for. */
  static ChildJvm ingest(Map<String, String> settings, Path log) {
    List<String> args = new ArrayList<>(List.of("ingest"));
    settings.forEach((key, value) -> args.add(key + "=" + value));
    return start(log, args);
  }

  private static ChildJvm start(Path log, List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx384m");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(ChildJvm.class.getName());
    command.addAll(args);
    try {
      return new ChildJvm(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start());
    } catch (IOException e) {
      throw new IllegalStateException("no child process", e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** As kill -9: no hook runs, nothing is flushed. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("process " + process.pid() + " outlived its kill");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
