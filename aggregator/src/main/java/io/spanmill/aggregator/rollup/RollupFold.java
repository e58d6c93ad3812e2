/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.Partial;
import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import java.util.ArrayList;
import java.util.List;

/**
 * The map-side combine: the calls of some input records become few partials, one per cube, series
 * and finest window, sorted by the partition that folds them. Not thread-safe.
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

  /** Forgets what was added. */
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

  /**
   * Adds a partial that was handed over before.
   *
   * @return false if no cube has its name and shape
   */
  public boolean add(Partial partial) {
    for (CubeFold fold : folds) {
      if (fold.cube.name().equals(partial.cube)) {
        return fold.add(partial);
      }
    }
    return false;
  }

  /** Partials so far. */
  public int size() {
    int sum = 0;
    for (CubeFold fold : folds) {
      sum += fold.size();
    }
    return sum;
  }

  /** About how much memory they take. */
  public long sizeBytes() {
    long sum = 0;
    for (CubeFold fold : folds) {
      sum += fold.sizeBytes();
    }
    return sum;
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

  /** Takes the partials. */
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
