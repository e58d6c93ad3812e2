/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.PriceBookException;
import io.spanmill.pricing.PriceBooks;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.pricing.Pricer;
import io.spanmill.query.agentops.AgentOpsSurface;
import io.spanmill.query.http.QueryHttp;
import io.spanmill.query.metrics.MetricsEndpoint;
import io.spanmill.query.proxy.Proxies;
import io.spanmill.query.sql.Database;
import io.spanmill.query.sql.Queries;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The query API: REST, the screen's files and {@code /metrics} on one port, reading ClickHouse
 * only. Thread-safe once started.
 */
public final class QueryService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QueryService.class);
  private static final Duration STARTUP = Duration.ofSeconds(60);

  private final Database database;
  private final ClickHouse clickHouse;
  private final Proxies proxies;
  private final QueryHttp http;
  private final Thread first;

  private QueryService(
      Database database, ClickHouse clickHouse, Proxies proxies, QueryHttp http, Thread first) {
    this.database = database;
    this.clickHouse = clickHouse;
    this.proxies = proxies;
    this.http = http;
    this.first = first;
  }

  /**
   * Waits for ClickHouse, applies missing migrations and begins to serve.
   *
   * @throws SettingsException if the settings do not go together
   * @throws RuntimeException if ClickHouse does not answer or the port cannot be bound
   */
  public static QueryService start(Settings settings) {
    return start(settings, Clock.systemUTC());
  }

  static QueryService start(Settings settings, Clock clock) {
    return start(settings, clock, CubesFile.cubes(settings));
  }

  /** The same over these cubes alone; without any, every answer comes from {@code calls}. */
  static QueryService start(Settings settings, Clock clock, List<Cube> cubes) {
    return start(settings, clock, new CubeSet(cubes, List.of()));
  }

  private static QueryService start(Settings settings, Clock clock, CubeSet cubes) {
    checkAddress(settings);
    Pricer prices = prices(settings);
    ClickHouse clickHouse = ClickHouse.open(settings);
    try {
      clickHouse.awaitReady(STARTUP);
      Migrations.apply(clickHouse, settings, cubes.cubes());
    } catch (RuntimeException e) {
      clickHouse.close();
      throw e;
    }
    Database database = new Database(settings);
    Queries queries = new Queries(database, settings, clock, cubes);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    measure(registry, queries);
    MetricsEndpoint metrics =
        new MetricsEndpoint(
            queries.ledger(), clickHouse, registry.getPrometheusRegistry(), settings, clock);
    ApiKeys keys = ApiKeys.of(settings);
    Tokens tokens = new Tokens(settings, keys, clock);
    AgentOpsSurface agentOps =
        new AgentOpsSurface(settings, queries, clickHouse, prices, keys, tokens, clock);
    Proxies proxies = new Proxies(settings);
    QueryHttp http =
        new QueryHttp(
            settings,
            queries,
            registry,
            clock,
            keys,
            tokens,
            agentOps::upstreamState,
            List.of(agentOps.comparison()),
            List.of(metrics, agentOps, proxies));
    try {
      http.start(settings.string(Keys.BIND_ADDRESS), settings.integer(Keys.QUERY_PORT));
    } catch (RuntimeException e) {
      proxies.close();
      database.close();
      clickHouse.close();
      throw e;
    }
    Thread first = new Thread(queries.firstQuestions(clock), "first-questions");
    first.setDaemon(true);
    first.start();
    return new QueryService(database, clickHouse, proxies, http, first);
  }

  /** The port it listens on. */
  public int port() {
    return http.port();
  }

  /** Whether ClickHouse answers and has the tables. */
  public boolean ready() {
    return database.ready();
  }

  @Override
  public void close() {
    database.cancel(first);
    first.interrupt();
    http.close();
    proxies.close();
    database.close();
    clickHouse.close();
  }

  private static void checkAddress(Settings settings) {
    String bind = settings.string(Keys.BIND_ADDRESS);
    boolean anonymous = settings.bool(Keys.AUTH_ANONYMOUS);
    try {
      boolean loopback = InetAddress.getByName(bind).isLoopbackAddress();
      if (!loopback && !anonymous && !ApiKeys.of(settings).any()) {
        throw new SettingsException(
            List.of(
                "bind.address "
                    + bind
                    + " is reachable from outside, so auth.keys must be set (or auth.anonymous=true"
                    + " to let everybody in)"));
      }
    } catch (UnknownHostException e) {
      throw new SettingsException(
          List.of("bind.address " + bind + " is no address of this machine"));
    }
    if (anonymous) {
      LOG.warn("auth.anonymous is on: everybody who reaches {} may read project default", bind);
    }
  }

  /** For the split of a cost into prompt and completion; what a call costs is in its row. */
  private static Pricer prices(Settings settings) {
    try {
      return PriceFiles.load(settings.list(Keys.PRICES_PATHS));
    } catch (PriceBookException e) {
      LOG.warn("costs are not split into prompt and completion: prices.paths: {}", e.getMessage());
      return new PriceBooks(List.of());
    }
  }

  private static void measure(PrometheusMeterRegistry registry, Queries queries) {
    String[] names = {"queries", "rows.read", "bytes.read"};
    for (int i = 0; i < names.length; i++) {
      int at = i;
      FunctionCounter.builder(
              "spanmill.query.clickhouse." + names[i], queries, q -> q.database().counters()[at])
          .description("ClickHouse " + names[i].replace('.', ' ') + " by the query API")
          .register(registry);
    }
    FunctionCounter.builder("spanmill.query.cache.hits", queries, q -> q.cache().counters()[0])
        .description("Results served from the cache")
        .register(registry);
    FunctionCounter.builder("spanmill.query.cache.misses", queries, q -> q.cache().counters()[1])
        .description("Results read from ClickHouse")
        .register(registry);
    Gauge.builder("spanmill.query.cache.size", queries, q -> q.cache().counters()[2])
        .description("Estimated size of the result cache")
        .baseUnit("bytes")
        .register(registry);
  }
}
