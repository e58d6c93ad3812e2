/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.TraceReader;

/**
 * When a span counts: at its end, unless that is missing, before 2020 or over an hour after its
 * arrival; then at its arrival, marked. Stateless.
 */
final class EventTime {
  /** 2020-01-01T00:00:00Z. */
  static final long EARLIEST_MS = 1_577_836_800_000L;

  static final long MAX_AHEAD_MS = 3_600_000L;

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
    if (start <= 0 || end <= 0) {
      out.durationMicros = 0;
    } else if (end < start) {
      out.flags |= NormalizedSpan.END_BEFORE_START;
      out.durationMicros = 0;
    } else {
      out.durationMicros = (end - start) / 1000;
    }
  }
}
