/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Objects;

/**
 * The measures of one series in one window. Adding a call and merging two rollups commute and
 * associate; durations are microseconds, money picodollars. Mutable, not thread-safe.
 */
public final class Rollup {
  public long calls;
  public long errors;
  public long streaming;
  public long cacheHits;
  public long withoutUsage;
  public long inputTokens;
  public long cacheReadTokens;
  public long cacheWriteTokens;
  public long outputTokens;
  public long reasoningTokens;
  public long savedTokens;
  public final Int128 cost = new Int128();
  public final Int128 reported = new Int128();
  public final Int128 computed = new Int128();
  public long priced;
  public long unpriced;

  public final Latency duration = new Latency();
  public final Latency ttft = new Latency();
  public final Latency tpot = new Latency();
  public final Latency queue = new Latency();
  public final Latency prefill = new Latency();
  public final Latency decode = new Latency();

  /** Trace of the slowest call; its duration is the maximum of {@link #duration}. */
  public long slowestMicros = -1;

  public long slowestTraceHi;
  public long slowestTraceLo;

  /** Event time and trace of the latest error; -1 without one. */
  public long latestErrorMs = -1;

  public long latestErrorTraceHi;
  public long latestErrorTraceLo;

  /** Sum, extremes and sketch of one kind of duration. */
  public static final class Latency {
    public long count;
    public long sumMicros;

    /** {@link Long#MAX_VALUE} without a value. */
    public long minMicros = Long.MAX_VALUE;

    /** -1 without a value. */
    public long maxMicros = -1;

    public final LatencySketch sketch = new LatencySketch();

    public void add(long micros) {
      count++;
      sumMicros += micros;
      minMicros = Math.min(minMicros, micros);
      maxMicros = Math.max(maxMicros, micros);
      sketch.add(micros);
    }

    /** Whether it has no value: most rollups lack most kinds. */
    public boolean isEmpty() {
      return count == 0 && sketch.size() == 0;
    }

    /** Back to the state of a new object. */
    public void clear() {
      if (isEmpty()) {
        return;
      }
      count = 0;
      sumMicros = 0;
      minMicros = Long.MAX_VALUE;
      maxMicros = -1;
      sketch.clear();
    }

    public void merge(Latency other) {
      if (other.isEmpty()) {
        return;
      }
      count += other.count;
      sumMicros += other.sumMicros;
      minMicros = Math.min(minMicros, other.minMicros);
      maxMicros = Math.max(maxMicros, other.maxMicros);
      sketch.merge(other.sketch);
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof Latency l
          && count == l.count
          && sumMicros == l.sumMicros
          && minMicros == l.minMicros
          && maxMicros == l.maxMicros
          && sketch.equals(l.sketch);
    }

    @Override
    public int hashCode() {
      return Objects.hash(count, sumMicros, minMicros, maxMicros, sketch);
    }
  }

  /** Adds one counted call. */
  public void add(NormalizedSpan c) {
    calls++;
    errors += c.failed ? 1 : 0;
    streaming += c.streaming ? 1 : 0;
    cacheHits += c.cacheHit ? 1 : 0;
    withoutUsage += c.hasUsage() ? 0 : 1;
    inputTokens += Math.max(0, c.inputTokens);
    cacheReadTokens += Math.max(0, c.cacheReadTokens);
    cacheWriteTokens += Math.max(0, c.cacheWriteTokens);
    outputTokens += Math.max(0, c.outputTokens);
    reasoningTokens += Math.max(0, c.reasoningTokens);
    savedTokens += Math.max(0, c.savedTokens);
    addMoney(cost, c.costPicoUsd);
    addMoney(reported, c.reportedPicoUsd);
    addMoney(computed, c.computedPicoUsd);
    priced += c.priced == PricedState.PRICED ? 1 : 0;
    unpriced += c.priced == PricedState.UNPRICED ? 1 : 0;
    duration.add(c.durationMicros);
    addLatency(ttft, c.ttftMicros);
    addLatency(tpot, c.tpotMicros);
    addLatency(queue, c.queueMicros);
    addLatency(prefill, c.prefillMicros);
    addLatency(decode, c.decodeMicros);
    offerSlowest(c.durationMicros, c.traceIdHi, c.traceIdLo);
    if (c.failed) {
      offerError(c.eventTimeMs, c.traceIdHi, c.traceIdLo);
    }
  }

  /** Back to the state of a new object. */
  public void clear() {
    calls = 0;
    errors = 0;
    streaming = 0;
    cacheHits = 0;
    withoutUsage = 0;
    inputTokens = 0;
    cacheReadTokens = 0;
    cacheWriteTokens = 0;
    outputTokens = 0;
    reasoningTokens = 0;
    savedTokens = 0;
    cost.set(0, 0);
    reported.set(0, 0);
    computed.set(0, 0);
    priced = 0;
    unpriced = 0;
    duration.clear();
    ttft.clear();
    tpot.clear();
    queue.clear();
    prefill.clear();
    decode.clear();
    slowestMicros = -1;
    slowestTraceHi = 0;
    slowestTraceLo = 0;
    latestErrorMs = -1;
    latestErrorTraceHi = 0;
    latestErrorTraceLo = 0;
  }

  public void merge(Rollup o) {
    calls += o.calls;
    errors += o.errors;
    streaming += o.streaming;
    cacheHits += o.cacheHits;
    withoutUsage += o.withoutUsage;
    inputTokens += o.inputTokens;
    cacheReadTokens += o.cacheReadTokens;
    cacheWriteTokens += o.cacheWriteTokens;
    outputTokens += o.outputTokens;
    reasoningTokens += o.reasoningTokens;
    savedTokens += o.savedTokens;
    cost.add(o.cost);
    reported.add(o.reported);
    computed.add(o.computed);
    priced += o.priced;
    unpriced += o.unpriced;
    duration.merge(o.duration);
    ttft.merge(o.ttft);
    tpot.merge(o.tpot);
    queue.merge(o.queue);
    prefill.merge(o.prefill);
    decode.merge(o.decode);
    offerSlowest(o.slowestMicros, o.slowestTraceHi, o.slowestTraceLo);
    offerError(o.latestErrorMs, o.latestErrorTraceHi, o.latestErrorTraceLo);
  }

  /** Keeps the slower; ties go to the greater trace id, so that merging commutes. */
  public void offerSlowest(long micros, long traceHi, long traceLo) {
    if (micros > slowestMicros
        || (micros == slowestMicros && greater(traceHi, traceLo, slowestTraceHi, slowestTraceLo))) {
      slowestMicros = micros;
      slowestTraceHi = traceHi;
      slowestTraceLo = traceLo;
    }
  }

  /** Keeps the later; ties as above. */
  public void offerError(long eventMs, long traceHi, long traceLo) {
    if (eventMs > latestErrorMs
        || (eventMs == latestErrorMs
            && greater(traceHi, traceLo, latestErrorTraceHi, latestErrorTraceLo))) {
      latestErrorMs = eventMs;
      latestErrorTraceHi = traceHi;
      latestErrorTraceLo = traceLo;
    }
  }

  private static boolean greater(long aHi, long aLo, long bHi, long bLo) {
    int c = Long.compareUnsigned(aHi, bHi);
    return c > 0 || (c == 0 && Long.compareUnsigned(aLo, bLo) > 0);
  }

  private static void addMoney(Int128 sum, long pico) {
    if (pico != PicoUsd.ABSENT) {
      sum.add(pico);
    }
  }

  private static void addLatency(Latency latency, long micros) {
    if (micros >= 0) {
      latency.add(micros);
    }
  }

  @Override
  public boolean equals(Object obj) {
    return obj instanceof Rollup o
        && calls == o.calls
        && errors == o.errors
        && streaming == o.streaming
        && cacheHits == o.cacheHits
        && withoutUsage == o.withoutUsage
        && inputTokens == o.inputTokens
        && cacheReadTokens == o.cacheReadTokens
        && cacheWriteTokens == o.cacheWriteTokens
        && outputTokens == o.outputTokens
        && reasoningTokens == o.reasoningTokens
        && savedTokens == o.savedTokens
        && cost.equals(o.cost)
        && reported.equals(o.reported)
        && computed.equals(o.computed)
        && priced == o.priced
        && unpriced == o.unpriced
        && duration.equals(o.duration)
        && ttft.equals(o.ttft)
        && tpot.equals(o.tpot)
        && queue.equals(o.queue)
        && prefill.equals(o.prefill)
        && decode.equals(o.decode)
        && slowestMicros == o.slowestMicros
        && slowestTraceHi == o.slowestTraceHi
        && slowestTraceLo == o.slowestTraceLo
        && latestErrorMs == o.latestErrorMs
        && latestErrorTraceHi == o.latestErrorTraceHi
        && latestErrorTraceLo == o.latestErrorTraceLo;
  }

  @Override
  public int hashCode() {
    return Objects.hash(calls, errors, inputTokens, outputTokens, cost, duration);
  }
}
