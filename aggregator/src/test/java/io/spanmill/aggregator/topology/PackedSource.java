/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.codec.CallBatchReader;
import io.spanmill.codec.CallBatchWriter;
import io.spanmill.model.NormalizedSpan;
import java.util.List;

/** Stands in for OTLP bytes and their normaliser: a record's value is its spans, packed. */
final class PackedSource implements SpanSource {
  /** A span of this name cannot be normalised. */
  static final String POISON = "poison";

  private final CallBatchReader reader = new CallBatchReader();

  static byte[] value(List<NormalizedSpan> spans) {
    CallBatchWriter writer = new CallBatchWriter();
    writer.begin(0, 0, 0);
    spans.forEach(writer::add);
    return writer.finish();
  }

  @Override
  public void reset(byte[] value) {
    reader.reset(value);
  }

  @Override
  public boolean next(NormalizedSpan into) {
    NormalizedSpan span = new NormalizedSpan();
    if (!reader.nextCall(span)) {
      return false;
    }
    if (span.name.equals(POISON)) {
      throw new IllegalArgumentException("a span that cannot be normalised");
    }
    span.project = into.project;
    span.arrivalMs = into.arrivalMs;
    span.sourcePartition = into.sourcePartition;
    span.sourceOffset = into.sourceOffset;
    into.copyFrom(span);
    return true;
  }
}
