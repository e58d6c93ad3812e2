/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.codec.Topics;
import io.spanmill.otlp.SplitResult.Chunk;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes chunks to {@code otlp_spans}. One thread packs and sends, so that a slow broker never
 * holds more than one thread; what waits is bounded by the admission of requests. Chunks of one
 * partition and project that arrive within the linger time share a record. A producer that ended in
 * a fatal error is replaced. Thread-safe.
 */
public final class Publisher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  /**
   * Bounds of the publisher.
   *
   * @param maxRecordBytes largest record value
   * @param lingerMs how long small chunks wait for company
   * @param timeoutMs longest wait in the queue
   */
  public record Limits(int maxRecordBytes, int lingerMs, int timeoutMs) {}

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final Limits limits;
  private final IntConsumer packed;
  private final LinkedBlockingQueue<Submission> queue = new LinkedBlockingQueue<>();
  private final Map<Pack.Key, Pack> open = new LinkedHashMap<>();
  private final Thread thread;
  private volatile boolean closing;
  private volatile long lastAckNanos;
  private volatile boolean acked;
  private volatile boolean broken;
  private @Nullable Producer<byte[], byte[]> producer;

  /**
   * Starts the thread.
   *
   * @param producers makes a producer; called again after a fatal error
   * @param packed told the number of chunks of each record, from the thread
   */
  public Publisher(
      Supplier<Producer<byte[], byte[]>> producers, Limits limits, IntConsumer packed) {
    this.producers = producers;
    this.limits = limits;
    this.packed = packed;
    thread = new Thread(this::run, "ingest-publisher");
    thread.setDaemon(true);
    thread.start();
  }

  /** Sends; the future never fails, and completes once every chunk is acknowledged or lost. */
  public CompletableFuture<Publication> publish(String project, List<Chunk> chunks) {
    if (chunks.isEmpty()) {
      return CompletableFuture.completedFuture(new Publication(0, 0, null));
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limits.timeoutMs());
    Submission submission = new Submission(project, List.copyOf(chunks), deadline);
    queue.add(submission);
    if (closing && !thread.isAlive() && queue.remove(submission)) {
      fail(submission, new IllegalStateException("the publisher is closed"));
    }
    return submission.done;
  }

  /** Nanoseconds since Kafka last acknowledged a record; {@link Long#MAX_VALUE} if never. */
  public long sinceAckNanos() {
    return acked ? System.nanoTime() - lastAckNanos : Long.MAX_VALUE;
  }

  /** Requests waiting to be packed. */
  public int waiting() {
    return queue.size();
  }

  /** Sends what waits, then closes the producer; takes a few seconds at most. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closing || !queue.isEmpty() || !open.isEmpty()) {
      try {
        step();
      } catch (RuntimeException e) {
        LOG.error("publisher step failed; the requests concerned are told to retry", e);
        failOpen(e);
      } catch (InterruptedException e) {
        closing = true;
      }
    }
    Producer<byte[], byte[]> last = producer;
    if (last != null) {
      last.close(CLOSE_LIMIT);
    }
  }

  private void step() throws InterruptedException {
    // Never long, so that closing does not wait for the linger time.
    long wait = TimeUnit.MILLISECONDS.toNanos(200);
    if (!open.isEmpty()) {
      wait = Math.min(wait, nanosToNextFlush());
    }
    Submission next = wait <= 0 ? queue.poll() : queue.poll(wait, TimeUnit.NANOSECONDS);
    while (next != null) {
      take(next);
      next = queue.poll();
    }
    long now = System.nanoTime();
    long linger = closing ? 0 : TimeUnit.MILLISECONDS.toNanos(limits.lingerMs());
    while (!open.isEmpty()) {
      Pack eldest = open.values().iterator().next();
      if (now - eldest.openedNanos < linger) {
        break;
      }
      open.remove(eldest.key);
      send(eldest);
    }
  }

  private long nanosToNextFlush() {
    Pack eldest = open.values().iterator().next();
    return eldest.openedNanos
        + TimeUnit.MILLISECONDS.toNanos(limits.lingerMs())
        - System.nanoTime();
  }

  private void take(Submission submission) {
    long now = System.nanoTime();
    if (now - submission.deadlineNanos > 0) {
      fail(submission, new TimeoutException("waited too long to be sent"));
      return;
    }
    for (Chunk chunk : submission.chunks) {
      Pack.Key key = new Pack.Key(chunk.partition(), submission.project);
      Pack pack = open.get(key);
      if (pack != null && pack.sizeBytes() + chunk.value().length > limits.maxRecordBytes()) {
        open.remove(key);
        send(pack);
        pack = null;
      }
      if (pack == null) {
        pack = new Pack(key, now);
        open.put(key, pack);
      }
      pack.add(submission, chunk);
      // Company is for small requests; a large one would only wait for it.
      if (pack.sizeBytes() >= limits.maxRecordBytes() / 8) {
        open.remove(key);
        send(pack);
      }
    }
  }

  private void send(Pack pack) {
    packed.accept(pack.requests());
    try {
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(Topics.SPANS, pack.key.partition(), null, pack.takeValue());
      record
          .headers()
          .add(Topics.PROJECT_HEADER, pack.key.project().getBytes(StandardCharsets.UTF_8));
      var unused = producer().send(record, (metadata, error) -> completed(pack, error));
    } catch (RuntimeException e) {
      // Kafka throws here only what a callback cannot tell: a closed or fatally failed producer.
      broken = broken || !(e instanceof ApiException);
      pack.finished(e);
    }
  }

  private void completed(Pack pack, @Nullable Exception error) {
    if (error == null) {
      lastAckNanos = System.nanoTime();
      acked = true;
    } else if (!(error instanceof RetriableException)
        && !(error instanceof RecordTooLargeException)) {
      LOG.error("producer failed for good and is replaced", error);
      broken = true;
    }
    pack.finished(error);
  }

  private Producer<byte[], byte[]> producer() {
    Producer<byte[], byte[]> current = producer;
    if (current != null && broken) {
      producer = null;
      current.close(Duration.ZERO);
      current = null;
    }
    if (current == null) {
      broken = false;
      current = producers.get();
      producer = current;
    }
    return current;
  }

  private void failOpen(RuntimeException error) {
    List<Pack> packs = List.copyOf(open.values());
    open.clear();
    packs.forEach(pack -> pack.finished(error));
  }

  private static void fail(Submission submission, Throwable error) {
    submission.chunks.forEach(chunk -> submission.finished(chunk.spans(), error));
  }
}
