/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

/** A rollup job that stands while the sinks of its process work on. */
public final class HeldJob implements AutoCloseable {
  private final AggregatorService aggregator;

  private HeldJob(AggregatorService aggregator) {
    this.aggregator = aggregator;
  }

  /** Holds it until this is closed. */
  public static HeldJob of(AggregatorService aggregator) {
    aggregator.hold(true);
    return new HeldJob(aggregator);
  }

  @Override
  public void close() {
    aggregator.hold(false);
  }
}
