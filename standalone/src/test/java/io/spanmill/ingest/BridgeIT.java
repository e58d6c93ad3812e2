/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bridge against a real broker: topics as a Collector's kafkaexporter fills them. */
class BridgeIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int SOURCE_PARTITIONS = 3;

  @TempDir static Path dir;
  static EmbeddedKafka kafka;

  @BeforeAll
  static void start() {
    kafka = EmbeddedKafka.start(dir.resolve("kafka"), 0, why -> {});
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void topics_areTakenOver_inBothEncodings_compressedOrNot() throws Exception {
    topic("collector_proto");
    topic("collector_json");
    List<Span> sent = new ArrayList<>();
    for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      try (var producer = producer(compression)) {
        for (int i = 0; i < 20; i++) {
          ExportTraceServiceRequest request = IngestRig.request(7);
          sent.addAll(IngestRig.spans(request));
          producer.send(
              new ProducerRecord<>(
                  "collector_proto", i % SOURCE_PARTITIONS, null, request.toByteArray()));
          Span single = IngestRig.span().clearStartTimeUnixNano().clearEndTimeUnixNano().build();
          sent.add(single);
          producer.send(
              new ProducerRecord<>("collector_json", i % SOURCE_PARTITIONS, null, json(single)));
        }
      }
    }
    Span good = IngestRig.span().build();
    Span bad = IngestRig.span().setTraceId(IngestRig.id(3)).build();
    sent.add(good);
    try (var producer = producer("none")) {
      producer.send(
          new ProducerRecord<>(
              "collector_proto", 0, null, IngestRig.request(bad, good).toByteArray()));
      producer.send(new ProducerRecord<>("collector_proto", 1, null, new byte[] {10, 100, 1}));
      producer.send(
          new ProducerRecord<>(
              "collector_json", 2, null, "{\"resourceSpans\":".getBytes(StandardCharsets.UTF_8)));
      producer.send(new ProducerRecord<>("collector_proto", 2, null, null));
    }
    try (IngestRig rig =
        new IngestRig(
            kafka.bootstrap(),
            Map.of(
                Keys.INGEST_BRIDGE_TOPICS,
                "collector_proto,collector_json=otlp_json",
                Keys.INGEST_BRIDGE_GROUP,
                "both-encodings",
                Keys.INGEST_BRIDGE_PROJECT,
                "bridged"))) {
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () ->
                  assertThat(rig.metric("spanmill_ingest_bridge_records_received_total", ""))
                      .isEqualTo(204));
      List<IngestRig.Written> written =
          rig.written().stream().filter(w -> w.project().equals("bridged")).toList();
      assertThat(written.stream().flatMap(w -> IngestRig.spans(w.request()).stream()))
          .containsExactlyInAnyOrderElementsOf(sent);
      for (IngestRig.Written record : written) {
        for (Span span : IngestRig.spans(record.request())) {
          ByteBuffer id = span.getTraceId().asReadOnlyByteBuffer();
          assertThat(TracePartitioner.partition(id.getLong(), id.getLong(), IngestRig.PARTITIONS))
              .isEqualTo(record.partition());
        }
      }
      assertThat(rig.metric("spanmill_ingest_bridge_records_forwarded_total", "")).isEqualTo(201);
      assertThat(rig.metric("spanmill_ingest_bridge_records_dead_total", "")).isEqualTo(3);
      assertThat(rig.metric("spanmill_ingest_bridge_spans_received_total", ""))
          .isEqualTo(sent.size() + 1);
      assertThat(rig.metric("spanmill_ingest_bridge_spans_produced_total", ""))
          .isEqualTo(sent.size());
      assertThat(rig.metric("spanmill_ingest_bridge_spans_rejected_total", "")).isEqualTo(1);
      assertThat(rig.metric("spanmill_ingest_bridge_transactions_aborted_total", "")).isZero();
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> {
                assertThat(rig.metric("spanmill_ingest_bridge_lag_records", "")).isZero();
                assertThat(rig.service.ready()).isTrue();
              });
    }
    assertThat(letters())
        .containsExactlyInAnyOrder(
            "collector_proto/1:35 no OTLP traces: 3 bytes bridged",
            "collector_json/2:30 no OTLP traces: 17 bytes bridged",
            "collector_proto/2:30 the record has no value 0 bytes bridged");
  }

  @Test
  void killedAgainAndAgain_everySpanIsThereOnce() throws Exception {
    topic("collector_killed");
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Map<String, String> settings =
        new java.util.HashMap<>(
            Map.of(
                Keys.KAFKA_BOOTSTRAP,
                kafka.bootstrap(),
                Keys.KAFKA_PARTITIONS,
                "" + IngestRig.PARTITIONS,
                Keys.INGEST_HTTP_PORT,
                "0",
                Keys.INGEST_GRPC_PORT,
                "0",
                Keys.INGEST_BRIDGE_TOPICS,
                "collector_killed",
                Keys.INGEST_BRIDGE_PROJECT,
                "killed",
                Keys.INGEST_BRIDGE_INSTANCE,
                "killed",
                Keys.INGEST_BRIDGE_GROUP,
                "killed"));
    Set<ByteString> sent = new java.util.HashSet<>();
    try (var producer = producer("lz4")) {
      for (int life = 0; life < 3; life++) {
        for (int i = 0; i < 3000; i++) {
          ExportTraceServiceRequest request = IngestRig.request(3);
          IngestRig.spans(request).forEach(span -> sent.add(span.getSpanId()));
          producer.send(new ProducerRecord<>("collector_killed", null, request.toByteArray()));
        }
        producer.flush();
        int before = spansOf("killed").size();
        int goOn = before + random.nextInt(3000);
        try (ChildJvm child = ChildJvm.ingest(settings, dir.resolve("killed.log"))) {
          await()
              .atMost(LIMIT)
              .pollInterval(Duration.ofMillis(20))
              .until(() -> spansOf("killed").size() > goOn);
          assertThat(child.isAlive()).isTrue();
        }
      }
    }
    try (IngestRig rig =
        new IngestRig(
            kafka.bootstrap(),
            Map.of(
                Keys.INGEST_BRIDGE_TOPICS,
                "collector_killed",
                Keys.INGEST_BRIDGE_PROJECT,
                "killed",
                Keys.INGEST_BRIDGE_INSTANCE,
                "killed",
                Keys.INGEST_BRIDGE_GROUP,
                "killed"))) {
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(500))
          .untilAsserted(
              () ->
                  assertThat(spansOf("killed"))
                      .as("seed " + seed)
                      .hasSizeGreaterThanOrEqualTo(sent.size()));
      assertThat(rig.service.ready()).isTrue();
    }
    List<ByteString> taken = spansOf("killed");
    assertThat(Set.copyOf(taken)).as("seed " + seed).isEqualTo(sent);
    assertThat(taken).as("seed " + seed).hasSameSizeAs(sent);
  }

  @Test
  void twoInstances_evenOfOneName_shareTheWork_andLoseNothing() throws Exception {
    topic("collector_shared");
    Map<String, String> settings =
        Map.of(
            Keys.INGEST_BRIDGE_TOPICS,
            "collector_shared",
            Keys.INGEST_BRIDGE_PROJECT,
            "shared",
            Keys.INGEST_BRIDGE_INSTANCE,
            "twin",
            Keys.INGEST_BRIDGE_GROUP,
            "shared");
    Set<ByteString> sent = new java.util.HashSet<>();
    IngestRig first = new IngestRig(kafka.bootstrap(), settings);
    try (var producer = producer("zstd")) {
      send(producer, "collector_shared", 500, sent);
      await()
          .atMost(LIMIT)
          .until(() -> first.metric("spanmill_ingest_bridge_spans_produced_total", "") > 0);
      try (IngestRig second = new IngestRig(kafka.bootstrap(), settings)) {
        // Fenced, the first goes on by another name; then both have partitions.
        await()
            .atMost(LIMIT)
            .ignoreExceptionsInstanceOf(ConditionTimeoutException.class)
            .untilAsserted(
                () -> {
                  send(producer, "collector_shared", 30, sent);
                  double before = first.metric("spanmill_ingest_bridge_spans_produced_total", "");
                  double other = second.metric("spanmill_ingest_bridge_spans_produced_total", "");
                  await()
                      .atMost(Duration.ofSeconds(3))
                      .until(
                          () ->
                              first.metric("spanmill_ingest_bridge_spans_produced_total", "")
                                      > before
                                  && second.metric(
                                          "spanmill_ingest_bridge_spans_produced_total", "")
                                      > other);
                });
        first.close();
        send(producer, "collector_shared", 300, sent);
        await()
            .atMost(LIMIT)
            .pollInterval(Duration.ofMillis(300))
            .untilAsserted(
                () -> assertThat(spansOf("shared")).hasSizeGreaterThanOrEqualTo(sent.size()));
        assertThat(second.service.ready()).isTrue();
      }
    }
    List<ByteString> taken = spansOf("shared");
    assertThat(Set.copyOf(taken)).isEqualTo(sent);
    assertThat(taken).hasSameSizeAs(sent);
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, String topic, int records, Set<ByteString> sent) {
    for (int i = 0; i < records; i++) {
      ExportTraceServiceRequest request = IngestRig.request(2);
      IngestRig.spans(request).forEach(span -> sent.add(span.getSpanId()));
      producer.send(
          new ProducerRecord<>(topic, i % SOURCE_PARTITIONS, null, request.toByteArray()));
    }
    producer.flush();
  }

  private static void topic(String name) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrap()))) {
      admin.createTopics(List.of(new NewTopic(name, SOURCE_PARTITIONS, (short) 1))).all().get();
      Topics.ensure(
          admin,
          Settings.of(
              Map.of(
                  Keys.KAFKA_BOOTSTRAP,
                  kafka.bootstrap(),
                  Keys.KAFKA_PARTITIONS,
                  "" + IngestRig.PARTITIONS)));
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(String compression) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", kafka.bootstrap(), "compression.type", compression),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private static byte[] json(Span span) {
    HexFormat hex = HexFormat.of();
    return ("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\""
            + hex.formatHex(span.getTraceId().toByteArray())
            + "\",\"spanId\":\""
            + hex.formatHex(span.getSpanId().toByteArray())
            + "\",\"name\":\""
            + span.getName()
            + "\"}]}]}]}")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Ids of the spans of a project that readers of committed records see. */
  private static List<ByteString> spansOf(String project) {
    return read(
        Topics.SPANS,
        r ->
            project.equals(text(r, Topics.PROJECT_HEADER))
                ? IngestRig.spans(ExportTraceServiceRequest.parseFrom(r.value())).stream()
                    .map(Span::getSpanId)
                    .toList()
                : List.of());
  }

  private static List<String> letters() {
    return read(
        Topics.DEAD_LETTERS,
        r ->
            List.of(
                text(r, LetterHeaders.TOPIC)
                    + "/"
                    + text(r, LetterHeaders.PARTITION)
                    + ":"
                    + text(r, LetterHeaders.OFFSET)
                    + " "
                    + text(r, LetterHeaders.REASON).replaceAll("(traces:).*", "$1")
                    + " "
                    + (r.value() == null ? 0 : r.value().length)
                    + " bytes "
                    + text(r, Topics.PROJECT_HEADER)));
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String header) {
    return new String(record.headers().lastHeader(header).value(), StandardCharsets.UTF_8);
  }

  private interface Parser<T> {
    List<T> of(ConsumerRecord<byte[], byte[]> record) throws Exception;
  }

  private static <T> List<T> read(String topic, Parser<T> parser) {
    List<T> out = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers", kafka.bootstrap(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> all =
          IntStream.range(0, IngestRig.PARTITIONS)
              .mapToObj(p -> new TopicPartition(topic, p))
              .toList();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (all.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          out.addAll(parser.of(record));
        }
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return out;
  }
}
