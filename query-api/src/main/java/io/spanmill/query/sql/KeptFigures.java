/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Figures over all traces of a range, of which most are kept: what traces come to that are seen in
 * certain hours alone stays the same until something is written into those hours. Rows of other
 * hours change it by what the traces come to that have any: with them less without them. What a
 * single trace comes to may be anything, so the figures are those that looking at all rows gives.
 * Thread-safe.
 *
 * @param <F> the figures; not changed once they were read
 */
final class KeptFigures<F extends KeptFigures.Figures<F>> {
  private static final int MAX_DAYS = 200;
  private static final int MAX_ALL = 32;

  /** How many are read at once: all traces of them are held in memory for that. */
  private static final int DAYS_AT_ONCE = 3;

  /** With more hours that differ, days are put together anew. */
  private static final int MAX_DIFFERENT_HOURS = 6;

  private final TraceBounds bounds;
  private final Map<Asked<F>, Known<F>> days = SpanHours.latest(MAX_DAYS);
  private final Map<Asked<F>, Known<F>> all = SpanHours.latest(MAX_ALL);

  /** What traces come to together. */
  interface Figures<F> {
    /** With other traces. */
    F plus(F others);

    /** Without some of the traces. */
    F minus(F some);
  }

  /**
   * Reads figures; equal ones read the same.
   *
   * @param <F> the figures
   */
  interface Source<F> {
    F none();

    /** By number of the view; none where there is no trace. */
    Map<Long, F> read(FoundTraces found);
  }

  KeptFigures(TraceBounds bounds) {
    this.bounds = bounds;
  }

  /**
   * @param hours epoch ms
   */
  private record Asked<F>(
      LayerScope scope, @Nullable String text, Source<F> source, Set<Long> hours) {
    Asked<F> during(Set<Long> others) {
      return new Asked<>(scope, text, source, others);
    }
  }

  /**
   * @param readMs before they were read, by the server's clock
   */
  private record Known<F>(F figures, long readMs) {
    boolean holds(Set<Long> hours, WrittenHours written) {
      return written.areSettled(hours, readMs);
    }
  }

  /**
   * Figures over the traces that began in the range.
   *
   * @param text what they are searched for, as {@link FoundTraces} has it, or null
   * @param split the range
   */
  F read(Question q, @Nullable TextPlaces text, Source<F> source, SplitRange split) {
    Asked<F> asked =
        new Asked<>(q.scope(), text == null ? null : text.text(), source, split.closed());
    Places both = split.both();
    F closed = both == null ? null : known(q, asked, split.written());
    F few = closed == null && text != null ? ofFew(q, asked, split, text) : null;
    if (few != null) {
      return few;
    }
    if (closed == null && both != null) {
      closed = ofDays(q, asked, split.written());
    }
    if (both == null || closed == null) {
      Map<Long, F> read = read(q, asked, Views.of(split.rows()));
      return read.getOrDefault(Views.ASKED, source.none());
    }
    if (split.others().isEmpty() && both.traces().isEmpty()) {
      return closed;
    }
    Views views = Views.compared(split.rows(), split.closed(), split.others(), both);
    return changed(closed, read(q, asked, views), Views.ASKED, source);
  }

  /** What is seen in these hours, known or from what is known of others; null if neither is. */
  private @Nullable F known(Question q, Asked<F> asked, WrittenHours written) {
    Known<F> known = kept(all, asked, written);
    if (known != null) {
      return known.figures();
    }
    Asked<F> nearest = nearest(asked, written);
    F figures = nearest == null ? null : moved(q, nearest, asked, written);
    if (figures != null) {
      keep(all, asked, new Known<>(figures, written.readMs()));
    }
    return figures;
  }

  private @Nullable Asked<F> nearest(Asked<F> asked, WrittenHours written) {
    Asked<F> nearest = null;
    int least = MAX_DIFFERENT_HOURS + 1;
    synchronized (all) {
      for (Map.Entry<Asked<F>, Known<F>> e : all.entrySet()) {
        Asked<F> other = e.getKey();
        if (other.equals(asked.during(other.hours()))) {
          int different = different(other.hours(), asked.hours()).size();
          if (different < least && e.getValue().holds(other.hours(), written)) {
            nearest = other;
            least = different;
          }
        }
      }
    }
    return nearest;
  }

  private static Set<Long> different(Set<Long> some, Set<Long> others) {
    Set<Long> out = new TreeSet<>(some);
    out.removeAll(others);
    Set<Long> rest = new TreeSet<>(others);
    rest.removeAll(some);
    out.addAll(rest);
    return out;
  }

  /** From what is known of nearly the same hours. */
  private @Nullable F moved(Question q, Asked<F> from, Asked<F> to, WrittenHours written) {
    Known<F> known = kept(all, from, written);
    Set<Long> same = new TreeSet<>(from.hours());
    same.retainAll(to.hours());
    Set<Long> different = different(from.hours(), to.hours());
    Places places = bounds.ofBoth(q.scope().projects(), same, different);
    if (known == null || places == null) {
      return null;
    }
    Views views = Views.compared(to.hours(), from.hours(), different, places);
    return changed(known.figures(), read(q, to, views), Views.OTHER_HOURS, to.source());
  }

  /**
   * From the traces with the text alone, the hours that are kept and all of the range at once; null
   * if they are very many. Most texts are in few.
   */
  private @Nullable F ofFew(Question q, Asked<F> asked, SplitRange split, TextPlaces text) {
    Set<Long> hours = new TreeSet<>(split.closed());
    hours.addAll(split.others());
    TextPlaces.Found found = hours.isEmpty() ? null : text.of(hours);
    if (found == null) {
      return null;
    }
    F none = asked.source().none();
    Map<Long, F> read = Map.of();
    if (!found.places().traces().isEmpty()) {
      Views views = Views.compared(split.rows(), split.closed(), Set.of(), found.places());
      read = asked.source().read(new FoundTraces(q, views, found.text()));
    }
    F closed = read.getOrDefault(Views.HOURS, none);
    keep(all, asked, new Known<>(closed, split.written().readMs()));
    return read.getOrDefault(Views.ASKED, none);
  }

  /** From what is known of days, of which those are kept that nothing was written into. */
  private @Nullable F ofDays(Question q, Asked<F> asked, WrittenHours written) {
    Map<Long, Set<Long>> byDay = new TreeMap<>();
    asked.hours().forEach(h -> byDay.computeIfAbsent(Views.day(h), d -> new TreeSet<>()).add(h));
    Map<Long, F> figures = new HashMap<>();
    Map<Long, Set<Long>> missing = new TreeMap<>();
    byDay.forEach(
        (day, hours) -> {
          Known<F> known = kept(days, asked.during(hours), written);
          if (known == null) {
            missing.put(day, hours);
          } else {
            figures.put(day, known.figures());
          }
        });
    if (!missing.isEmpty()) {
      Set<Long> hours = new TreeSet<>();
      missing.values().forEach(hours::addAll);
      Map<Long, F> read = ofDays(q, asked, hours);
      missing.forEach(
          (day, of) -> {
            F known = read.getOrDefault(day, asked.source().none());
            keep(days, asked.during(of), new Known<>(known, written.readMs()));
            figures.put(day, known);
          });
    }
    Set<String> projects = q.scope().projects();
    Places places =
        byDay.size() == 1 ? Places.ANYWHERE : bounds.ofSeveralDays(projects, asked.hours());
    if (places == null) {
      return null;
    }
    Map<Long, F> together =
        places.traces().isEmpty()
            ? Map.of()
            : read(q, asked, Views.ofDaysTogether(asked.hours(), places));
    F sum = together.getOrDefault(Views.HOURS, asked.source().none());
    for (Map.Entry<Long, F> day : figures.entrySet()) {
      F several = together.get(day.getKey());
      sum = sum.plus(several == null ? day.getValue() : day.getValue().minus(several));
    }
    keep(all, asked, new Known<>(sum, written.readMs()));
    return sum;
  }

  /** By number of the day. */
  private Map<Long, F> ofDays(Question q, Asked<F> asked, Set<Long> hours) {
    Map<Long, Set<Long>> parts = new TreeMap<>();
    for (long hour : hours) {
      parts.computeIfAbsent(Views.day(hour) / DAYS_AT_ONCE, part -> new TreeSet<>()).add(hour);
    }
    Map<Long, F> out = new HashMap<>();
    parts.values().forEach(part -> out.putAll(read(q, asked, Views.ofDays(part))));
    return out;
  }

  /** What is seen in a view instead of {@link Views#HOURS}. */
  private static <F extends Figures<F>> F changed(
      F figures, Map<Long, F> views, long instead, Source<F> source) {
    F without = figures.minus(views.getOrDefault(Views.HOURS, source.none()));
    return without.plus(views.getOrDefault(instead, source.none()));
  }

  private Map<Long, F> read(Question q, Asked<F> asked, Views views) {
    return asked.source().read(new FoundTraces(q, views, asked.text()));
  }

  private static <F> @Nullable Known<F> kept(
      Map<Asked<F>, Known<F>> from, Asked<F> asked, WrittenHours written) {
    Known<F> known;
    synchronized (from) {
      known = from.get(asked);
    }
    return known != null && known.holds(asked.hours(), written) ? known : null;
  }

  private static <F> void keep(Map<Asked<F>, Known<F>> into, Asked<F> asked, Known<F> known) {
    synchronized (into) {
      into.put(asked, known);
    }
  }
}
