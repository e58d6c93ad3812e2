/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What one sink makes of its topic's records: rows of tables, and how far the source is. Used by
 * one thread.
 */
interface BatchRows {
  /** Name in progress rows, metrics and the consumer group. */
  String kind();

  String topic();

  /**
   * How much the broker collects before it answers a fetch, unless that takes a tenth of a second:
   * what is asked for piece by piece costs both sides more, and comes no sooner into a block.
   */
  int fetchMinBytes();

  /**
   * Turns a record into rows, wholly or not at all.
   *
   * @throws RuntimeException if it cannot be understood; nothing of it is in the blocks then
   */
  void add(ConsumerRecord<byte[], byte[]> record);

  /** All of this partition before the offset was given to {@link #add}, or is no record. */
  default void positioned(int partition, long offset) {}

  /**
   * Whether all is there that comes at one time, of so many partitions: then the batch is not worth
   * holding for more.
   */
  default boolean isWhole(int partitions) {
    return false;
  }

  /** Rows collected. */
  int rows();

  /** About their size on the wire. */
  long sizeBytes();

  /** What to insert; may be empty. */
  List<TableBlock> blocks();

  /** Whether a block may be visible only after those before it. */
  boolean inOrder();

  /** Reports told by the records collected, for the sink partition that carried them. */
  List<SourceProgress> progress();

  /** Forgets everything collected. */
  void clear();
}
