/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run would change, by layer, model and team; layers stand side by side and are not added,
 * for the same call may be in several. Filled by one thread.
 */
public final class Preview {
  /** Lines told apart; what comes later is added up under {@link #OTHERS}. */
  private static final int MAX_LINES = 10_000;

  private static final String OTHERS = "(others)";

  private final Map<Key, Line> lines = new TreeMap<>(Key.ORDER);
  private final Map<String, Line> layers = new TreeMap<>();
  private long read;

  /** What a line is about. */
  public record Key(String layer, String model, String team) {
    private static final Comparator<Key> ORDER =
        Comparator.comparing(Key::layer).thenComparing(Key::model).thenComparing(Key::team);
  }

  /** Calls that change, and their cost before and after in picodollars. */
  public static final class Line {
    private long calls;
    private long newlyPriced;
    private long noLongerPriced;
    private BigInteger before = BigInteger.ZERO;
    private BigInteger after = BigInteger.ZERO;

    private void add(Change change) {
      calls++;
      newlyPriced += change.newlyPriced() ? 1 : 0;
      noLongerPriced += change.noLongerPriced() ? 1 : 0;
      before = before.add(BigInteger.valueOf(change.costBefore()));
      after = after.add(BigInteger.valueOf(change.costAfter()));
    }

    /** Calls that change. */
    public long calls() {
      return calls;
    }

    /** Of them, calls that had no cost and get one. */
    public long newlyPriced() {
      return newlyPriced;
    }

    /** Of them, calls that had a cost and lose it. */
    public long noLongerPriced() {
      return noLongerPriced;
    }

    /** Their cost as it is. */
    public BigInteger beforePicoUsd() {
      return before;
    }

    /** Their cost as it would be. */
    public BigInteger afterPicoUsd() {
      return after;
    }

    public BigInteger differencePicoUsd() {
      return after.subtract(before);
    }
  }

  /** One call's change; cost 0 where it has none. */
  record Change(long costBefore, long costAfter, boolean newlyPriced, boolean noLongerPriced) {}

  void read() {
    read++;
  }

  void add(String layer, String model, String team, Change change) {
    Key key = new Key(layer, model, team);
    if (!lines.containsKey(key) && lines.size() >= MAX_LINES) {
      key = new Key(layer, OTHERS, OTHERS);
    }
    lines.computeIfAbsent(key, k -> new Line()).add(change);
    layers.computeIfAbsent(layer, l -> new Line()).add(change);
  }

  /** Calls looked at. */
  public long callsRead() {
    return read;
  }

  /** Whether no call changes. */
  public boolean isEmpty() {
    return lines.isEmpty();
  }

  /** Every line, the greatest difference first. */
  public List<Map.Entry<Key, Line>> lines() {
    return lines.entrySet().stream()
        .sorted(
            Comparator.comparing((Map.Entry<Key, Line> e) -> e.getValue().differencePicoUsd().abs())
                .reversed())
        .toList();
  }

  /** The sum of each layer. */
  public Map<String, Line> layers() {
    return Map.copyOf(layers);
  }
}
