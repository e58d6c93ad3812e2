/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** The embedded broker and the embedded ClickHouse together, over one data folder. */
public final class EmbeddedServers implements AutoCloseable {
  private final EmbeddedKafka kafka;
  private final EmbeddedClickHouse clickHouse;

  private EmbeddedServers(EmbeddedKafka kafka, EmbeddedClickHouse clickHouse) {
    this.kafka = kafka;
    this.clickHouse = clickHouse;
  }

  /**
   * Starts both at once; returns when both serve.
   *
   * @param dataDir parent of their folders, {@code kafka} and {@code clickhouse}
   * @param onFatal told when one of them ends unasked
   * @throws SetupException if one cannot start; the other is stopped then
   */
  public static EmbeddedServers start(
      Path dataDir,
      int kafkaPort,
      int clickHousePort,
      long clickHouseMemoryMaxBytes,
      Consumer<String> onFatal) {
    CompletableFuture<EmbeddedClickHouse> second =
        CompletableFuture.supplyAsync(
            () ->
                EmbeddedClickHouse.start(
                    dataDir.resolve("clickhouse"),
                    clickHousePort,
                    clickHouseMemoryMaxBytes,
                    onFatal));
    EmbeddedKafka kafka;
    try {
      kafka = EmbeddedKafka.start(dataDir.resolve("kafka"), kafkaPort, onFatal);
    } catch (RuntimeException e) {
      try {
        second.join().close();
      } catch (CompletionException other) {
        e.addSuppressed(other.getCause());
      }
      throw e;
    }
    try {
      return new EmbeddedServers(kafka, second.join());
    } catch (CompletionException e) {
      kafka.close();
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  public EmbeddedKafka kafka() {
    return kafka;
  }

  public EmbeddedClickHouse clickHouse() {
    return clickHouse;
  }

  /** The settings that lead a service to these servers. */
  public Map<String, String> settings() {
    return Map.of(
        Keys.KAFKA_BOOTSTRAP, kafka.bootstrap(),
        Keys.CLICKHOUSE_URL, clickHouse.url(),
        Keys.CLICKHOUSE_USER, clickHouse.user(),
        Keys.CLICKHOUSE_PASSWORD, clickHouse.password());
  }

  /** Stops both; close their clients before. */
  @Override
  public void close() {
    CompletableFuture<Void> first = CompletableFuture.runAsync(clickHouse::close);
    kafka.close();
    first.join();
  }
}
