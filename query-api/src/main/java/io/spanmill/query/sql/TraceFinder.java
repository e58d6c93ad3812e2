/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the traces of a page of a list. A trace is in a range when its earliest span starts there;
 * spans longer than a day at the range's end may hide it. Thread-safe.
 */
public final class TraceFinder {
  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES =
      List.of("start", "duration", "cost", "tokens", "spans", "errors");

  /** Traces beyond the page whose bound may be above their value. */
  private static final int SPARE = 32;

  /** The same where they are read whole: mostly bounds are values. */
  private static final int SPARE_WHOLE = 4;

  /** Looking at more traces first by few columns costs less. */
  private static final int MAX_WHOLE = 400;

  private static final int GROWTH = 8;

  private final Database database;
  private final TracesInOrder inOrder;
  private final TraceBounds bounds;
  private final KeptTraces kept;
  private final TracesWithText withText;

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  TraceFinder(Database database, TracesReader traces, LongSupplier sureSinceMs) {
    this.database = database;
    this.inOrder = new TracesInOrder(database);
    this.bounds = new TraceBounds(database);
    this.kept = new KeptTraces(bounds, traces::whole, sureSinceMs);
    this.withText = new TracesWithText(database, bounds, inOrder);
  }

  /**
   * A found trace and the value it was ordered by.
   *
   * @param startMs when its earliest span in the range began
   */
  public record Found(String traceId, String sortValue, long startMs) {}

  /**
   * Traces in order.
   *
   * @param places where their spans and calls lie
   * @param whole those that were read whole, by trace id: all or none
   */
  public record Matches(List<Found> traces, Places places, Map<String, WholeTrace> whole) {
    private Matches(List<Found> traces, Places places) {
      this(traces, places, Map.of());
    }
  }

  /** Up to {@code limit + 1} traces in order. */
  public Matches find(Question q, TraceQuery query) {
    String text = query.text();
    TracesWithText.Listed listed = text == null ? null : withText.find(q, query, text);
    if (listed != null) {
      return new Matches(listed.traces(), listed.places());
    }
    if (query.descending() && !query.sort().equals("start")) {
      Matches found = greatest(q, query);
      if (found != null) {
        return found;
      }
    }
    List<Found> found = exact(q, query);
    return new Matches(
        found, Places.since(found.stream().mapToLong(Found::startMs).min().orElse(0)));
  }

  /** These traces with all that lists show of them, in this order; without those that are gone. */
  List<WholeTrace> whole(Set<String> projects, List<String> ids) {
    Set<String> lows = new LinkedHashSet<>();
    ids.forEach(id -> lows.add(KeptTraces.low(id)));
    WrittenHours written =
        WrittenHours.read(
            database,
            projects,
            new TimeRange(0, TraceBounds.LAST_MS),
            List.of("span_hours", "call_hours"));
    Map<String, WholeTrace> read = new HashMap<>();
    kept.read(projects, lows, 0, written)
        .values()
        .forEach(traces -> traces.forEach(t -> read.put(t.id(), t)));
    return ids.stream().map(read::get).filter(Objects::nonNull).toList();
  }

  private List<Found> exact(Question q, TraceQuery query) {
    if (query.descending() && query.sort().equals("start")) {
      long upTo = Slices.newestMs(q.range(), query.after());
      for (long since : Slices.before(upTo, q.range())) {
        // All spans that ended since then are seen, so traces that began since then are complete.
        Question slice = q.during(new TimeRange(since, q.range().toMs()));
        List<Found> some = inOrder.find(slice, query, upTo, null, query.limit() + 1 + SPARE);
        if (some.size() > query.limit()) {
          List<Found> found = inOrder.begunSince(q, since, some);
          if (found.size() > query.limit()) {
            return found.subList(0, query.limit() + 1);
          }
        }
      }
      return inOrder.find(q, query, upTo, null, query.limit() + 1);
    }
    return inOrder.find(q, query, q.range().toMs(), null, query.limit() + 1);
  }

  /**
   * The traces with the greatest values: what a trace cannot exceed is cheap to find out; the exact
   * value is worked out for those with the greatest bounds, until no other trace can come before.
   *
   * @return null if traces without any such value belong to the page, or if looking at all is
   *     cheaper
   */
  private @Nullable Matches greatest(Question q, TraceQuery query) {
    boolean duration = query.sort().equals("duration");
    boolean kept = !query.narrows() && q.filters().isEmpty() && isLong(q.range());
    if (duration && !kept) {
      return null;
    }
    Matches known = kept ? greatestKnown(q, query) : null;
    if (known != null) {
      return known;
    }
    for (int count = query.limit() + 1 + SPARE; ; count *= GROWTH) {
      List<KeptBounds.Bound> greatest =
          kept ? bounds.greatest(q, query.sort(), count) : inOrder.bounds(q, query, count);
      if (greatest.isEmpty()) {
        return null;
      }
      Places places =
          bounds.places(
              q.scope().projects(),
              greatest.stream().map(KeptBounds.Bound::key).toList(),
              q.range().fromMs() - TracesReader.DAY_MS);
      List<Found> found = inOrder.find(q, query, q.range().toMs(), places, query.limit() + 1);
      Found last = found.size() <= query.limit() ? null : found.get(query.limit());
      if (greatest.size() < count) {
        boolean all = duration || (last != null && value(last).signum() > 0);
        return all ? matches(found, places) : null;
      }
      if (last != null && isBefore(last, greatest.get(count - 1))) {
        return matches(found, places);
      }
    }
  }

  /**
   * The same with candidates that are read whole, or were, and nothing was written about them
   * since: rows of the page and values at once.
   *
   * @return null if too many were to be read
   */
  private @Nullable Matches greatestKnown(Question q, TraceQuery query) {
    TimeRange range = q.range();
    long sinceMs = WindowKind.HOUR.startOf(Math.max(0, range.fromMs() - TracesReader.DAY_MS));
    WrittenHours written =
        WrittenHours.read(
            database,
            q.scope().projects(),
            new TimeRange(sinceMs, TraceBounds.LAST_MS),
            List.of("span_hours", "call_hours"));
    List<KeptBounds.Bound> greatest = bounds.greatest(q, query.sort(), written);
    int wanted = query.limit() + 1;
    int before = (int) greatest.stream().filter(b -> !isAfter(b, query.after())).count();
    for (int count = before + wanted + SPARE_WHOLE; count <= MAX_WHOLE; count += count) {
      List<KeptBounds.Bound> some = greatest.subList(0, Math.min(count, greatest.size()));
      Set<String> lows = new LinkedHashSet<>();
      some.forEach(b -> lows.add(KeptTraces.low(b.key())));
      Map<String, WholeTrace> read = new HashMap<>();
      kept.read(q.scope().projects(), lows, sinceMs, written)
          .values()
          .forEach(traces -> traces.forEach(t -> read.put(t.id(), t)));
      List<Found> found = inOrder(q, query, read);
      Found last = found.size() < wanted ? null : found.get(wanted - 1);
      boolean all = some.size() == greatest.size() && greatest.size() < KeptBounds.KEPT;
      if (all && !query.sort().equals("duration") && (last == null || value(last).signum() <= 0)) {
        return null;
      }
      if (all || (last != null && isBefore(last, some.get(some.size() - 1)))) {
        return new Matches(found.subList(0, Math.min(wanted, found.size())), Places.ANYWHERE, read);
      }
    }
    return null;
  }

  /** Those of these traces that the list has from the cursor on, in descending order. */
  private List<Found> inOrder(Question q, TraceQuery query, Map<String, WholeTrace> traces) {
    TimeRange range = q.range();
    List<Found> out = new ArrayList<>();
    Map<String, Set<Long>> inPart = new LinkedHashMap<>();
    for (WholeTrace trace : traces.values()) {
      long startMs = Math.floorDiv(trace.startNs(), 1_000_000L);
      if (!trace.isWithin(range)) {
        inPart.put(trace.id(), trace.minutes());
      } else if (range.contains(startMs)) {
        BigDecimal value = trace.value(query.sort(), q.scope());
        KeptBounds.Bound exact = new KeptBounds.Bound(trace.id(), value);
        if (isAfter(exact, query.after())) {
          out.add(new Found(trace.id(), value.stripTrailingZeros().toPlainString(), startMs));
        }
      }
    }
    if (!inPart.isEmpty()) {
      out.addAll(inOrder.find(q, query, range.toMs(), Places.of(inPart), inPart.size()));
    }
    out.sort(Comparator.comparing(TraceFinder::value).thenComparing(Found::traceId).reversed());
    return out;
  }

  /** Whether it comes after the cursor in descending order. */
  private static boolean isAfter(KeptBounds.Bound bound, @Nullable Cursor after) {
    if (after == null) {
      return true;
    }
    int order = bound.value().compareTo(new BigDecimal(after.values().get(0)));
    return order < 0 || (order == 0 && bound.key().compareTo(after.values().get(1)) < 0);
  }

  private static boolean isLong(TimeRange range) {
    return range.lengthMs() >= TraceBounds.SHORT_MS;
  }

  private static Matches matches(List<Found> found, Places places) {
    return new Matches(found, places.only(found.stream().map(Found::traceId).toList()));
  }

  private static BigDecimal value(Found found) {
    return new BigDecimal(found.sortValue());
  }

  /** Whether a trace comes before all whose bound is this or a later one. */
  private static boolean isBefore(Found found, KeptBounds.Bound bound) {
    int order = value(found).compareTo(bound.value());
    return order > 0 || (order == 0 && found.traceId().compareTo(bound.key()) >= 0);
  }
}
