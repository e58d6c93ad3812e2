/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.List;

/**
 * A half-open range of event time, epoch milliseconds.
 *
 * @param fromMs first instant in it
 * @param toMs first instant after it, greater than {@code fromMs}
 */
public record TimeRange(long fromMs, long toMs) {
  public TimeRange {
    if (fromMs < 0 || toMs <= fromMs) {
      throw new IllegalArgumentException("range [" + fromMs + ", " + toMs + ")");
    }
  }

  public long lengthMs() {
    return toMs - fromMs;
  }

  boolean contains(long ms) {
    return ms >= fromMs && ms < toMs;
  }

  /** Where spans and calls lie of traces that began in it: they end up to a day after that. */
  TimeRange ofTraces() {
    return new TimeRange(fromMs, toMs + TracesReader.DAY_MS);
  }

  /** The hours that have a part in it: what is kept of an hour is of all of it. */
  TimeRange aroundHours() {
    return new TimeRange(
        WindowKind.HOUR.startOf(fromMs),
        WindowKind.HOUR.startOf(toMs - 1) + WindowKind.HOUR.lengthMs());
  }

  /** The whole hours in it, of which there must be one. */
  TimeRange wholeHours() {
    long hour = WindowKind.HOUR.lengthMs();
    return new TimeRange((fromMs + hour - 1) / hour * hour, WindowKind.HOUR.startOf(toMs));
  }

  /** What is left of it without a range within it: nothing, one stretch or two. */
  List<TimeRange> outside(TimeRange within) {
    List<TimeRange> out = new ArrayList<>();
    if (fromMs < within.fromMs()) {
      out.add(new TimeRange(fromMs, within.fromMs()));
    }
    if (within.toMs() < toMs) {
      out.add(new TimeRange(within.toMs(), toMs));
    }
    return out;
  }

  /** The range of equal length just before, cut at the epoch. */
  public TimeRange before() {
    return new TimeRange(Math.max(0, fromMs - lengthMs()), Math.max(1, fromMs));
  }
}
