/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.EventCursor;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import java.util.List;

/** Reads the parts of a call's duration, told in seconds, milliseconds or by events. Stateless. */
final class LatencyReader {
  private static final double MICROS_PER_SECOND = 1e6;
  private static final double MICROS_PER_MILLI = 1e3;

  /** A day: no part of a call takes longer. */
  private static final double MAX_MICROS = 86_400e6;

  private LatencyReader() {}

  static void read(TraceReader span, Dialect dialect, NormalizedSpan out)
      throws MalformedOtlpException {
    AttributeView view = span.attributes();
    out.ttftMicros = micros(view, dialect.slots(Field.TTFT_SECONDS), MICROS_PER_SECOND);
    if (out.ttftMicros == NormalizedSpan.ABSENT) {
      out.ttftMicros = micros(view, dialect.slots(Field.TTFT_MILLIS), MICROS_PER_MILLI);
    }
    out.tpotMicros = micros(view, dialect.slots(Field.TPOT_SECONDS), MICROS_PER_SECOND);
    out.queueMicros = micros(view, dialect.slots(Field.QUEUE_SECONDS), MICROS_PER_SECOND);
    out.prefillMicros = micros(view, dialect.slots(Field.PREFILL_SECONDS), MICROS_PER_SECOND);
    out.decodeMicros = micros(view, dialect.slots(Field.DECODE_SECONDS), MICROS_PER_SECOND);
    List<String> firstTokenEvents = dialect.firstTokenEvents();
    if (out.ttftMicros == NormalizedSpan.ABSENT && !firstTokenEvents.isEmpty()) {
      readEvents(span, firstTokenEvents, out);
    }
  }

  private static void readEvents(TraceReader span, List<String> names, NormalizedSpan out)
      throws MalformedOtlpException {
    EventCursor events = span.events();
    while (events.next()) {
      if (names.contains(events.name())) {
        long nanos = events.timeEpochNanos() - span.startEpochNanos();
        if (nanos >= 0 && nanos / 1000.0 <= MAX_MICROS) {
          out.ttftMicros = nanos / 1000;
          out.streaming = true;
        }
        return;
      }
    }
  }

  /** Time per output token of a stream, from what is known: all tokens but the first, after it. */
  static void derivePerToken(NormalizedSpan out) {
    if (out.tpotMicros == NormalizedSpan.ABSENT
        && out.streaming
        && out.ttftMicros != NormalizedSpan.ABSENT
        && out.rawOutputTokens > 1
        && out.durationMicros > out.ttftMicros) {
      out.tpotMicros = (out.durationMicros - out.ttftMicros) / (out.rawOutputTokens - 1);
    }
  }

  private static long micros(AttributeView view, int[] slots, double perUnit) {
    double micros = Values.number(view, slots) * perUnit;
    return micros >= 0 && micros <= MAX_MICROS ? Math.round(micros) : NormalizedSpan.ABSENT;
  }
}
