/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.otlp.TracePartitioner;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way into Kafka, on every protocol. */
class IngestPathIT {
  @TempDir static Path dir;
  static IngestRig rig;

  @BeforeAll
  static void start() {
    rig = new IngestRig(dir, Map.of());
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  @Test
  void acknowledgedSpans_areInKafka_eachTraceInItsPartition() {
    ExportTraceServiceRequest byGrpc = IngestRig.request(200);
    ExportTraceServiceRequest byHttp = IngestRig.request(200);
    ExportTraceServiceRequest zipped = IngestRig.request(200);
    assertThat(rig.grpc().export(byGrpc).hasPartialSuccess()).isFalse();
    assertThat(rig.grpc().withCompression("gzip").export(zipped).hasPartialSuccess()).isFalse();
    var answer = rig.post(byHttp.toByteArray(), "Content-Type", IngestRig.PROTOBUF);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
    Set<Span> sent =
        java.util.stream.Stream.of(byGrpc, byHttp, zipped)
            .flatMap(r -> IngestRig.spans(r).stream())
            .collect(Collectors.toSet());
    assertThat(rig.writtenSpans()).containsAll(sent);
    for (IngestRig.Written record : rig.written()) {
      assertThat(record.project()).isEqualTo("default");
      for (Span span : IngestRig.spans(record.request())) {
        ByteBuffer id = span.getTraceId().asReadOnlyByteBuffer();
        assertThat(TracePartitioner.partition(id.getLong(), id.getLong(), IngestRig.PARTITIONS))
            .isEqualTo(record.partition());
      }
    }
  }

  /** Bodies are read into arrays that are used again, and some are written as they came. */
  @Test
  void largeBodiesOfManySenders_areNeverMixed() {
    var executor = Executors.newFixedThreadPool(6);
    Set<Span> sent = ConcurrentHashMap.newKeySet();
    try {
      List<CompletableFuture<Void>> senders = new ArrayList<>();
      for (int sender = 0; sender < 6; sender++) {
        int number = sender;
        senders.add(CompletableFuture.runAsync(() -> sendLarge(number, sent), executor));
      }
      senders.forEach(CompletableFuture::join);
    } finally {
      executor.shutdown();
    }
    assertThat(sent).hasSizeGreaterThan(6 * 16);
    assertThat(new HashSet<>(rig.writtenSpans()).containsAll(sent)).isTrue();
  }

  private static void sendLarge(int sender, Set<Span> sent) {
    Random random = new Random(sender);
    for (int i = 0; i < 16; i++) {
      // One span is a whole body for one partition; of a power of two it fills its array.
      boolean whole = i % 2 == 0;
      int bytes = whole ? 1 << (16 + i / 2 % 4) : 70_000 + random.nextInt(900_000);
      ExportTraceServiceRequest request = IngestRig.request(whole ? 1 : 5);
      List<Span> spans = IngestRig.spans(request);
      request = IngestRig.request(padded(spans, bytes, random));
      if (whole) {
        int more = bytes - request.getSerializedSize();
        request = IngestRig.request(padded(spans, bytes + more, random));
        assertThat(request.getSerializedSize()).isEqualTo(bytes);
      }
      if (i % 4 == 3) {
        assertThat(rig.grpc().export(request).hasPartialSuccess()).isFalse();
      } else {
        var answer = rig.post(request.toByteArray(), "Content-Type", IngestRig.PROTOBUF);
        assertThat(answer.statusCode()).isEqualTo(200);
      }
      sent.addAll(IngestRig.spans(request));
    }
  }

  /** The spans with random text, about so many bytes in all. */
  private static Span[] padded(List<Span> spans, int bytes, Random random) {
    StringBuilder text = new StringBuilder();
    while (text.length() < bytes / spans.size()) {
      text.append(Long.toHexString(random.nextLong()));
    }
    text.setLength(bytes / spans.size());
    return spans.stream()
        .map(
            span ->
                span.toBuilder()
                    .addAttributes(
                        KeyValue.newBuilder()
                            .setKey("text")
                            .setValue(AnyValue.newBuilder().setStringValue(text.toString())))
                    .build())
        .toArray(Span[]::new);
  }

  @Test
  void ready_onceKafkaAnswers() {
    assertThat(rig.service.ready()).isTrue();
    assertThat(rig.text("/health")).contains("up");
    assertThat(rig.text("/ready")).contains("true");
  }
}
