/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Sends example traces at a steady rate, and keeps count. One thread drives it. */
public final class LoadRun {
  private static final int IN_FLIGHT = 32;

  private final OtlpClient client;
  private final ExampleTraces traces;
  private final int batchSpans;
  private final Clock clock;
  private final Semaphore slots = new Semaphore(IN_FLIGHT);
  private final LongAdder accepted = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final ConcurrentLinkedQueue<Long> answerNanos = new ConcurrentLinkedQueue<>();

  /**
   * A run.
   *
   * @param batchSpans spans of one request, or a few more: traces are not cut
   */
  public LoadRun(OtlpClient client, ExampleTraces traces, int batchSpans, Clock clock) {
    this.client = client;
    this.traces = traces;
    this.batchSpans = batchSpans;
    this.clock = clock;
  }

  /**
   * What was sent.
   *
   * @param accepted spans acknowledged
   * @param rejected spans the receiver refused for good
   * @param failed spans of requests that had no answer or an error; they are not sent again
   * @param p50 median time to the acknowledgement, zero if there was none
   */
  public record Report(
      long accepted, long rejected, long failed, Duration took, Duration p50, Duration p99) {}

  /** Sends for that long at that many spans a second, or until told to stop. */
  public Report run(double spansPerSecond, Duration length, BooleanSupplier stop) {
    long begin = System.nanoTime();
    long sent = 0;
    while (!stop.getAsBoolean() && System.nanoTime() - begin < length.toNanos()) {
      long dueNanos = begin + (long) (sent / spansPerSecond * 1e9);
      long early = dueNanos - System.nanoTime();
      if (early > 0) {
        LockSupport.parkNanos(Math.min(early, Duration.ofMillis(200).toNanos()));
        continue;
      }
      ExportTraceServiceRequest request = request(nowNanos(), 0);
      sent += send(request);
    }
    slots.acquireUninterruptibly(IN_FLIGHT);
    slots.release(IN_FLIGHT);
    return report(Duration.ofNanos(System.nanoTime() - begin));
  }

  /** Sends traffic of the past, evenly spread, as fast as it is taken. */
  public Report backfill(int requests, Duration reach, BooleanSupplier stop) {
    long begin = System.nanoTime();
    long now = nowNanos();
    long step = reach.toNanos() / Math.max(1, requests);
    for (int i = 0; i < requests && !stop.getAsBoolean(); i++) {
      send(request(now - reach.toNanos() + i * step, step));
    }
    slots.acquireUninterruptibly(IN_FLIGHT);
    slots.release(IN_FLIGHT);
    return report(Duration.ofNanos(System.nanoTime() - begin));
  }

  private ExportTraceServiceRequest request(long endNanos, long spreadNanos) {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    int spans = 0;
    while (spans < batchSpans) {
      long end = endNanos + spreadNanos * spans / batchSpans;
      for (ResourceSpans part : traces.next(end)) {
        request.addResourceSpans(part);
        spans += count(part);
      }
    }
    return request.build();
  }

  private int send(ExportTraceServiceRequest request) {
    int spans = request.getResourceSpansList().stream().mapToInt(LoadRun::count).sum();
    slots.acquireUninterruptibly();
    long start = System.nanoTime();
    var unused =
        client
            .send(new OtlpBody(request.toByteArray(), false))
            .whenComplete(
                (result, failure) -> {
                  if (failure == null && result.accepted()) {
                    answerNanos.add(System.nanoTime() - start);
                    accepted.add(spans - result.rejectedSpans());
                    rejected.add(result.rejectedSpans());
                  } else {
                    failed.add(spans);
                  }
                  slots.release();
                });
    return spans;
  }

  private static int count(ResourceSpans part) {
    return part.getScopeSpansList().stream().mapToInt(scope -> scope.getSpansCount()).sum();
  }

  private long nowNanos() {
    return clock.millis() * 1_000_000L;
  }

  private Report report(Duration took) {
    List<Long> sorted = new ArrayList<>(answerNanos);
    sorted.sort(null);
    return new Report(
        accepted.sum(), rejected.sum(), failed.sum(), took, at(sorted, 0.5), at(sorted, 0.99));
  }

  private static Duration at(List<Long> sorted, double q) {
    return sorted.isEmpty()
        ? Duration.ZERO
        : Duration.ofNanos(
            sorted.get((int) Math.min(sorted.size() - 1, Math.ceil(q * sorted.size()))));
  }
}
