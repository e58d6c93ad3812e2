/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.TraceReader;

/**
 * Says what a span is, exactly as the rollup job does: normalised, bounded, priced. One per thread.
 */
public interface SpanInterpreter {
  /** A reader that knows the keys this interpreter asks for. */
  TraceReader newReader();

  /**
   * Fills in the reader's current span. Project, arrival, source partition and offset are set
   * before; all other fields are blank.
   *
   * @throws RuntimeException if the span cannot be understood
   */
  void interpret(TraceReader reader, NormalizedSpan into);
}
