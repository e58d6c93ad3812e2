/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.progress.DeadLetterCensus;
import io.spanmill.aggregator.progress.EndSampler;
import io.spanmill.aggregator.progress.SourceIdentity;
import io.spanmill.aggregator.progress.StatusWriter;
import io.spanmill.aggregator.rebuild.WantedEdition;
import io.spanmill.aggregator.reconcile.ReconcileJob;
import io.spanmill.aggregator.reconcile.Reconciler;
import io.spanmill.aggregator.sink.SinkRunner;
import io.spanmill.aggregator.topology.JobMetrics;
import io.spanmill.aggregator.topology.RollupTopology;
import io.spanmill.aggregator.topology.TopologyConfig;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.codec.Topics;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.PriceBookException;
import io.spanmill.pricing.PriceFiles;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The aggregator of a process: the rollup job, the sinks, the sampler of progress, and its small
 * HTTP side. Thread-safe once started.
 */
public final class AggregatorService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AggregatorService.class);
  private static final Duration CLICKHOUSE_WAIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(8);
  private static final long SAMPLE_INTERVAL_MS = 1000;
  private static final long STATUS_INTERVAL_MS = 10_000;

  /**
   * A job with a task that got no turn for so long is not ready, whatever state it says it is in.
   */
  private static final long STALL_LIMIT_MS = 30_000;

  private final Clock clock;
  private final JobMetrics metrics;
  private final KafkaStreams streams;
  private final SinkRunner sinks;
  private final AggregatorHttp http;

  /** What to close, last opened first. */
  private final Deque<AutoCloseable> opened;

  private AggregatorService(
      Clock clock,
      JobMetrics metrics,
      KafkaStreams streams,
      SinkRunner sinks,
      PrometheusMeterRegistry registry,
      Settings settings,
      Deque<AutoCloseable> opened) {
    this.clock = clock;
    this.metrics = metrics;
    this.streams = streams;
    this.sinks = sinks;
    this.opened = opened;
    this.http =
        AggregatorHttp.start(
            settings.string(Keys.BIND_ADDRESS),
            settings.integer(Keys.AGGREGATOR_PORT),
            this::ready,
            registry);
    opened.push(http);
  }

  /**
   * Prepares topics and tables and starts everything; returns before the job has its partitions.
   *
   * @throws IllegalStateException if the topics, tables or price books cannot be used, saying why
   * @throws io.spanmill.aggregator.topology.SourceReplacedException if going on would count twice
   * @throws InterruptedException if interrupted while waiting for the servers
   */
  public static AggregatorService start(Settings settings) throws InterruptedException {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      return start(settings, Clock.systemUTC(), opened);
    } catch (RuntimeException | InterruptedException e) {
      closeAll(opened);
      throw e;
    }
  }

  private static AggregatorService start(
      Settings settings, Clock clock, Deque<AutoCloseable> opened) throws InterruptedException {
    CubeSet cubes = CubesFile.cubes(settings);
    PriceFiles prices = prices(settings);
    NormalizerConfig normalizer = NormalizerConfig.of(settings, cubes.attributeKeys());
    ClickHouse clickHouse = ClickHouse.open(settings);
    opened.push(clickHouse);
    clickHouse.awaitReady(CLICKHOUSE_WAIT);
    Migrations.apply(clickHouse, settings, cubes.cubes());
    Editions editions = new Editions(clickHouse);
    editions.begin(cubes);
    WantedEdition wanted = new WantedEdition(editions, cubes);
    wanted.refresh();
    int partitions;
    String sourceId;
    try (Admin admin = Admin.create(kafka(settings))) {
      partitions = Topics.ensure(admin, settings);
      sourceId = new SourceIdentity(admin, clickHouse, StreamsSettings.APPLICATION_ID).check();
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    opened.push(registry::close);
    JobMetrics metrics = new JobMetrics(registry);
    TopologyConfig topology =
        new TopologyConfig(
            cubes,
            partitions,
            () -> new NormalizedSource(normalizer),
            prices,
            sourceId,
            TopologyConfig.Limits.of(settings, partitions),
            TopologyConfig.Timing.of(settings),
            metrics,
            wanted);
    RocksMemory memory = new RocksMemory();
    opened.push(memory);
    KafkaStreams streams =
        new KafkaStreams(new RollupTopology(topology).get(), StreamsSettings.of(settings, memory));
    streams.setUncaughtExceptionHandler(new JobFailures());
    opened.push(() -> stop(streams));
    streams.start();
    SinkRunner sinks =
        SinkRunner.start(
            new SinkRunner.Config(
                settings,
                clickHouse,
                cubes.cubes(),
                cubes.attributeNames(),
                new JobInterpreter(normalizer, prices),
                registry,
                clock));
    opened.push(sinks);
    EndSampler sampler =
        new EndSampler(
            consumer(settings, "read_committed"),
            consumer(settings, "read_uncommitted"),
            partitions,
            clickHouse,
            clock);
    DeadLetterCensus deadLetters =
        new DeadLetterCensus(consumer(settings, "read_committed"), partitions, registry);
    StatusWriter status = new StatusWriter(clickHouse, metrics, prices, deadLetters);
    opened.push(schedule(settings, sampler, deadLetters, status, prices));
    reconcile(settings, clickHouse, cubes, registry, clock, opened);
    ScheduledExecutorService editionWatch = executor("edition-watch");
    every(editionWatch, SAMPLE_INTERVAL_MS, wanted::refresh);
    every(editionWatch, STATUS_INTERVAL_MS, wanted::checkFilled);
    opened.push(editionWatch::shutdownNow);
    return new AggregatorService(clock, metrics, streams, sinks, registry, settings, opened);
  }

  /** Port of {@code /health}, {@code /ready} and {@code /metrics}. */
  public int port() {
    return http.port();
  }

  /** Whether the job and every sink get on with their work; not merely that they live. */
  public boolean ready() {
    return streams.state() == KafkaStreams.State.RUNNING
        && metrics.oldestTickMs() > clock.millis() - STALL_LIMIT_MS
        && sinks.ready();
  }

  /** Partitions of {@code otlp_spans} that this process has at the moment. */
  int tasks() {
    return metrics.dedup().size();
  }

  /** Lets the rollup job stand between two records, or go on; the sinks work on meanwhile. */
  void hold(boolean hold) {
    if (hold) {
      streams.pause();
    } else {
      streams.resume();
    }
  }

  /** Stops everything within about ten seconds; what is in hand is done again after a start. */
  @Override
  public void close() {
    closeAll(opened);
  }

  private static PriceFiles prices(Settings settings) {
    try {
      return PriceFiles.load(settings.list(Keys.PRICES_PATHS));
    } catch (PriceBookException e) {
      throw new IllegalStateException("prices.paths: " + e.getMessage(), e);
    }
  }

  private static AutoCloseable schedule(
      Settings settings,
      EndSampler sampler,
      DeadLetterCensus deadLetters,
      StatusWriter status,
      PriceFiles prices) {
    ScheduledExecutorService sampling = executor("progress-sampler");
    ScheduledExecutorService housekeeping = executor("aggregator-status");
    every(sampling, SAMPLE_INTERVAL_MS, sampler::sample);
    every(housekeeping, STATUS_INTERVAL_MS, deadLetters::read);
    every(housekeeping, STATUS_INTERVAL_MS, status::write);
    every(housekeeping, settings.longValue(Keys.PRICES_RELOAD_MS), prices::refresh);
    return () -> {
      sampling.shutdown();
      housekeeping.shutdownNow();
      // A consumer belongs to one thread at a time: its sampling must have ended.
      if (sampling.awaitTermination(5, TimeUnit.SECONDS)) {
        sampler.close();
      }
      if (housekeeping.awaitTermination(5, TimeUnit.SECONDS)) {
        deadLetters.close();
      }
    };
  }

  private static void reconcile(
      Settings settings,
      ClickHouse clickHouse,
      CubeSet cubes,
      PrometheusMeterRegistry registry,
      Clock clock,
      Deque<AutoCloseable> opened) {
    long intervalMs = settings.longValue(Keys.RECONCILE_INTERVAL_MS);
    if (intervalMs == 0) {
      return;
    }
    ReconcileJob job =
        new ReconcileJob(
            clickHouse,
            new Reconciler(clickHouse, cubes, settings, clock),
            intervalMs,
            settings.longValue(Keys.RECONCILE_RANGE_MS),
            registry,
            clock);
    ScheduledExecutorService executor = executor("reconcile");
    every(executor, Math.min(intervalMs, STATUS_INTERVAL_MS), job::runIfDue);
    opened.push(executor::shutdownNow);
  }

  private static void every(ScheduledExecutorService executor, long intervalMs, Runnable task) {
    var unused =
        executor.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                // An exception would end the schedule in silence.
                LOG.error("{} failed, goes on", Thread.currentThread().getName(), e);
              }
            },
            0,
            intervalMs,
            TimeUnit.MILLISECONDS);
  }

  private static ScheduledExecutorService executor(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  private static Map<String, Object> kafka(Settings settings) {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    return config;
  }

  private static KafkaConsumer<byte[], byte[]> consumer(Settings settings, String isolation) {
    Map<String, Object> config = kafka(settings);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static void stop(KafkaStreams streams) {
    boolean stopped =
        streams.close(
            CloseOptions.timeout(STOP_LIMIT)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    if (!stopped) {
      LOG.warn("the rollup job did not stop within {} s", STOP_LIMIT.toSeconds());
    }
  }

  private static void closeAll(Deque<AutoCloseable> opened) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        LOG.error("a part of the aggregator did not close", e);
      }
    }
  }
}
