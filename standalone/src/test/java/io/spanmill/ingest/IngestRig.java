/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.linecorp.armeria.client.grpc.GrpcClients;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** A broker, a receiver, and clients of both. */
final class IngestRig implements AutoCloseable {
  static final int PARTITIONS = 4;
  static final String PROTOBUF = "application/x-protobuf";
  static final String JSON = "application/json";

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(60)).build();
  private final @Nullable EmbeddedKafka kafka;
  final String bootstrap;

  /** Shown where a request shows no other; empty for none. */
  String key = "";

  IngestService service;

  IngestRig(Path dir, Map<String, String> more) {
    kafka = EmbeddedKafka.start(dir.resolve("kafka"), 0, why -> {});
    bootstrap = kafka.bootstrap();
    service = started(more);
  }

  /** A receiver before a broker that lives elsewhere. */
  IngestRig(String bootstrap, Map<String, String> more) {
    kafka = null;
    this.bootstrap = bootstrap;
    service = started(more);
  }

  Map<String, String> values(Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put(Keys.KAFKA_BOOTSTRAP, bootstrap);
    all.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    all.put(Keys.INGEST_HTTP_PORT, "0");
    all.put(Keys.INGEST_GRPC_PORT, "0");
    all.putAll(more);
    return all;
  }

  private IngestService started(Map<String, String> more) {
    try {
      return IngestService.start(Settings.of(values(more)));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void restart(Map<String, String> more) {
    service.close();
    service = started(more);
  }

  TraceServiceGrpc.TraceServiceBlockingStub grpc() {
    return GrpcClients.builder("gproto+http://127.0.0.1:" + service.grpcPort() + "/")
        .setHeader("x-api-key", key)
        .build(TraceServiceGrpc.TraceServiceBlockingStub.class);
  }

  HttpResponse<byte[]> post(byte[] body, String... headers) {
    return send("POST", "/v1/traces", body, headers);
  }

  HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.httpPort() + path))
            .timeout(Duration.ofSeconds(120))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (!key.isEmpty() && !List.of(headers).contains("x-api-key")) {
      request.header("x-api-key", key);
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  String text(String path) {
    return new String(send("GET", path, new byte[0]).body(), StandardCharsets.UTF_8);
  }

  /** The value of a counter of /metrics, summed over its labels that hold this text. */
  double metric(String name, String label) {
    return text("/metrics")
        .lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .filter(line -> line.charAt(name.length()) == '{' || line.charAt(name.length()) == ' ')
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  static ByteString id(int bytes) {
    UUID u = UUID.randomUUID();
    ByteBuffer b =
        ByteBuffer.allocate(16)
            .putLong(u.getMostSignificantBits())
            .putLong(u.getLeastSignificantBits());
    return ByteString.copyFrom(b.array(), 0, bytes);
  }

  static Span.Builder span() {
    return Span.newBuilder()
        .setTraceId(id(16))
        .setSpanId(id(8))
        .setName("chat")
        .setStartTimeUnixNano(1_790_000_000_000_000_000L)
        .setEndTimeUnixNano(1_790_000_001_000_000_000L);
  }

  static ExportTraceServiceRequest request(Span... spans) {
    var builder = ExportTraceServiceRequest.newBuilder();
    builder.addResourceSpansBuilder().addScopeSpansBuilder().addAllSpans(List.of(spans));
    return builder.build();
  }

  static ExportTraceServiceRequest request(int spans) {
    return request(IntStream.range(0, spans).mapToObj(i -> span().build()).toArray(Span[]::new));
  }

  static byte[] gzip(byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A record as written. */
  record Written(int partition, String project, ExportTraceServiceRequest request) {}

  /** All that is in otlp_spans now. */
  List<Written> written() {
    Map<String, Object> config =
        Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed");
    List<Written> out = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all =
          IntStream.range(0, PARTITIONS)
              .mapToObj(p -> new TopicPartition(Topics.SPANS, p))
              .toList();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (all.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
          String project =
              new String(
                  r.headers().lastHeader(Topics.PROJECT_HEADER).value(), StandardCharsets.UTF_8);
          out.add(
              new Written(r.partition(), project, ExportTraceServiceRequest.parseFrom(r.value())));
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
    return out;
  }

  List<Span> writtenSpans() {
    return written().stream().flatMap(w -> spans(w.request()).stream()).toList();
  }

  static List<Span> spans(ExportTraceServiceRequest request) {
    return request.getResourceSpansList().stream()
        .flatMap(r -> r.getScopeSpansList().stream())
        .flatMap(s -> s.getSpansList().stream())
        .toList();
  }

  @Override
  public void close() {
    service.close();
    if (kafka != null) {
      kafka.close();
    }
  }
}
