/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.codec.Topics;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** What the sinks read, kept in a folder: one file a partition, records in their order. */
final class Recording {
  static final List<String> TOPICS = List.of(Topics.SPANS, Topics.CALLS, Topics.ROLLUPS);

  private static final String SUFFIX = ".records";

  private Recording() {}

  /**
   * Copies what was appended to the topics in a time.
   *
   * @return the folder's size in bytes
   */
  static long write(Path folder, String bootstrap, int partitions, long fromMs, long toMs)
      throws IOException {
    Files.createDirectories(folder);
    long size = 0;
    Map<String, Object> config = new HashMap<>();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      for (String topic : TOPICS) {
        for (int p = 0; p < partitions; p++) {
          TopicPartition partition = new TopicPartition(topic, p);
          Path file = folder.resolve(topic + "-" + p + SUFFIX);
          copy(consumer, partition, file, fromMs, toMs);
          size += Files.size(file);
        }
      }
    }
    return size;
  }

  private static void copy(
      KafkaConsumer<byte[], byte[]> consumer,
      TopicPartition partition,
      Path file,
      long fromMs,
      long toMs)
      throws IOException {
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    long end = consumer.endOffsets(List.of(partition)).get(partition);
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16))) {
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          if (record.timestamp() >= fromMs && record.timestamp() < toMs) {
            Header project = record.headers().lastHeader(Topics.PROJECT_HEADER);
            out.writeInt((int) (record.timestamp() - fromMs));
            put(out, record.key());
            put(out, record.value());
            put(out, project == null ? null : project.value());
          }
        }
      }
    }
  }

  private static void put(DataOutputStream out, byte @Nullable [] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  /**
   * One record.
   *
   * @param atMs since the recording's beginning
   */
  record Entry(
      String topic,
      int partition,
      int atMs,
      byte @Nullable [] key,
      byte @Nullable [] value,
      byte @Nullable [] project) {}

  /** All records in the order of their times. Not thread-safe. */
  static final class Reader implements AutoCloseable {
    private record Source(String topic, int partition, DataInputStream in) {}

    private final List<Source> sources = new ArrayList<>();
    private final List<@Nullable Entry> heads = new ArrayList<>();
    private int first;

    Reader(Path folder) throws IOException {
      for (String topic : TOPICS) {
        for (int p = 0; Files.exists(folder.resolve(topic + "-" + p + SUFFIX)); p++) {
          Path file = folder.resolve(topic + "-" + p + SUFFIX);
          DataInputStream in =
              new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16));
          sources.add(new Source(topic, p, in));
          heads.add(read(sources.get(sources.size() - 1)));
        }
      }
      if (sources.isEmpty()) {
        throw new IOException("no recording in " + folder + ": make one with 'record'");
      }
      choose();
    }

    /** The next record, which stays; null at the end. */
    @Nullable Entry peek() {
      return first < 0 ? null : heads.get(first);
    }

    /** Takes the record that {@link #peek} shows. */
    Entry next() throws IOException {
      Entry entry = heads.get(first);
      heads.set(first, read(sources.get(first)));
      choose();
      return entry;
    }

    private void choose() {
      first = -1;
      for (int i = 0; i < heads.size(); i++) {
        Entry head = heads.get(i);
        if (head != null && (first < 0 || head.atMs() < heads.get(first).atMs())) {
          first = i;
        }
      }
    }

    private static @Nullable Entry read(Source source) throws IOException {
      int atMs;
      try {
        atMs = source.in().readInt();
      } catch (EOFException e) {
        return null;
      }
      byte[] key = bytes(source.in());
      byte[] value = bytes(source.in());
      return new Entry(source.topic(), source.partition(), atMs, key, value, bytes(source.in()));
    }

    private static byte @Nullable [] bytes(DataInputStream in) throws IOException {
      int length = in.readInt();
      if (length < 0) {
        return null;
      }
      byte[] bytes = new byte[length];
      in.readFully(bytes);
      return bytes;
    }

    @Override
    public void close() throws IOException {
      for (Source source : sources) {
        source.in().close();
      }
    }
  }
}
