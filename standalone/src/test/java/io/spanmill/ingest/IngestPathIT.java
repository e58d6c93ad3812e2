/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.otlp.TracePartitioner;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
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

  @Test
  void ready_onceKafkaAnswers() {
    assertThat(rig.service.ready()).isTrue();
    assertThat(rig.text("/health")).contains("up");
    assertThat(rig.text("/ready")).contains("true");
  }
}
