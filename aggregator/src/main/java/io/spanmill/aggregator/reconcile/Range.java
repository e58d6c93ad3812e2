/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.List;

/** A half-open range of event time, epoch milliseconds. */
record Range(long fromMs, long toMs) {
  boolean isEmpty() {
    return fromMs >= toMs;
  }

  /** The whole windows within. */
  Range inward(WindowKind kind) {
    long from = kind.startOf(fromMs + kind.lengthMs() - 1);
    return new Range(from, Math.max(from, kind.startOf(toMs)));
  }

  /** In pieces of at most this length, cut at its multiples. */
  List<Range> pieces(long lengthMs) {
    List<Range> out = new ArrayList<>();
    for (long at = fromMs; at < toMs; ) {
      long end = Math.min(toMs, at - at % lengthMs + lengthMs);
      out.add(new Range(at, end));
      at = end;
    }
    return out;
  }
}
