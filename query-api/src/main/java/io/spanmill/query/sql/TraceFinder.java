/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
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

  private static final int MAX_BOUNDS = 5000;

  /** Places that are kept of a list; of one that is read by bounds, no more than a few pages. */
  private static final int KEPT = 600;

  private static final int KEPT_BY_BOUNDS = 150;

  private static final int MAX_KEPT = 60_000;

  private final Database database;
  private final TracesInOrder inOrder;
  private final TraceBounds bounds;
  private final KeptTraces kept;
  private final TracesWithText withText;
  private final TracesUpwards upwards;
  private final KeptOrder<Found> places = new KeptOrder<>(MAX_KEPT);

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  TraceFinder(Database database, TracesReader traces, LongSupplier sureSinceMs) {
    this.database = database;
    this.inOrder = new TracesInOrder(database);
    this.bounds = new TraceBounds(database);
    this.kept = new KeptTraces(bounds, traces::whole, sureSinceMs);
    this.withText = new TracesWithText(database, bounds, inOrder);
    this.upwards = new TracesUpwards(database);
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
   * @param whole those that were read whole, by trace id: none, or all that are still kept
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
    boolean newest = query.descending() && query.sort().equals("start");
    List<Found> slice = newest ? newest(q, query) : null;
    if (slice != null) {
      return new Matches(slice, since(slice));
    }
    if (isLong(q.range()) && query.text() == null) {
      boolean kept = query.descending() && !newest && isBounded(q, query);
      Matches known = kept ? greatestKnown(q, query) : null;
      known = known == null ? inOrder(q, query) : known;
      if (known != null) {
        return known;
      }
    }
    return anew(q, query);
  }

  /** The same, whatever is kept. */
  private Matches anew(Question q, TraceQuery query) {
    boolean bounded = query.descending() && !query.sort().equals("start");
    Matches greatest = bounded ? greatest(q, query) : null;
    if (greatest != null) {
      return greatest;
    }
    List<Found> found = inOrder.find(q, query, upTo(q, query), null, query.limit() + 1);
    return new Matches(found, since(found));
  }

  private static Places since(List<Found> found) {
    return Places.since(found.stream().mapToLong(Found::startMs).min().orElse(0));
  }

  /** Whether the list has all traces of the range. */
  private static boolean isWhole(Question q, TraceQuery query) {
    return !query.narrows() && q.filters().isEmpty();
  }

  /** Whether bounds are kept of all traces that the list has. */
  private static boolean isBounded(Question q, TraceQuery query) {
    return isWhole(q, query)
        || (!query.narrows()
            && TraceBounds.isOfCalls(query.sort())
            && WholeTrace.tells(q.filters()));
  }

  /**
   * The page from the places that are kept, with its rows.
   *
   * @return null if it lies further down
   */
  private @Nullable Matches inOrder(Question q, TraceQuery query) {
    long sinceMs = sinceMs(q);
    WrittenHours written = written(q.scope().projects(), sinceMs);
    Comparator<Found> up = Comparator.comparing(TraceFinder::value).thenComparing(Found::traceId);
    Comparator<Found> order = query.descending() ? up.reversed() : up;
    Cursor after = query.after();
    Found before =
        after == null ? null : new Found(after.values().get(1), after.values().get(0), 0);
    boolean byBounds = query.descending() ? !query.sort().equals("start") : isWhole(q, query);
    int wanted = query.limit() + 1;
    List<Found> found =
        places.page(
            new KeptOrder.Asked(q.scope(), q.filters(), query.first(0), q.range().lengthMs()),
            q.range(),
            q.range().ofTraces(),
            written,
            Math.max(byBounds ? KEPT_BY_BOUNDS : KEPT, 2 * wanted),
            new KeptOrder.Page<>(row -> before == null || order.compare(row, before) > 0, wanted),
            new InOrder(q, query, order, sinceMs, written));
    if (found == null) {
      return null;
    }
    List<String> lows =
        found.stream().limit(query.limit()).map(f -> KeptTraces.low(f.traceId())).toList();
    return new Matches(found, Places.ANYWHERE, whole(q.scope().projects(), lows, sinceMs, written));
  }

  /** Places of a list as they are read. */
  private final class InOrder implements KeptOrder.Source<Found> {
    private final Question q;
    private final TraceQuery query;
    private final Comparator<Found> order;
    private final long sinceMs;
    private final WrittenHours written;

    InOrder(
        Question q, TraceQuery query, Comparator<Found> order, long sinceMs, WrittenHours written) {
      this.q = q;
      this.query = query;
      this.order = order;
      this.sinceMs = sinceMs;
      this.written = written;
    }

    @Override
    public Comparator<Found> order() {
      return order;
    }

    @Override
    public List<Found> first(int count) {
      boolean all = !query.descending() && isWhole(q, query);
      List<Found> least = all ? upwards.first(q, query.sort(), written, count) : null;
      return least == null ? anew(q, query.first(count - 1)).traces() : least;
    }

    @Override
    public KeptOrder.@Nullable Some<Found> some(Set<Long> hours, int count) {
      Set<String> projects = q.scope().projects();
      Set<String> lows = Set.copyOf(bounds.ofHours(projects, hours));
      if (lows.size() > TraceBounds.MAX_APART) {
        return null;
      }
      Places places =
          lows.isEmpty()
              ? Places.of(Map.of())
              : bounds.placesOf(projects, List.copyOf(lows), sinceMs);
      List<Found> first =
          places.traces().isEmpty()
              ? List.of()
              : inOrder.find(q, query.first(count), q.range().toMs(), places, count);
      return new KeptOrder.Some<>(row -> lows.contains(KeptTraces.low(row.traceId())), first);
    }

    @Override
    public boolean isIn(Found row) {
      return q.range().contains(row.startMs());
    }
  }

  /**
   * When spans and calls were written, for {@link #whole}: read before it is known which traces.
   */
  WrittenHours written(Set<String> projects) {
    return written(projects, 0);
  }

  /** These traces with all that lists show of them, in this order; without those that are gone. */
  List<WholeTrace> whole(Set<String> projects, List<String> ids, WrittenHours written) {
    Set<String> lows = new LinkedHashSet<>();
    ids.forEach(id -> lows.add(KeptTraces.low(id)));
    Map<String, WholeTrace> read = whole(projects, lows, 0, written);
    return ids.stream().map(read::get).filter(Objects::nonNull).toList();
  }

  /**
   * The newest, if the end of the range has a page of them.
   *
   * @return null if it has not
   */
  private @Nullable List<Found> newest(Question q, TraceQuery query) {
    long upTo = Slices.newestMs(q.range(), query.after());
    for (long since : Slices.before(upTo, q.range())) {
      // All spans that ended since then are seen, so traces that began since then are complete.
      Question slice = q.during(new TimeRange(since, q.range().toMs()));
      List<Found> some =
          inOrder.find(slice, query, upTo(q, query), null, query.limit() + 1 + SPARE);
      if (some.size() > query.limit()) {
        List<Found> found = inOrder.begunSince(q, since, some);
        if (found.size() > query.limit()) {
          return found.subList(0, query.limit() + 1);
        }
      }
    }
    return null;
  }

  /**
   * When spans began at the latest that decide about a page. Of a trace that is partly newer than
   * the page all counts where its duration does.
   */
  private static long upTo(Question q, TraceQuery query) {
    return query.descending() && query.sort().equals("start") && !query.needsDuration()
        ? Slices.newestMs(q.range(), query.after())
        : q.range().toMs();
  }

  /**
   * The traces with the greatest values: what a trace cannot exceed is cheap to find out; the exact
   * value is worked out for those with the greatest bounds, until no other trace can come before.
   *
   * @return null if traces without any such value belong to the page, or if looking at all is
   *     cheaper, as it is where bounds do not decide or conditions leave few traces
   */
  private @Nullable Matches greatest(Question q, TraceQuery query) {
    boolean duration = query.sort().equals("duration");
    boolean kept = isWhole(q, query) && isLong(q.range());
    if (duration && !kept) {
      return null;
    }
    for (int count = query.limit() + 1 + SPARE; count <= MAX_BOUNDS; count *= GROWTH) {
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
    return null;
  }

  /**
   * The same with candidates that are read whole, or were, and nothing was written about them
   * since: rows of the page and values at once.
   *
   * @return null if too many were to be read
   */
  private @Nullable Matches greatestKnown(Question q, TraceQuery query) {
    long sinceMs = sinceMs(q);
    WrittenHours written = written(q.scope().projects(), sinceMs);
    List<KeptBounds.Bound> greatest = bounds.greatest(q, query.sort(), written);
    int wanted = query.limit() + 1;
    int before = (int) greatest.stream().filter(b -> !isAfter(b, query.after())).count();
    for (int count = before + wanted + SPARE_WHOLE; count <= MAX_WHOLE; count += count) {
      List<KeptBounds.Bound> some = greatest.subList(0, Math.min(count, greatest.size()));
      Set<String> lows = new LinkedHashSet<>();
      some.forEach(b -> lows.add(KeptTraces.low(b.key())));
      Map<String, WholeTrace> read = whole(q.scope().projects(), lows, sinceMs, written);
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
      } else if (range.contains(startMs) && trace.has(q)) {
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

  private Map<String, WholeTrace> whole(
      Set<String> projects, Collection<String> lows, long sinceMs, WrittenHours written) {
    Map<String, WholeTrace> read = new HashMap<>();
    kept.read(projects, lows, sinceMs, written)
        .values()
        .forEach(traces -> traces.forEach(t -> read.put(t.id(), t)));
    return read;
  }

  /** The first hour in which a trace of the range can have spans that are shown. */
  private static long sinceMs(Question q) {
    return WindowKind.HOUR.startOf(Math.max(0, q.range().fromMs() - TracesReader.DAY_MS));
  }

  private WrittenHours written(Set<String> projects, long sinceMs) {
    return WrittenHours.read(database, projects, new TimeRange(sinceMs, TraceBounds.LAST_MS));
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
