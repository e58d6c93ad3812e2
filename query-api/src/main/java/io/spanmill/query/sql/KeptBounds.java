/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The greatest bounds of lists, kept: grouping all traces of a month is most of what such a list
 * costs, and all hours but the newest stay as they are. Of what was written since the bounds were
 * worked out, the traces and sessions concerned are looked at anew, whole; any other has the bound
 * it had. Thread-safe.
 */
final class KeptBounds {
  private static final Logger LOG = LoggerFactory.getLogger(KeptBounds.class);

  /** How many bounds of a list are kept. */
  static final int KEPT = 2000;

  private static final int MAX_LISTS = 32;

  /** With more hours written into, all is worked out anew. */
  private static final int MAX_OPEN_HOURS = 24;

  /** How far a range may have moved on since: what left it is still in the bounds. */
  private static final long MAX_MOVED_MS = 24 * WindowKind.HOUR.lengthMs();

  private final Database database;
  private final Map<Asked, Kept> kept = SpanHours.latest(MAX_LISTS);
  private final Set<Asked> renewed = new HashSet<>();

  KeptBounds(Database database) {
    this.database = database;
  }

  /**
   * Whose bounds, of which list.
   *
   * @param list what else it is narrowed by
   * @param descending whether the greatest come first
   * @param lengthMs of the range
   */
  record Asked(
      Object list,
      LayerScope scope,
      Filters filters,
      String sort,
      boolean descending,
      long lengthMs) {
    /** A list that nothing narrows, the greatest first. */
    Asked(String list, LayerScope scope, String sort, long lengthMs) {
      this(list, scope, Filters.NONE, sort, true, lengthMs);
    }

    private Comparator<Bound> order() {
      return descending ? Bound.ORDER : Bound.ORDER.reversed();
    }
  }

  /**
   * What a trace's or session's value cannot exceed.
   *
   * @param key what it is known by
   */
  record Bound(String key, BigDecimal value) {
    /** The greatest first. */
    static final Comparator<Bound> ORDER =
        Comparator.comparing(Bound::value).thenComparing(Bound::key).reversed();
  }

  /** Works bounds out; the greatest first, of equal ones that with the greater key. */
  interface Source {
    /**
     * @param hours only those whose value rows of these hours (epoch ms) could change; empty for
     *     all
     */
    List<Bound> greatest(Set<Long> hours, int count);
  }

  /**
   * @param hours whole hours that were looked at
   * @param readMs before it was read, by the server's clock
   */
  private record Kept(TimeRange hours, long readMs, List<Bound> bounds) {}

  /**
   * The greatest bounds in order; fewer than asked for are all there are.
   *
   * @param range what the source looks at
   * @param tables where it is told when the source's rows were written
   * @param leaving whether a bound can rise when an hour leaves the range
   */
  List<Bound> greatest(
      Asked asked,
      TimeRange range,
      List<String> tables,
      boolean leaving,
      int count,
      Source source) {
    if (count > KEPT) {
      return source.greatest(Set.of(), count);
    }
    Set<String> projects = asked.scope().projects();
    WrittenHours written = WrittenHours.read(database, projects, range, tables);
    return greatest(asked, range, written, leaving, count, source);
  }

  /** The same when it is known when the source's rows were written; of no more than are kept. */
  List<Bound> greatest(
      Asked asked,
      TimeRange range,
      WrittenHours written,
      boolean leaving,
      int count,
      Source source) {
    TimeRange hours = range.aroundHours();
    Kept known;
    synchronized (kept) {
      known = kept.get(asked);
    }
    Set<Long> open = known == null ? Set.of() : open(known, hours, written, leaving);
    if (known == null || !fits(known, hours, MAX_MOVED_MS) || open.size() > MAX_OPEN_HOURS) {
      known = anew(asked, hours, written, source);
      open = Set.of();
    } else if (!fits(known, hours, MAX_MOVED_MS / 2) || open.size() > MAX_OPEN_HOURS / 2) {
      renew(asked, hours, written, source);
    }
    List<Bound> all =
        open.isEmpty()
            ? known.bounds()
            : merged(asked.order(), known.bounds(), source.greatest(open, KEPT));
    return all.size() > count ? all.subList(0, count) : all;
  }

  private Kept anew(Asked asked, TimeRange hours, WrittenHours written, Source source) {
    Kept read = new Kept(hours, written.readMs(), source.greatest(Set.of(), KEPT));
    synchronized (kept) {
      kept.put(asked, read);
    }
    return read;
  }

  /** Works all out in the background before it has to be waited for. */
  private void renew(Asked asked, TimeRange hours, WrittenHours written, Source source) {
    synchronized (kept) {
      if (!renewed.add(asked)) {
        return;
      }
    }
    database
        .background()
        .execute(
            () -> {
              try {
                anew(asked, hours, written, source);
              } catch (QueryFailure e) {
                // Who asks once it no longer holds reads it again and is told.
                LOG.debug("not renewed ahead of time", e);
              } finally {
                synchronized (kept) {
                  renewed.remove(asked);
                }
              }
            });
  }

  /** Works a list out anew when it is asked for again; what is being read is not waited for. */
  void forget(Asked asked) {
    synchronized (kept) {
      kept.remove(asked);
    }
  }

  private static boolean fits(Kept known, TimeRange hours, long movedMs) {
    return known.hours().fromMs() <= hours.fromMs()
        && known.hours().fromMs() >= hours.fromMs() - movedMs
        && known.hours().toMs() <= hours.toMs();
  }

  /** Hours of which something may have been written that is not in the bounds. */
  private static Set<Long> open(
      Kept known, TimeRange hours, WrittenHours written, boolean leaving) {
    Set<Long> open = new TreeSet<>();
    if (leaving && known.hours().fromMs() < hours.fromMs()) {
      for (long hour = known.hours().fromMs();
          hour <= hours.fromMs() && open.size() <= MAX_OPEN_HOURS;
          hour += WindowKind.HOUR.lengthMs()) {
        open.add(hour);
      }
    }
    written
        .hours()
        .forEach(
            (hour, at) -> {
              boolean looked = hour < known.hours().toMs();
              if (hour >= hours.fromMs()
                  && hour < hours.toMs()
                  && !(looked && SpanHours.isSettled(at, known.readMs()))) {
                open.add(hour);
              }
            });
    return open;
  }

  private static List<Bound> merged(Comparator<Bound> order, List<Bound> some, List<Bound> others) {
    Map<String, Bound> out = new HashMap<>();
    some.forEach(b -> out.put(b.key(), b));
    others.forEach(b -> out.merge(b.key(), b, (x, y) -> order.compare(x, y) <= 0 ? x : y));
    List<Bound> sorted = new ArrayList<>(out.values());
    sorted.sort(order);
    return sorted;
  }
}
