/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpRequestWriter;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.sun.management.ThreadMXBean;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.config.Keys;
import io.spanmill.ingest.grpc.OtlpGrpcService;
import java.lang.management.ManagementFactory;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every bound of the receiver, with its status on each protocol and its metric. */
class IngestBoundsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int BODY = 1024 * 1024;
  private static final int WIRE = 256 * 1024;
  private static final int SPANS = 2000;
  private static final int REQUESTS = 16;
  private static final int CONNECTIONS = 40;
  private static final String KEY_A = "key-of-project-a";
  private static final String KEY_B = "key-of-project-b";

  @TempDir static Path dir;
  static IngestRig rig;

  @BeforeAll
  static void start() {
    rig =
        new IngestRig(
            dir,
            Map.ofEntries(
                Map.entry(Keys.INGEST_MAX_BODY, "" + BODY),
                Map.entry(Keys.INGEST_MAX_COMPRESSED, "" + WIRE),
                Map.entry(Keys.INGEST_MAX_SPANS, "" + SPANS),
                Map.entry(Keys.INGEST_MAX_SPAN_BYTES, "8192"),
                Map.entry(Keys.INGEST_MAX_REQUESTS, "" + REQUESTS),
                Map.entry(Keys.INGEST_MAX_INFLIGHT_BYTES, "" + 4 * BODY),
                Map.entry(Keys.INGEST_MAX_CONNECTIONS, "" + CONNECTIONS),
                Map.entry(Keys.INGEST_REQUEST_TIMEOUT_MS, "2000"),
                Map.entry(Keys.INGEST_IDLE_TIMEOUT_MS, "3000"),
                Map.entry(Keys.INGEST_PRODUCE_TIMEOUT_MS, "1500"),
                Map.entry(Keys.INGEST_MAX_HEADER, "4096"),
                Map.entry(Keys.KAFKA_RECORD_MAX_BYTES, "" + 65_536),
                Map.entry(
                    Keys.AUTH_KEYS, KEY_A + ":a:ingest|metrics," + KEY_B + ":b:ingest|metrics")));
    rig.key = KEY_A;
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  /** Whatever was refused, nothing of it may stay behind. */
  @AfterEach
  void nothingIsHeld() {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(rig.metric("spanmill_ingest_inflight_bytes", "")).isZero();
              assertThat(rig.metric("spanmill_ingest_inflight_requests", "")).isZero();
            });
  }

  @Test
  void bodiesOverTheLimit_beforeAndAfterDecompression_are413() {
    double before = outcomes("too_large");
    byte[] noise = new byte[WIRE + 1];
    new java.util.Random(3).nextBytes(noise);
    byte[] inflates = IngestRig.gzip(new byte[BODY + 1]);
    for (String type : List.of(IngestRig.PROTOBUF, IngestRig.JSON)) {
      assertThat(rig.post(noise, "Content-Type", type).statusCode()).isEqualTo(413);
      assertThat(gzipped(inflates, type).statusCode()).isEqualTo(413);
    }
    assertThat(code(request(2 * noise.length))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(outcomes("too_large") - before).isEqualTo(5);
  }

  @Test
  void gzipBomb_takesNoMoreMemoryThanTheLimit() {
    byte[] bomb = IngestRig.gzip(new byte[200 * BODY]);
    assertThat(bomb.length).isLessThan(WIRE);
    gzipped(bomb, IngestRig.PROTOBUF);
    long before = allocatedByServer();
    for (int i = 0; i < 10; i++) {
      assertThat(gzipped(bomb, IngestRig.PROTOBUF).statusCode()).isEqualTo(413);
    }
    assertThat((allocatedByServer() - before) / 10).isLessThan(2L * BODY + 2L * bomb.length);
  }

  @Test
  void bombsOfTinyPieces_takeNoMoreMemoryThanABody() throws Exception {
    byte[] groups = new byte[BODY];
    for (int i = 0; i < groups.length; i += 2) {
      groups[i] = 10;
    }
    byte[] objects =
        ("{\"resourceSpans\":[" + "{},".repeat(BODY / 3 - 20) + "{}]}")
            .getBytes(StandardCharsets.UTF_8);
    ExportTraceServiceRequest.Builder spans = ExportTraceServiceRequest.newBuilder();
    Span[] empty = new Span[SPANS + 1];
    Arrays.fill(empty, Span.getDefaultInstance());
    spans.addResourceSpansBuilder().addScopeSpansBuilder().addAllSpans(List.of(empty));
    byte[] tiny = spans.build().toByteArray();
    double refused = rig.metric("spanmill_ingest_spans_refused_total", "");
    for (int i = 0; i < 4; i++) {
      // The first round loads classes.
      long before = allocatedByServer();
      assertThat(gzipped(IngestRig.gzip(groups), IngestRig.PROTOBUF).statusCode()).isEqualTo(413);
      assertThat(gzipped(IngestRig.gzip(objects), IngestRig.JSON).statusCode()).isEqualTo(413);
      assertThat(gzipped(IngestRig.gzip(tiny), IngestRig.PROTOBUF).statusCode()).isEqualTo(413);
      if (i > 0) {
        assertThat(allocatedByServer() - before).isLessThan(5L * BODY);
      }
    }
    assertThat(rig.metric("spanmill_ingest_spans_refused_total", "") - refused)
        .isEqualTo(4 * (SPANS + 1));
    assertThat(code(spans.build())).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void deepAndOddEncodings_are400_onEveryProtocol() throws Exception {
    AnyValue deep = AnyValue.newBuilder().setIntValue(1).build();
    StringBuilder json = new StringBuilder("{\"intValue\":1}");
    for (int i = 0; i < 200; i++) {
      deep = AnyValue.newBuilder().setArrayValue(ArrayValue.newBuilder().addValues(deep)).build();
      json.insert(0, "{\"arrayValue\":{\"values\":[").append("]}}");
    }
    ExportTraceServiceRequest request =
        IngestRig.request(
            IngestRig.span()
                .addAttributes(KeyValue.newBuilder().setKey("deep").setValue(deep))
                .build());
    String deepJson =
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":"
            + json
            + "}]}}]}";
    double before = outcomes("malformed");
    assertThat(rig.post(request.toByteArray(), "Content-Type", IngestRig.PROTOBUF).statusCode())
        .isEqualTo(400);
    assertThat(code(request)).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(
            rig.post(deepJson.getBytes(StandardCharsets.UTF_8), "Content-Type", IngestRig.JSON)
                .statusCode())
        .isEqualTo(400);
    byte[] endless = new byte[64];
    Arrays.fill(endless, (byte) 0xff);
    byte[] groups = new byte[10_000];
    Arrays.fill(groups, (byte) 0x0b);
    for (byte[] odd : List.of(endless, groups, new byte[] {10, -1, -1, -1, -1, 7})) {
      assertThat(rig.post(odd, "Content-Type", IngestRig.PROTOBUF).statusCode()).isEqualTo(400);
    }
    assertThat(outcomes("malformed") - before).isEqualTo(6);
  }

  @Test
  void resourcesThatWouldSwellTheRequest_are413() {
    KeyValue large = attribute("large", 60_000);
    var request = ExportTraceServiceRequest.newBuilder();
    var resource = request.addResourceSpansBuilder();
    resource.getResourceBuilder().addAttributes(large);
    var scope = resource.addScopeSpansBuilder();
    for (int i = 0; i < 1500; i++) {
      scope.addSpans(IngestRig.span());
    }
    double refused = rig.metric("spanmill_ingest_spans_refused_total", "");
    var answer = rig.post(request.build().toByteArray(), "Content-Type", IngestRig.PROTOBUF);
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains("resource attributes");
    assertThat(rig.metric("spanmill_ingest_spans_refused_total", "") - refused).isEqualTo(1500);
  }

  @Test
  void spansOverTheLimit_areCutWithAMarker_andTold() {
    double cut = rig.metric("spanmill_ingest_spans_cut_total", "");
    Span big = IngestRig.span().addAttributes(attribute("gen_ai.prompt", 50_000)).build();
    var answer = rig.grpc().export(IngestRig.request(big)).getPartialSuccess();
    assertThat(answer.getRejectedSpans()).isZero();
    assertThat(answer.getErrorMessage()).contains("cut");
    assertThat(rig.metric("spanmill_ingest_spans_cut_total", "") - cut).isEqualTo(1);
    Span written =
        rig.writtenSpans().stream()
            .filter(span -> span.getSpanId().equals(big.getSpanId()))
            .findFirst()
            .orElseThrow();
    assertThat(written.getSerializedSize()).isLessThanOrEqualTo(8192);
    assertThat(written.getAttributes(0).getValue().getStringValue()).startsWith("xxx");
    assertThat(written.getAttributes(1).getKey()).isEqualTo("spanmill.truncated");
    assertThat(written.getAttributes(1).getValue().getStringValue()).isEqualTo("gen_ai.prompt");
  }

  @Test
  void slowSenders_areToldToSendAgain_orCutOff() {
    double slow = outcomes("slow_sender");
    double cutOff = rig.metric("spanmill_ingest_connections_timed_out_total", "");
    try (RawConnection body = new RawConnection(rig.service.httpPort());
        RawConnection head = new RawConnection(rig.service.httpPort())) {
      body.head(1000, "x-api-key", KEY_A).send(new byte[] {10});
      head.send("POST /v1/traces HTTP/1.1\r\nHo");
      assertThat(body.answer()).contains(" 503 ").containsIgnoringCase("retry-after: 1");
      assertThat(head.answer()).isEmpty();
    }
    assertThat(outcomes("slow_sender") - slow).isEqualTo(1);
    assertThat(rig.metric("spanmill_ingest_connections_timed_out_total", "") - cutOff).isEqualTo(1);
  }

  @Test
  void slowSenderOfHttp2_isToldToSendAgain() {
    double slow = outcomes("slow_sender");
    HttpRequestWriter call =
        HttpRequest.streaming(
            RequestHeaders.builder(HttpMethod.POST, OtlpGrpcService.EXPORT_PATH)
                .contentType(MediaType.parse("application/grpc+proto"))
                .add("te", "trailers")
                .add("x-api-key", KEY_A)
                .build());
    call.write(HttpData.wrap(new byte[] {0, 0, 0}));
    WebClient client = WebClient.of("h2c://127.0.0.1:" + rig.service.grpcPort());
    var answer = client.execute(call).aggregate().join();
    assertThat(answer.headers().get("grpc-status")).isEqualTo("14");
    assertThat(answer.headers().get("grpc-status-details-bin")).isNotEmpty();
    assertThat(outcomes("slow_sender") - slow).isEqualTo(1);
  }

  @Test
  void headsOverTheLimit_are431_andThoseThatAreNone400_withAStatus() {
    double before = rig.metric("spanmill_ingest_heads_refused_total", "");
    try (RawConnection large = new RawConnection(rig.service.httpPort());
        RawConnection odd = new RawConnection(rig.service.httpPort())) {
      large.head(0, "x-padding", "x".repeat(5000));
      assertThat(large.answer()).contains(" 431 ").contains("\"code\":8");
      odd.send("POST /v1/traces HTTP/1.1\r\nContent-Length: minus one\r\n\r\n");
      assertThat(odd.answer()).contains(" 400 ").contains("\"code\":3");
    }
    assertThat(rig.metric("spanmill_ingest_heads_refused_total", "") - before).isEqualTo(2);
  }

  @Test
  void idleConnections_areClosed_andCounted() {
    double before = rig.metric("spanmill_ingest_connections_idle_total", "");
    try (RawConnection connection = new RawConnection(rig.service.httpPort())) {
      connection.head(0, "x-api-key", KEY_A);
      assertThat(connection.answer()).contains(" 200 ");
      // Kept alive, then closed by the server.
      assertThat(connection.answer()).isEmpty();
    }
    await()
        .atMost(LIMIT)
        .until(() -> rig.metric("spanmill_ingest_connections_idle_total", "") > before);
  }

  @Test
  void connectionsOverTheLimit_areClosed() {
    double before = rig.metric("spanmill_ingest_connections_refused_total", "");
    List<RawConnection> open = new ArrayList<>();
    try {
      for (int i = 0; i < CONNECTIONS + 5; i++) {
        open.add(new RawConnection(rig.service.grpcPort()));
      }
      assertThat(open.get(CONNECTIONS + 4).answer()).isEmpty();
      await()
          .atMost(LIMIT)
          .until(() -> rig.metric("spanmill_ingest_connections_refused_total", "") - before >= 5);
    } finally {
      open.forEach(RawConnection::close);
    }
  }

  @Test
  void requestsOverTheLimit_are429ForTheFlooder_andRoomIsLeftForOthers() {
    // Two projects send: each may have half.
    assertThat(post(KEY_B).statusCode()).isEqualTo(200);
    int most = REQUESTS / 2;
    double throttled = outcomes("throttled");
    List<RawConnection> open = new ArrayList<>();
    try {
      for (int i = 0; i < most; i++) {
        open.add(new RawConnection(rig.service.httpPort()).head(1000, "x-api-key", KEY_A));
      }
      await()
          .atMost(LIMIT)
          .until(() -> rig.metric("spanmill_ingest_inflight_requests", "") == most);
      HttpResponse<byte[]> flooder = post(KEY_A);
      assertThat(flooder.statusCode()).isEqualTo(429);
      assertThat(flooder.headers().firstValue("retry-after")).isPresent();
      assertThat(post(KEY_B).statusCode()).isEqualTo(200);
      assertThat(outcomes("throttled") - throttled).isEqualTo(1);
    } finally {
      open.forEach(RawConnection::close);
    }
  }

  @Test
  void bytesOverTheLimit_areRefused_andRoomIsLeftForOthers() {
    List<RawConnection> open = new ArrayList<>();
    double throttled = outcomes("throttled");
    byte[] most = new byte[WIRE - 1];
    assertThat(post(KEY_B).statusCode()).isEqualTo(200);
    try {
      // Of two projects each may hold half of the 4 MiB.
      for (int i = 0; i < 7; i++) {
        open.add(
            new RawConnection(rig.service.httpPort()).head(WIRE, "x-api-key", KEY_A).send(most));
      }
      await()
          .atMost(LIMIT)
          .until(() -> rig.metric("spanmill_ingest_inflight_bytes", "") >= 7.0 * (WIRE - 1));
      assertThat(rig.metric("spanmill_ingest_inflight_bytes", "")).isLessThanOrEqualTo(4.0 * BODY);
      assertThat(rig.post(new byte[WIRE], "Content-Type", IngestRig.PROTOBUF).statusCode())
          .isEqualTo(429);
      assertThat(outcomes("throttled") - throttled).isEqualTo(1);
      assertThat(post(KEY_B).statusCode()).isEqualTo(200);
    } finally {
      open.forEach(RawConnection::close);
    }
  }

  @Test
  void floodOfOneProject_leavesTheOtherServed() throws Exception {
    assertThat(post(KEY_B).statusCode()).isEqualTo(200);
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger refused = new AtomicInteger();
    var executor = Executors.newFixedThreadPool(12);
    byte[] heavy = IngestRig.gzip(request(BODY - 100_000).toByteArray());
    List<CompletableFuture<Void>> flood = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      flood.add(
          CompletableFuture.runAsync(
              () -> {
                while (!done.get()) {
                  int status = gzipped(heavy, IngestRig.PROTOBUF).statusCode();
                  assertThat(status).isIn(200, 429, 503);
                  if (status != 200) {
                    refused.incrementAndGet();
                  }
                }
              },
              executor));
    }
    try {
      await().atMost(LIMIT).until(() -> refused.get() > 20);
      for (int i = 0; i < 50; i++) {
        assertThat(post(KEY_B).statusCode()).isEqualTo(200);
      }
    } finally {
      done.set(true);
      flood.forEach(CompletableFuture::join);
      executor.shutdown();
    }
    assertThat(outcomes("throttled")).isPositive();
  }

  private static ExportTraceServiceRequest request(int bytes) {
    byte[] noise = new byte[4000];
    new java.util.Random(5).nextBytes(noise);
    List<Span> spans = new ArrayList<>();
    for (int size = 0; size < bytes; size += 4100) {
      spans.add(
          IngestRig.span()
              .addAttributes(
                  KeyValue.newBuilder()
                      .setKey("noise")
                      .setValue(AnyValue.newBuilder().setBytesValue(ByteString.copyFrom(noise))))
              .build());
    }
    return IngestRig.request(spans.toArray(Span[]::new));
  }

  private static KeyValue attribute(String key, int chars) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue("x".repeat(chars)))
        .build();
  }

  private static HttpResponse<byte[]> post(String key) {
    return rig.post(
        IngestRig.request(1).toByteArray(), "Content-Type", IngestRig.PROTOBUF, "x-api-key", key);
  }

  private static HttpResponse<byte[]> gzipped(byte[] body, String type) {
    return rig.post(body, "Content-Type", type, "Content-Encoding", "gzip");
  }

  private static Status.Code code(ExportTraceServiceRequest request) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> rig.grpc().export(request))
        .getStatus()
        .getCode();
  }

  private static double outcomes(String outcome) {
    return rig.metric("spanmill_ingest_requests_total", "outcome=\"" + outcome + "\"");
  }

  /** By the threads that serve, since they began. */
  private static long allocatedByServer() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long sum = 0;
    for (var info : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (info != null
          && (info.getThreadName().startsWith("ingest-worker")
              || info.getThreadName().startsWith("armeria-common-worker"))) {
        sum += threads.getThreadAllocatedBytes(info.getThreadId());
      }
    }
    return sum;
  }
}
