/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.http.Access;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.Caller;
import io.spanmill.query.http.RouteDoc;
import io.spanmill.query.http.RouteRegistrar;
import io.spanmill.query.sql.LedgerReader;
import io.spanmill.query.sql.QueryFailure;
import io.spanmill.query.sql.TimeRange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /metrics}: the ledger's counters and the newest quantiles, for a caller's project or for
 * all; this process's own health for those who see all.
 */
public final class MetricsEndpoint implements RouteRegistrar {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsEndpoint.class);
  private static final long MAX_AGE_MS = 1000;
  private static final long WINDOW_MS = 300_000;
  private static final long MINUTE_MS = 60_000;

  private final LedgerReader reader;
  private final ShownSeries series;
  private final PrometheusRegistry own;
  private final Clock clock;
  private final ExpositionFormats formats = ExpositionFormats.init();
  private final Ledger ledger;
  private Map<LedgerReader.Labels, BigDecimal> corrections = Map.of();
  private List<LedgerReader.Recent> recent = List.of();
  private long readAtMs = Long.MIN_VALUE / 2;

  /**
   * @param clickHouse where it is kept since when series are shown; not closed with this
   */
  public MetricsEndpoint(
      LedgerReader reader,
      ClickHouse clickHouse,
      PrometheusRegistry own,
      Settings settings,
      Clock clock) {
    this.reader = reader;
    this.series = new ShownSeries(clickHouse);
    this.own = own;
    this.clock = clock;
    this.ledger =
        new Ledger(
            settings.integer(Keys.METRICS_MAX_SERIES), settings.longValue(Keys.METRICS_ZERO_MS));
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    routes.get("/metrics", http -> answer(http, access));
  }

  @Override
  public List<RouteDoc> documentation() {
    return List.of(
        RouteDoc.get(
            "/metrics",
            "The ledger's counters and the newest quantiles, for Prometheus.",
            "metrics",
            "text/plain"));
  }

  private void answer(Context http, Access access) throws IOException {
    Caller caller = access.caller(http);
    if (!caller.has("metrics") && !caller.has("read")) {
      throw ApiException.forbidden("the key does not have the role metrics", null);
    }
    List<MetricSnapshot> snapshots = new ArrayList<>(ledgerSnapshots(caller));
    if (caller.project().equals(Caller.ALL_PROJECTS)) {
      own.scrape().forEach(snapshots::add);
    }
    ExpositionFormatWriter writer = formats.findWriter(http.header("Accept"));
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
    writer.write(out, new MetricSnapshots(snapshots));
    http.contentType(writer.getContentType())
        .header("Cache-Control", "no-store")
        .result(out.toByteArray());
  }

  private synchronized List<MetricSnapshot> ledgerSnapshots(Caller caller) {
    refresh();
    LedgerSnapshots snapshots =
        new LedgerSnapshots(labels -> caller.mayRead(labels.project()), ledger::admit);
    return snapshots.of(ledger.show(clock.millis()), corrections, recent);
  }

  /** Reads the ledger if what is known of it is older than a second. */
  private void refresh() {
    long now = clock.millis();
    if (now - readAtMs < MAX_AGE_MS) {
      return;
    }
    try {
      List<LedgerReader.Line> lines = reader.read();
      ledger.know(series.read());
      Set<ShownSeries.Series> unknown = ledger.update(lines);
      if (!unknown.isEmpty()) {
        series.add(unknown, now);
        ledger.know(unknown.stream().collect(Collectors.toMap(s -> s, s -> now)));
      }
      corrections = reader.corrections();
      long from = now - WINDOW_MS;
      long to = now - now % MINUTE_MS + MINUTE_MS;
      recent = reader.recent(new TimeRange(from - from % MINUTE_MS, to));
      readAtMs = now;
    } catch (QueryFailure | ClickHouseFailure e) {
      // A gap is right; counters that stand still or lack a part would not be.
      LOG.warn("the ledger cannot be read: {}", e.getMessage());
      throw new ApiException(
          503,
          ledger.loaded() ? "unavailable" : "ledger_not_read",
          "the ledger cannot be read now, try again",
          null);
    }
  }
}
