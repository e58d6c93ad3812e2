/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.spanmill.codec.Topics;
import io.spanmill.otlp.TracePartitioner;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Puts traces into {@code otlp_spans} as ingest does, each acknowledged before the next. */
final class SentSpans implements AutoCloseable {
  private final KafkaProducer<byte[], byte[]> producer;
  private final int partitions;

  SentSpans(String bootstrap, int partitions) {
    this.producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", "0"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.partitions = partitions;
  }

  int partition(List<ResourceSpans> trace) {
    ByteBuffer id = trace.get(0).getScopeSpans(0).getSpans(0).getTraceId().asReadOnlyByteBuffer();
    return TracePartitioner.partition(id.getLong(), id.getLong(), partitions);
  }

  /** Sends a trace; returns once it is acknowledged. */
  void send(List<ResourceSpans> trace) throws Exception {
    byte[] value =
        ExportTraceServiceRequest.newBuilder().addAllResourceSpans(trace).build().toByteArray();
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topics.SPANS, partition(trace), null, value);
    record.headers().add(Topics.PROJECT_HEADER, "default".getBytes(StandardCharsets.UTF_8));
    producer.send(record).get(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    producer.close();
  }
}
