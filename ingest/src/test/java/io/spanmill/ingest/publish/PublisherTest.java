/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spanmill.codec.Topics;
import io.spanmill.otlp.SplitResult.Chunk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class PublisherTest {
  private static final int RECORD_BYTES = 8000;
  private static final int LONG_MS = 60_000;

  private final List<MockProducer<byte[], byte[]>> producers = new CopyOnWriteArrayList<>();
  private final Queue<Integer> packed = new ConcurrentLinkedQueue<>();

  @Test
  void smallChunks_shareARecordOfTheirPartitionAndProject_andNeverOneOverTheLimit() {
    Publisher publisher = publisher(LONG_MS, true);
    List<CompletableFuture<Publication>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      List<Chunk> chunks = List.of(chunk(0, 40, i), chunk(1, 40, i));
      answers.add(publisher.publish(i % 2 == 0 ? "even" : "odd", chunks));
    }
    publisher.close();
    answers.forEach(answer -> assertThat(answer.join()).isEqualTo(new Publication(2, 0, null)));
    assertThat(sent()).hasSize(4).allSatisfy(record -> assertThat(record.value()).hasSize(400));
    for (ProducerRecord<byte[], byte[]> record : sent()) {
      int first = project(record).equals("even") ? 0 : 1;
      for (int i = 0; i < 10; i++) {
        byte[] part = Arrays.copyOfRange(record.value(), i * 40, (i + 1) * 40);
        assertThat(part).containsOnly(first + 2 * i);
      }
    }
    assertThat(packed).containsOnly(10).hasSize(4);
  }

  @Test
  void recordsOfChunksThatDoNotFitTogether_stayUnderTheLimit() {
    Publisher publisher = publisher(50, true);
    List<Chunk> chunks = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      chunks.add(chunk(0, 1 + i * 153 % RECORD_BYTES, i));
    }
    assertThat(publisher.publish("p", chunks).join().acknowledgedSpans()).isEqualTo(50);
    publisher.close();
    assertThat(sent())
        .allSatisfy(record -> assertThat(record.value().length).isLessThanOrEqualTo(RECORD_BYTES));
    assertThat(sent().stream().mapToInt(record -> record.value().length).sum())
        .isEqualTo(chunks.stream().mapToInt(chunk -> chunk.value().length).sum());
    assertThat(packed.stream().mapToInt(i -> i).sum()).isEqualTo(50);
  }

  @Test
  void largeChunk_waitsForNoCompany_butASmallOneDoes() {
    Publisher publisher = publisher(LONG_MS, true);
    assertThat(publisher.publish("p", List.of(chunk(0, RECORD_BYTES / 8, 1))).join().failedSpans())
        .isZero();
    CompletableFuture<Publication> small = publisher.publish("p", List.of(chunk(0, 10, 2)));
    await().until(() -> publisher.waiting() == 0);
    assertThat(small).isNotDone();
    // What waits is sent when it is closed.
    publisher.close();
    assertThat(small.join().acknowledgedSpans()).isEqualTo(1);
  }

  @Test
  void requestIsAnswered_onlyOnceAllItsRecordsAre_andFailsWithAnyOfThem() {
    Publisher publisher = publisher(0, false);
    CompletableFuture<Publication> answer =
        publisher.publish("p", List.of(chunk(0, 10, 1), chunk(1, 20, 2)));
    await().until(() -> sent().size() == 2);
    assertThat(producers.get(0).completeNext()).isTrue();
    assertThat(answer).isNotDone();
    assertThat(producers.get(0).errorNext(new NotEnoughReplicasException("one is away"))).isTrue();
    Publication publication = answer.join();
    assertThat(publication.acknowledgedSpans()).isEqualTo(1);
    assertThat(publication.failedSpans()).isEqualTo(1);
    assertThat(publication.failure()).isInstanceOf(NotEnoughReplicasException.class);
    publisher.close();
    assertThat(producers).hasSize(1);
  }

  @Test
  void producerThatFailedForGood_isReplaced() {
    Publisher publisher = publisher(0, false);
    CompletableFuture<Publication> first = publisher.publish("p", List.of(chunk(0, 10, 1)));
    await().until(() -> sent().size() == 1);
    producers.get(0).errorNext(new AuthorizationException("not allowed any more"));
    assertThat(first.join().failedSpans()).isEqualTo(1);
    CompletableFuture<Publication> second = publisher.publish("p", List.of(chunk(0, 10, 2)));
    await().until(() -> producers.size() == 2 && producers.get(1).history().size() == 1);
    assertThat(producers.get(0).closed()).isTrue();
    producers.get(1).completeNext();
    assertThat(second.join().acknowledgedSpans()).isEqualTo(1);
    publisher.close();
  }

  @Test
  void whatWaitedTooLong_orComesAfterTheEnd_isToldToBeSentAgain() {
    AtomicInteger opened = new AtomicInteger();
    CompletableFuture<Void> stuck = new CompletableFuture<>();
    Publisher publisher =
        new Publisher(
            () -> {
              opened.incrementAndGet();
              stuck.join();
              return producer(true);
            },
            new Publisher.Limits(RECORD_BYTES, 0, 100),
            packed::add);
    CompletableFuture<Publication> first = publisher.publish("p", List.of(chunk(0, 10, 1)));
    await().until(() -> opened.get() == 1);
    CompletableFuture<Publication> late = publisher.publish("p", List.of(chunk(0, 10, 2)));
    long published = System.nanoTime();
    await().until(() -> System.nanoTime() - published > TimeUnit.MILLISECONDS.toNanos(150));
    stuck.complete(null);
    assertThat(first.join().acknowledgedSpans()).isEqualTo(1);
    assertThat(late.join().failure()).hasMessageContaining("waited too long");
    publisher.close();
    assertThat(publisher.publish("p", List.of(chunk(0, 10, 3))).join().failedSpans()).isEqualTo(1);
  }

  private Publisher publisher(int lingerMs, boolean autoComplete) {
    return new Publisher(
        () -> producer(autoComplete),
        new Publisher.Limits(RECORD_BYTES, lingerMs, LONG_MS),
        packed::add);
  }

  private MockProducer<byte[], byte[]> producer(boolean autoComplete) {
    Node node = new Node(1, "localhost", 9092);
    Node[] nodes = {node};
    List<PartitionInfo> partitions =
        IntStream.range(0, 2)
            .mapToObj(p -> new PartitionInfo(Topics.SPANS, p, node, nodes, nodes))
            .toList();
    MockProducer<byte[], byte[]> producer =
        new MockProducer<>(
            new Cluster("test", List.of(node), partitions, Set.of(), Set.of()),
            autoComplete,
            null,
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producers.add(producer);
    return producer;
  }

  private List<ProducerRecord<byte[], byte[]>> sent() {
    return producers.isEmpty() ? List.of() : producers.get(0).history();
  }

  private static Chunk chunk(int partition, int bytes, int filling) {
    byte[] value = new byte[bytes];
    Arrays.fill(value, (byte) filling);
    return new Chunk(partition, value, 1);
  }

  private static String project(ProducerRecord<byte[], byte[]> record) {
    return new String(
        record.headers().lastHeader(Topics.PROJECT_HEADER).value(), StandardCharsets.UTF_8);
  }
}
