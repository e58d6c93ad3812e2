/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.aggregator.deadletter.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SetupException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** The records of {@code otlp_spans_dlq}, read without a group: looking at them moves nothing. */
final class DeadLetters {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final int ANSWER_LIMIT_MS = 15_000;

  private final Settings settings;

  DeadLetters(Settings settings) {
    if (settings.string(Keys.KAFKA_BOOTSTRAP).isEmpty()) {
      throw new SetupException(
          "no Spanmill runs on "
              + settings.string(Keys.DATA_DIR)
              + " and "
              + Keys.KAFKA_BOOTSTRAP
              + " is not set; start one with ./spanmill up, or set it");
    }
    this.settings = settings;
  }

  /**
   * One record set aside.
   *
   * @param id partition and offset in the topic, {@code P:O}
   * @param source topic, partition and offset it came from, as {@code TOPIC/P:O}
   * @param value the record as it was
   */
  record Letter(
      String id, Instant arrived, String reason, String source, String project, byte[] value) {
    private static Letter of(ConsumerRecord<byte[], byte[]> record) {
      return new Letter(
          record.partition() + ":" + record.offset(),
          Instant.ofEpochMilli(record.timestamp()),
          text(record, LetterHeaders.REASON),
          text(record, LetterHeaders.TOPIC)
              + "/"
              + text(record, LetterHeaders.PARTITION)
              + ":"
              + text(record, LetterHeaders.OFFSET),
          text(record, Topics.PROJECT_HEADER),
          record.value() == null ? new byte[0] : record.value());
    }

    private static String text(ConsumerRecord<byte[], byte[]> record, String header) {
      Header found = record.headers().lastHeader(header);
      return found == null || found.value() == null
          ? "?"
          : new String(found.value(), StandardCharsets.UTF_8);
    }
  }

  /** Reads all of them, oldest first in each partition. */
  void each(Consumer<Letter> reader) {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      List<PartitionInfo> known = consumer.partitionsFor(Topics.DEAD_LETTERS);
      List<TopicPartition> partitions =
          known.stream().map(info -> new TopicPartition(info.topic(), info.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
        consumer.poll(POLL).forEach(record -> reader.accept(Letter.of(record)));
      }
    } catch (KafkaException e) {
      throw unreachable(e);
    }
  }

  /** One of them, or null if there is no such record (any more). */
  @Nullable Letter find(int partition, long offset) {
    TopicPartition at = new TopicPartition(Topics.DEAD_LETTERS, partition);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      if (consumer.partitionsFor(Topics.DEAD_LETTERS).stream()
          .noneMatch(info -> info.partition() == partition)) {
        return null;
      }
      consumer.assign(List.of(at));
      consumer.seek(at, offset);
      long end = consumer.endOffsets(List.of(at)).getOrDefault(at, 0L);
      while (consumer.position(at) < end && consumer.position(at) <= offset) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          return record.offset() == offset ? Letter.of(record) : null;
        }
      }
      return null;
    } catch (KafkaException e) {
      throw unreachable(e);
    }
  }

  private SetupException unreachable(KafkaException cause) {
    return new SetupException(
        "cannot read "
            + Topics.DEAD_LETTERS
            + " from "
            + settings.string(Keys.KAFKA_BOOTSTRAP)
            + ": "
            + cause.getMessage(),
        cause);
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_LIMIT_MS);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
