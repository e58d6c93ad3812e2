/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * JUnit extension: a fresh broker and a fresh ClickHouse for one test class, on free ports, in a
 * folder that is deleted afterwards. Use it as {@code @RegisterExtension static final
 * SpanmillServers servers = new SpanmillServers()}.
 */
public final class SpanmillServers implements BeforeAllCallback, AfterAllCallback {
  private static final long MEMORY_MAX_BYTES = 2L << 30;

  private final AtomicReference<EmbeddedServers> servers = new AtomicReference<>();
  private final AtomicReference<Path> dir = new AtomicReference<>();

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    dir.set(Files.createTempDirectory("spanmill-it-"));
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    stop();
    try (Stream<Path> all = Files.walk(dir.get())) {
      all.sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.deleteIfExists(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  /** Starts both servers over the class's folder, after {@link #stop()}. */
  public void start() {
    Settings free =
        Settings.of(
            Map.of(
                Keys.DATA_DIR,
                dir.get().toString(),
                Keys.KAFKA_PORT,
                "0",
                Keys.CLICKHOUSE_HTTP_PORT,
                "0",
                Keys.CLICKHOUSE_MEMORY_MAX,
                Long.toString(MEMORY_MAX_BYTES)));
    servers.set(EmbeddedServers.start(free, why -> {}));
  }

  /** Stops both servers; the data stay for {@link #start()}. */
  public void stop() {
    EmbeddedServers running = servers.getAndSet(null);
    if (running != null) {
      running.close();
    }
  }

  public EmbeddedServers running() {
    EmbeddedServers running = servers.get();
    if (running == null) {
      throw new IllegalStateException("the servers are stopped");
    }
    return running;
  }

  public String bootstrap() {
    return running().kafka().bootstrap();
  }

  /** The class's folder; the servers use {@code kafka} and {@code clickhouse} in it. */
  public Path dir() {
    return dir.get();
  }

  /**
   * Settings that lead to these servers, with every port free and the job's state in {@link
   * #dir()}.
   */
  public Settings settings(Map<String, String> more) {
    return settings(running().settings(), dir(), more);
  }

  /**
   * Settings for tests over any servers, with every port free.
   *
   * @param servers the settings that lead to the servers
   * @param dir for the job's state
   */
  public static Settings settings(Map<String, String> servers, Path dir, Map<String, String> more) {
    Map<String, String> all = new HashMap<>(servers);
    all.put(Keys.DATA_DIR, dir.toString());
    all.put(Keys.INGEST_HTTP_PORT, "0");
    all.put(Keys.INGEST_GRPC_PORT, "0");
    all.put(Keys.AGGREGATOR_PORT, "0");
    all.put(Keys.QUERY_PORT, "0");
    // Tests write fixed dates, which grow older than any usual retention.
    for (String retention :
        List.of(
            Keys.RETENTION_CALLS,
            Keys.RETENTION_SPANS,
            Keys.RETENTION_CONTENT,
            Keys.RETENTION_MINUTE,
            Keys.RETENTION_HOUR,
            Keys.RETENTION_DAY)) {
      all.put(retention, "18000");
    }
    all.putAll(more);
    return Settings.of(all);
  }
}
