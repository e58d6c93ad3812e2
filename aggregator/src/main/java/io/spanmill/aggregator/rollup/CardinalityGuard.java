/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.codec.PackedReader;
import io.spanmill.codec.PackedWriter;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Admits at most so many values of each dimension per cube, project and window; later ones become
 * {@code __other__}. Whoever is admitted stays, so a series' sums are whole or absent, never cut
 * midway. Project, layer and absent values never fold. What was admitted lies in the store, asked
 * value by value; only what was asked for recently is held in memory, up to a bound. How many were
 * admitted is stored when {@link #flush} is called. Not thread-safe, but for {@link #folded}.
 */
public final class CardinalityGuard {
  /** Name of the pseudo-dimension that counts whole series. */
  public static final String SERIES = "series";

  /**
   * Series of one window: so many times the values of one dimension. Only combinations reach it.
   */
  static final int SERIES_PER_VALUE = 100;

  /** Windows held in memory, few values or many. */
  private static final int MAX_HELD_WINDOWS = 2000;

  /** Keys of numbers: of each dimension how many values are admitted, how many calls folded. */
  private static final byte NUMBERS = 'g';

  /** Keys of admitted values. */
  private static final byte VALUES = 'a';

  private static final int SERIES_INDEX = 0xfe;
  private static final int FOLDED_BIT = 0x100;
  private static final byte[] ADMITTED = {1};

  private final int limit;
  private final ByteStore store;
  private final int maxHeldValues;
  private final ValueHasher hasher = new ValueHasher();
  private final PackedWriter keys = new PackedWriter(128);
  private final PackedWriter numbers = new PackedWriter(16);
  private final Map<Window, Values> held = new LinkedHashMap<>(64, 0.75f, true);
  private final Map<FoldedKey, Long> folded = new ConcurrentHashMap<>();
  private final Set<Values> changedWindows = new LinkedHashSet<>();
  private int heldValues;

  /**
   * A guard over a store.
   *
   * @param limit most values of a dimension per cube, project and window
   * @param maxHeldValues about how many admitted values may be held in memory
   */
  public CardinalityGuard(int limit, ByteStore store, int maxHeldValues) {
    this.limit = limit;
    this.store = store;
    this.maxHeldValues = maxHeldValues;
  }

  /**
   * The dimension values under which a partial counts in a window.
   *
   * @return the array given if all are admitted, else a copy
   */
  public String[] admit(Cube cube, WindowKind kind, long startMs, String[] values, long calls) {
    Values window = window(new Window(cube.name(), values[0], kind, startMs));
    String[] out = values;
    for (int i = 0; i < values.length; i++) {
      if (!folds(cube, i) || values[i].isEmpty() || values[i].equals(Cube.OTHER)) {
        continue;
      }
      if (!window.admit(i, hasher.hash(values[i]))) {
        if (out == values) {
          out = values.clone();
        }
        out[i] = Cube.OTHER;
        countFolded(window, i, dimensionName(cube, i), calls);
      }
    }
    return out;
  }

  /**
   * The same for a series that has no row in the window yet: past the greatest number of series,
   * all its values fold.
   */
  public String[] admitSeries(
      Cube cube, WindowKind kind, long startMs, String[] values, long calls) {
    Values window = window(new Window(cube.name(), values[0], kind, startMs));
    if (window.series < (long) limit * SERIES_PER_VALUE) {
      window.series++;
      changed(window, SERIES_INDEX);
      return values;
    }
    String[] out = other(cube, values);
    if (!Arrays.equals(out, values)) {
      countFolded(window, SERIES_INDEX, SERIES, calls);
    }
    return out;
  }

  /** The values of the series that those past the greatest number of series fold into. */
  static String[] other(Cube cube, String[] values) {
    String[] out = values.clone();
    for (int i = 0; i < values.length; i++) {
      if (folds(cube, i)) {
        out[i] = Cube.OTHER;
      }
    }
    return out;
  }

  /** The dimension values under which a partial was counted before: what was admitted then. */
  String[] admitted(Cube cube, WindowKind kind, long startMs, String[] values) {
    Values window = window(new Window(cube.name(), values[0], kind, startMs));
    String[] out = values.clone();
    for (int i = 0; i < values.length; i++) {
      if (folds(cube, i) && !values[i].isEmpty() && !window.isAdmitted(i, hasher.hash(values[i]))) {
        out[i] = Cube.OTHER;
      }
    }
    return out;
  }

  /** Stores the numbers that changed. */
  public void flush() {
    for (Values window : changedWindows) {
      window.writeNumbers();
    }
    changedWindows.clear();
  }

  /**
   * Forgets the windows of that kind that start before.
   *
   * @param most most stored values to delete at one time
   */
  public void evict(WindowKind kind, long startBeforeMs, int most) {
    for (byte prefix : new byte[] {NUMBERS, VALUES}) {
      store.deleteRange(floor(prefix, kind, 0), floor(prefix, kind, startBeforeMs), most);
    }
    changedWindows.removeIf(v -> v.key.isBefore(kind, startBeforeMs));
    held.values()
        .removeIf(
            v -> {
              boolean gone = v.key.isBefore(kind, startBeforeMs);
              heldValues -= gone ? v.size() : 0;
              return gone;
            });
    folded.keySet().removeIf(k -> k.window.isBefore(kind, startBeforeMs));
  }

  /** What was folded in the windows kept. Safe for any thread. */
  public List<Folded> folded() {
    List<Folded> out = new ArrayList<>();
    folded.forEach(
        (k, calls) ->
            out.add(
                new Folded(
                    k.window.cube,
                    k.window.project,
                    k.window.kind,
                    k.window.startMs,
                    k.dimension,
                    calls)));
    return out;
  }

  /** Values held in memory. */
  int heldValues() {
    return heldValues;
  }

  private static boolean folds(Cube cube, int index) {
    List<Dimension> dimensions = cube.dimensions();
    return index >= dimensions.size() || dimensions.get(index).folds();
  }

  private static String dimensionName(Cube cube, int index) {
    List<Dimension> dimensions = cube.dimensions();
    return index < dimensions.size()
        ? dimensions.get(index).apiName()
        : "attribute " + cube.attributes().get(index - dimensions.size());
  }

  private void countFolded(Values window, int index, String dimension, long calls) {
    long sum = window.countFolded(index, calls);
    changed(window, index | FOLDED_BIT);
    folded.put(new FoldedKey(window.key, dimension), sum);
  }

  private Values window(Window key) {
    Values values = held.get(key);
    if (values == null) {
      values = new Values(key);
      store.range(key(NUMBERS, key, 0), key(NUMBERS, key, 0xffff), values::load);
      held.put(key, values);
      heldValues += values.size();
    }
    if (heldValues > maxHeldValues || held.size() > MAX_HELD_WINDOWS) {
      dropOldest();
    }
    return values;
  }

  /** Drops the windows not asked for the longest, but never the one asked for now. */
  private void dropOldest() {
    var oldest = held.values().iterator();
    while ((heldValues > maxHeldValues || held.size() > MAX_HELD_WINDOWS) && held.size() > 1) {
      Values window = oldest.next();
      window.writeNumbers();
      changedWindows.remove(window);
      heldValues -= window.size();
      oldest.remove();
    }
  }

  private void changed(Values window, int index) {
    window.changed.add(index);
    changedWindows.add(window);
  }

  private void put(Window window, int index, long number) {
    numbers.clear();
    numbers.varint(number);
    store.put(key(NUMBERS, window, index), numbers.toByteArray());
  }

  /** Kind and start come first: windows are evicted in that order. */
  private byte[] key(byte prefix, Window window, int index) {
    keys.clear();
    keys.u8(prefix);
    keys.u8(window.kind.ordinal());
    keys.fixed64(window.startMs);
    keys.text(window.cube);
    keys.text(window.project);
    keys.u8(index >>> 8);
    keys.u8(index);
    return keys.toByteArray();
  }

  private static byte[] floor(byte prefix, WindowKind kind, long startMs) {
    return ByteBuffer.allocate(10).put(prefix).put((byte) kind.ordinal()).putLong(startMs).array();
  }

  private record Window(String cube, String project, WindowKind kind, long startMs) {
    boolean isBefore(WindowKind otherKind, long otherStartMs) {
      return kind == otherKind && startMs < otherStartMs;
    }
  }

  private record FoldedKey(Window window, String dimension) {}

  /** What is known of one window. */
  private final class Values {
    final Window key;
    private final Map<Integer, Long> foldedCalls = new LinkedHashMap<>();

    /** Which numbers the store does not have as they are. */
    private final Set<Integer> changed = new HashSet<>();

    private long[] admitted = new long[8];
    private @Nullable LongHashSet[] recent = new LongHashSet[8];
    long series;

    Values(Window key) {
      this.key = key;
    }

    boolean isAdmitted(int index, long hash) {
      return recent(index).contains(hash) || store.get(valueKey(index, hash)) != null;
    }

    private byte[] valueKey(int index, long hash) {
      byte[] dimension = key(VALUES, key, index);
      return ByteBuffer.allocate(dimension.length + 8).put(dimension).putLong(hash).array();
    }

    boolean admit(int index, long hash) {
      LongHashSet set = recent(index);
      if (set.contains(hash)) {
        return true;
      }
      byte[] value = valueKey(index, hash);
      if (store.get(value) == null) {
        if (admitted[index] >= limit) {
          return false;
        }
        store.put(value, ADMITTED);
        admitted[index]++;
        changed(this, index);
      }
      set.add(hash);
      heldValues++;
      return true;
    }

    void writeNumbers() {
      for (int index : changed) {
        put(key, index, number(index));
      }
      changed.clear();
    }

    private long number(int index) {
      if ((index & FOLDED_BIT) != 0) {
        return foldedCalls.getOrDefault(index & ~FOLDED_BIT, 0L);
      }
      return index == SERIES_INDEX ? series : admitted[index];
    }

    long countFolded(int index, long calls) {
      return foldedCalls.merge(index, calls, Long::sum);
    }

    boolean load(byte[] stored, byte[] value) {
      int index = (stored[stored.length - 2] & 0xff) << 8 | (stored[stored.length - 1] & 0xff);
      long number = new PackedReader(value).varint();
      if ((index & FOLDED_BIT) != 0) {
        foldedCalls.put(index & ~FOLDED_BIT, number);
      } else if (index == SERIES_INDEX) {
        series = number;
      } else {
        recent(index);
        admitted[index] = number;
      }
      return true;
    }

    int size() {
      int sum = 0;
      for (LongHashSet set : recent) {
        sum += set == null ? 0 : set.size();
      }
      return sum;
    }

    private LongHashSet recent(int index) {
      if (index >= recent.length) {
        int length = Math.max(index + 1, recent.length * 2);
        recent = Arrays.copyOf(recent, length);
        admitted = Arrays.copyOf(admitted, length);
      }
      LongHashSet set = recent[index];
      if (set == null) {
        set = new LongHashSet();
        recent[index] = set;
      }
      return set;
    }
  }
}
