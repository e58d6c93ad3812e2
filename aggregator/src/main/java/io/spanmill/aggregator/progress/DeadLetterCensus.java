/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.progress;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which letters in {@code otlp_spans_dlq} were not sent again yet: one bit an offset, and the
 * latest of them. Reads the topic once and then what is added to it. Called by one thread; the
 * count may be read by any.
 */
public final class DeadLetterCensus implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterCensus.class);
  private static final int LATEST = 20;
  private static final int MAX_REASON = 300;
  private static final Duration POLL = Duration.ofMillis(200);

  /** Polls of one reading: a long topic is read in several. */
  private static final int MAX_POLLS = 50;

  private final Consumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final List<BitSet> openLetters = new ArrayList<>();

  /** Offset that bit 0 stands for, of each partition; -1 before the first look. */
  private final long[] base;

  private final Deque<Letter> latest = new ArrayDeque<>();
  private final AtomicLong open = new AtomicLong();
  private boolean failing;

  /**
   * A census of so many partitions.
   *
   * @param consumer reading committed, of no group; closed with this
   */
  public DeadLetterCensus(
      Consumer<byte[], byte[]> consumer, int partitions, MeterRegistry registry) {
    this.consumer = consumer;
    base = new long[partitions];
    for (int p = 0; p < partitions; p++) {
      this.partitions.add(new TopicPartition(Topics.DEAD_LETTERS, p));
      openLetters.add(new BitSet());
      base[p] = -1;
    }
    consumer.assign(this.partitions);
    consumer.seekToBeginning(this.partitions);
    Gauge.builder("spanmill.dead.letters.open", open, AtomicLong::get)
        .description("dead letters kept that were not sent again")
        .register(registry);
  }

  /**
   * A record set aside.
   *
   * @param id partition and offset in the dead-letter topic, {@code P:O}
   * @param topic where it came from; "?" if not told
   * @param partition there; -1 if not told
   * @param offset there; -1 if not told
   */
  public record Letter(
      String id,
      String topic,
      long partition,
      long offset,
      long arrivedMs,
      String project,
      String reason) {}

  /** Reads what was added. A failure is logged once and the next call tries again. */
  public void read() {
    try {
      for (int poll = 0; poll < MAX_POLLS; poll++) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (records.isEmpty()) {
          break;
        }
        records.forEach(this::take);
      }
      consumer.beginningOffsets(partitions).forEach(this::forget);
      open.set(openLetters.stream().mapToLong(BitSet::cardinality).sum());
      failing = false;
    } catch (KafkaException e) {
      if (!failing) {
        LOG.warn("dead letters not counted, trying again: {}", e.getMessage());
      }
      failing = true;
    }
  }

  /** Letters kept that were not sent again. Safe for any thread. */
  public long open() {
    return open.get();
  }

  /** The latest of them, newest first. */
  public List<Letter> latest() {
    return latest.stream().filter(letter -> isOpen(letter.id())).limit(LATEST).toList();
  }

  @Override
  public void close() {
    consumer.close();
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    Header again = record.headers().lastHeader(LetterHeaders.SENT_AGAIN);
    if (again != null) {
      String id = new String(again.value(), StandardCharsets.UTF_8);
      mark(id, false);
      return;
    }
    String id = record.partition() + ":" + record.offset();
    mark(id, true);
    String reason = text(record, LetterHeaders.REASON);
    latest.addFirst(
        new Letter(
            id,
            text(record, LetterHeaders.TOPIC),
            number(text(record, LetterHeaders.PARTITION)),
            number(text(record, LetterHeaders.OFFSET)),
            record.timestamp(),
            text(record, Topics.PROJECT_HEADER),
            reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) : reason));
    // Room for some that are sent again.
    if (latest.size() > 4 * LATEST) {
      latest.removeLast();
    }
  }

  private void mark(String id, boolean isOpen) {
    int colon = id.indexOf(':');
    int partition = (int) number(id.substring(0, Math.max(0, colon)));
    long offset = number(id.substring(colon + 1));
    if (partition < 0 || partition >= base.length || offset < 0) {
      return;
    }
    if (base[partition] < 0) {
      base[partition] = offset;
    }
    long bit = offset - base[partition];
    if (bit >= 0 && bit < Integer.MAX_VALUE) {
      openLetters.get(partition).set((int) bit, isOpen);
    }
  }

  private boolean isOpen(String id) {
    int colon = id.indexOf(':');
    int partition = (int) number(id.substring(0, colon));
    return openLetters
        .get(partition)
        .get((int) (number(id.substring(colon + 1)) - base[partition]));
  }

  /** What retention has deleted cannot be sent again. */
  private void forget(TopicPartition partition, long begin) {
    int p = partition.partition();
    if (base[p] >= 0 && begin > base[p]) {
      openLetters.get(p).clear(0, (int) Math.min(Integer.MAX_VALUE, begin - base[p]));
    }
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String header) {
    Header found = record.headers().lastHeader(header);
    return found == null || found.value() == null
        ? "?"
        : new String(found.value(), StandardCharsets.UTF_8);
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException notTold) {
      return -1;
    }
  }
}
