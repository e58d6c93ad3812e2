/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The counters of the bridge, moved only when a transaction has committed, so that they hold what
 * happened exactly once. At any time:
 *
 * <ul>
 *   <li>{@code spanmill_ingest_bridge_records_received_total} = {@code
 *       spanmill_ingest_bridge_records_forwarded_total} + {@code
 *       spanmill_ingest_bridge_records_dead_total} (could not be decoded; in {@code
 *       otlp_spans_dlq})
 *   <li>{@code spanmill_ingest_bridge_spans_received_total} = {@code
 *       spanmill_ingest_bridge_spans_produced_total} + {@code
 *       spanmill_ingest_bridge_spans_rejected_total} (ids no receiver could use)
 * </ul>
 *
 * {@code spanmill_ingest_bridge_transactions_aborted_total} counts attempts that were undone and
 * done again. {@code spanmill_ingest_bridge_lag_records} is how far this instance is behind the
 * ends of its partitions. Thread-safe.
 */
final class BridgeMetrics {
  private final Counter recordsReceived;
  private final Counter recordsForwarded;
  private final Counter recordsDead;
  private final Counter spansReceived;
  private final Counter spansProduced;
  private final Counter spansRejected;
  private final Counter spansCut;
  private final Counter committed;
  private final Counter aborted;
  private final AtomicLong lag = new AtomicLong();

  BridgeMetrics(MeterRegistry registry) {
    String prefix = "spanmill.ingest.bridge.";
    recordsReceived = registry.counter(prefix + "records.received");
    recordsForwarded = registry.counter(prefix + "records.forwarded");
    recordsDead = registry.counter(prefix + "records.dead");
    spansReceived = registry.counter(prefix + "spans.received");
    spansProduced = registry.counter(prefix + "spans.produced");
    spansRejected = registry.counter(prefix + "spans.rejected");
    spansCut = registry.counter(prefix + "spans.cut");
    committed = registry.counter(prefix + "transactions.committed");
    aborted = registry.counter(prefix + "transactions.aborted");
    Gauge.builder(prefix + "lag.records", lag, AtomicLong::get).register(registry);
  }

  void committed(BridgeCounts counts) {
    recordsReceived.increment(counts.forwardedRecords + counts.deadRecords);
    recordsForwarded.increment(counts.forwardedRecords);
    recordsDead.increment(counts.deadRecords);
    spansReceived.increment(counts.producedSpans + counts.rejectedSpans);
    spansProduced.increment(counts.producedSpans);
    spansRejected.increment(counts.rejectedSpans);
    spansCut.increment(counts.cutSpans);
    committed.increment();
  }

  void aborted() {
    aborted.increment();
  }

  void lag(long records) {
    lag.set(records);
  }
}
