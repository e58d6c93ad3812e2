/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.spanmill.config.Keys;
import io.spanmill.otlp.OtlpJson;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import io.spanmill.standalone.embedded.Ports;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Beside a real OpenTelemetry Collector: it reads what ingest wrote, and the bridge reads what it
 * wrote. Skipped where benchmarks/collector/build.sh has not built one.
 */
class CollectorIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path PROGRAM = HOME.resolve(".tools/collector/otelcol");

  @TempDir static Path dir;
  static EmbeddedKafka kafka;

  @BeforeAll
  static void start() {
    Assumptions.assumeTrue(
        Files.isExecutable(PROGRAM),
        "no Collector: benchmarks/collector/build.sh builds one (needs Go)");
    kafka = EmbeddedKafka.start(dir.resolve("kafka"), 0, why -> {});
  }

  @AfterAll
  static void stop() {
    if (kafka != null) {
      kafka.close();
    }
  }

  @Test
  void collector_readsWhatIngestWrote() throws Exception {
    List<Span> sent = new ArrayList<>();
    try (IngestRig rig = new IngestRig(kafka.bootstrap(), Map.of())) {
      for (int i = 0; i < 10; i++) {
        Span[] spans = IntStream.range(0, 50).mapToObj(n -> rich()).toArray(Span[]::new);
        sent.addAll(List.of(spans));
        rig.grpc().export(IngestRig.request(spans));
      }
      // One bad id would make the Collector refuse the whole record.
      Span good = rich();
      sent.add(good);
      assertThat(
              rig.grpc()
                  .export(
                      IngestRig.request(
                          IngestRig.span().setParentSpanId(IngestRig.id(5)).build(), good))
                  .getPartialSuccess()
                  .getRejectedSpans())
          .isEqualTo(1);
    }
    Path output = dir.resolve("understood.jsonl");
    try (Collector unused =
        Collector.start("kafka-to-file.yaml", Map.of("OUTPUT", output.toString()))) {
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> assertThat(understood(output)).containsExactlyInAnyOrderElementsOf(sent));
    }
  }

  @ParameterizedTest
  @CsvSource({"otlp_proto, none", "otlp_proto, zstd", "otlp_json, lz4"})
  void bridge_readsWhatTheCollectorWrote(String encoding, String compression) throws Exception {
    String topic = "from_collector_" + encoding + "_" + compression;
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrap()))) {
      admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
    }
    List<Span> sent = new ArrayList<>();
    try (Collector collector =
        Collector.start(
            "otlp-to-kafka.yaml",
            Map.of(
                "TRACES_TOPIC", topic,
                "TRACES_ENCODING", encoding,
                "KAFKA_COMPRESSION", compression,
                "KAFKA_ACKS", "all"))) {
      for (int i = 0; i < 10; i++) {
        Span[] spans = IntStream.range(0, 100).mapToObj(n -> rich()).toArray(Span[]::new);
        sent.addAll(List.of(spans));
        collector.send(IngestRig.request(spans));
      }
      try (IngestRig rig =
          new IngestRig(
              kafka.bootstrap(),
              Map.of(
                  Keys.INGEST_BRIDGE_TOPICS,
                  topic + "=" + encoding,
                  Keys.INGEST_BRIDGE_GROUP,
                  topic,
                  Keys.INGEST_BRIDGE_PROJECT,
                  topic))) {
        await()
            .atMost(LIMIT)
            .untilAsserted(
                () ->
                    assertThat(rig.metric("spanmill_ingest_bridge_spans_produced_total", ""))
                        .isEqualTo(sent.size()));
        assertThat(
                rig.written().stream()
                    .filter(record -> record.project().equals(topic))
                    .flatMap(record -> IngestRig.spans(record.request()).stream()))
            .containsExactlyInAnyOrderElementsOf(sent);
        assertThat(rig.metric("spanmill_ingest_bridge_records_dead_total", "")).isZero();
        assertThat(rig.metric("spanmill_ingest_bridge_spans_rejected_total", "")).isZero();
      }
    }
  }

  /** A span of every kind of field that a model call has. */
  private static Span rich() {
    return IngestRig.span()
        .setParentSpanId(IngestRig.id(8))
        .setKind(Span.SpanKind.SPAN_KIND_CLIENT)
        .setTraceState("vendor=1")
        .addAttributes(
            attribute("gen_ai.request.model", AnyValue.newBuilder().setStringValue("모델")))
        .addAttributes(attribute("gen_ai.usage.input_tokens", AnyValue.newBuilder().setIntValue(7)))
        .addAttributes(attribute("cost", AnyValue.newBuilder().setDoubleValue(0.125)))
        .addAttributes(attribute("stream", AnyValue.newBuilder().setBoolValue(true)))
        .addAttributes(
            attribute("raw", AnyValue.newBuilder().setBytesValue(ByteString.copyFromUtf8("\0\1"))))
        .addAttributes(
            attribute(
                "list",
                AnyValue.newBuilder()
                    .setArrayValue(
                        ArrayValue.newBuilder()
                            .addValues(AnyValue.newBuilder().setStringValue("x")))))
        .addEvents(Span.Event.newBuilder().setName("first token").setTimeUnixNano(5))
        .addLinks(Span.Link.newBuilder().setTraceId(IngestRig.id(16)).setSpanId(IngestRig.id(8)))
        .setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR).setMessage("m"))
        .build();
  }

  private static KeyValue attribute(String key, AnyValue.Builder value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static List<Span> understood(Path output) throws Exception {
    List<Span> spans = new ArrayList<>();
    if (Files.exists(output)) {
      OtlpJson json = new OtlpJson();
      for (byte[] line : lines(Files.readAllBytes(output))) {
        spans.addAll(
            IngestRig.spans(
                ExportTraceServiceRequest.parseFrom(json.toProtobuf(line, 0, line.length))));
      }
    }
    return spans;
  }

  /** Whole lines only: the last one may still be in the writing. */
  private static List<byte[]> lines(byte[] file) {
    List<byte[]> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < file.length; i++) {
      if (file[i] == '\n') {
        lines.add(java.util.Arrays.copyOfRange(file, from, i));
        from = i + 1;
      }
    }
    return lines;
  }

  /** The program, as a child process. */
  private record Collector(Process process, int httpPort) implements AutoCloseable {
    static Collector start(String config, Map<String, String> more) throws Exception {
      int grpc = Ports.free();
      int http = Ports.free();
      ProcessBuilder builder =
          new ProcessBuilder(
              PROGRAM.toString(),
              "--config",
              HOME.resolve("benchmarks/collector").resolve(config).toString());
      Map<String, String> env = new HashMap<>(more);
      env.put("KAFKA_BOOTSTRAP", kafka.bootstrap());
      env.put("OTLP_GRPC", "127.0.0.1:" + grpc);
      env.put("OTLP_HTTP", "127.0.0.1:" + http);
      builder.environment().putAll(env);
      builder.redirectErrorStream(true);
      builder.redirectOutput(
          ProcessBuilder.Redirect.appendTo(dir.resolve("collector.log").toFile()));
      return new Collector(builder.start(), http);
    }

    void send(ExportTraceServiceRequest request) {
      HttpClient client = HttpClient.newHttpClient();
      await()
          .atMost(LIMIT)
          .ignoreExceptions()
          .until(
              () -> {
                assertThat(process.isAlive()).isTrue();
                return client
                        .send(
                            HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + httpPort + "/v1/traces"))
                                .header("Content-Type", IngestRig.PROTOBUF)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(request.toByteArray()))
                                .build(),
                            HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                    == 200;
              });
    }

    @Override
    public void close() throws Exception {
      process.destroy();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
  }
}
