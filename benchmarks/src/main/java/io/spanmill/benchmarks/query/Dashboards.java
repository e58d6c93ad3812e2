/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.query.QueryService;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fifty dashboards that refresh each ten seconds, spread over the ten, while new data become
 * visible each second. They show five ranges; ten people look at each.
 */
final class Dashboards {
  static final String HEAD =
      "| Result cache | Requests/s | p50 ms | p95 ms | ClickHouse queries/s | Rows read/s |"
          + " ClickHouse CPU | API and client CPU |\n|---|---:|---:|---:|---:|---:|---:|---:|\n";

  private static final int COUNT = 50;
  private static final long REFRESH_MS = 10_000;
  private static final long[] RANGE_HOURS = {1, 6, 24, 24 * 7, 24 * 30};

  /** What the overview screen asks for at each refresh. */
  private static final List<String> PANELS =
      List.of(
          "overview",
          "timeseries?metric=calls",
          "timeseries?metric=cost&groupBy=model",
          "timeseries?metric=latency.p95",
          "breakdown?groupBy=model",
          "failures");

  private final QueryService service;
  private final ClickHouse clickHouse;
  private final long clickHousePid;
  private final long endMs;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Double> latenciesMs = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong failed = new AtomicLong();

  Dashboards(
      QueryService service, ClickHouse clickHouse, long clickHousePid, long endMs, int days) {
    this.service = service;
    this.clickHouse = clickHouse;
    this.clickHousePid = clickHousePid;
    this.endMs = endMs;
    RANGE_HOURS[RANGE_HOURS.length - 1] = 24L * days;
  }

  /** Runs for so long; returns a row of the table. */
  String run(String cache, int seconds) throws Exception {
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(16);
    var tick =
        timer.scheduleAtFixedRate(
            () -> QueryBenchmark.advance(clickHouse, endMs), 0, 1, TimeUnit.SECONDS);
    for (int i = 0; i < COUNT; i++) {
      long hours = RANGE_HOURS[i % RANGE_HOURS.length];
      var unused =
          timer.scheduleAtFixedRate(
              () -> refresh(hours), i * REFRESH_MS / COUNT, REFRESH_MS, TimeUnit.MILLISECONDS);
    }
    TimeUnit.SECONDS.sleep(10);
    latenciesMs.clear();
    long begin = System.nanoTime();
    long[] before = state();
    TimeUnit.SECONDS.sleep(seconds);
    long[] after = state();
    double took = (System.nanoTime() - begin) / 1e9;
    List<Double> sorted = new ArrayList<>(latenciesMs);
    // What the end of the run interrupts has not failed.
    long failures = failed.get();
    tick.cancel(false);
    timer.shutdownNow();
    timer.awaitTermination(20, TimeUnit.SECONDS);
    Collections.sort(sorted);
    if (failures > 0 || sorted.isEmpty()) {
      throw new IllegalStateException(failures + " refreshes failed");
    }
    return String.format(
        Locale.ROOT,
        "| %s | %.1f | %.0f | %.0f | %.1f | %,.0f | %.2f cores | %.2f cores |%n",
        cache,
        sorted.size() / took,
        sorted.get(sorted.size() / 2),
        sorted.get((int) Math.ceil(sorted.size() * 0.95) - 1),
        (after[0] - before[0]) / took,
        (after[1] - before[1]) / took,
        (after[2] - before[2]) / 1e9 / took,
        (after[3] - before[3]) / 1e9 / took);
  }

  private void refresh(long hours) {
    // All look at "now"; the range moves on by the minute, as it does on a screen.
    String range = Asked.range(endMs, hours).substring(1);
    for (String panel : PANELS) {
      long begin = System.nanoTime();
      try {
        QueryBenchmark.get(
            service, http, "/api/v1/" + panel + (panel.contains("?") ? "&" : "?") + range);
      } catch (Exception e) {
        failed.incrementAndGet();
        throw new IllegalStateException(panel, e);
      }
      latenciesMs.add((System.nanoTime() - begin) / 1e6);
    }
  }

  private long[] state() {
    return new long[] {
      event("SelectQuery"),
      event("SelectedRows"),
      cpuNanos(ProcessHandle.of(clickHousePid).orElseThrow()),
      cpuNanos(ProcessHandle.current())
    };
  }

  private static long cpuNanos(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos()
        + process
            .descendants()
            .filter(p -> process.pid() != ProcessHandle.current().pid())
            .mapToLong(p -> p.info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
            .sum();
  }

  private long event(String name) {
    return clickHouse.number(
        Sql.of("SELECT toUInt64(sum(value)) FROM system.events WHERE event = {event:String}")
            .with("event", name));
  }
}
