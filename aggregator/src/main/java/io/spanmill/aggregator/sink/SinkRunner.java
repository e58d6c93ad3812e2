/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three sinks of a process, each on a thread and in a consumer group of its own. They depend on
 * Kafka and ClickHouse alone and hold nobody up: while ClickHouse is away they wait and the topics
 * keep what is to be written.
 */
public final class SinkRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SinkRunner.class);
  private static final String GROUP_PREFIX = "spanmill-sink-";
  private static final long STOP_LIMIT_MS = 8000;

  /** Failing for longer than this, a sink is not ready. */
  private static final long TROUBLE_LIMIT_MS = 15_000;

  /** Not coming round for longer than this, a sink is not ready: no insert takes so long. */
  static final long HUNG_LIMIT_MS = 60_000;

  /**
   * What the sinks are made from.
   *
   * @param cubes every cube in use
   * @param attributeNames configured attribute dimensions, in the order of {@code
   *     NormalizedSpan.extra}
   * @param interpreter for the span sink; used by its thread alone
   */
  public record Config(
      Settings settings,
      ClickHouse clickHouse,
      List<Cube> cubes,
      List<String> attributeNames,
      SpanInterpreter interpreter,
      MeterRegistry registry,
      Clock clock) {
    public Config {
      cubes = List.copyOf(cubes);
      attributeNames = List.copyOf(attributeNames);
    }
  }

  private record Sink(SinkLoop loop, SinkMetrics metrics, Thread thread) {}

  /** Inserts into ClickHouse at one time, of a sink that writes into several tables. */
  private static final int INSERTS_AT_ONCE = 4;

  private final List<Sink> sinks = new ArrayList<>();
  private final ExecutorService inserts =
      Executors.newFixedThreadPool(
          INSERTS_AT_ONCE,
          task -> {
            Thread thread = new Thread(task, "sink-insert");
            thread.setDaemon(true);
            return thread;
          });

  private SinkRunner() {}

  /**
   * Starts the sinks; returns at once.
   *
   * @throws IllegalStateException if the tables are not as this version writes them
   * @throws io.spanmill.clickhouse.ClickHouseFailure if ClickHouse cannot be asked
   */
  public static SinkRunner start(Config config) {
    SinkRunner runner = new SinkRunner();
    Settings settings = config.settings();

    SinkMetrics callMetrics = metrics(config, "calls");
    CallRows calls = new CallRows(config.attributeNames());
    long lingerMs = settings.longValue(Keys.SINK_LINGER_MS);
    long intervalMs = settings.longValue(Keys.SINK_INTERVAL_MS);
    runner.add(config, calls, callMetrics, calls.blocks(), lingerMs, intervalMs);

    SinkMetrics rollupMetrics = metrics(config, "rollups");
    RollupRows rollups = new RollupRows(config.cubes(), config.attributeNames(), rollupMetrics);
    // All tasks of the job emit in one transaction: with its first row nearly all of it is there.
    // And they emit once an interval: to wait for as long after each insert would hold back all
    // that follow by as much as one of them was ever late.
    runner.add(config, rollups, rollupMetrics, rollups.tables(), lingerMs / 4, intervalMs / 4);

    SinkMetrics spanMetrics = metrics(config, "spans");
    SpanRows spans =
        new SpanRows(
            config.interpreter(),
            ContentStorage.of(settings),
            settings.bool(Keys.SPANS_INFRA),
            spanMetrics,
            config.clock());
    runner.add(config, spans, spanMetrics, spans.blocks(), lingerMs, intervalMs);

    runner.sinks.forEach(sink -> sink.thread().start());
    return runner;
  }

  private static SinkMetrics metrics(Config config, String sink) {
    return new SinkMetrics(config.registry(), sink, config.clock());
  }

  private void add(
      Config config,
      BatchRows rows,
      SinkMetrics metrics,
      List<TableBlock> tables,
      long lingerMs,
      long intervalMs) {
    Settings settings = config.settings();
    ClickHouseStore store = new ClickHouseStore(config.clickHouse(), config.clock());
    store.check(tables);
    SinkLoop loop =
        new SinkLoop(
            new SinkLoop.Parts(
                () -> consumer(settings, rows),
                rows,
                store,
                inserts,
                store,
                new KafkaDeadLetters(
                    rows.kind(), consumerConfig(settings), producerConfig(settings)),
                metrics,
                settings.integer(Keys.SINK_BATCH_ROWS),
                lingerMs,
                intervalMs,
                config.clock(),
                new SplittableRandom()));
    Thread thread = new Thread(loop, "sink-" + rows.kind());
    thread.setUncaughtExceptionHandler(
        (t, e) -> LOG.error("{} ended by a fault; the process is not ready any more", t, e));
    sinks.add(new Sink(loop, metrics, thread));
  }

  /**
   * Whether every sink has its place in its group and gets on with its work; false some seconds
   * after ClickHouse went away.
   */
  public boolean ready() {
    return sinks.stream()
        .allMatch(
            sink ->
                sink.thread().isAlive()
                    && sink.loop().hasJoined()
                    && sink.metrics().troubleMs() < TROUBLE_LIMIT_MS
                    && sink.metrics().hungMs() < HUNG_LIMIT_MS);
  }

  /** Stops the sinks; what is in hand is written if ClickHouse answers, else read again later. */
  @Override
  public void close() {
    sinks.forEach(sink -> sink.loop().stop());
    long deadline = System.nanoTime() + STOP_LIMIT_MS * 1_000_000;
    for (Sink sink : sinks) {
      try {
        sink.thread().join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (sink.thread().isAlive()) {
        LOG.warn("{} did not stop in time", sink.thread().getName());
        sink.thread().interrupt();
      }
    }
    inserts.shutdownNow();
  }

  private static Consumer<byte[], byte[]> consumer(Settings settings, BatchRows rows) {
    Map<String, Object> config = new HashMap<>(consumerConfig(settings));
    config.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP_PREFIX + rows.kind());
    config.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, rows.fetchMinBytes());
    // All partitions are given up before any is taken: a batch in hand is then wholly void.
    config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, RangeAssignor.class.getName());
    config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000);
    config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1500);
    // An insert may take as long as the connection bears.
    config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 600_000);
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 200);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static Map<String, Object> consumerConfig(Settings settings) {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // A position that is gone is a matter to be told, not to be glossed over.
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 16 << 20);
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    return config;
  }

  private static Map<String, Object> producerConfig(Settings settings) {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
        settings.integer(Keys.KAFKA_RECORD_MAX_BYTES) + 200_000);
    return config;
  }
}
