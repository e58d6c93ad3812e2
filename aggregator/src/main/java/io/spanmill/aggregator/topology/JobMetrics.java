/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.aggregator.rollup.Folded;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.NormalizedSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * What the job counts about itself, since its process began; nothing users are billed by. Safe for
 * many threads.
 */
public final class JobMetrics {
  final Counter records;
  final Counter spans;
  final Counter calls;
  final Counter withoutIds;
  final Counter resent;
  final Counter duplicates;
  final Counter deadLetters;
  final Counter skipped;
  final Counter storeOnly;
  final Counter partials;
  final Counter rows;
  final Counter unknownCubes;

  private final Counter badTime;
  private final Counter badCost;
  private final Counter badUsage;
  private final Counter correctedInput;
  private final Counter truncated;
  private final Counter endBeforeStart;
  private final Counter badDuration;
  private final Map<Integer, Dedup> dedup = new ConcurrentHashMap<>();
  private final Map<Integer, Rollups> rollups = new ConcurrentHashMap<>();
  private final Map<String, Long> ticksMs = new ConcurrentHashMap<>();
  private final LatencySketch lateness = new LatencySketch();

  public JobMetrics(MeterRegistry registry) {
    records = counter(registry, "records", "input records processed");
    spans = counter(registry, "spans", "spans read");
    calls = counter(registry, "calls", "rows counted, gateway requests among them");
    withoutIds =
        counter(
            registry, "spans.without.ids", "spans without a valid trace or span id: never counted");
    resent = counter(registry, "spans.resent", "spans that were delivered before");
    duplicates = counter(registry, "spans.duplicate", "spans of an attempt that was told before");
    deadLetters = counter(registry, "dead.letters", "records set aside as undecodable");
    skipped =
        counter(registry, "records.skipped", "records processed before their offset was lost");
    storeOnly =
        counter(registry, "records.store.only", "dead letters of a sink sent again: not counted");
    partials = counter(registry, "partials", "partial rollups folded");
    rows = counter(registry, "rows", "records of rollup rows emitted");
    unknownCubes = counter(registry, "partials.unknown", "partials of cubes no longer configured");
    badTime = flag(registry, "bad_time");
    badCost = flag(registry, "bad_cost");
    badUsage = flag(registry, "bad_usage");
    correctedInput = flag(registry, "corrected_input");
    truncated = flag(registry, "truncated");
    endBeforeStart = flag(registry, "end_before_start");
    badDuration = flag(registry, "bad_duration");
    Gauge.builder("spanmill.aggregator.dedup.entries", this, m -> m.sum(Dedup::entries))
        .description("identities remembered")
        .register(registry);
    Gauge.builder("spanmill.aggregator.dedup.memory", this, m -> m.sum(Dedup::sizeBytes))
        .description("memory of the remembered identities")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("spanmill.aggregator.rows.dirty", this, JobMetrics::dirtyRows)
        .description("rollup rows that wait to be emitted")
        .register(registry);
    Gauge.builder("spanmill.aggregator.folded.calls", this, JobMetrics::foldedCalls)
        .description("calls under __other__ in the windows kept, once per dimension folded")
        .register(registry);
  }

  /**
   * Deduplication of one partition.
   *
   * @param oldestArrivalMs arrival of the oldest record remembered; -1 without any
   */
  public record Dedup(long entries, long oldestArrivalMs, long sizeBytes) {}

  /** Deduplication by partition. */
  public Map<Integer, Dedup> dedup() {
    return Map.copyOf(dedup);
  }

  /** What the cardinality guards of this process folded. */
  public List<Folded> folded() {
    List<Folded> out = new ArrayList<>();
    rollups.values().forEach(r -> out.addAll(r.folded.get()));
    return out;
  }

  /**
   * How late calls arrived after their end since the last time this was asked; p50 and p99 in
   * milliseconds, or NaN without calls.
   */
  public double[] takeLateness() {
    synchronized (lateness) {
      double[] out = {lateness.quantileMs(0.5), lateness.quantileMs(0.99)};
      lateness.clear();
      return out;
    }
  }

  void countFlags(int flags) {
    count(flags, NormalizedSpan.BAD_TIME, badTime);
    count(flags, NormalizedSpan.BAD_COST, badCost);
    count(flags, NormalizedSpan.BAD_USAGE, badUsage);
    count(flags, NormalizedSpan.CORRECTED_INPUT, correctedInput);
    count(flags, NormalizedSpan.TRUNCATED, truncated);
    count(flags, NormalizedSpan.END_BEFORE_START, endBeforeStart);
    count(flags, NormalizedSpan.BAD_DURATION, badDuration);
  }

  void addLateness(LatencySketch ofRecord) {
    synchronized (lateness) {
      lateness.merge(ofRecord);
    }
  }

  void reportDedup(int partition, long nowMs, Dedup state) {
    ticksMs.put("1_" + partition, nowMs);
    dedup.put(partition, state);
  }

  /**
   * Of the tasks this process has, when the one that hung the longest last got its turn, epoch
   * milliseconds; {@link Long#MAX_VALUE} if it has none.
   */
  public long oldestTickMs() {
    return ticksMs.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
  }

  void reportRollups(int partition, long nowMs, long dirtyRows, Supplier<List<Folded>> folded) {
    ticksMs.put("2_" + partition, nowMs);
    rollups.put(partition, new Rollups(dirtyRows, folded));
  }

  void forgetDedup(int partition) {
    ticksMs.remove("1_" + partition);
    dedup.remove(partition);
  }

  void forgetRollups(int partition) {
    ticksMs.remove("2_" + partition);
    rollups.remove(partition);
  }

  private double sum(ToLongFunction<Dedup> part) {
    return dedup.values().stream().mapToLong(part).sum();
  }

  private double dirtyRows() {
    return rollups.values().stream().mapToLong(Rollups::dirtyRows).sum();
  }

  private double foldedCalls() {
    return folded().stream().mapToLong(Folded::calls).sum();
  }

  private static void count(int flags, int flag, Counter counter) {
    if ((flags & flag) != 0) {
      counter.increment();
    }
  }

  private static Counter counter(MeterRegistry registry, String name, String what) {
    return Counter.builder("spanmill.aggregator." + name).description(what).register(registry);
  }

  private static Counter flag(MeterRegistry registry, String flag) {
    return Counter.builder("spanmill.aggregator.spans.flagged")
        .description("counted spans with something wrong or special about them")
        .tag("flag", flag)
        .register(registry);
  }

  private record Rollups(long dirtyRows, Supplier<List<Folded>> folded) {}
}
