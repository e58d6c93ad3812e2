/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts of spans in hours, in minutes, and in parts of hours at the ends of ranges, kept for as
 * long as nothing is written there. Counting spans once each is dear, and all but the newest hours
 * stay as they are. Thread-safe.
 */
final class SpanHours {
  /** A write told of later than this after it began would be missed. */
  static final long SETTLED_MS = 60_000;

  private static final int MAX_QUESTIONS = 200;

  /** More than the minutes of the hours that are counted by minutes. */
  private static final int MAX_PARTS = 512;

  /** Whose spans are counted. */
  record Asked(Set<String> projects, Filters filters) {}

  private record Count(long spans, long countedMs) {}

  private record Counts(Map<Long, Count> hours, Map<TimeRange, Count> parts) {}

  private final Map<Asked, Counts> kept = latest(MAX_QUESTIONS);

  /**
   * The kept count of an hour or a part of one.
   *
   * @param writtenMs last write into it
   * @return -1 if there is none that still holds
   */
  synchronized long get(Asked asked, TimeRange stretch, long writtenMs) {
    Counts counts = kept.get(asked);
    if (counts == null) {
      return -1;
    }
    @Nullable Count count =
        isHour(stretch) ? counts.hours().get(stretch.fromMs()) : counts.parts().get(stretch);
    return count != null && isSettled(writtenMs, count.countedMs()) ? count.spans() : -1;
  }

  /** Keeps a count, if nothing can still be on its way into the hour. */
  synchronized void put(
      Asked asked, TimeRange stretch, long writtenMs, long countedMs, long spans) {
    if (!isSettled(writtenMs, countedMs)) {
      return;
    }
    Counts counts =
        kept.computeIfAbsent(asked, a -> new Counts(new HashMap<>(), latest(MAX_PARTS)));
    Count count = new Count(spans, countedMs);
    if (isHour(stretch)) {
      counts.hours().put(stretch.fromMs(), count);
    } else {
      counts.parts().put(stretch, count);
    }
  }

  /** Whether what was read is all that was written up to that write. */
  static boolean isSettled(long writtenMs, long readMs) {
    return writtenMs <= readMs - SETTLED_MS;
  }

  private static boolean isHour(TimeRange stretch) {
    return stretch.lengthMs() == WindowKind.HOUR.lengthMs()
        && stretch.fromMs() == hourOf(stretch.fromMs());
  }

  static long hourOf(long ms) {
    return WindowKind.HOUR.startOf(ms);
  }

  /** A map of at most so many entries, those asked for last. */
  static <K, V> Map<K, V> latest(int max) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > max;
      }
    };
  }
}
