/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stretches at the end of a range to look for the newest rows in, each much longer than the one
 * before, so that looking in vain costs little beside the stretch that has them.
 */
final class Slices {
  private static final long[] LENGTHS_MS = {120_000, 3_600_000, 30 * 3_600_000L};

  private static final int GROWTH = 4;

  private Slices() {}

  /** Newest instant at which a row of a page can begin that is sorted by begin, newest first. */
  static long newestMs(TimeRange range, @Nullable Cursor after) {
    return after == null
        ? range.toMs()
        : Math.min(range.toMs(), Long.parseLong(after.values().get(0)) / 1_000_000 + 1);
  }

  /**
   * Where to begin, one after another; not the begin of the range itself.
   *
   * @param newestMs no row asked for is newer
   */
  static List<Long> before(long newestMs, TimeRange range) {
    List<Long> out = new ArrayList<>();
    for (long length : LENGTHS_MS) {
      // A slice of nearly all costs as much as all.
      if (newestMs - 2 * length > range.fromMs()) {
        out.add(newestMs - length);
      }
    }
    return out;
  }

  /**
   * How many hours to look at when too little was found: as many as would have filled the page if
   * there were as much in each, and a quarter more.
   *
   * @param looked hours that were looked at
   * @param found how much is in them
   * @param wanted more than that
   * @param all hours that there are
   */
  static int next(int looked, int found, int wanted, int all) {
    long filling = 5L * wanted * looked / (4L * Math.max(1, found)) + 1;
    long next = Math.max((long) GROWTH * looked, filling);
    // What is a large part of all costs as much as all.
    return 3 * next > all ? all : (int) next;
  }
}
