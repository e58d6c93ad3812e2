/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded broker and the embedded ClickHouse over one data folder: each of the two for which
 * the settings name no server elsewhere.
 */
public final class EmbeddedServers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedServers.class);

  private final @Nullable EmbeddedKafka kafka;
  private final @Nullable EmbeddedClickHouse clickHouse;

  private EmbeddedServers(@Nullable EmbeddedKafka kafka, @Nullable EmbeddedClickHouse clickHouse) {
    this.kafka = kafka;
    this.clickHouse = clickHouse;
  }

  /**
   * Starts what is missing, both at once; returns when they serve.
   *
   * @param settings with {@code data.dir}, the two ports, and the addresses of servers elsewhere
   * @param onFatal told when one of them ends unasked
   * @throws SetupException if one cannot start; the other is stopped then
   */
  public static EmbeddedServers start(Settings settings, Consumer<String> onFatal) {
    Path dir = Path.of(settings.string(Keys.DATA_DIR));
    // Logged before the second thread starts: two threads must not set logging up at once.
    LOG.debug("starting the embedded servers dir={}", dir);
    CompletableFuture<@Nullable EmbeddedClickHouse> second =
        CompletableFuture.supplyAsync(
            () ->
                absent(settings, Keys.CLICKHOUSE_URL)
                    ? EmbeddedClickHouse.start(
                        dir.resolve("clickhouse"),
                        settings.integer(Keys.CLICKHOUSE_HTTP_PORT),
                        settings.longValue(Keys.CLICKHOUSE_MEMORY_MAX),
                        onFatal)
                    : null);
    EmbeddedKafka kafka = null;
    try {
      if (absent(settings, Keys.KAFKA_BOOTSTRAP)) {
        kafka =
            EmbeddedKafka.start(dir.resolve("kafka"), settings.integer(Keys.KAFKA_PORT), onFatal);
      }
      return new EmbeddedServers(kafka, result(second::join));
    } catch (RuntimeException e) {
      if (kafka != null) {
        kafka.close();
      }
      closeStarted(second, e);
      throw e;
    }
  }

  /** The embedded broker. */
  public EmbeddedKafka kafka() {
    if (kafka == null) {
      throw new IllegalStateException(
          Keys.KAFKA_BOOTSTRAP + " is set: there is no embedded broker");
    }
    return kafka;
  }

  /** The embedded ClickHouse. */
  public EmbeddedClickHouse clickHouse() {
    if (clickHouse == null) {
      throw new IllegalStateException(
          Keys.CLICKHOUSE_URL + " is set: there is no embedded ClickHouse");
    }
    return clickHouse;
  }

  /** The settings that lead a service to the servers started here. */
  public Map<String, String> settings() {
    Map<String, String> found = new HashMap<>();
    if (kafka != null) {
      found.put(Keys.KAFKA_BOOTSTRAP, kafka.bootstrap());
    }
    if (clickHouse != null) {
      found.put(Keys.CLICKHOUSE_URL, clickHouse.url());
      found.put(Keys.CLICKHOUSE_USER, clickHouse.user());
      found.put(Keys.CLICKHOUSE_PASSWORD, clickHouse.password());
    }
    return found;
  }

  /** Stops what was started; close its clients before. */
  @Override
  public void close() {
    CompletableFuture<Void> first =
        CompletableFuture.runAsync(
            () -> {
              if (clickHouse != null) {
                clickHouse.close();
              }
            });
    if (kafka != null) {
      kafka.close();
    }
    first.join();
  }

  private static boolean absent(Settings settings, String key) {
    return settings.string(key).isEmpty();
  }

  private static <T extends @Nullable Object> T result(Supplier<T> join) {
    try {
      return join.get();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private static void closeStarted(
      CompletableFuture<@Nullable EmbeddedClickHouse> started, RuntimeException failure) {
    try {
      EmbeddedClickHouse clickHouse = started.join();
      if (clickHouse != null) {
        clickHouse.close();
      }
    } catch (CompletionException e) {
      if (e.getCause() != failure) {
        failure.addSuppressed(e);
      }
    }
  }
}
