/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * Traces that were read whole, kept for as long as nothing is written about them: a trace is read
 * again when something was written into an hour in which it has spans. Thread-safe.
 */
final class KeptTraces {
  /** Traces and their calls, together. */
  private static final int MAX_ROWS = 10_000;

  /** A trace with more calls, or one that goes on in more minutes, is read each time. */
  private static final int MAX_CALLS = 50;

  private static final int MAX_MINUTES = 200;

  /** With more hours written into, finding out what they concern costs as much as reading. */
  private static final int MAX_OPEN_HOURS = 24;

  private final TraceBounds bounds;
  private final BiFunction<Set<String>, Places, List<WholeTrace>> reader;
  private final LongSupplier sureSinceMs;
  private final Map<Asked, Known> kept = new LinkedHashMap<>(16, 0.75f, true);
  private int keptRows;

  /**
   * @param reader reads traces of these projects that have spans in these places
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  KeptTraces(
      TraceBounds bounds,
      BiFunction<Set<String>, Places, List<WholeTrace>> reader,
      LongSupplier sureSinceMs) {
    this.bounds = bounds;
    this.reader = reader;
    this.sureSinceMs = sureSinceMs;
  }

  /**
   * @param low later half of the id
   */
  private record Asked(Set<String> projects, String low) {}

  /**
   * @param traces mostly one
   * @param endedMs begin of the first minute in which anything of them ended
   * @param sinceMs begin of the first hour that was looked at
   * @param readMs when nothing else was known about them, by the server's clock
   */
  private record Known(List<WholeTrace> traces, long endedMs, long sinceMs, long readMs) {
    static Known of(List<WholeTrace> traces, long sinceMs, long readMs) {
      long ended =
          traces.stream()
              .flatMap(t -> t.minutes().stream())
              .mapToLong(minute -> minute * 1000)
              .min()
              .orElse(Long.MAX_VALUE);
      return new Known(traces, ended, sinceMs, readMs);
    }

    int rows() {
      return 1 + traces.stream().mapToInt(trace -> trace.calls().size()).sum();
    }

    Known at(long ms) {
      return new Known(traces, endedMs, sinceMs, ms);
    }
  }

  /** The later half of an id, in which traces of a bound agree. */
  static String low(String traceId) {
    return traceId.substring(16);
  }

  /**
   * What is known of traces with one of these later halves of ids, by that half.
   *
   * @param sinceMs no hour before is looked at for their spans
   * @param written into all hours since, whatever the range asked for
   */
  Map<String, List<WholeTrace>> read(
      Set<String> ofProjects, Collection<String> lows, long sinceMs, WrittenHours written) {
    Set<String> projects = Set.copyOf(ofProjects);
    Map<String, List<WholeTrace>> out = new LinkedHashMap<>();
    Map<String, Known> known = new LinkedHashMap<>();
    synchronized (kept) {
      for (String low : lows) {
        Known one = kept.get(new Asked(projects, low));
        if (one != null && one.sinceMs() <= sinceMs && one.endedMs() >= sureSinceMs.getAsLong()) {
          known.put(low, one);
        }
      }
    }
    Set<String> touched = touched(projects, known, written);
    List<String> missing = new ArrayList<>();
    for (String low : lows) {
      Known one = known.get(low);
      if (one == null || touched.contains(low)) {
        missing.add(low);
      } else {
        out.put(low, one.traces());
        keep(projects, low, one.at(written.readMs()));
      }
    }
    if (missing.isEmpty()) {
      return out;
    }
    Map<String, List<WholeTrace>> read = new HashMap<>();
    for (WholeTrace trace : reader.apply(projects, bounds.placesOf(projects, missing, sinceMs))) {
      read.computeIfAbsent(low(trace.id()), l -> new ArrayList<>()).add(trace);
    }
    for (String low : missing) {
      List<WholeTrace> traces = read.getOrDefault(low, List.of());
      out.put(low, traces);
      if (traces.stream().allMatch(KeptTraces::isSmall)) {
        keep(projects, low, Known.of(traces, sinceMs, written.readMs()));
      }
    }
    return out;
  }

  private static boolean isSmall(WholeTrace trace) {
    return trace.complete()
        && trace.calls().size() <= MAX_CALLS
        && trace.minutes().size() <= MAX_MINUTES;
  }

  private void keep(Set<String> projects, String low, Known known) {
    synchronized (kept) {
      Known before = kept.put(new Asked(projects, low), known);
      keptRows += known.rows() - (before == null ? 0 : before.rows());
      Iterator<Known> longestUnused = kept.values().iterator();
      while (keptRows > MAX_ROWS) {
        keptRows -= longestUnused.next().rows();
        longestUnused.remove();
      }
    }
  }

  /** Those of which something may have been written since they were known. */
  private Set<String> touched(
      Set<String> projects, Map<String, Known> known, WrittenHours written) {
    long oldest = known.values().stream().mapToLong(Known::readMs).min().orElse(Long.MAX_VALUE);
    Set<Long> open = new TreeSet<>();
    for (Long hour : written.hours().keySet()) {
      if (!written.isSettled(hour, oldest)) {
        open.add(hour);
      }
    }
    if (open.size() > MAX_OPEN_HOURS) {
      return known.keySet();
    }
    Set<String> out = new HashSet<>();
    if (!open.isEmpty() && !known.isEmpty()) {
      for (Row row : bounds.hoursOf(projects, known.keySet(), open)) {
        String low = row.text("low");
        Known one = known.get(low);
        if (one != null && !written.isSettled(row.integer("hour_ms"), one.readMs())) {
          out.add(low);
        }
      }
    }
    return out;
  }
}
