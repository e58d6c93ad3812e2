/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.config.Keys;
import io.spanmill.standalone.embedded.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker dies under load, again and again. */
class IngestDurabilityIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int KILLS = Integer.getInteger("spanmill.kills", 3);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @TempDir Path dir;

  private final Set<ByteString> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refusedByHttp = new AtomicInteger();
  private final AtomicInteger refusedByGrpc = new AtomicInteger();
  private volatile boolean done;

  @Test
  void rows17_20_21_24_25_brokerKilledUnderLoad_everyAcknowledgedSpanIsInTheTopic()
      throws Exception {
    int port = Ports.free();
    Random random = new Random(42);
    ChildJvm broker = broker(port);
    try (IngestRig rig =
        new IngestRig(
            "127.0.0.1:" + port,
            Map.of(
                Keys.INGEST_PRODUCE_TIMEOUT_MS, "1500", Keys.INGEST_REQUEST_TIMEOUT_MS, "4000"))) {
      await().atMost(LIMIT).until(rig.service::ready);
      var executor = Executors.newFixedThreadPool(6);
      List<CompletableFuture<Void>> senders = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        senders.add(CompletableFuture.runAsync(() -> sendByHttp(rig), executor));
        senders.add(CompletableFuture.runAsync(() -> sendByGrpc(rig), executor));
      }
      try {
        int threads = 0;
        for (int kill = 0; kill < KILLS; kill++) {
          int goOn = acknowledged.size() + 200 + random.nextInt(1000);
          await().atMost(LIMIT).until(() -> acknowledged.size() > goOn);
          threads = threads == 0 ? Thread.activeCount() : threads;
          broker.close();
          int http = refusedByHttp.get();
          int grpc = refusedByGrpc.get();
          await()
              .atMost(LIMIT)
              .until(() -> refusedByHttp.get() > http + 3 && refusedByGrpc.get() > grpc + 3);
          // No pile-up: as many threads as before, and no more held than six senders can cause.
          assertThat(Thread.activeCount()).isLessThan(threads + 20);
          assertThat(rig.metric("spanmill_ingest_inflight_requests", "")).isLessThanOrEqualTo(6);
          assertThat(rig.metric("spanmill_ingest_inflight_bytes", "")).isLessThan(1 << 20);
          if (kill == 0) {
            await().atMost(LIMIT).until(() -> !rig.service.ready());
            assertThat(rig.send("GET", "/ready", new byte[0]).statusCode()).isEqualTo(503);
            assertThat(rig.send("GET", "/health", new byte[0]).statusCode()).isEqualTo(200);
          }
          broker = broker(port);
          int before = acknowledged.size();
          await().atMost(LIMIT).until(() -> acknowledged.size() > before + 200);
          await().atMost(LIMIT).until(rig.service::ready);
        }
      } finally {
        done = true;
        senders.forEach(CompletableFuture::join);
        executor.shutdown();
      }
      Set<ByteString> written =
          rig.writtenSpans().stream().map(Span::getSpanId).collect(Collectors.toSet());
      assertThat(written).containsAll(acknowledged);
      double received = rig.metric("spanmill_ingest_spans_received_total", "");
      assertThat(received)
          .isEqualTo(
              rig.metric("spanmill_ingest_spans_produced_total", "")
                  + rig.metric("spanmill_ingest_spans_refused_total", ""));
      // More than was told: of a request some records may be acknowledged and others not.
      assertThat(rig.metric("spanmill_ingest_spans_produced_total", ""))
          .isGreaterThanOrEqualTo(acknowledged.size());
    } finally {
      done = true;
      broker.close();
    }
  }

  private ChildJvm broker(int port) {
    return ChildJvm.kafka(dir.resolve("kafka"), port, dir.resolve("kafka.log"));
  }

  private void sendByHttp(IngestRig rig) {
    for (int i = 0; !done; i++) {
      ExportTraceServiceRequest request = IngestRig.request(5);
      boolean json = i % 2 == 1;
      byte[] body = json ? JsonMapping.write(request) : request.toByteArray();
      String type = json ? IngestRig.JSON : IngestRig.PROTOBUF;
      var answer = rig.post(body, "Content-Type", type);
      assertThat(answer.headers().firstValue("content-type")).hasValue(type);
      if (answer.statusCode() == 200) {
        took(request);
      } else {
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValueAsLong("retry-after").orElse(0)).isBetween(1L, 60L);
        refusedByHttp.incrementAndGet();
      }
    }
  }

  private void sendByGrpc(IngestRig rig) {
    var stub = rig.grpc();
    while (!done) {
      ExportTraceServiceRequest request = IngestRig.request(5);
      Throwable refusal = catchThrowable(() -> stub.export(request));
      if (refusal == null) {
        took(request);
      } else {
        assertThat(refusal).isInstanceOf(StatusRuntimeException.class);
        StatusRuntimeException e = (StatusRuntimeException) refusal;
        assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.UNAVAILABLE);
        assertThat(retrySeconds(e)).isBetween(1L, 60L);
        refusedByGrpc.incrementAndGet();
      }
    }
  }

  private void took(ExportTraceServiceRequest request) {
    IngestRig.spans(request).forEach(span -> acknowledged.add(span.getSpanId()));
  }

  private static long retrySeconds(StatusRuntimeException e) {
    byte[] details = e.getTrailers() == null ? null : e.getTrailers().get(DETAILS);
    assertThat(details).isNotNull();
    try {
      Status status = Status.parseFrom(details);
      assertThat(status.getCode()).isEqualTo(14);
      return status.getDetails(0).unpack(RetryInfo.class).getRetryDelay().getSeconds();
    } catch (com.google.protobuf.InvalidProtocolBufferException bad) {
      throw new IllegalStateException(bad);
    }
  }
}
