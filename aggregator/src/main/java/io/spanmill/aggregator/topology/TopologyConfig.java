/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.Pricer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * All that the topology depends on.
 *
 * @param cubes cubes to fold
 * @param partitions partitions of every topic
 * @param sources makes the reader of each task
 * @param sourceId names the topics' present life (cluster and topic ids); state that was made from
 *     another is refused
 * @param limits how much is remembered
 * @param timing when is emitted and evicted
 * @param wantedEdition the greatest edition of the rollups that was asked for; from any thread
 */
public record TopologyConfig(
    CubeSet cubes,
    int partitions,
    Supplier<SpanSource> sources,
    Pricer pricer,
    String sourceId,
    Limits limits,
    Timing timing,
    JobMetrics metrics,
    IntSupplier wantedEdition) {

  public TopologyConfig {
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions must be at least 1, is " + partitions);
    }
  }

  /**
   * Bounds on what the job remembers.
   *
   * @param dedupHorizonMs arrival time that deduplication reaches back
   * @param dedupEntries most remembered identities of one partition
   * @param cardinality most values of a dimension per cube, project and window
   * @param heldBytes memory for rollup rows in hand, of all partitions together
   */
  public record Limits(
      long dedupHorizonMs, long dedupEntries, int cardinality, HeldBytes heldBytes) {
    /** Beside ten million identities, which take 600 MiB, in a heap of a gibibyte. */
    private static final long HELD_BYTES = 96L << 20;

    public static Limits of(Settings settings, int partitions) {
      return new Limits(
          settings.longValue(Keys.DEDUP_HORIZON_MS),
          Math.max(1, settings.integer(Keys.DEDUP_MAX_ENTRIES) / partitions),
          settings.integer(Keys.CARDINALITY_LIMIT),
          new HeldBytes(HELD_BYTES));
    }
  }

  /** Intervals and ages in milliseconds, as the settings of those names. */
  public record Timing(
      long markMs,
      long emitFinestMs,
      long emitHourMs,
      long emitDayMs,
      long keepMinuteMs,
      long keepHourMs,
      long keepDayMs) {
    public static Timing of(Settings settings) {
      return new Timing(
          settings.integer(Keys.COMMIT_INTERVAL_MS),
          settings.longValue(Keys.EMIT_MINUTE_MS),
          settings.longValue(Keys.EMIT_HOUR_MS),
          settings.longValue(Keys.EMIT_DAY_MS),
          settings.longValue(Keys.KEEP_MINUTE_MS),
          settings.longValue(Keys.KEEP_HOUR_MS),
          settings.longValue(Keys.KEEP_DAY_MS));
    }
  }
}
