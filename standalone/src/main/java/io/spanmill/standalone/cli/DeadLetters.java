/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SetupException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** The records of {@code otlp_spans_dlq}, read without a group: looking at them moves nothing. */
final class DeadLetters {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final int ANSWER_LIMIT_MS = 15_000;
  private static final byte[] NO_VALUE = {};
  private static final Pattern PARTITION_AND_OFFSET = Pattern.compile("([0-9]{1,6}):([0-9]{1,18})");

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
   * @param partition its partition in the topic; with the offset its id, {@code P:O}
   * @param topic where it came from, as are sourcePartition and sourceOffset; "?" if not told
   * @param by who set it aside; "?" if not told
   * @param sizeBytes of the record
   * @param value the record as it was; empty in lists, and of a record too large to be copied or
   *     gone when it was set aside
   * @param sentAgain when it was sent again last; null if it never was
   */
  record Letter(
      int partition,
      long offset,
      Instant arrived,
      String reason,
      String by,
      String topic,
      String sourcePartition,
      String sourceOffset,
      String project,
      int sizeBytes,
      byte[] value,
      @Nullable Instant sentAgain) {
    private static Letter of(ConsumerRecord<byte[], byte[]> record, boolean withValue) {
      Headers headers = record.headers();
      return new Letter(
          record.partition(),
          record.offset(),
          Instant.ofEpochMilli(record.timestamp()),
          text(headers, LetterHeaders.REASON),
          text(headers, LetterHeaders.BY),
          text(headers, LetterHeaders.TOPIC),
          text(headers, LetterHeaders.PARTITION),
          text(headers, LetterHeaders.OFFSET),
          text(headers, Topics.PROJECT_HEADER),
          Math.max(0, record.serializedValueSize()),
          withValue && record.value() != null ? record.value() : NO_VALUE,
          null);
    }

    String id() {
      return partition + ":" + offset;
    }

    String source() {
      return topic + "/" + sourcePartition + ":" + sourceOffset;
    }

    private Letter sentAgain(@Nullable Instant when) {
      return with(value, when);
    }

    private Letter with(byte[] newValue, @Nullable Instant when) {
      return new Letter(
          partition,
          offset,
          arrived,
          reason,
          by,
          topic,
          sourcePartition,
          sourceOffset,
          project,
          sizeBytes,
          newValue,
          when);
    }
  }

  /** All of them without their values, oldest first in each partition. */
  List<Letter> list() {
    List<Letter> letters = new ArrayList<>();
    Map<String, Instant> notes = new HashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      List<PartitionInfo> known = consumer.partitionsFor(Topics.DEAD_LETTERS);
      List<TopicPartition> partitions =
          known.stream().map(info -> new TopicPartition(info.topic(), info.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      read(
          consumer,
          partitions,
          record -> {
            if (!note(record, notes)) {
              letters.add(Letter.of(record, false));
            }
          });
    } catch (KafkaException e) {
      throw unreachable(e);
    }
    letters.replaceAll(letter -> letter.sentAgain(notes.get(letter.id())));
    return letters;
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
      List<Letter> found = new ArrayList<>();
      Map<String, Instant> notes = new HashMap<>();
      read(
          consumer,
          List.of(at),
          record -> {
            if (!note(record, notes) && record.offset() == offset) {
              found.add(Letter.of(record, true));
            }
          });
      return found.isEmpty() ? null : found.get(0).sentAgain(notes.get(found.get(0).id()));
    } catch (KafkaException e) {
      throw unreachable(e);
    }
  }

  /**
   * The letter with the value of its source record, if it has none of its own and that record is
   * still there; else as it is.
   */
  Letter fromSource(Letter letter) {
    Matcher told =
        PARTITION_AND_OFFSET.matcher(letter.sourcePartition() + ":" + letter.sourceOffset());
    if (letter.value().length > 0 || !told.matches()) {
      return letter;
    }
    TopicPartition at = new TopicPartition(letter.topic(), Integer.parseInt(told.group(1)));
    long offset = Long.parseLong(told.group(2));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      if (!consumer.listTopics().containsKey(at.topic())
          || consumer.partitionsFor(at.topic()).size() <= at.partition()) {
        return letter;
      }
      consumer.assign(List.of(at));
      long from = consumer.beginningOffsets(List.of(at)).getOrDefault(at, 0L);
      long end = consumer.endOffsets(List.of(at)).getOrDefault(at, 0L);
      if (offset < from || offset >= end) {
        return letter;
      }
      consumer.seek(at, offset);
      // Compaction or a transaction's end may have left no record of this very offset.
      while (consumer.position(at) <= offset) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (record.offset() == offset && record.value() != null) {
            return letter.with(record.value(), letter.sentAgain());
          }
        }
      }
      return letter;
    } catch (KafkaException e) {
      throw unreachable(e);
    }
  }

  private static void read(
      KafkaConsumer<byte[], byte[]> consumer,
      List<TopicPartition> partitions,
      Consumer<ConsumerRecord<byte[], byte[]>> reader) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
      consumer.poll(POLL).forEach(reader);
    }
  }

  /** Takes a note that a letter was sent again; false if the record is none. */
  private static boolean note(ConsumerRecord<byte[], byte[]> record, Map<String, Instant> notes) {
    if (record.headers().lastHeader(LetterHeaders.SENT_AGAIN) == null) {
      return false;
    }
    notes.put(
        text(record.headers(), LetterHeaders.SENT_AGAIN), Instant.ofEpochMilli(record.timestamp()));
    return true;
  }

  private static String text(Headers headers, String name) {
    Header found = headers.lastHeader(name);
    return found == null || found.value() == null
        ? "?"
        : new String(found.value(), StandardCharsets.UTF_8);
  }

  private SetupException unreachable(KafkaException cause) {
    return new SetupException(
        "cannot read dead letters from "
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
