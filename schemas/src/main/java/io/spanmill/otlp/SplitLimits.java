/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;

/**
 * Bounds of what is written.
 *
 * @param maxRecordBytes largest chunk
 * @param maxSpanBytes largest span; longer attribute texts of a larger one are cut
 */
public record SplitLimits(int maxRecordBytes, int maxSpanBytes) {
  /** Room a span needs besides its own bytes: tags and lengths of the messages around it. */
  static final int FRAMING_BYTES = 64;

  public SplitLimits {
    if (maxSpanBytes < 1024 || maxRecordBytes < maxSpanBytes + FRAMING_BYTES) {
      throw new IllegalArgumentException(
          "maxSpanBytes "
              + maxSpanBytes
              + " must be 1024 or more and maxRecordBytes "
              + maxRecordBytes
              + " at least "
              + FRAMING_BYTES
              + " more");
    }
  }

  /** The bounds that {@code kafka.record.max.bytes} and {@code ingest.max.span.bytes} make. */
  public static SplitLimits of(Settings settings) {
    int recordBytes = settings.integer(Keys.KAFKA_RECORD_MAX_BYTES);
    int spanBytes = settings.integer(Keys.INGEST_MAX_SPAN_BYTES);
    return new SplitLimits(recordBytes, Math.min(spanBytes, recordBytes - FRAMING_BYTES));
  }
}
