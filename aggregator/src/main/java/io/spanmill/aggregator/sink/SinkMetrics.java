/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** What one sink tells of itself; also what its readiness is judged by. Thread-safe. */
final class SinkMetrics {
  private static final long NEVER = -1;

  private final MeterRegistry registry;
  private final String sink;
  private final Clock clock;
  private final Counter deadLetters;
  private final Counter dropped;
  private final Counter restarts;
  private final Counter lostOffsets;
  private final AtomicLong lagRecords = new AtomicLong();
  private final AtomicLong lastWriteMs = new AtomicLong(NEVER);

  /** When the loop last came round, be it only to wait on. */
  private final AtomicLong turnMs;

  /** Since when attempts fail without a success between; {@link #NEVER} while all is well. */
  private final AtomicLong troubleSinceMs = new AtomicLong(NEVER);

  SinkMetrics(MeterRegistry registry, String sink, Clock clock) {
    this.registry = registry;
    this.sink = sink;
    this.clock = clock;
    this.turnMs = new AtomicLong(clock.millis());
    this.deadLetters = counter("spanmill.sink.dead.letters", "Rows or records set aside");
    this.dropped = counter("spanmill.sink.dropped", "Rows left out by setting");
    this.restarts = counter("spanmill.sink.restarts", "Times the sink began anew after an error");
    this.lostOffsets =
        counter("spanmill.sink.lost.offsets", "Offsets that expired before they were stored");
    Gauge.builder("spanmill.sink.lag.records", lagRecords, AtomicLong::get)
        .description("Records committed to the topic and not yet read by the sink")
        .tag("sink", sink)
        .register(registry);
    Gauge.builder("spanmill.sink.trouble.seconds", this, m -> m.troubleMs() / 1000.0)
        .description("How long writing has been failing; 0 while it works")
        .tag("sink", sink)
        .register(registry);
    Gauge.builder("spanmill.sink.hung.seconds", this, m -> m.hungMs() / 1000.0)
        .description("How long ago the sink's loop last came round; a second or so while it works")
        .tag("sink", sink)
        .register(registry);
    Gauge.builder("spanmill.sink.last.write.timestamp.seconds", lastWriteMs, t -> t.get() / 1000.0)
        .description("When the sink last wrote, epoch seconds; negative before the first time")
        .tag("sink", sink)
        .register(registry);
  }

  void inserted(String table, int rows, long nanos) {
    Counter.builder("spanmill.sink.rows")
        .description("Rows inserted")
        .tag("sink", sink)
        .tag("table", table)
        .register(registry)
        .increment(rows);
    Timer.builder("spanmill.sink.insert")
        .description("Time of one insert")
        .tag("sink", sink)
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
    lastWriteMs.set(clock.millis());
    succeeded();
  }

  void succeeded() {
    troubleSinceMs.set(NEVER);
  }

  void failed(int code) {
    Counter.builder("spanmill.sink.failures")
        .description("Failed attempts by ClickHouse's error code; 0 without an answer")
        .tag("sink", sink)
        .tag("code", Integer.toString(code))
        .register(registry)
        .increment();
    trouble();
  }

  void trouble() {
    troubleSinceMs.compareAndSet(NEVER, clock.millis());
  }

  /** Whether the last attempt failed. */
  boolean isTroubled() {
    return troubleSinceMs.get() != NEVER;
  }

  /** How long attempts have failed; 0 while all is well. */
  long troubleMs() {
    long since = troubleSinceMs.get();
    return since == NEVER ? 0 : Math.max(0, clock.millis() - since);
  }

  /** The loop came round. */
  void turned() {
    turnMs.set(clock.millis());
  }

  /** How long ago the loop last came round: an insert without an answer holds it up. */
  long hungMs() {
    return Math.max(0, clock.millis() - turnMs.get());
  }

  void deadLetter() {
    deadLetters.increment();
  }

  void dropped(int rows) {
    dropped.increment(rows);
  }

  void restarted() {
    restarts.increment();
    trouble();
  }

  void lost(long offsets) {
    lostOffsets.increment(offsets);
  }

  void lag(long records) {
    lagRecords.set(records);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).tag("sink", sink).register(registry);
  }
}
