/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import java.util.ArrayList;
import java.util.List;

/**
 * The map-side combine: the calls of one input record become few partials, one per cube, series and
 * finest window, sorted by the partition that folds them. Reused over records; not thread-safe.
 */
public final class RollupFold {
  private final List<CubeFold> folds = new ArrayList<>();
  private final List<List<Entry>> byTarget = new ArrayList<>();

  /** A fold for these cubes, onto so many partitions. */
  public RollupFold(List<Cube> cubes, int partitions) {
    for (Cube cube : cubes) {
      folds.add(new CubeFold(cube));
    }
    for (int i = 0; i < partitions; i++) {
      byTarget.add(new ArrayList<>());
    }
  }

  /** Forgets the record before. */
  public void begin() {
    for (CubeFold fold : folds) {
      fold.clear();
    }
  }

  /** Adds a counted call to every cube. Its event time must not be negative. */
  public void add(NormalizedSpan call) {
    for (CubeFold fold : folds) {
      fold.add(call);
    }
  }

  /** Hands over each partial, all of one target after another; they are reused afterwards. */
  public void drain(Receiver receiver) {
    for (CubeFold fold : folds) {
      for (int i = 0; i < fold.size(); i++) {
        Entry entry = fold.entry(i);
        int target = PartialTarget.of(fold.cube.name(), entry.dimensions[0], byTarget.size());
        byTarget.get(target).add(entry);
      }
    }
    for (int target = 0; target < byTarget.size(); target++) {
      List<Entry> entries = byTarget.get(target);
      for (int i = 0; i < entries.size(); i++) {
        Entry e = entries.get(i);
        receiver.partial(
            target, e.cube, e.windowStartMs, e.dimensions, e.rollup, i == entries.size() - 1);
      }
      entries.clear();
    }
  }

  /** Takes the partials of a record. */
  @FunctionalInterface
  public interface Receiver {
    /**
     * Takes one.
     *
     * @param target the partition that folds it
     * @param last whether it is its target's last
     */
    void partial(
        int target,
        Cube cube,
        long windowStartMs,
        String[] dimensions,
        Rollup rollup,
        boolean last);
  }

  static final class Entry {
    final Cube cube;
    final String[] dimensions;
    final Rollup rollup = new Rollup();
    long windowStartMs;
    int hash;

    Entry(Cube cube, int dimensions) {
      this.cube = cube;
      this.dimensions = new String[dimensions];
    }
  }
}
