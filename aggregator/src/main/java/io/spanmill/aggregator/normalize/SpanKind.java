/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.otlp.TraceReader;

/** What OTLP's numbers in a span say. */
final class SpanKind {
  static final int SERVER = 2;
  static final int STATUS_ERROR = 2;

  private static final int HAS_IS_REMOTE = 0x100;
  private static final int IS_REMOTE = 0x200;

  private SpanKind() {}

  /**
   * Whether the span's parent is known to lie in the same process. Senders that do not tell are
   * taken for roots of their process.
   */
  static boolean hasLocalParent(TraceReader span) {
    return span.parentSpanId() != 0
        && (span.flags() & (HAS_IS_REMOTE | IS_REMOTE)) == HAS_IS_REMOTE;
  }
}
