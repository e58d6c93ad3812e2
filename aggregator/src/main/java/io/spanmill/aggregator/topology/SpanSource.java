/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.model.NormalizedSpan;

/**
 * Walks the spans of one record of {@code otlp_spans}, normalised. One per task; not thread-safe.
 */
public interface SpanSource {
  /**
   * Turns to a record's value.
   *
   * @throws RuntimeException if it is no export request
   */
  void reset(byte[] value);

  /**
   * Fills in the next span. Project, arrival, source partition and offset are set by the caller and
   * stay; all other fields are blank before.
   *
   * @return false after the last, the span then untouched
   * @throws RuntimeException if the bytes are malformed or the span cannot be understood
   */
  boolean next(NormalizedSpan into);
}
