/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Copies records to the dead-letter topic, read again from where they stand. Rare, so clients are
 * made anew each time. Thread-safe.
 */
final class KafkaDeadLetters implements DeadLetters {
  private static final Duration READ_LIMIT = Duration.ofSeconds(30);

  private final String sink;
  private final Map<String, Object> consumerConfig;
  private final Map<String, Object> producerConfig;

  KafkaDeadLetters(
      String sink, Map<String, Object> consumerConfig, Map<String, Object> producerConfig) {
    this.sink = sink;
    this.consumerConfig = Map.copyOf(consumerConfig);
    this.producerConfig = Map.copyOf(producerConfig);
  }

  @Override
  public void add(String topic, int partition, long offset, String reason) {
    ConsumerRecord<byte[], byte[]> record = read(new TopicPartition(topic, partition), offset);
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(
            Topics.DEAD_LETTERS, partition, null, record == null ? null : record.value());
    letter
        .headers()
        .add(LetterHeaders.BY, utf8(LetterHeaders.SINK + sink))
        .add(LetterHeaders.REASON, utf8(reason))
        .add(LetterHeaders.TOPIC, utf8(topic))
        .add(LetterHeaders.PARTITION, utf8(Integer.toString(partition)))
        .add(LetterHeaders.OFFSET, utf8(Long.toString(offset)));
    Header project = record == null ? null : record.headers().lastHeader(Topics.PROJECT_HEADER);
    if (project != null) {
      letter.headers().add(project);
    }
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(producerConfig, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(letter).get();
    } catch (ExecutionException e) {
      throw new KafkaException("cannot write to " + Topics.DEAD_LETTERS, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while writing to " + Topics.DEAD_LETTERS, e);
    }
  }

  /** Null if the record has expired. */
  private @Nullable ConsumerRecord<byte[], byte[]> read(TopicPartition partition, long offset) {
    try (Consumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            consumerConfig, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, offset);
      long deadline = System.nanoTime() + READ_LIMIT.toNanos();
      while (System.nanoTime() < deadline) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          return record.offset() == offset ? record : null;
        }
      }
      throw new KafkaException("no answer for " + partition + "@" + offset);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
