/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.LatencySketch;
import io.spanmill.model.Rollup;

/**
 * The measures of a {@link Rollup} as all formats here hold them: counters as zigzag varints, only
 * the latencies that have values, sketches sparse with delta-coded bucket indexes.
 */
final class RollupCodec {
  private static final int SLOWEST = 1 << 6;
  private static final int ERROR = 1 << 7;

  private RollupCodec() {}

  static void write(PackedWriter out, Rollup r) {
    out.zigzag(r.calls);
    out.zigzag(r.errors);
    out.zigzag(r.streaming);
    out.zigzag(r.cacheHits);
    out.zigzag(r.withoutUsage);
    out.zigzag(r.inputTokens);
    out.zigzag(r.cacheReadTokens);
    out.zigzag(r.cacheWriteTokens);
    out.zigzag(r.outputTokens);
    out.zigzag(r.reasoningTokens);
    out.zigzag(r.savedTokens);
    out.int128(r.cost);
    out.int128(r.reported);
    out.int128(r.computed);
    out.zigzag(r.priced);
    out.zigzag(r.unpriced);
    int present =
        bit(r.duration, 1)
            | bit(r.ttft, 1 << 1)
            | bit(r.tpot, 1 << 2)
            | bit(r.queue, 1 << 3)
            | bit(r.prefill, 1 << 4)
            | bit(r.decode, 1 << 5)
            | (r.slowestMicros >= 0 ? SLOWEST : 0)
            | (r.latestErrorMs >= 0 ? ERROR : 0);
    out.u8(present);
    write(out, r.duration);
    write(out, r.ttft);
    write(out, r.tpot);
    write(out, r.queue);
    write(out, r.prefill);
    write(out, r.decode);
    if ((present & SLOWEST) != 0) {
      out.varint(r.slowestMicros);
      out.fixed64(r.slowestTraceHi);
      out.fixed64(r.slowestTraceLo);
    }
    if ((present & ERROR) != 0) {
      out.varint(r.latestErrorMs);
      out.fixed64(r.latestErrorTraceHi);
      out.fixed64(r.latestErrorTraceLo);
    }
  }

  /** Merges the measures read here into others; into a blank rollup, that reads them. */
  static void mergeInto(PackedReader in, Rollup r) {
    r.calls += in.zigzag();
    r.errors += in.zigzag();
    r.streaming += in.zigzag();
    r.cacheHits += in.zigzag();
    r.withoutUsage += in.zigzag();
    r.inputTokens += in.zigzag();
    r.cacheReadTokens += in.zigzag();
    r.cacheWriteTokens += in.zigzag();
    r.outputTokens += in.zigzag();
    r.reasoningTokens += in.zigzag();
    r.savedTokens += in.zigzag();
    in.addInt128(r.cost);
    in.addInt128(r.reported);
    in.addInt128(r.computed);
    r.priced += in.zigzag();
    r.unpriced += in.zigzag();
    int present = in.u8();
    merge(in, present & 1, r.duration);
    merge(in, present & (1 << 1), r.ttft);
    merge(in, present & (1 << 2), r.tpot);
    merge(in, present & (1 << 3), r.queue);
    merge(in, present & (1 << 4), r.prefill);
    merge(in, present & (1 << 5), r.decode);
    if ((present & SLOWEST) != 0) {
      long micros = in.varint();
      long traceHi = in.fixed64();
      r.offerSlowest(micros, traceHi, in.fixed64());
    }
    if ((present & ERROR) != 0) {
      long eventMs = in.varint();
      long traceHi = in.fixed64();
      r.offerError(eventMs, traceHi, in.fixed64());
    }
  }

  private static int bit(Rollup.Latency latency, int bit) {
    return latency.isEmpty() ? 0 : bit;
  }

  private static void write(PackedWriter out, Rollup.Latency latency) {
    if (latency.isEmpty()) {
      return;
    }
    LatencySketch sketch = latency.sketch;
    int buckets = sketch.size();
    out.zigzag(latency.count);
    out.zigzag(latency.sumMicros);
    out.zigzag(latency.minMicros);
    out.zigzag(latency.maxMicros);
    out.varint(buckets);
    int before = 0;
    for (int i = 0; i < buckets; i++) {
      int index = sketch.indexAt(i);
      out.zigzag(index - before);
      out.zigzag(sketch.countAt(i));
      before = index;
    }
  }

  private static void merge(PackedReader in, int present, Rollup.Latency latency) {
    if (present == 0) {
      return;
    }
    latency.count += in.zigzag();
    latency.sumMicros += in.zigzag();
    latency.minMicros = Math.min(latency.minMicros, in.zigzag());
    latency.maxMicros = Math.max(latency.maxMicros, in.zigzag());
    int buckets = in.count();
    int index = 0;
    for (int i = 0; i < buckets; i++) {
      index += (int) in.zigzag();
      if (index < Short.MIN_VALUE || index > Short.MAX_VALUE) {
        throw new CodecException("sketch bucket " + index + " out of range");
      }
      latency.sketch.addCount((short) index, in.zigzag());
    }
  }
}
