/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.Partial;
import io.spanmill.model.Cube;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The map-side combine: the calls of some input records become few partials, one per cube, series
 * and finest window, sorted by the partition that folds them. A built-in cube whose dimensions
 * another one has is not added to by each call, but gets its partials from the other's when they
 * are handed over. Not thread-safe.
 */
public final class RollupFold {
  private final List<CubeFold> folds = new ArrayList<>();

  /** Those that calls are added to. */
  private final List<CubeFold> kept = new ArrayList<>();

  /** The others. */
  private final List<Derived> derived = new ArrayList<>();

  private final List<List<Entry>> byTarget = new ArrayList<>();

  /** A fold for these cubes, onto so many partitions. */
  public RollupFold(List<Cube> cubes, int partitions) {
    for (Cube cube : cubes) {
      folds.add(new CubeFold(cube));
    }
    for (CubeFold fold : folds) {
      CubeFold base = baseOf(fold.cube);
      if (base == null) {
        kept.add(fold);
      } else {
        derived.add(new Derived(fold, base));
      }
    }
    // What is derived from must be derived before.
    derived.sort(Comparator.comparingInt(d -> -d.fold.cube.dimensions().size()));
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
    add(List.of(call));
  }

  /** Adds counted calls to every cube. Their event times must not be negative. */
  public void add(List<NormalizedSpan> calls) {
    for (CubeFold fold : kept) {
      fold.add(calls);
    }
  }

  /**
   * Adds a partial that was handed over before. One of a cube that is derived adds nothing: its
   * calls are in those that it is derived from.
   *
   * @return false if no cube has its name and shape
   */
  public boolean add(Partial partial) {
    for (CubeFold fold : kept) {
      if (fold.cube.name().equals(partial.cube)) {
        return fold.add(partial);
      }
    }
    return derived.stream().anyMatch(d -> d.fold.cube.name().equals(partial.cube));
  }

  /** Takes all from a fold of the same cubes and partitions, which is empty afterwards. */
  public void take(RollupFold other) {
    for (int i = 0; i < kept.size(); i++) {
      kept.get(i).take(other.kept.get(i));
    }
  }

  /** Partials so far, without those to be derived. */
  public int size() {
    int sum = 0;
    for (CubeFold fold : kept) {
      sum += fold.size();
    }
    return sum;
  }

  /** About how much memory they take. */
  public long sizeBytes() {
    long sum = 0;
    for (CubeFold fold : kept) {
      sum += fold.sizeBytes();
    }
    return sum;
  }

  /** Hands over each partial, all of one target after another. */
  public void drain(Receiver receiver) {
    for (Derived d : derived) {
      d.fold.derive(d.base);
    }
    drain(folds, receiver);
  }

  /** The same without the partials that are derived from others: for whoever adds them again. */
  public void drainUnderived(Receiver receiver) {
    drain(kept, receiver);
  }

  private void drain(List<CubeFold> from, Receiver receiver) {
    for (CubeFold fold : from) {
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

  /**
   * The built-in cube that another is derived from, with as few dimensions as can be; null if it is
   * none. Configured cubes neither are derived nor derived from: what a stopped task kept must mean
   * the same to one that is configured anew.
   */
  private @Nullable CubeFold baseOf(Cube cube) {
    CubeFold best = null;
    for (CubeFold candidate : folds) {
      Cube c = candidate.cube;
      if (!c.equals(cube)
          && Cube.BUILT_IN.contains(cube)
          && Cube.BUILT_IN.contains(c)
          && c.finest() == cube.finest()
          && c.dimensions().containsAll(cube.dimensions())
          && (best == null || c.dimensions().size() < best.cube.dimensions().size())) {
        best = candidate;
      }
    }
    return best;
  }

  private record Derived(CubeFold fold, CubeFold base) {}

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
    final long windowStartMs;
    final String[] dimensions;
    final int hash;
    final Rollup rollup = new Rollup();

    Entry(Cube cube, long windowStartMs, String[] dimensions, int hash) {
      this.cube = cube;
      this.windowStartMs = windowStartMs;
      this.dimensions = dimensions;
      this.hash = hash;
    }
  }
}
