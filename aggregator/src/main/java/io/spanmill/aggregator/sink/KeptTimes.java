/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.model.NormalizedSpan;

/**
 * Start and end of a span as the tables keep them: as sent, but where a sender's figure cannot be,
 * the other one stands for it, and the arrival for both. So nothing that reads the tables meets a
 * trace of minus a second or of 57 years, or one that began in 1970 and is in no list. Clocks that
 * are wrong by the same for both are left alone: the order of a trace's spans hangs on them.
 * Stateless.
 */
final class KeptTimes {
  private static final long NANOS_PER_MS = 1_000_000L;

  /** 2020-01-01T00:00:00Z. */
  private static final long EARLIEST_NANOS = 1_577_836_800_000L * NANOS_PER_MS;

  private static final long MAX_AHEAD_MS = 3_600_000L;

  private KeptTimes() {}

  static long startNanos(NormalizedSpan s) {
    if (ended(s)) {
      return began(s) ? Math.min(s.startEpochNanos, s.endEpochNanos) : s.endEpochNanos;
    }
    return began(s)
        ? s.startEpochNanos
        : s.arrivalMs * NANOS_PER_MS - Math.max(0, s.durationMicros) * 1000;
  }

  static long endNanos(NormalizedSpan s) {
    if (ended(s)) {
      return s.endEpochNanos;
    }
    return began(s) ? s.startEpochNanos : s.arrivalMs * NANOS_PER_MS;
  }

  /** A missing time is 0, and one past a signed long's reach comes out negative. */
  private static boolean began(NormalizedSpan s) {
    return s.startEpochNanos >= EARLIEST_NANOS;
  }

  private static boolean ended(NormalizedSpan s) {
    boolean aloneAhead =
        (s.flags & NormalizedSpan.BAD_DURATION) != 0
            && s.endEpochNanos / NANOS_PER_MS - s.arrivalMs > MAX_AHEAD_MS;
    return s.endEpochNanos >= EARLIEST_NANOS && !aloneAhead;
  }
}
