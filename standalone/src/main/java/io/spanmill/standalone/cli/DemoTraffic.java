/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.traffic.ExampleTraces;
import io.spanmill.standalone.traffic.LoadRun;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** What {@code up --demo} sends: an hour of the past, then a steady trickle until closed. */
final class DemoTraffic implements AutoCloseable {
  static final String ENVIRONMENT = "demo";
  private static final int PAST_SPANS = 2400;
  private static final int BATCH_SPANS = 40;
  private static final double SPANS_PER_SECOND = 20;

  private final AtomicBoolean stop = new AtomicBoolean();
  private final Thread thread;

  private DemoTraffic(URI ingest) {
    long seed = System.nanoTime();
    OtlpClient client = new OtlpClient(ingest, null, true);
    ExampleTraces traces = new ExampleTraces(seed, ENVIRONMENT);
    LoadRun.Plan plan = new LoadRun.Plan(seed, BATCH_SPANS, 0, 0, Duration.ofMinutes(5));
    this.thread =
        new Thread(
            () -> {
              new LoadRun(client, traces, plan, Clock.systemUTC())
                  .backfill(PAST_SPANS, Duration.ofHours(1), stop::get);
              new LoadRun(client, traces, plan, Clock.systemUTC())
                  .run(SPANS_PER_SECOND, Long.MAX_VALUE, stop::get);
            },
            "demo-traffic");
    thread.setDaemon(true);
  }

  static DemoTraffic start(URI ingest) {
    DemoTraffic traffic = new DemoTraffic(ingest);
    traffic.thread.start();
    return traffic;
  }

  /** Sends nothing more; requests under way may still end. */
  @Override
  public void close() {
    stop.set(true);
  }
}
