/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the topics of {@code ingest.bridge.topics} over into {@code otlp_spans}: what one poll gave
 * is split, produced, and its offsets are committed in one transaction, so each record counts once
 * however often an instance dies. Several instances share the partitions.
 *
 * <p>One thread, one transaction at a time: a slow broker holds the consumer back, memory is
 * bounded by one poll. Any failure undoes the transaction and begins again from the committed
 * offsets with new clients; nothing is skipped. Thread-safe.
 */
public final class Bridge implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
  private static final Duration POLL = Duration.ofMillis(250);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);
  private static final long BACKOFF_MS = 1000;
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final List<BridgeTopic> topics;
  private final BooleanSupplier prepared;
  private final BridgeClients clients;
  private final RecordTranslator translator;
  private final BridgeMetrics metrics;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile long progressNanos = System.nanoTime();
  private volatile @Nullable String problem;

  private Bridge(
      Settings settings,
      List<BridgeTopic> topics,
      BooleanSupplier prepared,
      MeterRegistry registry) {
    this.topics = topics;
    this.prepared = prepared;
    clients = new BridgeClients(settings);
    translator = new RecordTranslator(settings, topics);
    metrics = new BridgeMetrics(registry);
    thread = new Thread(this::run, "ingest-bridge");
    thread.setDaemon(true);
  }

  /**
   * Checks {@code ingest.bridge.topics} without starting anything.
   *
   * @throws SettingsException naming all bad entries
   */
  public static void check(Settings settings) {
    List<BridgeTopic> unused = BridgeTopic.of(settings);
  }

  /**
   * Starts.
   *
   * @param prepared whether the topics of Spanmill are there; nothing is read before
   * @return null if no topics are named
   */
  public static @Nullable Bridge start(
      Settings settings, BooleanSupplier prepared, MeterRegistry registry) {
    List<BridgeTopic> topics = BridgeTopic.of(settings);
    if (topics.isEmpty()) {
      return null;
    }
    Bridge bridge = new Bridge(settings, topics, prepared, registry);
    LOG.info(
        "bridge topics={} group={} instance={}",
        settings.list(Keys.INGEST_BRIDGE_TOPICS),
        settings.string(Keys.INGEST_BRIDGE_GROUP),
        bridge.clients.instance());
    bridge.thread.start();
    return bridge;
  }

  /**
   * Whether it took something over lately or has nothing to take over, and nothing failed since.
   */
  public boolean progressing() {
    return problem == null && System.nanoTime() - progressNanos < FRESH_NANOS;
  }

  /** Why not, for people; empty if nothing is known to be wrong. */
  public String problem() {
    String known = problem;
    return known == null ? "" : "bridge: " + known;
  }

  /** Finishes the transaction under way and leaves the group; takes a few seconds at most. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!stopping(0)) {
        if (!prepared.getAsBoolean()) {
          stopping(200);
          continue;
        }
        try {
          session();
        } catch (RuntimeException e) {
          failed(e);
          stopping(BACKOFF_MS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean stopping(long waitMs) throws InterruptedException {
    return closing.await(waitMs, TimeUnit.MILLISECONDS);
  }

  /** From new clients to their first failure, or to the end. */
  private void session() throws InterruptedException {
    Producer<byte[], byte[]> producer = clients.producer();
    try {
      // First the producer: it ends what a predecessor of this name left open.
      producer.initTransactions();
      Consumer<byte[], byte[]> consumer = clients.consumer();
      try {
        consumer.subscribe(topics.stream().map(BridgeTopic::name).toList());
        while (!stopping(0)) {
          step(consumer, producer);
        }
      } finally {
        // A static member would otherwise keep its partitions until its session times out.
        consumer.close(
            CloseOptions.timeout(CLOSE_LIMIT)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
      }
    } finally {
      producer.close(CLOSE_LIMIT);
    }
  }

  private void step(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
    if (!records.isEmpty()) {
      transaction(consumer, producer, records);
    }
    boolean member = consumer.groupMetadata().generationId() >= 0;
    long behind = 0;
    boolean known = true;
    for (TopicPartition partition : consumer.assignment()) {
      OptionalLong lag = consumer.currentLag(partition);
      behind += lag.orElse(0);
      known &= lag.isPresent();
    }
    metrics.lag(behind);
    if (!records.isEmpty() || (member && known && behind == 0)) {
      progressNanos = System.nanoTime();
      problem = null;
    }
  }

  private void transaction(
      Consumer<byte[], byte[]> consumer,
      Producer<byte[], byte[]> producer,
      ConsumerRecords<byte[], byte[]> records) {
    BridgeCounts counts = new BridgeCounts();
    // What becomes of it the commit tells: it fails if any record did.
    java.util.function.Consumer<ProducerRecord<byte[], byte[]>> out =
        record -> {
          var unused = producer.send(record);
        };
    try {
      producer.beginTransaction();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        translator.translate(record, out, counts);
      }
      translator.flush(out);
      producer.sendOffsetsToTransaction(nextOffsets(records), consumer.groupMetadata());
      producer.commitTransaction();
    } catch (RuntimeException e) {
      translator.discard();
      metrics.aborted();
      // Not aborted here: the next session's initTransactions settles it, commit or abort,
      // whatever state the failure left, and offsets are read again from where that leads.
      throw e;
    }
    metrics.committed(counts);
  }

  private static Map<TopicPartition, OffsetAndMetadata> nextOffsets(
      ConsumerRecords<byte[], byte[]> records) {
    Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    for (TopicPartition partition : records.partitions()) {
      List<ConsumerRecord<byte[], byte[]>> of = records.records(partition);
      next.put(partition, new OffsetAndMetadata(of.get(of.size() - 1).offset() + 1));
    }
    return next;
  }

  private void failed(RuntimeException e) {
    problem = e.getMessage() == null ? e.toString() : e.getMessage();
    if (fenced(e)) {
      String before = clients.instance();
      clients.renamed();
      LOG.warn(
          "another bridge goes by the name {}, or this one stood still for longer than a transaction"
              + " lasts; it goes on as {}. Give each ingest.bridge.instance a name of its own",
          before,
          clients.instance());
    } else if (e instanceof KafkaException) {
      LOG.warn("bridge begins again from the committed offsets: {}", e.toString());
    } else {
      LOG.error("bridge failed and begins again from the committed offsets", e);
    }
  }

  private static boolean fenced(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProducerFencedException || cause instanceof FencedInstanceIdException) {
        return true;
      }
    }
    return false;
  }
}
