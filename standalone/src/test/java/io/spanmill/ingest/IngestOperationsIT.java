/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.config.Keys;
import io.spanmill.standalone.embedded.EmbeddedKafka;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What operators rely on: counters that add up, a drain that loses nothing, logs that tell no
 * tales.
 */
class IngestOperationsIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int REQUESTS = 400;
  private static final int BODY = 64 * 1024;
  private static final String PRIVATE = "what-a-person-asked-a-model";

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
  void counters_addUp_whateverWasSent_andNoPayloadIsLogged() throws Exception {
    long seed = System.nanoTime();
    LogCapture log = LogCapture.begin();
    try (IngestRig rig =
        new IngestRig(
            kafka.bootstrap(),
            Map.of(
                Keys.INGEST_MAX_BODY,
                "" + BODY,
                Keys.INGEST_MAX_COMPRESSED,
                "" + BODY,
                Keys.INGEST_MAX_SPANS,
                "50",
                Keys.INGEST_MAX_REQUESTS,
                "12",
                Keys.INGEST_MAX_SPAN_BYTES,
                "4096"))) {
      int before = rig.writtenSpans().size();
      var executor = Executors.newFixedThreadPool(8);
      List<CompletableFuture<Integer>> sent = new ArrayList<>();
      AtomicInteger answered = new AtomicInteger();
      for (int i = 0; i < REQUESTS; i++) {
        Random random = new Random(seed + i);
        sent.add(
            CompletableFuture.supplyAsync(
                () -> {
                  int spans = sendSomething(rig, random);
                  answered.incrementAndGet();
                  return spans;
                },
                executor));
      }
      int acknowledged = sent.stream().mapToInt(CompletableFuture::join).sum();
      executor.shutdown();
      await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> assertThat(rig.metric("spanmill_ingest_inflight_requests", "")).isZero());
      String as = "seed " + seed;
      assertThat(rig.metric("spanmill_ingest_requests_received_total", ""))
          .as(as)
          .isEqualTo(answered.get())
          .isEqualTo(rig.metric("spanmill_ingest_requests_total", ""));
      double produced = rig.metric("spanmill_ingest_spans_produced_total", "");
      double rejected = rig.metric("spanmill_ingest_spans_rejected_total", "");
      double refused = rig.metric("spanmill_ingest_spans_refused_total", "");
      assertThat(rig.metric("spanmill_ingest_spans_received_total", ""))
          .as(as)
          .isEqualTo(produced + rejected + refused);
      assertThat(produced).as(as).isEqualTo(acknowledged);
      assertThat(rig.writtenSpans()).as(as).hasSize(before + acknowledged);
      assertThat(List.of(produced, rejected, refused)).as(as).allMatch(count -> count > 0);
      for (String outcome :
          List.of("accepted", "partial", "malformed", "too_large", "unknown_media_type")) {
        assertThat(rig.metric("spanmill_ingest_requests_total", "outcome=\"" + outcome + "\""))
            .as(as + " " + outcome)
            .isPositive();
      }
      assertThat(rig.metric("spanmill_ingest_request_duration_seconds_count", ""))
          .isEqualTo(answered.get());
    } finally {
      log.stop();
    }
    assertThat(log.lines).noneMatch(line -> line.contains(PRIVATE));
  }

  /** One request of a random kind; returns how many of its spans were acknowledged. */
  private static int sendSomething(IngestRig rig, Random random) {
    int good = random.nextInt(20);
    int bad = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 0;
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < good; i++) {
      boolean large = random.nextInt(60) == 0;
      spans.add(IngestRig.span().addAttributes(prompt(PRIVATE.repeat(large ? 400 : 1))).build());
    }
    for (int i = 0; i < bad; i++) {
      spans.add(IngestRig.span().setSpanId(ByteString.copyFromUtf8(PRIVATE)).build());
    }
    java.util.Collections.shuffle(spans, random);
    ExportTraceServiceRequest request = IngestRig.request(spans.toArray(Span[]::new));
    byte[] body = request.toByteArray();
    switch (random.nextInt(10)) {
      case 0:
        // Cut off in the middle.
        return taken(
            rig,
            java.util.Arrays.copyOf(body, Math.max(1, body.length - 1)),
            IngestRig.PROTOBUF,
            -1);
      case 1:
        return taken(rig, PRIVATE.getBytes(StandardCharsets.UTF_8), IngestRig.JSON, -1);
      case 2:
        return taken(rig, new byte[BODY + 1], IngestRig.PROTOBUF, -1);
      case 3:
        return taken(rig, body, "text/plain", -1);
      case 4:
        return taken(
            rig, IngestRig.request(51 + random.nextInt(9)).toByteArray(), IngestRig.PROTOBUF, -1);
      case 5:
      case 6:
        try {
          long refused = rig.grpc().export(request).getPartialSuccess().getRejectedSpans();
          assertThat(refused).isEqualTo(bad);
          return good;
        } catch (StatusRuntimeException e) {
          assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.UNAVAILABLE);
          return 0;
        }
      default:
        return taken(rig, body, IngestRig.PROTOBUF, good);
    }
  }

  /** Posts; {@code good} is how many spans count if it is taken, -1 if it must not be. */
  private static int taken(IngestRig rig, byte[] body, String type, int good) {
    int status = rig.post(body, "Content-Type", type).statusCode();
    if (status == 200) {
      assertThat(good).isNotNegative();
      return good;
    }
    assertThat(status).isIn(400, 413, 415, 429, 503);
    return 0;
  }

  @Test
  void stopUnderLoad_finishesWhatItBegan_andLosesNothingAcknowledged() throws Exception {
    Set<ByteString> acknowledged = ConcurrentHashMap.newKeySet();
    AtomicInteger notTaken = new AtomicInteger();
    var executor = Executors.newFixedThreadPool(8);
    List<CompletableFuture<Void>> senders = new ArrayList<>();
    IngestRig rig = new IngestRig(kafka.bootstrap(), Map.of());
    IngestService stopped = rig.service;
    try {
      for (int i = 0; i < 8; i++) {
        boolean grpc = i % 2 == 0;
        senders.add(
            CompletableFuture.runAsync(
                () -> {
                  while (notTaken.get() < 100) {
                    ExportTraceServiceRequest request = IngestRig.request(20);
                    if (sent(rig, request, grpc)) {
                      IngestRig.spans(request).forEach(s -> acknowledged.add(s.getSpanId()));
                    } else {
                      notTaken.incrementAndGet();
                    }
                  }
                },
                executor));
      }
      await().atMost(LIMIT).until(() -> acknowledged.size() > 4000);
      long began = System.nanoTime();
      stopped.close();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(60));
      assertThat(stopped.ready()).isFalse();
      senders.forEach(CompletableFuture::join);
      Set<ByteString> written =
          rig.writtenSpans().stream().map(Span::getSpanId).collect(Collectors.toSet());
      assertThat(written).containsAll(acknowledged);
    } finally {
      notTaken.set(100);
      executor.shutdown();
      rig.close();
    }
  }

  private static boolean sent(IngestRig rig, ExportTraceServiceRequest request, boolean grpc) {
    try {
      if (grpc) {
        return !rig.grpc().export(request).hasPartialSuccess();
      }
      int status = rig.post(request.toByteArray(), "Content-Type", IngestRig.PROTOBUF).statusCode();
      assertThat(status).isIn(200, 503);
      return status == 200;
    } catch (StatusRuntimeException | UncheckedIOException | IllegalStateException e) {
      // Refused, cut off, or the port is gone.
      return false;
    }
  }

  private static KeyValue prompt(String text) {
    return KeyValue.newBuilder()
        .setKey("gen_ai.prompt")
        .setValue(AnyValue.newBuilder().setStringValue(text))
        .build();
  }

  /** All that is logged while it runs. */
  private static final class LogCapture extends AbstractAppender {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    private LogCapture() {
      super("capture", null, null, true, Property.EMPTY_ARRAY);
    }

    static LogCapture begin() {
      LogCapture capture = new LogCapture();
      capture.attach();
      return capture;
    }

    private void attach() {
      super.start();
      LoggerContext context = (LoggerContext) LogManager.getContext(false);
      context.getConfiguration().getRootLogger().addAppender(this, null, null);
    }

    @Override
    public void append(LogEvent event) {
      lines.add(event.getMessage().getFormattedMessage() + " " + event.getThrown());
    }

    @Override
    public void stop() {
      LoggerContext context = (LoggerContext) LogManager.getContext(false);
      context.getConfiguration().getRootLogger().removeAppender(getName());
      super.stop();
    }
  }
}
