/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ClickHouseFailure;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sink on its own thread: collects committed records into a batch, inserts it, says how far the
 * source is visible, commits its offsets, in that order. So a crash at any point writes rows again,
 * never leaves some out; and writing again changes nothing a reader sees.
 *
 * <p>One batch is in hand at a time. While ClickHouse is away the batch waits and the consumer
 * stays in its group, paused. A rebalance drops the batch: its rows will be read again by whoever
 * owns the partitions then.
 */
final class SinkLoop implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(SinkLoop.class);
  private static final Duration IDLE_POLL = Duration.ofMillis(500);
  private static final long RESTART_PAUSE_MS = 3000;

  /** A block is a copy of this much in memory here, and again in the server. */
  private static final long MAX_BATCH_BYTES = 64L << 20;

  /**
   * What the loop works with.
   *
   * @param inserts runs inserts of one batch side by side
   * @param maxRows rows that end a batch
   * @param lingerMs age that ends a batch
   * @param intervalMs what lies between two batches that are written at least, unless one is full
   */
  record Parts(
      Supplier<Consumer<byte[], byte[]>> consumers,
      BatchRows rows,
      BlockStore blocks,
      Executor inserts,
      ProgressStore progress,
      DeadLetters deadLetters,
      SinkMetrics metrics,
      int maxRows,
      long lingerMs,
      long intervalMs,
      Clock clock,
      RandomGenerator random) {}

  private final Parts parts;
  private final BatchRows rows;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch joined = new CountDownLatch(1);
  private final AtomicReference<@Nullable Consumer<byte[], byte[]>> current =
      new AtomicReference<>();

  SinkLoop(Parts parts) {
    this.parts = parts;
    this.rows = parts.rows();
  }

  @Override
  public void run() {
    while (!stopping()) {
      parts.metrics().turned();
      try (Consumer<byte[], byte[]> consumer = parts.consumers().get()) {
        current.set(consumer);
        new Session(consumer).run();
      } catch (WakeupException e) {
        LOG.debug("sink {} woken up", rows.kind(), e);
      } catch (KafkaException | ClickHouseFailure | IllegalStateException e) {
        LOG.error("sink {} begins anew in {} ms", rows.kind(), RESTART_PAUSE_MS, e);
        parts.metrics().restarted();
        pauseBeforeRestart();
      } finally {
        current.set(null);
        rows.clear();
      }
    }
  }

  private void pauseBeforeRestart() {
    try {
      if (stop.await(RESTART_PAUSE_MS, TimeUnit.MILLISECONDS)) {
        LOG.debug("sink {} stops", rows.kind());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop.countDown();
    }
  }

  /** Ends the loop soon; what is in hand is written if ClickHouse answers. From any thread. */
  void stop() {
    stop.countDown();
    Consumer<byte[], byte[]> consumer = current.get();
    if (consumer != null) {
      consumer.wakeup();
    }
  }

  /** Whether the sink has its place in the group. From any thread. */
  boolean hasJoined() {
    return joined.getCount() == 0;
  }

  private boolean stopping() {
    return stop.getCount() == 0;
  }

  /** The life of one consumer. */
  private final class Session implements ConsumerRebalanceListener, Pause {
    private final Consumer<byte[], byte[]> consumer;
    private final BlockInserter inserter;

    /** Where to go on once the batch in hand is written. */
    private final Map<TopicPartition, Long> next = new HashMap<>();

    private final Map<TopicPartition, Long> committed = new HashMap<>();

    /** Assigned partitions whose group offsets are gone. */
    private final Set<TopicPartition> toPlace = new HashSet<>();

    private boolean partitionsLost;

    /** Whether the batch in hand holds records, not positions alone. */
    private boolean anyRecord;

    private long batchStartMs;
    private long lastWriteMs;

    Session(Consumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
      this.inserter =
          new BlockInserter(parts.blocks(), parts.inserts(), this, parts.random(), parts.metrics());
    }

    void run() {
      consumer.subscribe(List.of(rows.topic()), this);
      while (!stopping()) {
        parts.metrics().turned();
        try {
          place();
          take(poll(untilBatchEnds()));
          if (isBatchDue()) {
            flush();
          }
        } catch (BatchAbandoned e) {
          LOG.debug("sink {} drops the batch in hand", rows.kind(), e);
          forgetBatch();
        }
      }
      flushOnce();
    }

    private ConsumerRecords<byte[], byte[]> poll(Duration wait) {
      try {
        return consumer.poll(wait);
      } catch (OffsetOutOfRangeException e) {
        e.offsetOutOfRangePartitions().forEach(this::replace);
        return ConsumerRecords.empty();
      }
    }

    private void take(ConsumerRecords<byte[], byte[]> records) throws BatchAbandoned {
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (!anyRecord) {
          batchStartMs = parts.clock().millis();
          anyRecord = true;
        }
        try {
          rows.add(record);
        } catch (RuntimeException e) {
          LOG.warn(
              "sink {} sets record {}-{}@{} aside: {}",
              rows.kind(),
              record.topic(),
              record.partition(),
              record.offset(),
              e.toString());
          deadLetter(record.partition(), record.offset(), "not stored: " + e);
        }
        rows.positioned(record.partition(), record.offset() + 1);
        next.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
        if (isFull()) {
          flush();
          parts.metrics().turned();
        }
      }
      long lag = 0;
      for (TopicPartition partition : consumer.assignment()) {
        // Past the last record lie the marks of ended transactions.
        advanceTo(partition, consumer.position(partition));
        lag += consumer.currentLag(partition).orElse(0);
      }
      parts.metrics().lag(lag);
    }

    private void advanceTo(TopicPartition partition, long position) {
      Long known = next.getOrDefault(partition, committed.get(partition));
      if (!toPlace.contains(partition) && (known == null || position > known)) {
        if (next.isEmpty()) {
          batchStartMs = parts.clock().millis();
        }
        next.put(partition, position);
        rows.positioned(partition.partition(), position);
      }
    }

    private Duration untilBatchEnds() {
      return next.isEmpty() ? IDLE_POLL : Duration.ofMillis(leftMs());
    }

    /** Until the batch begun is due; 0 if it is. A clock that was set back delays it once. */
    private long leftMs() {
      boolean whole = anyRecord && rows.isWhole(consumer.assignment().size());
      long lingerMs = whole ? 0 : parts.lingerMs();
      long dueMs = Math.max(batchStartMs + lingerMs, lastWriteMs + parts.intervalMs());
      long longest = Math.max(lingerMs, parts.intervalMs());
      return Math.max(0, Math.min(dueMs - parts.clock().millis(), longest));
    }

    private boolean isFull() {
      return rows.rows() >= parts.maxRows() || rows.sizeBytes() >= MAX_BATCH_BYTES;
    }

    private boolean isBatchDue() {
      return !next.isEmpty() && (isFull() || leftMs() == 0);
    }

    /** Rows first, then how far they reach, then the group's offsets. */
    private void flush() throws BatchAbandoned {
      partitionsLost = false;
      List<TableBlock> blocks = rows.blocks();
      List<SourceProgress> progress = rows.progress();
      if (rows.rows() > 0 || !progress.isEmpty()) {
        // Offsets alone cost no part: nothing has to wait because of them.
        lastWriteMs = parts.clock().millis();
      }
      for (PoisonRow poison :
          rows.inOrder() ? inserter.insertInOrder(blocks) : inserter.insertSideBySide(blocks)) {
        deadLetter(
            poison.partition(),
            poison.offset(),
            "table " + poison.table() + " refuses a row: " + poison.reason());
      }
      if (!progress.isEmpty()) {
        inserter.untilDone(() -> parts.progress().write(rows.kind(), progress));
      }
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      next.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
      try {
        consumer.commitSync(offsets);
      } catch (RebalanceInProgressException | CommitFailedException e) {
        // The rows are written; they will be again by whoever owns the partitions now.
        LOG.info("sink {} wrote a batch it could not commit: {}", rows.kind(), e.getMessage());
      }
      committed.putAll(next);
      forgetBatch();
    }

    /** The last batch, without waiting for anything. */
    private void flushOnce() {
      if (next.isEmpty() || parts.metrics().isTroubled()) {
        return;
      }
      try {
        flush();
      } catch (BatchAbandoned | WakeupException e) {
        LOG.info("sink {} stops with a batch not written; it will be read again", rows.kind());
      }
    }

    private void deadLetter(int partition, long offset, String reason) {
      parts.deadLetters().add(rows.topic(), partition, offset, reason);
      parts.metrics().deadLetter();
    }

    @Override
    public void await(long millis) throws BatchAbandoned {
      long until = parts.clock().millis() + millis;
      consumer.pause(consumer.assignment());
      try {
        do {
          if (stopping() || partitionsLost) {
            throw new BatchAbandoned();
          }
          parts.metrics().turned();
          long left = Math.max(1, until - parts.clock().millis());
          ConsumerRecords<byte[], byte[]> stray = poll(Duration.ofMillis(left));
          // Partitions that just came are not paused: what they gave is read again.
          stray.partitions().forEach(p -> consumer.seek(p, stray.records(p).get(0).offset()));
        } while (parts.clock().millis() < until);
        if (stopping() || partitionsLost) {
          throw new BatchAbandoned();
        }
      } catch (WakeupException e) {
        throw new BatchAbandoned();
      } finally {
        Set<TopicPartition> ready = new HashSet<>(consumer.assignment());
        ready.removeAll(toPlace);
        consumer.resume(ready);
      }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      if (!partitions.isEmpty()) {
        partitionsLost = true;
        forgetBatch();
        committed.clear();
        toPlace.clear();
      }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      joined.countDown();
      Map<TopicPartition, OffsetAndMetadata> known = consumer.committed(new HashSet<>(partitions));
      List<TopicPartition> unknown = new ArrayList<>();
      for (TopicPartition partition : partitions) {
        OffsetAndMetadata offset = known.get(partition);
        if (offset == null) {
          unknown.add(partition);
        } else {
          consumer.seek(partition, offset.offset());
          committed.put(partition, offset.offset());
        }
      }
      // Not one record is taken from them before ClickHouse said where they were.
      if (!unknown.isEmpty()) {
        // Of an empty list Kafka makes all partitions.
        consumer.seekToBeginning(unknown);
        consumer.pause(unknown);
        toPlace.addAll(unknown);
      }
    }

    private void forgetBatch() {
      rows.clear();
      next.clear();
      anyRecord = false;
    }

    /** Finds the place of partitions whose group offsets are gone, from what ClickHouse knows. */
    private void place() throws BatchAbandoned {
      if (toPlace.isEmpty()) {
        return;
      }
      partitionsLost = false;
      Map<Integer, Long> stored = new HashMap<>();
      inserter.untilDone(() -> stored.putAll(parts.progress().sinkOffsets(rows.kind())));
      for (TopicPartition partition : toPlace) {
        Long offset = stored.get(partition.partition());
        if (offset != null) {
          LOG.info(
              "sink {}: no group offset of {}, goes on at {} as ClickHouse knows",
              rows.kind(),
              partition,
              offset);
          consumer.seek(partition, offset);
        }
      }
      consumer.resume(toPlace);
      toPlace.clear();
    }

    /** A position that the topic does not have: its records expired, or it was made anew. */
    private void replace(TopicPartition partition, long position) {
      long begin = consumer.beginningOffsets(Set.of(partition)).getOrDefault(partition, 0L);
      if (position < begin) {
        LOG.error(
            "sink {}: offsets {} to {} of {} expired before they were stored; run reconcile and"
                + " rebuild",
            rows.kind(),
            position,
            begin - 1,
            partition);
        parts.metrics().lost(begin - position);
      } else {
        LOG.warn(
            "sink {}: {} is shorter than {}: it was made anew, so it is read from its beginning",
            rows.kind(),
            partition,
            position);
      }
      committed.remove(partition);
      consumer.seek(partition, begin);
    }
  }
}
