/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes chunks to {@code otlp_spans} and tells when the brokers have them. Small chunks of one
 * partition and project wait a few milliseconds to share a record: requests laid end to end are one
 * valid request. All sends are made by one thread of its own, so that no receiver ever waits for
 * the brokers. Thread-safe.
 */
final class Publisher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);
  private static final int MAX_BLOCK_MS = 1000;
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(8);

  private record Target(String project, int partition) {}

  /** Chunks on their way into one record. */
  private static final class Pack {
    private final List<byte[]> chunks = new ArrayList<>();
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private int bytes;
  }

  private final Map<Target, Pack> open = new HashMap<>();
  private final ScheduledExecutorService sender =
      Executors.newSingleThreadScheduledExecutor(
          r -> {
            Thread t = new Thread(r, "spanmill-publisher");
            t.setDaemon(true);
            return t;
          });
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final int maxRecordBytes;
  private final int lingerMs;
  private final IngestMetrics metrics;
  private Producer<byte[], byte[]> producer;
  private volatile long lastSuccessNanos = System.nanoTime();
  private volatile boolean failing;

  Publisher(Settings settings, IngestMetrics metrics) {
    this(
        () -> new KafkaProducer<>(config(settings)),
        settings.integer(Keys.KAFKA_RECORD_MAX_BYTES),
        settings.integer(Keys.INGEST_LINGER_MS),
        metrics);
  }

  Publisher(
      Supplier<Producer<byte[], byte[]>> producers,
      int maxRecordBytes,
      int lingerMs,
      IngestMetrics metrics) {
    this.producers = producers;
    this.producer = producers.get();
    this.maxRecordBytes = maxRecordBytes;
    this.lingerMs = lingerMs;
    this.metrics = metrics;
  }

  private static Map<String, Object> config(Settings settings) {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    int timeout = settings.integer(Keys.INGEST_PRODUCE_TIMEOUT_MS);
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "spanmill-ingest");
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeout);
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(400, timeout / 2));
    config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    config.put(ProducerConfig.BATCH_SIZE_CONFIG, 512 * 1024);
    config.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG,
        2 * settings.longValue(Keys.INGEST_MAX_INFLIGHT_BYTES) / 3);
    config.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
        settings.integer(Keys.KAFKA_RECORD_MAX_BYTES) + 100_000);
    config.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return config;
  }

  /**
   * Hands over a chunk.
   *
   * @return completes when all in-sync replicas have it; fails if that is not known in time, and
   *     then the sender must be told to send again
   */
  CompletableFuture<Void> publish(String project, int partition, byte[] chunk) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Target target = new Target(project, partition);
    Pack full = null;
    try {
      synchronized (open) {
        Pack pack = open.get(target);
        if (pack != null && pack.bytes + chunk.length > maxRecordBytes) {
          full = open.remove(target);
          pack = null;
        }
        if (pack == null) {
          Pack fresh = new Pack();
          open.put(target, fresh);
          pack = fresh;
          ScheduledFuture<?> unused =
              sender.schedule(() -> flush(target, fresh), lingerMs, TimeUnit.MILLISECONDS);
        }
        pack.chunks.add(chunk);
        pack.waiting.add(done);
        pack.bytes += chunk.length;
      }
      if (full != null) {
        Pack ready = full;
        sender.execute(() -> send(target, ready));
      }
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(new IllegalStateException("ingest is shutting down", e));
    }
    return done;
  }

  private void flush(Target target, Pack pack) {
    synchronized (open) {
      if (open.get(target) != pack) {
        return;
      }
      open.remove(target);
    }
    send(target, pack);
  }

  private void send(Target target, Pack pack) {
    byte[] value = pack.chunks.get(0);
    if (pack.chunks.size() > 1) {
      ByteArrayOutputStream joined = new ByteArrayOutputStream(pack.bytes);
      pack.chunks.forEach(c -> joined.write(c, 0, c.length));
      value = joined.toByteArray();
    }
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            Topics.SPANS,
            target.partition(),
            null,
            null,
            value,
            List.of(
                new RecordHeader(
                    Topics.PROJECT_HEADER, target.project().getBytes(StandardCharsets.UTF_8))));
    try {
      producer.send(record, (metadata, error) -> finished(pack, error)).isDone();
      metrics.record(value.length, pack.chunks.size());
    } catch (RuntimeException e) {
      // Fatal errors are thrown: fenced, closed, out of order. A new producer starts afresh.
      LOG.error("the producer failed and is replaced", e);
      finished(pack, e);
      replace();
    }
  }

  private void replace() {
    Producer<byte[], byte[]> old = producer;
    producer = producers.get();
    old.close(Duration.ZERO);
  }

  private void finished(Pack pack, @org.jspecify.annotations.Nullable Exception error) {
    if (error == null) {
      lastSuccessNanos = System.nanoTime();
      failing = false;
      pack.waiting.forEach(w -> w.complete(null));
    } else {
      if (!failing) {
        LOG.warn("Kafka does not acknowledge: {}", error.toString());
      }
      failing = true;
      metrics.produceFailure();
      pack.waiting.forEach(w -> w.completeExceptionally(error));
    }
  }

  /** Whether the newest attempt to write succeeded, or nothing was written lately. */
  boolean healthy() {
    return !failing;
  }

  /** Time since the brokers last acknowledged anything. */
  Duration sinceSuccess() {
    return Duration.ofNanos(System.nanoTime() - lastSuccessNanos);
  }

  @Override
  public void close() {
    List<Map.Entry<Target, Pack>> rest;
    synchronized (open) {
      rest = List.copyOf(new HashMap<>(open).entrySet());
      open.clear();
    }
    sender.execute(() -> rest.forEach(e -> send(e.getKey(), e.getValue())));
    sender.shutdown();
    try {
      if (!sender.awaitTermination(CLOSE_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("records were still waiting at the stop; their senders were told to send again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    producer.close(CLOSE_WITHIN);
  }
}
