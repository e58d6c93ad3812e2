/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;

/** Walks the spans of one record of {@code otlp_spans}, normalised. One a task; not thread-safe. */
public final class SpanNormalizer {
  private final Normalizer normalizer;
  private final TraceReader reader;

  public SpanNormalizer(NormalizerConfig config) {
    normalizer = new Normalizer(config);
    reader = new TraceReader(normalizer.keys());
  }

  /** Turns to a record's value; its bytes must not change until the next one. */
  public void reset(byte[] value) {
    reader.reset(value, 0, value.length);
  }

  /**
   * Fills in the next span. Project, arrival, source partition and offset are the caller's and
   * stay; all other fields must be blank.
   *
   * @return false after the last, the span then untouched
   * @throws IllegalArgumentException if the bytes make no sense
   */
  public boolean next(NormalizedSpan into) {
    try {
      if (!reader.next()) {
        return false;
      }
      normalizer.normalize(reader, into);
      return true;
    } catch (MalformedOtlpException e) {
      throw new IllegalArgumentException("malformed export request: " + e.getMessage(), e);
    }
  }

  /** The span normalised last, as it was sent. */
  public TraceReader current() {
    return reader;
  }
}
