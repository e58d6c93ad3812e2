/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.Runs;
import io.spanmill.clickhouse.Sql;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reconciles the newest days again and again, in one of several aggregators, and tells the result
 * in table {@code status}, in {@code runs} and as metrics. Called by one thread.
 */
public final class ReconcileJob {
  private static final Logger LOG = LoggerFactory.getLogger(ReconcileJob.class);
  private static final String KIND = "reconcile";
  private static final int MAX_TOLD = 20;
  private static final long UNKNOWN = -1;

  private final ClickHouse clickHouse;
  private final Reconciler reconciler;
  private final Runs runs;
  private final long intervalMs;
  private final long rangeMs;
  private final Clock clock;
  private final ObjectMapper json = new ObjectMapper();
  private final AtomicLong differences = new AtomicLong(UNKNOWN);
  private final AtomicLong lastRunMs = new AtomicLong(UNKNOWN);
  private final AtomicLong tookMs = new AtomicLong(UNKNOWN);
  private final AtomicLong rowsRead = new AtomicLong(UNKNOWN);

  /**
   * A job that has not run yet.
   *
   * @param intervalMs how long after the start of one run, by whichever process, the next begins
   * @param rangeMs how far back from now a run looks
   */
  public ReconcileJob(
      ClickHouse clickHouse,
      Reconciler reconciler,
      long intervalMs,
      long rangeMs,
      MeterRegistry registry,
      Clock clock) {
    this.clickHouse = clickHouse;
    this.reconciler = reconciler;
    this.runs = new Runs(clickHouse);
    this.intervalMs = intervalMs;
    this.rangeMs = rangeMs;
    this.clock = clock;
    gauge("spanmill.reconcile.differences", differences, 1)
        .description("Differences the last reconcile of this process found; -1: cannot tell")
        .register(registry);
    gauge("spanmill.reconcile.last.run.timestamp.seconds", lastRunMs, 1000)
        .description("When this process last reconciled, epoch seconds; negative before the first")
        .register(registry);
    gauge("spanmill.reconcile.duration.seconds", tookMs, 1000)
        .description("How long the last reconcile of this process took; negative before the first")
        .register(registry);
    gauge("spanmill.reconcile.rows.read", rowsRead, 1)
        .description("Rows ClickHouse read for it; -1 before the first")
        .register(registry);
  }

  private static Gauge.Builder<AtomicLong> gauge(String name, AtomicLong value, double scale) {
    return Gauge.builder(name, value, v -> v.get() / scale);
  }

  /** Runs if it is time and no other process is at it; trouble is logged and tried again later. */
  public void runIfDue() {
    try {
      List<Runs.Run> latest = runs.list(KIND, 1);
      if (!latest.isEmpty()) {
        Runs.Run last = latest.get(0);
        boolean working = last.state().equals("running") && last.ageMs() < Runs.STALE_MS;
        if (working || runs.serverMs() - last.startedMs() < intervalMs) {
          return;
        }
      }
      Optional<Runs.Run> mine = runs.begin(KIND, "hourly", "running");
      if (mine.isPresent()) {
        run(mine.get());
      }
    } catch (ClickHouseFailure e) {
      LOG.warn("not reconciled, trying again: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(Runs.Run mine) throws InterruptedException {
    long startedMs = clock.millis();
    Report report = reconciler.run(startedMs - rangeMs, Long.MAX_VALUE);
    boolean known = report.outcome() != Report.Outcome.UNKNOWN;
    differences.set(known ? report.count() : UNKNOWN);
    lastRunMs.set(startedMs);
    tookMs.set(report.took().toMillis());
    rowsRead.set(report.rowsRead());
    ObjectNode told = json(report, startedMs);
    runs.save(
        mine.finished(
            switch (report.outcome()) {
              case SAME -> "same";
              case DIFFERENT -> "different";
              case UNKNOWN -> "unknown";
            },
            text(told),
            runs.serverMs()));
    if (known) {
      // The last result stays in sight where a run could not tell.
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO status (source, name, value)"
                      + " SELECT 'aggregator', 'reconcile', {value:String}")
              .with("value", text(told)));
    }
    log(report);
  }

  private static void log(Report report) {
    if (report.outcome() == Report.Outcome.DIFFERENT) {
      Difference first = report.differences().get(0);
      LOG.error(
          "reconcile found {} differences, the first in {} {} {} layer={} model={} {}: expected {},"
              + " found {} ({}); see ./spanmill reconcile",
          report.count(),
          first.check(),
          first.window(),
          Instant.ofEpochMilli(first.startMs()),
          first.layer(),
          first.model(),
          first.figure(),
          first.expected().toPlainString(),
          first.found().toPlainString(),
          first.note());
    } else {
      LOG.info(
          "reconcile: {} in {} comparisons, {} rows read, {} ms {}",
          report.outcome() == Report.Outcome.SAME ? "no difference" : "cannot tell",
          report.comparisons(),
          report.rowsRead(),
          report.took().toMillis(),
          report.notes());
    }
  }

  private ObjectNode json(Report report, long startedMs) {
    ObjectNode node = json.createObjectNode();
    node.put("at", Instant.ofEpochMilli(startedMs).toString());
    node.put("from", Instant.ofEpochMilli(report.fromMs()).toString());
    node.put("to", Instant.ofEpochMilli(report.toMs()).toString());
    node.put("differences", report.count());
    node.put("comparisons", report.comparisons());
    node.put("rowsRead", report.rowsRead());
    node.put("tookMs", report.took().toMillis());
    ArrayNode notes = node.putArray("notes");
    report.notes().forEach(notes::add);
    ArrayNode first = node.putArray("first");
    report.differences().stream()
        .limit(MAX_TOLD)
        .forEach(
            d ->
                first
                    .addObject()
                    .put("check", d.check())
                    .put("window", d.window())
                    .put("start", Instant.ofEpochMilli(d.startMs()).toString())
                    .put("project", d.project())
                    .put("layer", d.layer())
                    .put("model", d.model())
                    .put("figure", d.figure())
                    .put("expected", d.expected().toPlainString())
                    .put("found", d.found().toPlainString())
                    .put("difference", d.difference().toPlainString())
                    .put("note", d.note()));
    return node;
  }

  private String text(ObjectNode node) {
    try {
      return json.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values must be writable", e);
    }
  }
}
