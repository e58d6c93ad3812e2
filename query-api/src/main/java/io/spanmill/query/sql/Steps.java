/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/**
 * How a range is cut into steps: starts of the steps, ascending. The first may lie before the
 * range.
 *
 * @param nominalMs length of a step; days over a change of the clock are shorter or longer
 * @param startsMs starts, epoch milliseconds
 * @param even whether every start is a multiple of {@code nominalMs}
 */
public record Steps(long nominalMs, List<Long> startsMs, boolean even) {
  private static final long DAY_MS = WindowKind.DAY.lengthMs();

  public Steps {
    startsMs = List.copyOf(startsMs);
  }

  /**
   * Steps aligned to the epoch, or to local midnight if the step is whole days and the zone is not
   * UTC.
   */
  public static Steps of(TimeRange range, long stepMs, ZoneId zone) {
    boolean utc =
        zone.getRules().isFixedOffset()
            && zone.getRules().getOffset(Instant.EPOCH).getTotalSeconds() == 0;
    return stepMs % DAY_MS == 0 && !utc
        ? localDays(range, stepMs / DAY_MS, zone)
        : even(range, stepMs);
  }

  /** Whether windows of this kind lie each within one step. */
  boolean dividedBy(WindowKind kind) {
    return kind != WindowKind.ALL && startsMs.stream().allMatch(s -> s % kind.lengthMs() == 0);
  }

  private static Steps even(TimeRange range, long stepMs) {
    List<Long> starts = new ArrayList<>();
    for (long t = range.fromMs() - range.fromMs() % stepMs; t < range.toMs(); t += stepMs) {
      starts.add(t);
    }
    return new Steps(stepMs, starts, true);
  }

  private static Steps localDays(TimeRange range, long days, ZoneId zone) {
    LocalDate first = LocalDate.ofInstant(Instant.ofEpochMilli(range.fromMs()), zone);
    long cycle = Math.floorMod(first.toEpochDay(), days);
    List<Long> starts = new ArrayList<>();
    LocalDate day = first.minusDays(cycle);
    while (true) {
      long t = day.atStartOfDay(zone).toInstant().toEpochMilli();
      if (t >= range.toMs()) {
        break;
      }
      starts.add(Math.max(0, t));
      day = day.plusDays(days);
    }
    return new Steps(days * DAY_MS, starts, false);
  }
}
