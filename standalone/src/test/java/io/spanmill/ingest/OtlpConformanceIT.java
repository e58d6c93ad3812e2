/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static io.spanmill.ingest.IngestRig.JSON;
import static io.spanmill.ingest.IngestRig.PROTOBUF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.receive.Outcome;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an OTLP server must, should and may do, row by row, on a running receiver. The number in a
 * test's name is the row of the checklist in docs/ingest.md. Long on purpose: it is read beside the
 * checklist, and all rows are asked of one receiver.
 */
class OtlpConformanceIT {
  private static final int LIMIT = 256 * 1024;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @TempDir static Path dir;
  static IngestRig rig;

  @BeforeAll
  static void start() {
    rig =
        new IngestRig(
            dir,
            Map.of(
                Keys.INGEST_MAX_BODY,
                "" + LIMIT,
                Keys.INGEST_MAX_COMPRESSED,
                "" + LIMIT,
                Keys.INGEST_CORS_ORIGINS,
                "https://app.example.org,https://*.trusted.example"));
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static DynamicTest row(int number, String what, Executable test) {
    return DynamicTest.dynamicTest(String.format("row %02d: %s", number, what), test);
  }

  @TestFactory
  Stream<DynamicTest> transport() {
    return Stream.of(
        row(1, "plain and gzip, gRPC and HTTP, protobuf and JSON", OtlpConformanceIT::encodings),
        row(
            2,
            "default ports are 4317 and 4318",
            () -> {
              Settings defaults = Settings.of(Map.of());
              assertThat(defaults.integer(Keys.INGEST_GRPC_PORT)).isEqualTo(4317);
              assertThat(defaults.integer(Keys.INGEST_HTTP_PORT)).isEqualTo(4318);
            }),
        row(
            3,
            "protobuf and JSON on one port, by Content-Type",
            () -> {
              assertThat(post(IngestRig.request(1), PROTOBUF)).isEqualTo(200);
              assertThat(json(jsonSpan("")).statusCode()).isEqualTo(200);
            }),
        row(
            4,
            "POST on /v1/traces; metrics and logs are told no",
            () -> {
              assertThat(post(IngestRig.request(1), PROTOBUF)).isEqualTo(200);
              for (String path :
                  List.of("/v1/metrics", "/v1/logs", "/v1development/profiles", "/")) {
                var answer = rig.send("POST", path, new byte[0], "Content-Type", PROTOBUF);
                assertThat(answer.statusCode()).isEqualTo(404);
                assertThat(Status.parseFrom(answer.body()).getMessage()).contains("only traces");
              }
            }),
        row(
            5,
            "HTTP/1.1 and HTTP/2, kept alive",
            () -> {
              for (var version : java.net.http.HttpClient.Version.values()) {
                var client = java.net.http.HttpClient.newBuilder().version(version).build();
                for (int i = 0; i < 3; i++) {
                  var answer =
                      client.send(
                          java.net.http.HttpRequest.newBuilder(
                                  java.net.URI.create(
                                      "http://127.0.0.1:" + rig.service.httpPort() + "/v1/traces"))
                              .timeout(java.time.Duration.ofSeconds(120))
                              .header("Content-Type", PROTOBUF)
                              // As curl does for larger bodies.
                              .expectContinue(i == 2)
                              .POST(
                                  java.net.http.HttpRequest.BodyPublishers.ofByteArray(
                                      IngestRig.request(1).toByteArray()))
                              .build(),
                          java.net.http.HttpResponse.BodyHandlers.discarding());
                  assertThat(answer.statusCode()).isEqualTo(200);
                }
              }
            }),
        row(6, "many unary calls at once", OtlpConformanceIT::manyAtOnce));
  }

  private static void encodings() throws Exception {
    ExportTraceServiceRequest request = IngestRig.request(3);
    for (Answer answer : everywhere(request)) {
      assertThat(answer.error()).as(answer.by()).isEmpty();
      assertThat(answer.response())
          .as(answer.by())
          .isEqualTo(ExportTraceServiceResponse.getDefaultInstance());
    }
    assertThat(rig.writtenSpans().stream().filter(IngestRig.spans(request)::contains)).hasSize(18);
    for (String type : List.of(PROTOBUF, JSON)) {
      byte[] body = type.equals(JSON) ? JsonMapping.write(request) : request.toByteArray();
      assertThat(rig.post(body, "Content-Type", type, "Content-Encoding", "identity").statusCode())
          .isEqualTo(200);
    }
  }

  /**
   * What one way of sending was answered.
   *
   * @param error empty, or the status
   */
  private record Answer(String by, ExportTraceServiceResponse response, String error) {}

  /** Sends by both protocols in both encodings, plain and gzip. */
  private static List<Answer> everywhere(ExportTraceServiceRequest request) throws Exception {
    List<Answer> answers = new ArrayList<>();
    for (boolean zipped : List.of(false, true)) {
      var stub = zipped ? rig.grpc().withCompression("gzip") : rig.grpc();
      try {
        answers.add(new Answer("gRPC, gzip " + zipped, stub.export(request), ""));
      } catch (StatusRuntimeException e) {
        answers.add(
            new Answer(
                "gRPC, gzip " + zipped,
                ExportTraceServiceResponse.getDefaultInstance(),
                e.getStatus().getCode().name()));
      }
      for (String type : List.of(PROTOBUF, JSON)) {
        byte[] plain = type.equals(JSON) ? JsonMapping.write(request) : request.toByteArray();
        var answer =
            zipped
                ? rig.post(IngestRig.gzip(plain), "Content-Type", type, "Content-Encoding", "gzip")
                : rig.post(plain, "Content-Type", type);
        assertThat(type(answer)).isEqualTo(type);
        boolean ok = answer.statusCode() == 200;
        answers.add(
            new Answer(
                "HTTP " + type + ", gzip " + zipped,
                ok
                    ? response(answer.body(), type)
                    : ExportTraceServiceResponse.getDefaultInstance(),
                ok ? "" : "" + answer.statusCode()));
      }
    }
    return answers;
  }

  private static ExportTraceServiceResponse response(byte[] body, String type) throws Exception {
    if (type.equals(PROTOBUF)) {
      return ExportTraceServiceResponse.parseFrom(body);
    }
    JsonNode partial = MAPPER.readTree(body).get("partialSuccess");
    var response = ExportTraceServiceResponse.newBuilder();
    if (partial != null) {
      response
          .getPartialSuccessBuilder()
          .setRejectedSpans(partial.path("rejectedSpans").asLong())
          .setErrorMessage(partial.path("errorMessage").asText());
    }
    return response.build();
  }

  private static void manyAtOnce() {
    var executor = Executors.newFixedThreadPool(32);
    try {
      var stub = rig.grpc();
      List<CompletableFuture<Void>> calls = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        int way = i % 3;
        calls.add(
            CompletableFuture.runAsync(
                () -> {
                  ExportTraceServiceRequest request = IngestRig.request(5);
                  if (way == 0) {
                    assertThat(stub.export(request).hasPartialSuccess()).isFalse();
                  } else if (way == 1) {
                    assertThat(post(request, PROTOBUF)).isEqualTo(200);
                  } else {
                    byte[] json = JsonMapping.write(request);
                    assertThat(rig.post(json, "Content-Type", JSON).statusCode()).isEqualTo(200);
                  }
                },
                executor));
      }
      calls.forEach(CompletableFuture::join);
    } finally {
      executor.shutdown();
    }
  }

  @TestFactory
  Stream<DynamicTest> sizes() {
    byte[] large = large().toByteArray();
    byte[] bomb = IngestRig.gzip(new byte[64 * 1024 * 1024]);
    return Stream.of(
        row(
            7,
            "limits hold before and after decompression",
            () -> {
              assertThat(bomb.length).isLessThan(LIMIT);
              for (String type : List.of(PROTOBUF, JSON)) {
                var answer = rig.post(bomb, "Content-Type", type, "Content-Encoding", "gzip");
                assertThat(answer.statusCode()).isEqualTo(413);
                assertThat(type(answer)).isEqualTo(type);
              }
              assertThat(Settings.of(Map.of()).longValue(Keys.INGEST_MAX_BODY))
                  .isEqualTo(64L * 1024 * 1024);
            }),
        row(
            8,
            "HTTP over the limit is 413",
            () -> {
              for (String type : List.of(PROTOBUF, JSON)) {
                assertThat(rig.post(large, "Content-Type", type).statusCode()).isEqualTo(413);
              }
            }),
        row(
            9,
            "gRPC over the limit is RESOURCE_EXHAUSTED without RetryInfo",
            () -> {
              for (var stub : List.of(rig.grpc(), rig.grpc().withCompression("gzip"))) {
                StatusRuntimeException e = refused(() -> stub.export(large()));
                assertThat(e.getStatus().getCode())
                    .isEqualTo(io.grpc.Status.Code.RESOURCE_EXHAUSTED);
                assertThat(details(e).getDetailsList())
                    .noneMatch(detail -> detail.is(RetryInfo.class));
              }
            }),
        row(
            10,
            "answers stay small however many spans are rejected",
            () -> {
              Span bad = IngestRig.span().setTraceId(IngestRig.id(5)).build();
              Span[] spans = new Span[3000];
              java.util.Arrays.fill(spans, bad);
              var response = rig.grpc().export(IngestRig.request(spans));
              assertThat(response.getPartialSuccess().getRejectedSpans()).isEqualTo(3000);
              assertThat(response.getSerializedSize()).isLessThan(4 * 1024);
            }));
  }

  @TestFactory
  Stream<DynamicTest> success() {
    ExportTraceServiceRequest mixed =
        IngestRig.request(
            IngestRig.span().build(),
            IngestRig.span().setTraceId(ByteString.copyFrom(new byte[16])).build());
    return Stream.of(
        row(
            11,
            "the answer has the request's encoding",
            () -> {
              assertThat(type(rig.post(mixed.toByteArray(), "Content-Type", PROTOBUF)))
                  .isEqualTo(PROTOBUF);
              assertThat(type(json(jsonSpan("")))).isEqualTo(JSON);
            }),
        row(
            12,
            "full success leaves partial_success unset",
            () -> {
              assertThat(
                      rig.post(IngestRig.request(1).toByteArray(), "Content-Type", PROTOBUF).body())
                  .isEmpty();
              assertThat(new String(json(jsonSpan("")).body(), StandardCharsets.UTF_8))
                  .isEqualTo("{}");
              for (Answer answer : everywhere(IngestRig.request(1))) {
                assertThat(answer.response().hasPartialSuccess()).as(answer.by()).isFalse();
              }
            }),
        row(
            13,
            "empty requests succeed",
            () -> {
              for (var empty :
                  List.of(ExportTraceServiceRequest.getDefaultInstance(), IngestRig.request(0))) {
                for (Answer answer : everywhere(empty)) {
                  assertThat(answer.error()).as(answer.by()).isEmpty();
                  assertThat(answer.response().hasPartialSuccess()).as(answer.by()).isFalse();
                }
              }
              assertThat(json("").statusCode()).isEqualTo(200);
              for (String body :
                  List.of(
                      "{}",
                      "{\"resourceSpans\":[]}",
                      "{\"resourceSpans\":[{}]}",
                      "{\"resourceSpans\":[{\"scopeSpans\":[{}]}]}")) {
                assertThat(json(body).statusCode()).isEqualTo(200);
              }
            }),
        row(
            14,
            "bad spans are rejected, the rest is taken",
            () -> {
              for (Answer answer : everywhere(mixed)) {
                var partial = answer.response().getPartialSuccess();
                assertThat(answer.error()).as(answer.by()).isEmpty();
                assertThat(partial.getRejectedSpans()).as(answer.by()).isEqualTo(1);
                assertThat(partial.getErrorMessage()).as(answer.by()).contains("trace id");
              }
              JsonNode json =
                  MAPPER.readTree(
                      json("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"00\"}]}]}]}")
                          .body());
              assertThat(json.at("/partialSuccess/rejectedSpans").asText()).isEqualTo("1");
              assertThat(json.at("/partialSuccess/rejectedSpans").isTextual()).isTrue();
              assertThat(rig.writtenSpans())
                  .contains(IngestRig.spans(mixed).get(0))
                  .doesNotContain(IngestRig.spans(mixed).get(1));
            }),
        row(
            15,
            "a warning rejects nothing and has a message",
            () -> {
              rig.restart(Map.of(Keys.INGEST_MAX_SPAN_BYTES, "4096"));
              Span big =
                  IngestRig.span()
                      .addAttributes(attribute("gen_ai.prompt", text("x".repeat(20_000))))
                      .build();
              for (Answer answer : everywhere(IngestRig.request(big))) {
                var partial = answer.response().getPartialSuccess();
                assertThat(partial.getRejectedSpans()).as(answer.by()).isZero();
                assertThat(partial.getErrorMessage()).as(answer.by()).contains("cut");
              }
              rig.restart(
                  Map.of(Keys.INGEST_MAX_BODY, "" + LIMIT, Keys.INGEST_MAX_COMPRESSED, "" + LIMIT));
            }),
        row(
            16,
            "partial success is for what is bad for good: garbage as a whole is an error instead",
            () ->
                assertThat(rig.post(new byte[] {1, 2, 3}, "Content-Type", PROTOBUF).statusCode())
                    .isEqualTo(400)));
  }

  @TestFactory
  Stream<DynamicTest> grpcErrors() {
    return Stream.of(
        row(
            18,
            "bad data is INVALID_ARGUMENT with BadRequest",
            () -> {
              StatusRuntimeException e = refused(() -> rig.grpc().export(malformed()));
              assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);
              assertThat(details(e).getDetails(0).is(BadRequest.class)).isTrue();
            }),
        row(
            17,
            "transient faults are told as such: see rows17_20_21_24_25 of IngestDurabilityIT",
            () -> {
              for (var kind :
                  List.of(Outcome.Kind.UNAVAILABLE, Outcome.Kind.OVERLOADED, Outcome.Kind.FAILED)) {
                assertThat(kind.grpcCode()).isEqualTo(14);
                assertThat(kind.httpStatus()).isEqualTo(503);
                assertThat(kind.retryAfterSeconds()).isBetween(1, 30);
              }
            }),
        row(
            19,
            "what is never to be sent again has a code that is never retried",
            () -> {
              for (var kind : Outcome.Kind.values()) {
                boolean retried = List.of(1, 4, 10, 11, 14, 15).contains(kind.grpcCode());
                assertThat(retried).as(kind.name()).isEqualTo(kind.retryAfterSeconds() > 0);
              }
            }),
        row(
            24,
            "retryable outcomes have a retryable HTTP status, and only they",
            () -> {
              for (var kind : Outcome.Kind.values()) {
                boolean retried = List.of(429, 502, 503, 504).contains(kind.httpStatus());
                assertThat(retried).as(kind.name()).isEqualTo(kind.retryAfterSeconds() > 0);
              }
            }));
  }

  @TestFactory
  Stream<DynamicTest> httpErrors() {
    return Stream.of(
        row(
            22,
            "every error body is a Status in the request's type",
            () -> {
              for (byte[] body : List.of(new byte[] {1, 2, 3}, large().toByteArray())) {
                var proto = rig.post(body, "Content-Type", PROTOBUF);
                assertThat(type(proto)).isEqualTo(PROTOBUF);
                assertThat(Status.parseFrom(proto.body()).getMessage()).isNotEmpty();
                var json = rig.post(body, "Content-Type", JSON);
                assertThat(type(json)).isEqualTo(JSON);
                assertThat(MAPPER.readTree(json.body()).get("message").asText()).isNotEmpty();
              }
            }),
        row(
            23,
            "undecodable is 400 with BadRequest",
            () -> {
              for (byte[] body :
                  List.of(
                      new byte[] {10, 100, 1},
                      "{\"resourceSpans\":".getBytes(StandardCharsets.UTF_8))) {
                boolean isJson = body[0] == '{';
                var answer = rig.post(body, "Content-Type", isJson ? JSON : PROTOBUF);
                assertThat(answer.statusCode()).isEqualTo(400);
                if (isJson) {
                  assertThat(MAPPER.readTree(answer.body()).at("/details/0/@type").asText())
                      .endsWith("google.rpc.BadRequest");
                } else {
                  assertThat(Status.parseFrom(answer.body()).getDetails(0).is(BadRequest.class))
                      .isTrue();
                }
              }
              byte[] zipped = IngestRig.gzip(jsonSpan("").getBytes(StandardCharsets.UTF_8));
              byte[] cut = Arrays.copyOf(zipped, zipped.length - 9);
              var answer = rig.post(cut, "Content-Type", JSON, "Content-Encoding", "gzip");
              assertThat(answer.statusCode()).isEqualTo(400);
              assertThat(MAPPER.readTree(answer.body()).path("message").asText())
                  .isEqualTo("the body is no whole gzip: cut short");
            }),
        row(
            26,
            "the answer's type is the request's, whose parameters are accepted",
            () -> {
              for (boolean fine : List.of(true, false)) {
                byte[] json = (fine ? jsonSpan("") : "{").getBytes(StandardCharsets.UTF_8);
                var asJson = rig.post(json, "Content-Type", "application/json; charset=utf-8");
                assertThat(asJson.statusCode()).isEqualTo(fine ? 200 : 400);
                assertThat(type(asJson)).isEqualTo(JSON);
                byte[] proto = fine ? IngestRig.request(1).toByteArray() : new byte[] {10, 100, 1};
                var asProto =
                    rig.post(proto, "Content-Type", "application/x-protobuf; messageType=\"x\"");
                assertThat(asProto.statusCode()).isEqualTo(fine ? 200 : 400);
                assertThat(type(asProto)).isEqualTo(PROTOBUF);
              }
            }),
        row(
            27,
            "415, 405 and 400 have Status bodies",
            () -> {
              var type = rig.post(new byte[0], "Content-Type", "text/plain");
              assertThat(type.statusCode()).isEqualTo(415);
              assertThat(MAPPER.readTree(type.body()).get("code").asInt()).isEqualTo(3);
              var method = rig.send("GET", "/v1/traces", new byte[0], "Content-Type", PROTOBUF);
              assertThat(method.statusCode()).isEqualTo(405);
              assertThat(method.headers().firstValue("allow")).hasValue("POST");
              assertThat(Status.parseFrom(method.body()).getCode()).isEqualTo(12);
              var encoding =
                  rig.post(new byte[0], "Content-Type", PROTOBUF, "Content-Encoding", "zstd");
              assertThat(encoding.statusCode()).isEqualTo(400);
              assertThat(Status.parseFrom(encoding.body()).getMessage()).contains("gzip");
            }),
        row(
            28,
            "the answer is gzip for nobody who did not ask",
            () ->
                assertThat(
                        rig.post(IngestRig.request(1).toByteArray(), "Content-Type", PROTOBUF)
                            .headers()
                            .firstValue("content-encoding"))
                    .isEmpty()));
  }

  @TestFactory
  Stream<DynamicTest> jsonMapping() {
    return Stream.of(
        row(
            29,
            "ids are hex in any case",
            () -> {
              String id = HexFormat.of().formatHex(IngestRig.id(16).toByteArray());
              assertThat(
                      jsonTaken(jsonSpan(id.toUpperCase(java.util.Locale.ROOT), "")).getTraceId())
                  .isEqualTo(ByteString.copyFrom(HexFormat.of().parseHex(id)));
            }),
        row(
            30,
            "snake_case keys are unknown",
            () ->
                assertThat(jsonTaken(jsonSpan(",\"trace_state\":\"a=b\"")).getTraceState())
                    .isEmpty()),
        row(
            31,
            "unknown fields are ignored at every depth",
            () ->
                assertThat(
                        jsonTaken(jsonSpan(",\"futures\":{\"a\":[1,{\"b\":null}],\"c\":1e3}"))
                            .getName())
                    .isEqualTo("chat")),
        row(
            32,
            "enums are integers",
            () -> {
              assertThat(jsonTaken(jsonSpan(",\"kind\":3")).getKindValue()).isEqualTo(3);
              assertThat(jsonTaken(jsonSpan(",\"kind\":\"SPAN_KIND_CLIENT\"")).getKindValue())
                  .isEqualTo(3);
            }),
        row(
            33,
            "64-bit integers come as text or number",
            () -> {
              for (String time : List.of("\"1790000000000000001\"", "1790000000000000001")) {
                assertThat(
                        jsonTaken(jsonSpan(",\"startTimeUnixNano\":" + time))
                            .getStartTimeUnixNano())
                    .isEqualTo(1790000000000000001L);
              }
            }),
        row(
            34,
            "absent is default, doubles may be NaN, bytes are base64",
            () -> {
              Span span =
                  jsonTaken(
                      jsonSpan(
                          ",\"attributes\":[{\"key\":\"d\",\"value\":{\"doubleValue\":\"NaN\"}},"
                              + "{\"key\":\"b\",\"value\":{\"bytesValue\":\""
                              + Base64.getEncoder().encodeToString(new byte[] {1, 2})
                              + "\"}}]"));
              assertThat(span.getEndTimeUnixNano()).isZero();
              assertThat(span.getAttributes(0).getValue().getDoubleValue()).isNaN();
              assertThat(span.getAttributes(1).getValue().getBytesValue())
                  .isEqualTo(ByteString.copyFrom(new byte[] {1, 2}));
            }));
  }

  @TestFactory
  Stream<DynamicTest> dataModel() {
    Span.Builder odd =
        IngestRig.span()
            .setName("")
            .setKindValue(0)
            .setEndTimeUnixNano(1)
            .setFlags(0xfffff301)
            .setTraceState("vendor=1,other=2")
            .addAttributes(attribute("twice", text("a")))
            .addAttributes(attribute("twice", text("b")))
            .addAttributes(attribute("empty", AnyValue.getDefaultInstance()))
            .addAttributes(
                attribute(
                    "mixed",
                    AnyValue.newBuilder()
                        .setArrayValue(
                            ArrayValue.newBuilder()
                                .addValues(text("x"))
                                .addValues(AnyValue.newBuilder().setIntValue(1))
                                .addValues(AnyValue.newBuilder().setBytesValue(IngestRig.id(3))))
                        .build()))
            .addAttributes(
                attribute(
                    "map",
                    AnyValue.newBuilder()
                        .setKvlistValue(
                            KeyValueList.newBuilder().addValues(attribute("k", text("v"))))
                        .build()))
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        1000, UnknownFieldSet.Field.newBuilder().addVarint(7).addFixed64(9).build())
                    .build());
    return Stream.of(
        row(
            35,
            "ids of wrong length or zeros reject their span alone",
            () -> {
              Span good = IngestRig.span().build();
              var request =
                  IngestRig.request(
                      IngestRig.span().setTraceId(IngestRig.id(15)).build(),
                      IngestRig.span().setSpanId(IngestRig.id(9)).build(),
                      IngestRig.span().clearTraceId().build(),
                      IngestRig.span().setSpanId(ByteString.copyFrom(new byte[8])).build(),
                      good);
              for (Answer answer : everywhere(request)) {
                assertThat(answer.response().getPartialSuccess().getRejectedSpans())
                    .as(answer.by())
                    .isEqualTo(4);
              }
              assertThat(rig.writtenSpans().stream().filter(good::equals)).hasSize(6);
              // In JSON an id may also have lost its leading zero.
              String both =
                  jsonSpan("")
                      .replace(
                          "[{\"traceId\"",
                          "[{\"traceId\":\"" + "a".repeat(31) + "\"},{\"traceId\"");
              var answer = json(both);
              assertThat(answer.statusCode()).isEqualTo(200);
              assertThat(MAPPER.readTree(answer.body()).at("/partialSuccess/rejectedSpans").asInt())
                  .isEqualTo(1);
            }),
        row(36, "no parent is a root", () -> taken(IngestRig.span().build())),
        row(37, "an end before the start is taken", () -> taken(odd.build())),
        row(38, "empty name, kind 0, no status are taken", () -> taken(odd.build())),
        row(39, "flags and trace state are kept to the bit", () -> taken(odd.build())),
        row(40, "duplicate keys crash nothing", () -> taken(odd.build())),
        row(41, "empty, bytes, mixed and nested values are taken", () -> taken(odd.build())),
        row(42, "unknown fields are kept", () -> taken(odd.build())),
        row(
            43,
            "a resent request is taken again",
            () -> {
              ExportTraceServiceRequest request = IngestRig.request(1);
              assertThat(post(request, PROTOBUF)).isEqualTo(200);
              assertThat(post(request, PROTOBUF)).isEqualTo(200);
              assertThat(
                      rig.writtenSpans().stream().filter(IngestRig.spans(request).get(0)::equals))
                  .hasSize(2);
            }));
  }

  /** Sent in every way, and there to the bit; JSON has no unknown fields of protobuf. */
  private static void taken(Span span) throws Exception {
    Span own = span.toBuilder().setTraceId(IngestRig.id(16)).build();
    Span known = own.toBuilder().setUnknownFields(UnknownFieldSet.getDefaultInstance()).build();
    for (Answer answer : everywhere(IngestRig.request(own))) {
      assertThat(answer.error()).as(answer.by()).isEmpty();
      assertThat(answer.response().hasPartialSuccess()).as(answer.by()).isFalse();
    }
    List<Span> written = rig.writtenSpans();
    assertThat(written.stream().filter(own::equals)).hasSize(own.equals(known) ? 6 : 4);
    assertThat(written.stream().filter(known::equals)).hasSize(own.equals(known) ? 6 : 2);
  }

  @TestFactory
  Stream<DynamicTest> browsersAndProbes() {
    return Stream.of(
        row(
            44,
            "CORS: listed origins only, preflight included",
            () -> {
              rig.restart(
                  Map.of(
                      Keys.INGEST_CORS_ORIGINS,
                      "https://app.example.org,https://*.trusted.example"));
              for (var origin :
                  Map.of(
                          "https://app.example.org", true,
                          "https://a.trusted.example", true,
                          "https://trusted.example.evil.org", false)
                      .entrySet()) {
                var preflight =
                    rig.send(
                        "OPTIONS",
                        "/v1/traces",
                        new byte[0],
                        "Origin",
                        origin.getKey(),
                        "Access-Control-Request-Method",
                        "POST",
                        "Access-Control-Request-Headers",
                        "content-type");
                assertThat(
                        preflight.headers().firstValue("access-control-allow-origin").isPresent())
                    .as(origin.getKey())
                    .isEqualTo(origin.getValue());
              }
              rig.restart(
                  Map.of(Keys.INGEST_MAX_BODY, "" + LIMIT, Keys.INGEST_MAX_COMPRESSED, "" + LIMIT));
              assertThat(rig.send("OPTIONS", "/v1/traces", new byte[0]).statusCode())
                  .isEqualTo(405);
            }),
        row(
            45,
            "health and readiness have paths of their own",
            () -> {
              assertThat(rig.send("GET", "/health", new byte[0]).statusCode()).isEqualTo(200);
              assertThat(rig.send("GET", "/ready", new byte[0]).statusCode()).isEqualTo(200);
            }));
  }

  private static int post(ExportTraceServiceRequest request, String type) {
    return rig.post(request.toByteArray(), "Content-Type", type).statusCode();
  }

  private static java.net.http.HttpResponse<byte[]> json(String body) {
    return rig.post(body.getBytes(StandardCharsets.UTF_8), "Content-Type", JSON);
  }

  private static String jsonSpan(String more) {
    return jsonSpan(HexFormat.of().formatHex(IngestRig.id(16).toByteArray()), more);
  }

  private static String jsonSpan(String traceId, String more) {
    return "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\""
        + traceId
        + "\",\"spanId\":\"00f067aa0ba902b7\",\"name\":\"chat\""
        + more
        + "}]}]}]}";
  }

  private static Span jsonTaken(String body) {
    String id = body.replaceFirst("(?s).*?\"traceId\":\"([0-9a-fA-F]{32}).*", "$1");
    assertThat(json(body).statusCode()).isEqualTo(200);
    ByteString wanted = ByteString.copyFrom(HexFormat.of().parseHex(id));
    return rig.writtenSpans().stream()
        .filter(span -> span.getTraceId().equals(wanted))
        .findFirst()
        .orElseThrow();
  }

  private static String type(java.net.http.HttpResponse<?> answer) {
    return answer.headers().firstValue("content-type").orElse("");
  }

  private static ExportTraceServiceRequest large() {
    byte[] noise = new byte[LIMIT];
    new java.util.Random(7).nextBytes(noise);
    return IngestRig.request(
        IngestRig.span()
            .addAttributes(
                attribute(
                    "noise",
                    AnyValue.newBuilder().setBytesValue(ByteString.copyFrom(noise)).build()))
            .build());
  }

  /** Valid to the client, which keeps unknown fields; field 1 is no message to the server. */
  private static ExportTraceServiceRequest malformed() {
    return ExportTraceServiceRequest.newBuilder()
        .setUnknownFields(
            UnknownFieldSet.newBuilder()
                .addField(
                    1,
                    UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(ByteString.copyFrom(new byte[] {10, 100, 1}))
                        .build())
                .build())
        .build();
  }

  private static KeyValue attribute(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static AnyValue text(String value) {
    return AnyValue.newBuilder().setStringValue(value).build();
  }

  private static StatusRuntimeException refused(Executable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::execute);
  }

  private static Status details(StatusRuntimeException e) throws Exception {
    byte[] details = e.getTrailers() == null ? null : e.getTrailers().get(DETAILS);
    assertThat(details).isNotNull();
    return Status.parseFrom(details);
  }
}
