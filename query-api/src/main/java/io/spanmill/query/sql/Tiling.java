/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts a range into stretches: coarse windows in the middle, finer ones at the ends and where the
 * coarse one is still open, {@code calls} for what no window tiles.
 */
final class Tiling {
  private Tiling() {}

  /**
   * @param kinds windows that may be used
   * @param finest the finest window kept by the cube: its rows are emitted while it is open, so it
   *     alone is read beyond {@code closedThroughMs}
   * @param closedThroughMs end up to which rows of coarser windows are final
   * @param keptFrom from when on rows of a window are kept
   */
  static List<Segment> tile(
      TimeRange range,
      List<WindowKind> kinds,
      WindowKind finest,
      long closedThroughMs,
      Retention keptFrom) {
    List<WindowKind> coarseFirst =
        kinds.stream()
            .filter(k -> k != WindowKind.ALL)
            .sorted(Comparator.comparing(WindowKind::lengthMs).reversed())
            .toList();
    List<Segment> out = new ArrayList<>();
    cut(range.fromMs(), range.toMs(), coarseFirst, finest, closedThroughMs, keptFrom, out);
    return out;
  }

  private static void cut(
      long from,
      long to,
      List<WindowKind> kinds,
      WindowKind finest,
      long closedThroughMs,
      Retention keptFrom,
      List<Segment> out) {
    if (from >= to) {
      return;
    }
    if (kinds.isEmpty()) {
      out.add(new Segment(null, from, to));
      return;
    }
    WindowKind kind = kinds.get(0);
    List<WindowKind> finer = kinds.subList(1, kinds.size());
    long limit = kind == finest ? to : Math.min(to, closedThroughMs);
    long start = ceil(Math.max(from, keptFrom.fromMs(kind)), kind.lengthMs());
    long end = limit - Math.floorMod(limit, kind.lengthMs());
    if (start >= end) {
      cut(from, to, finer, finest, closedThroughMs, keptFrom, out);
      return;
    }
    cut(from, start, finer, finest, closedThroughMs, keptFrom, out);
    out.add(new Segment(kind, start, end));
    cut(end, to, finer, finest, closedThroughMs, keptFrom, out);
  }

  private static long ceil(long value, long length) {
    long rest = Math.floorMod(value, length);
    return rest == 0 ? value : value + length - rest;
  }
}
