/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A broker and a ClickHouse, each in a process of its own that can be killed and started again over
 * the same data, at the same address. Used by one thread.
 */
public final class KillableServers implements AutoCloseable {
  private static final long CLICKHOUSE_MEMORY_BYTES = 2L << 30;
  private static final String PASSWORD = "kept-over-starts";
  private static final long LIMIT_SECONDS = 60;

  private final Path dir;
  private final int kafkaPort = Ports.free();
  private final int clickHousePort = Ports.free();
  private @Nullable Process kafka;
  private @Nullable EmbeddedClickHouse clickHouse;

  /** Over an empty folder; nothing runs yet. */
  public KillableServers(Path dir) {
    this.dir = dir;
  }

  /** Runs a broker until its input ends: the folder and the port. */
  public static void main(String[] args) throws IOException {
    EmbeddedKafka.start(Path.of(args[0]), Integer.parseInt(args[1]), why -> {});
    System.out.println("ready");
    // The parent holds the other end: this process does not outlive it.
    while (System.in.read() >= 0) {
      continue;
    }
    Runtime.getRuntime().halt(0);
  }

  /** The settings that lead to both, whether they run or not. */
  public Map<String, String> settings() {
    return Map.of(
        Keys.KAFKA_BOOTSTRAP,
        "127.0.0.1:" + kafkaPort,
        Keys.CLICKHOUSE_URL,
        "http://127.0.0.1:" + clickHousePort,
        Keys.CLICKHOUSE_USER,
        "spanmill",
        Keys.CLICKHOUSE_PASSWORD,
        PASSWORD);
  }

  public void startKafka() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            KillableServers.class.getName(),
            dir.resolve("kafka").toString(),
            Integer.toString(kafkaPort));
    try {
      Process started =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.appendTo(dir.resolve("broker.log").toFile()))
              .start();
      kafka = started;
      // One word, once it serves; end of stream if it cannot.
      if (started.getInputStream().read() < 0) {
        throw new IllegalStateException("the broker did not start; see " + dir + "/broker.log");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void startClickHouse() {
    clickHouse =
        EmbeddedClickHouse.start(
            dir.resolve("clickhouse"),
            clickHousePort,
            CLICKHOUSE_MEMORY_BYTES,
            PASSWORD,
            why -> {});
  }

  /** As kill -9. */
  public void killKafka() {
    Process victim = kafka;
    if (victim != null) {
      kill(victim.toHandle());
    }
  }

  /** As kill -9. */
  public void killClickHouse() {
    EmbeddedClickHouse victim = clickHouse;
    if (victim != null) {
      ProcessHandle.of(victim.pid()).ifPresent(KillableServers::kill);
    }
  }

  @Override
  public void close() {
    killKafka();
    killClickHouse();
  }

  private static void kill(ProcessHandle process) {
    List<ProcessHandle> all = process.descendants().toList();
    process.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
    process.onExit().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }
}
