/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.progress;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.codec.Topics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down where {@code otlp_spans} ended at which time: what was acknowledged before the time
 * lies before the end. Readers compare that with what is visible. Called by one thread.
 */
public final class EndSampler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EndSampler.class);
  private static final Duration PROBE_WAIT = Duration.ofMillis(250);

  /**
   * A transaction leaves one marker behind in each partition; this many in a row are looked past.
   */
  private static final int MAX_MARKERS = 64;

  private final Consumer<byte[], byte[]> consumer;
  private final Consumer<byte[], byte[]> uncommitted;
  private final ClickHouse clickHouse;
  private final Clock clock;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final NativeBlock block = new NativeBlock();
  private final FixedColumn partitionColumn = block.int32("source_partition");
  private final FixedColumn sampledColumn = block.int64("sampled_ms");
  private final FixedColumn endColumn = block.int64("end_offset");
  private final long[] endBefore;
  private final long[] endOfData;
  private boolean failing;

  /**
   * A sampler of so many partitions.
   *
   * @param consumer reading committed, of no group; closed with this
   * @param uncommitted reading uncommitted, of no group; closed with this
   */
  public EndSampler(
      Consumer<byte[], byte[]> consumer,
      Consumer<byte[], byte[]> uncommitted,
      int partitions,
      ClickHouse clickHouse,
      Clock clock) {
    this.consumer = consumer;
    this.uncommitted = uncommitted;
    this.clickHouse = clickHouse;
    this.clock = clock;
    for (int p = 0; p < partitions; p++) {
      this.partitions.add(new TopicPartition(Topics.SPANS, p));
    }
    // Nothing is fetched but while a quiet partition's end is looked at.
    consumer.assign(this.partitions);
    consumer.pause(this.partitions);
    endBefore = new long[partitions];
    endOfData = new long[partitions];
    Arrays.fill(endBefore, -1);
    Arrays.fill(endOfData, -1);
  }

  /** Takes one sample. Failures are logged once and tried again with the next. */
  public void sample() {
    try {
      long sampledMs = clock.millis();
      // What is acknowledged beside a transaction that is still open lies behind the end that
      // readers of committed records see.
      Map<TopicPartition, Long> ends = uncommitted.endOffsets(partitions);
      Map<TopicPartition, Long> committed = consumer.endOffsets(partitions);
      block.clear();
      for (TopicPartition partition : partitions) {
        int p = partition.partition();
        long end = ends.getOrDefault(partition, 0L);
        if (end != endBefore[p] || committed.getOrDefault(partition, 0L) < end) {
          endBefore[p] = end;
          endOfData[p] = -1;
        } else if (endOfData[p] < 0) {
          // Quiet since the last sample: the end may lie behind transaction markers, which no
          // reader of data ever passes.
          endOfData[p] = endOfData(partition, end);
        }
        partitionColumn.add(p);
        sampledColumn.add(sampledMs);
        endColumn.add(endOfData[p] < 0 ? end : endOfData[p]);
        block.endRow();
      }
      clickHouse.insertNative("source_ends", block);
      failing = false;
    } catch (KafkaException | ClickHouseFailure e) {
      if (!failing) {
        LOG.warn("end offsets not sampled, trying again each second: {}", e.getMessage());
      }
      failing = true;
    }
  }

  @Override
  public void close() {
    consumer.close();
    uncommitted.close();
  }

  /** Offset after the last record before the end; the end itself if none is found near it. */
  private long endOfData(TopicPartition partition, long end) {
    long begin = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
    if (end <= begin) {
      return end;
    }
    consumer.resume(List.of(partition));
    try {
      return lookBack(partition, begin, end);
    } finally {
      consumer.pause(List.of(partition));
    }
  }

  private long lookBack(TopicPartition partition, long begin, long end) {
    for (int back = 1; back <= MAX_MARKERS; back *= 2) {
      consumer.seek(partition, Math.max(begin, end - back));
      long last = -1;
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(PROBE_WAIT)) {
        if (record.offset() < end) {
          last = Math.max(last, record.offset());
        }
      }
      if (last >= 0) {
        // Only if the poll reached the end is the last record known.
        return consumer.position(partition) >= end ? last + 1 : end;
      }
    }
    return end;
  }
}
