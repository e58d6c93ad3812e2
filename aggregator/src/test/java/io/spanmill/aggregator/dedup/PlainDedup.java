/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.dedup;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of identity written down plainly, as oracle: a list that is searched from end to end.
 */
final class PlainDedup {
  private final long horizonMs;
  private final long maxEntries;
  private final List<Seen> seen = new ArrayList<>();
  private long record;

  private record Seen(long record, long arrivalMs, Layer layer, NormalizedSpan span) {}

  PlainDedup(long horizonMs, long maxEntries) {
    this.horizonMs = horizonMs;
    this.maxEntries = maxEntries;
  }

  void begin(long arrivalMs) {
    record++;
    while (!seen.isEmpty()
        && (seen.get(0).arrivalMs < arrivalMs - horizonMs || seen.size() > maxEntries)) {
      long oldest = seen.get(0).record;
      seen.removeIf(s -> s.record == oldest);
    }
  }

  Verdict offer(NormalizedSpan span, long arrivalMs) {
    for (Seen s : seen) {
      if (s.span.project.equals(span.project)
          && sameTrace(s.span, span)
          && s.span.spanId == span.spanId) {
        return Verdict.RESENT;
      }
    }
    return attempt(span, span.layer, arrivalMs);
  }

  Verdict offerRequest(NormalizedSpan root, long arrivalMs) {
    return attempt(root, Layer.GATEWAY_REQUEST, arrivalMs);
  }

  int entries() {
    return seen.size();
  }

  private Verdict attempt(NormalizedSpan span, Layer layer, long arrivalMs) {
    boolean told = false;
    for (Seen s : seen) {
      told |= s.layer == layer && sameAttempt(s.span, span, layer);
    }
    seen.add(new Seen(record, arrivalMs, layer, span.copy()));
    return told ? Verdict.DUPLICATE : Verdict.NEW;
  }

  private static boolean sameAttempt(NormalizedSpan a, NormalizedSpan b, Layer layer) {
    if (layer == Layer.ENGINE
        || !a.project.equals(b.project)
        || !sameTrace(a, b)
        || a.failed != b.failed) {
      return false;
    }
    boolean related =
        (b.parentSpanId != 0 && b.parentSpanId == a.spanId)
            || (a.parentSpanId != 0 && a.parentSpanId == b.spanId);
    boolean sameInstants =
        Math.abs(a.startEpochNanos / 1000 - b.startEpochNanos / 1000) <= 1000
            && Math.abs(a.endEpochNanos / 1000 - b.endEpochNanos / 1000) <= 1000;
    boolean sameIds = a.callId.equals(b.callId) && a.responseId.equals(b.responseId);
    if (layer == Layer.GATEWAY || layer == Layer.GATEWAY_REQUEST) {
      return hasId(a) && sameIds && (related || sameInstants);
    }
    if (!a.model.equals(b.model) || in(a) != in(b) || out(a) != out(b)) {
      return false;
    }
    if (hasId(a) && hasId(b)) {
      return sameIds && (related || sameInstants);
    }
    // A span without ids belongs to another only by usage and as its parent or child.
    return related && (hasId(a) || a.hasUsage()) && (hasId(b) || b.hasUsage());
  }

  private static boolean sameTrace(NormalizedSpan a, NormalizedSpan b) {
    return a.traceIdHi == b.traceIdHi && a.traceIdLo == b.traceIdLo;
  }

  private static boolean hasId(NormalizedSpan s) {
    return !s.callId.isEmpty() || !s.responseId.isEmpty();
  }

  private static long in(NormalizedSpan s) {
    return Math.max(0, s.inputTokens)
        + Math.max(0, s.cacheReadTokens)
        + Math.max(0, s.cacheWriteTokens);
  }

  private static long out(NormalizedSpan s) {
    return Math.max(0, s.outputTokens) + Math.max(0, s.reasoningTokens);
  }
}
