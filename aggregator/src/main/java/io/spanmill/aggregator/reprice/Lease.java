/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.Runs;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a run known as alive while it works, or waits for a person. Thread-safe. */
public final class Lease implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
  private static final long BEAT_MS = Runs.STALE_MS / 6;

  private final Runs runs;
  private final ScheduledExecutorService heart;
  private Runs.Run run;
  private boolean over;

  Lease(Runs runs, Runs.Run run) {
    this.runs = runs;
    this.run = run;
    heart =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "reprice-lease");
              thread.setDaemon(true);
              return thread;
            });
    var unused = heart.scheduleWithFixedDelay(this::beat, BEAT_MS, BEAT_MS, TimeUnit.MILLISECONDS);
  }

  /** The run as last written. */
  public synchronized Runs.Run run() {
    return run;
  }

  synchronized void update(String state, String detail) {
    run = run.with(state, detail);
    runs.save(run);
  }

  synchronized void finish(String state, String detail) {
    run = run.finished(state, detail, runs.serverMs());
    runs.save(run);
    over = true;
    heart.shutdownNow();
  }

  private synchronized void beat() {
    try {
      if (!over) {
        runs.save(run);
      }
    } catch (ClickHouseFailure e) {
      LOG.warn("{} not kept alive, trying again: {}", Runs.describe(run), e.getMessage());
    }
  }

  @Override
  public synchronized void close() {
    over = true;
    heart.shutdownNow();
  }
}
