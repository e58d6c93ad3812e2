/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.codec.Topics;
import io.spanmill.model.LatencySketch;
import io.spanmill.otlp.KeyTable;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Appends a recording to the topics at the pace it was made at, calls and rollups in transactions
 * as the job does, and sees how long each sink takes to commit what it was given.
 */
final class Replay implements AutoCloseable {
  private static final long COMMIT_EVERY_MS = 100;
  private static final long POLL_MS = 20;
  private static final Map<String, String> GROUPS =
      Map.of(
          Topics.SPANS, "spanmill-sink-spans",
          Topics.CALLS, "spanmill-sink-calls",
          Topics.ROLLUPS, "spanmill-sink-rollups");

  /** Waiting to be committed by a sink: records before the offset, acknowledged at the time. */
  private record Pending(long offset, long nanos) {}

  private final Admin admin;
  private final KafkaProducer<byte[], byte[]> plain;
  private final KafkaProducer<byte[], byte[]> transactional;
  private final Map<TopicPartition, Deque<Pending>> pending = new ConcurrentHashMap<>();
  private final Map<String, LatencySketch> visible = new TreeMap<>();
  private final Thread poller = new Thread(this::poll, "offset-poller");
  private volatile boolean stop;
  private volatile String failure = "";
  private long spans;

  Replay(String bootstrap) {
    Recording.TOPICS.forEach(topic -> visible.put(topic, new LatencySketch()));
    admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap));
    plain = producer(bootstrap, Map.of());
    transactional = producer(bootstrap, Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "replay"));
    transactional.initTransactions();
  }

  private static KafkaProducer<byte[], byte[]> producer(
      String bootstrap, Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    config.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024);
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 4 << 20);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** What a part of the recording was. */
  record Part(long spans, boolean more) {}

  /** Appends until so long after the recording's beginning. */
  Part run(Recording.Reader recording, long beginNanos, long untilMs)
      throws IOException, InterruptedException, ExecutionException {
    if (poller.getState() == Thread.State.NEW) {
      poller.start();
    }
    spans = 0;
    Map<TopicPartition, Future<RecordMetadata>> last = new HashMap<>();
    long commitMs = -1;
    boolean open = false;
    while (true) {
      Recording.Entry entry = recording.peek();
      if (entry == null || entry.atMs() >= untilMs || (open && entry.atMs() >= commitMs)) {
        if (open) {
          transactional.commitTransaction();
          plain.flush();
          acknowledged(last);
          open = false;
        }
        if (entry == null || entry.atMs() >= untilMs) {
          return new Part(spans, entry != null);
        }
      }
      long waitNanos = beginNanos + entry.atMs() * 1_000_000L - System.nanoTime();
      if (waitNanos > 0) {
        TimeUnit.NANOSECONDS.sleep(waitNanos);
      }
      if (!open) {
        transactional.beginTransaction();
        open = true;
        commitMs = entry.atMs() + COMMIT_EVERY_MS;
      }
      send(recording.next(), last);
    }
  }

  private void send(Recording.Entry entry, Map<TopicPartition, Future<RecordMetadata>> last)
      throws IOException {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(entry.topic(), entry.partition(), entry.key(), entry.value());
    if (entry.project() != null) {
      record.headers().add(Topics.PROJECT_HEADER, entry.project());
    }
    boolean isSource = entry.topic().equals(Topics.SPANS);
    if (isSource) {
      spans += count(entry.value());
    }
    last.put(
        new TopicPartition(entry.topic(), entry.partition()),
        (isSource ? plain : transactional).send(record));
  }

  private static long count(byte[] value) throws IOException {
    TraceReader reader = new TraceReader(KeyTable.of());
    long n = 0;
    try {
      reader.reset(value, 0, value.length);
      while (reader.next()) {
        n++;
      }
    } catch (MalformedOtlpException e) {
      throw new IOException("the recording holds what is no export request", e);
    }
    return n;
  }

  private void acknowledged(Map<TopicPartition, Future<RecordMetadata>> last)
      throws InterruptedException, ExecutionException {
    long now = System.nanoTime();
    for (Map.Entry<TopicPartition, Future<RecordMetadata>> sent : last.entrySet()) {
      Pending next = new Pending(sent.getValue().get().offset() + 1, now);
      Deque<Pending> waiting = pending.computeIfAbsent(sent.getKey(), p -> new ArrayDeque<>());
      synchronized (waiting) {
        waiting.add(next);
      }
    }
    last.clear();
  }

  private void poll() {
    try {
      while (!stop) {
        for (Map.Entry<String, String> group : GROUPS.entrySet()) {
          committed(group.getValue())
              .forEach((partition, offset) -> passed(partition, offset.offset()));
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      }
    } catch (InterruptedException | ExecutionException e) {
      failure = "offset poller: " + e;
    }
  }

  private void passed(TopicPartition partition, long offset) {
    Deque<Pending> waiting = pending.get(partition);
    if (waiting == null) {
      return;
    }
    long now = System.nanoTime();
    synchronized (waiting) {
      while (!waiting.isEmpty() && waiting.peek().offset() <= offset) {
        LatencySketch sketch = visible.get(partition.topic());
        synchronized (sketch) {
          sketch.add((now - waiting.remove().nanos()) / 1000);
        }
      }
    }
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(String group)
      throws InterruptedException, ExecutionException {
    return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
  }

  /** Waits until the sinks have committed all that was appended. */
  void awaitSinks() throws InterruptedException, ExecutionException, IOException {
    for (Map.Entry<String, String> sink : GROUPS.entrySet()) {
      int partitions =
          admin
              .describeTopics(List.of(sink.getKey()))
              .allTopicNames()
              .get()
              .get(sink.getKey())
              .partitions()
              .size();
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      for (int p = 0; p < partitions; p++) {
        asked.put(new TopicPartition(sink.getKey(), p), OffsetSpec.latest());
      }
      var ends =
          admin
              .listOffsets(asked, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
              .all()
              .get();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (true) {
        Map<TopicPartition, OffsetAndMetadata> committed = committed(sink.getValue());
        boolean done =
            ends.entrySet().stream()
                .allMatch(
                    end -> {
                      OffsetAndMetadata at = committed.get(end.getKey());
                      return (at == null ? 0 : at.offset()) >= end.getValue().offset();
                    });
        if (done) {
          break;
        }
        if (System.nanoTime() > deadline) {
          throw new IOException("sink of " + sink.getKey() + " did not come to the end");
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      }
    }
    if (!failure.isEmpty()) {
      throw new IOException(failure);
    }
  }

  /** From a transaction's end (or a span's acknowledgement) to the sink's commit, by topic. */
  Map<String, LatencySketch> visible() {
    return visible;
  }

  @Override
  public void close() throws InterruptedException {
    stop = true;
    poller.join();
    plain.close();
    transactional.close();
    admin.close();
  }
}
