/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of lists in any order and direction and with any filter, kept as they were read:
 * exactly, not as bounds. A row can only have changed, come or gone if something was written into
 * an hour in which it has anything, or if such an hour came into the range or left it. Those rows
 * are read anew, and what else there is stands where it stood. Thread-safe.
 *
 * @param <T> a row with its place
 */
final class KeptOrder<T> {
  /** With more hours that differ, all is read anew. */
  private static final int MAX_HOURS = 24;

  private final int maxRows;
  private final Map<Asked, Known<T>> kept = new LinkedHashMap<>(16, 0.75f, true);
  private int keptRows;

  /**
   * @param maxRows of all lists together
   */
  KeptOrder(int maxRows) {
    this.maxRows = maxRows;
  }

  /**
   * Which list.
   *
   * @param query what it is ordered and narrowed by, without its page
   * @param lengthMs of the range
   */
  record Asked(LayerScope scope, Filters filters, Object query, long lengthMs) {}

  /**
   * The page that is wanted.
   *
   * @param after whether a row comes after the page before
   * @param rows how many of those
   */
  record Page<T>(Predicate<T> after, int rows) {}

  /**
   * Rows of certain hours.
   *
   * @param have whether a row has anything in those hours, or had
   * @param first of those that have
   */
  record Some<T>(Predicate<T> have, List<T> first) {}

  /** Reads rows of a range in order. */
  interface Source<T> {
    Comparator<T> order();

    /** Those at the begin of the list; fewer are all there are. */
    List<T> first(int count);

    /**
     * The same of those that have anything in these hours.
     *
     * @param hours epoch ms
     * @return null if they are too many to look at them apart
     */
    @Nullable Some<T> some(Set<Long> hours, int count);

    /** Whether a row that has nothing in hours that came or left is in the range. */
    boolean isIn(T row);
  }

  /**
   * @param readMs before it was read, by the server's clock
   * @param last no row up to this one is missing; null: none is missing at all
   */
  private record Known<T>(TimeRange range, long readMs, List<T> first, @Nullable T last) {}

  /**
   * The page, or null if it lies beyond what is kept of a list.
   *
   * @param rows where spans and calls of the range lie
   * @param written into those hours
   * @param count how many rows to keep
   */
  @Nullable List<T> page(
      Asked asked,
      TimeRange range,
      TimeRange rows,
      WrittenHours written,
      int count,
      Page<T> page,
      Source<T> source) {
    Known<T> before;
    synchronized (kept) {
      before = kept.get(asked);
    }
    Set<Long> hours = before == null ? null : differing(before, range, rows, written);
    if (before != null && hours != null) {
      Known<T> now =
          hours.isEmpty() && range.equals(before.range())
              ? before
              : changed(before, range, written, hours, count, source);
      if (now != null) {
        List<T> found = on(page, now);
        boolean beyond = now.last() != null && !page.after().test(now.last());
        if (found != null || beyond || now.first().size() >= count) {
          keep(asked, now);
          return found;
        }
      }
    }
    Known<T> read = cut(range, written, source.first(count), null, count);
    keep(asked, read);
    return on(page, read);
  }

  private static <T> @Nullable List<T> on(Page<T> page, Known<T> known) {
    List<T> found = known.first().stream().filter(page.after()).limit(page.rows()).toList();
    return found.size() == page.rows() || known.last() == null ? found : null;
  }

  /**
   * Hours of which rows may be others than those that were read.
   *
   * @return null if they are not known, or too many
   */
  private static @Nullable Set<Long> differing(
      Known<?> known, TimeRange range, TimeRange rows, WrittenHours written) {
    TimeRange before = known.range();
    if (range.fromMs() < before.fromMs() || range.toMs() < before.toMs()) {
      return null;
    }
    Set<Long> out = new TreeSet<>();
    for (long hour = WindowKind.HOUR.startOf(before.fromMs());
        hour < range.fromMs() && range.fromMs() != before.fromMs();
        hour += WindowKind.HOUR.lengthMs()) {
      out.add(hour);
      if (out.size() > MAX_HOURS) {
        return null;
      }
    }
    boolean later = range.toMs() != before.toMs();
    long endMs = WindowKind.HOUR.startOf(before.toMs());
    for (Map.Entry<Long, Long> hour : written.hours().entrySet()) {
      boolean came = later && hour.getKey() >= endMs;
      if (hour.getKey() + WindowKind.HOUR.lengthMs() > rows.fromMs()
          && hour.getKey() < rows.toMs()
          && (came || !SpanHours.isSettled(hour.getValue(), known.readMs()))) {
        out.add(hour.getKey());
      }
    }
    return out.size() > MAX_HOURS ? null : out;
  }

  /** What is known where rows of some hours are others; null if that is not known. */
  private @Nullable Known<T> changed(
      Known<T> known,
      TimeRange range,
      WrittenHours written,
      Set<Long> hours,
      int count,
      Source<T> source) {
    Some<T> some =
        hours.isEmpty() ? new Some<>(row -> false, List.of()) : source.some(hours, count);
    if (some == null) {
      return null;
    }
    Comparator<T> order = source.order();
    T last = known.last();
    if (some.first().size() >= count) {
      T other = some.first().get(some.first().size() - 1);
      last = last == null || order.compare(other, last) < 0 ? other : last;
    }
    List<T> all = new ArrayList<>(some.first());
    known.first().stream().filter(some.have().negate()).filter(source::isIn).forEach(all::add);
    all.sort(order);
    if (last != null) {
      T end = last;
      all.removeIf(row -> order.compare(row, end) > 0);
    }
    return cut(range, written, all, last, count);
  }

  private static <T> Known<T> cut(
      TimeRange range, WrittenHours written, List<T> sorted, @Nullable T last, int count) {
    if (sorted.size() < count) {
      return new Known<>(range, written.readMs(), List.copyOf(sorted), last);
    }
    List<T> first = List.copyOf(sorted.subList(0, count));
    return new Known<>(range, written.readMs(), first, first.get(count - 1));
  }

  private void keep(Asked asked, Known<T> known) {
    synchronized (kept) {
      Known<T> before = kept.put(asked, known);
      keptRows += 1 + known.first().size() - (before == null ? 0 : 1 + before.first().size());
      Iterator<Known<T>> longestUnused = kept.values().iterator();
      while (keptRows > maxRows && kept.size() > 1) {
        keptRows -= 1 + longestUnused.next().first().size();
        longestUnused.remove();
      }
    }
  }
}
