/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Build;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.pricing.Engines;
import io.spanmill.query.sql.Queries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The endpoints of the query API on one server. */
public final class QueryHttp implements AutoCloseable {
  /** Guessing keys must not pay. */
  private static final int LOGINS_PER_SECOND = 2;

  private final HttpServer server;
  private final LiveEndpoint live;
  private final Departures departures;

  /**
   * Prepares the server; {@link #start} binds it.
   *
   * @param keys the keys in force
   * @param tokens issues and checks tokens; one for the process, as it may have made its own secret
   * @param agentOps how the configured AgentOps answered last; gives null without one
   * @param moreEndpoints JSON endpoints of other packages
   * @param more other surfaces
   */
  public QueryHttp(
      Settings settings,
      Queries queries,
      MeterRegistry registry,
      Clock clock,
      ApiKeys keys,
      Tokens tokens,
      Supplier<@Nullable UpstreamState> agentOps,
      List<Endpoint> moreEndpoints,
      List<RouteRegistrar> more) {
    QuestionReader questions = new QuestionReader(queries, settings, clock);
    List<Endpoint> own =
        List.of(
            new OverviewEndpoint(queries, questions),
            new TimeseriesEndpoint(queries, questions),
            new BreakdownEndpoint(queries, questions),
            new CallsEndpoint(queries, questions),
            new TracesEndpoint(queries, questions),
            new TraceEndpoint(queries, questions, settings),
            new FailuresEndpoint(queries, questions),
            new HeatmapEndpoint(queries, questions),
            new FlowEndpoint(queries, questions),
            new SessionsEndpoint(queries, questions),
            new SessionEndpoint(queries, questions),
            new CoverageEndpoint(
                queries, questions, new EngineCosts(queries.calls(), engines(settings), clock)),
            new RunsEndpoint(queries),
            new StatusEndpoint(queries, questions, settings, Build.read(), clock, agentOps));
    List<Endpoint> endpoints = new ArrayList<>(own);
    endpoints.addAll(moreEndpoints);
    List<RouteRegistrar> registrars = new ArrayList<>();
    registrars.add(new HealthRoutes(queries.database()));
    registrars.addAll(more);
    live = new LiveEndpoint(queries, questions, settings);
    registrars.add(live);
    Gauge.builder("spanmill.query.live.readers", live, LiveEndpoint::readers)
        .description("Readers of /api/v1/live")
        .register(registry);
    Access access = new KeyAccess(keys, tokens, settings.bool(Keys.AUTH_ANONYMOUS));
    registrars.add(
        new Login(
            keys,
            tokens,
            Projects.of(settings),
            new RateLimit(
                LOGINS_PER_SECOND, "logins a second from one address", System::nanoTime)));
    registrars.add(new OpenApi(endpoints, List.copyOf(registrars), Build.read()));
    departures = new Departures(queries.database()::cancel);
    server =
        new HttpServer(
            settings,
            access,
            endpoints,
            registrars,
            new RequestMetrics(registry),
            queries.attributes(),
            new Export(
                queries.database(),
                OpenApi.schemas(),
                settings.integer(Keys.EXPORT_MAX_ROWS),
                clock),
            departures);
  }

  private static Engines engines(Settings settings) {
    Path file = Path.of(settings.string(Keys.ENGINES_FILE));
    return Files.isRegularFile(file) ? Engines.load(file) : Engines.none();
  }

  /** Binds to this address; port 0 takes any free one. */
  public void start(String host, int port) {
    server.start(host, port);
  }

  public int port() {
    return server.port();
  }

  /** Every route it serves, as {@code get /path}. */
  Set<String> routes() {
    return server.routes();
  }

  @Override
  public void close() {
    // First: the server would wait for its streams.
    live.close();
    server.close();
    departures.close();
  }
}
