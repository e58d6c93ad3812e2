/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.spanmill.model.LatencySketch;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends example traces at a steady rate and knows what they must come to. Gateways, engines and
 * applications export apart, as in life; what is sent, how it is cut into requests, what is late
 * and what is sent twice depends on the seed alone. One thread drives it; {@link #soFar} may be
 * asked by any.
 */
public final class LoadRun {
  private static final int IN_FLIGHT = 32;
  private static final long NANOS_PER_MS = 1_000_000L;

  /** Parts held back for a second sending, the oldest of which goes out when there are more. */
  private static final int HELD_PARTS = 50;

  private static final double LEAST_LATE_MS = 120_000;
  private static final double MOST_LATE_MS = 6 * 3_600_000.0;

  /**
   * What is sent.
   *
   * @param batchSpans spans of one request, or a few more: a process's spans of a trace are not cut
   * @param latePercent traces that end two minutes to six hours before they are sent
   * @param repeatedPercent spans that are sent a second time
   * @param patience how long a request is tried for
   */
  public record Plan(
      long seed, int batchSpans, double latePercent, double repeatedPercent, Duration patience) {
    public Plan {
      if (batchSpans < 1) {
        throw new IllegalArgumentException("batch is " + batchSpans + ", at least 1 is needed");
      }
      if (!(latePercent >= 0 && latePercent <= 100 && repeatedPercent >= 0)
          || repeatedPercent > 100) {
        throw new IllegalArgumentException("percentages go from 0 to 100");
      }
    }
  }

  private final RetryingSender sender;
  private final ExampleTraces traces;
  private final Plan plan;
  private final Clock clock;
  private final Dice delivery;
  private final Map<TracePart.Origin, LoadBatch> filling = new EnumMap<>(TracePart.Origin.class);
  private final Deque<TracePart> heldBack = new ArrayDeque<>();
  private final Semaphore slots = new Semaphore(IN_FLIGHT);
  private final ExpectedTotals expected = new ExpectedTotals();
  private final LongAdder acknowledged = new LongAdder();
  private final LongAdder repeated = new LongAdder();
  private final LongAdder late = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder unsettled = new LongAdder();
  private final LongAdder requests = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final AtomicLong lastAcknowledgedMs = new AtomicLong();
  private final AtomicLong firstEventMs = new AtomicLong(Long.MAX_VALUE);
  private final LatencySketch answers = new LatencySketch();
  private long sent;

  public LoadRun(OtlpClient client, ExampleTraces traces, Plan plan, Clock clock) {
    this.sender = new RetryingSender(client, plan.patience());
    this.traces = traces;
    this.plan = plan;
    this.clock = clock;
    this.delivery = new Dice(plan.seed() ^ 0x5eed, "delivery");
  }

  /**
   * What was sent.
   *
   * @param acknowledged spans acknowledged, those sent twice counted once
   * @param repeated spans acknowledged a second time
   * @param late spans acknowledged that ended long before
   * @param rejected spans the receiver refused for good
   * @param unsettled spans of requests that had no good answer within patience; some may have been
   *     kept
   * @param retries requests sent again because they had no answer or one that asks for it
   * @param lastAcknowledgedMs when the last request was acknowledged, epoch milliseconds
   * @param firstEventMs the earliest end of a span
   * @param p50 median time to the acknowledgement, zero if there was none
   * @param expected what Spanmill must show; exact if nothing was rejected or unsettled
   */
  public record Report(
      long acknowledged,
      long repeated,
      long late,
      long rejected,
      long unsettled,
      long requests,
      long retries,
      long bytes,
      Duration took,
      long firstEventMs,
      long lastAcknowledgedMs,
      Duration p50,
      Duration p99,
      ExpectedTotals expected) {
    /** Whether all that was sent was taken. */
    public boolean complete() {
      return rejected == 0 && unsettled == 0;
    }
  }

  /** Spans acknowledged so far, those sent twice counted twice. */
  public long soFar() {
    return acknowledged.sum() + repeated.sum();
  }

  /**
   * Sends that many spans, or a few more, at that many a second; a receiver that does not keep up
   * makes it take longer.
   *
   * @param stop asked again and again; true ends the run
   */
  public Report run(double spansPerSecond, long spans, BooleanSupplier stop) {
    long begin = System.nanoTime();
    while (!stop.getAsBoolean() && sent < spans) {
      long dueNanos = begin + (long) (sent / spansPerSecond * 1e9);
      long early = dueNanos - System.nanoTime();
      if (early > 0) {
        LockSupport.parkNanos(Math.min(early, Duration.ofMillis(200).toNanos()));
        continue;
      }
      addTrace(clock.millis() * NANOS_PER_MS, delivery.percent(plan.latePercent()));
    }
    return finish(begin);
  }

  /** Sends that many spans of the past, evenly spread, as fast as they are taken. */
  public Report backfill(long spans, Duration reach, BooleanSupplier stop) {
    long begin = System.nanoTime();
    long from = clock.millis() * NANOS_PER_MS - reach.toNanos();
    while (!stop.getAsBoolean() && sent < spans) {
      addTrace(from + (long) ((double) sent / spans * reach.toNanos()), false);
    }
    return finish(begin);
  }

  private void addTrace(long nowNanos, boolean isLate) {
    long end =
        isLate
            ? nowNanos - (long) delivery.logUniform(LEAST_LATE_MS, MOST_LATE_MS) * NANOS_PER_MS
            : nowNanos;
    firstEventMs.accumulateAndGet(end / NANOS_PER_MS, Math::min);
    for (TracePart part : traces.nextParts(end)) {
      add(part, isLate, false);
      // Half of what is sent twice comes in another request, half in the same one again.
      if (delivery.percent(plan.repeatedPercent() / 2)) {
        heldBack.add(part);
      }
    }
    while (heldBack.size() > HELD_PARTS) {
      add(heldBack.removeFirst(), false, true);
    }
  }

  private void add(TracePart part, boolean isLate, boolean isRepeated) {
    LoadBatch batch = filling.computeIfAbsent(part.origin(), o -> new LoadBatch());
    batch.add(part, isLate, isRepeated);
    sent += part.spans();
    if (batch.spans() >= plan.batchSpans()) {
      filling.remove(part.origin());
      sendOnceOrTwice(batch);
    }
  }

  private void sendOnceOrTwice(LoadBatch batch) {
    send(batch);
    if (delivery.percent(plan.repeatedPercent() / 2)) {
      sent += batch.spans();
      send(batch.again());
    }
  }

  private Report finish(long beginNanos) {
    while (!heldBack.isEmpty()) {
      add(heldBack.removeFirst(), false, true);
    }
    List.copyOf(filling.values()).forEach(this::send);
    filling.clear();
    slots.acquireUninterruptibly(IN_FLIGHT);
    slots.release(IN_FLIGHT);
    return new Report(
        acknowledged.sum(),
        repeated.sum(),
        late.sum(),
        rejected.sum(),
        unsettled.sum(),
        requests.sum(),
        sender.retries(),
        bytes.sum(),
        Duration.ofNanos(System.nanoTime() - beginNanos),
        firstEventMs.get(),
        lastAcknowledgedMs.get(),
        answeredWithin(0.5),
        answeredWithin(0.99),
        expected);
  }

  private void send(LoadBatch batch) {
    slots.acquireUninterruptibly();
    OtlpBody body = batch.body();
    var unused =
        sender
            .send(body)
            .whenComplete(
                (settled, failure) -> {
                  try {
                    settle(batch, settled, body.bytes().length);
                  } finally {
                    slots.release();
                  }
                });
  }

  private void settle(LoadBatch batch, RetryingSender.@Nullable Settled settled, int sizeBytes) {
    requests.increment();
    if (settled == null || settled.result().retryable()) {
      unsettled.add(batch.spans());
      return;
    }
    OtlpClient.Result result = settled.result();
    if (!result.accepted()) {
      rejected.add(batch.spans());
      return;
    }
    lastAcknowledgedMs.accumulateAndGet(clock.millis(), Math::max);
    synchronized (answers) {
      answers.add(settled.lastAnswerNanos() / 1000);
    }
    bytes.add(sizeBytes);
    rejected.add(result.rejectedSpans());
    repeated.add(batch.repeatedSpans());
    late.add(batch.lateSpans());
    acknowledged.add(batch.spans() - batch.repeatedSpans() - result.rejectedSpans());
    batch.parts().forEach(expected::acknowledge);
  }

  private Duration answeredWithin(double q) {
    synchronized (answers) {
      return answers.size() == 0
          ? Duration.ZERO
          : Duration.ofNanos((long) (answers.quantileMs(q) * NANOS_PER_MS));
    }
  }
}
