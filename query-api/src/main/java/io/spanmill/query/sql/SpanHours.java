/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Counts of spans in whole hours, kept for as long as nothing is written into the hour. Counting
 * spans once each is dear, and all but the newest hours stay as they are. Thread-safe.
 */
final class SpanHours {
  /** A write told of later than this after it began would be missed. */
  static final long SETTLED_MS = 60_000;

  private static final int MAX_QUESTIONS = 200;

  /** Whose spans are counted. */
  record Asked(Set<String> projects, Filters filters) {}

  private record Count(long spans, long countedMs) {}

  private final LinkedHashMap<Asked, Map<Long, Count>> kept = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * The kept count of an hour.
   *
   * @param writtenMs last write into the hour
   * @return -1 if there is none that still holds
   */
  synchronized long get(Asked asked, long hourMs, long writtenMs) {
    Map<Long, Count> hours = kept.get(asked);
    Count count = hours == null ? null : hours.get(hourMs);
    return count != null && isSettled(writtenMs, count.countedMs()) ? count.spans() : -1;
  }

  /** Keeps a count, if nothing can still be on its way into the hour. */
  synchronized void put(Asked asked, long hourMs, long writtenMs, long countedMs, long spans) {
    if (!isSettled(writtenMs, countedMs)) {
      return;
    }
    kept.computeIfAbsent(asked, a -> new HashMap<>()).put(hourMs, new Count(spans, countedMs));
    if (kept.size() > MAX_QUESTIONS) {
      kept.remove(kept.keySet().iterator().next());
    }
  }

  private static boolean isSettled(long writtenMs, long countedMs) {
    return writtenMs <= countedMs - SETTLED_MS;
  }

  static long hourOf(long ms) {
    return WindowKind.HOUR.startOf(ms);
  }
}
