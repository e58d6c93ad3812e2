/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.TraceReader;

/**
 * When a span counts: at its end, unless that is missing, before 2020 or over an hour after its
 * arrival; then at its arrival, marked. And how long it took: nothing, marked, where start and end
 * make no sense together. Stateless.
 */
final class EventTime {
  /** 2020-01-01T00:00:00Z. */
  static final long EARLIEST_MS = 1_577_836_800_000L;

  static final long MAX_AHEAD_MS = 3_600_000L;

  /** A week: what claims to have taken longer has a wrong start or a wrong end. */
  static final long MAX_DURATION_MICROS = 7 * 86_400_000_000L;

  private EventTime() {}

  static void read(TraceReader span, NormalizedSpan out) {
    long start = span.startEpochNanos();
    long end = span.endEpochNanos();
    out.startEpochNanos = start;
    out.endEpochNanos = end;
    // Nanoseconds past a signed long's reach come out negative: as wrong as missing ones.
    long endMs = end / 1_000_000;
    if (end <= 0 || endMs < EARLIEST_MS || endMs - out.arrivalMs > MAX_AHEAD_MS) {
      out.flags |= NormalizedSpan.BAD_TIME;
      out.eventTimeMs = out.arrivalMs;
    } else {
      out.eventTimeMs = endMs;
    }
    out.durationMicros = 0;
    if (start <= 0 || end <= 0) {
      out.flags |= NormalizedSpan.BAD_DURATION;
    } else if (end < start) {
      out.flags |= NormalizedSpan.END_BEFORE_START;
    } else if ((end - start) / 1000 > MAX_DURATION_MICROS) {
      // One of 1970 or 2099 would outweigh all others of its window.
      out.flags |= NormalizedSpan.BAD_DURATION;
    } else {
      out.durationMicros = (end - start) / 1000;
    }
  }
}
