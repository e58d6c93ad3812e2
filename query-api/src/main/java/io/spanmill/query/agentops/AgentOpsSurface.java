/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Projects;
import io.spanmill.auth.Tokens;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.pricing.Pricer;
import io.spanmill.query.http.Access;
import io.spanmill.query.http.Endpoint;
import io.spanmill.query.http.QuestionReader;
import io.spanmill.query.http.RateLimit;
import io.spanmill.query.http.RouteDoc;
import io.spanmill.query.http.RouteRegistrar;
import io.spanmill.query.http.UpstreamState;
import io.spanmill.query.sql.Queries;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All routes of AgentOps that its SDK, its dashboard and the portal's backend call, and the
 * comparison with another AgentOps. What differs from it is told in {@code docs/agentops.md}.
 */
public final class AgentOpsSurface implements RouteRegistrar {
  /** Guessing keys must not pay. */
  private static final int WRONG_KEYS_PER_SECOND = 2;

  /** Bodies of 25 MiB, and answers with as much content, that are in memory at one time. */
  private static final int LARGE_AT_ONCE = 2;

  /** What is below these and nowhere served is no place within the screen. */
  private static final List<String> UNKNOWN =
      List.of("/v3/*", "/v4/*", "/public/*", "/opsboard/*", "/auth/*", "/deploy/*");

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Settings settings;
  private final Queries queries;
  private final ClickHouse clickHouse;
  private final Pricer pricer;
  private final ApiKeys keys;
  private final Tokens tokens;
  private final Clock clock;
  private final @Nullable Upstream upstream;

  /**
   * Prepares the routes.
   *
   * @param clickHouse where uploads are written
   * @param pricer splits costs into prompt and completion
   * @param tokens the same that checks tokens on the other routes
   */
  public AgentOpsSurface(
      Settings settings,
      Queries queries,
      ClickHouse clickHouse,
      Pricer pricer,
      ApiKeys keys,
      Tokens tokens,
      Clock clock) {
    this.settings = settings;
    this.queries = queries;
    this.clickHouse = clickHouse;
    this.pricer = pricer;
    this.keys = keys;
    this.tokens = tokens;
    this.clock = clock;
    this.upstream = Upstream.of(settings, clock);
  }

  /** How the configured AgentOps answered last, or null if none is configured. */
  public @Nullable UpstreamState upstreamState() {
    return upstream == null ? null : upstream.state();
  }

  /** {@code /api/v1/compare/agentops}. */
  public Endpoint comparison() {
    return new CompareEndpoint(queries, new QuestionReader(queries, settings, clock), upstream);
  }

  @Override
  public List<RouteDoc> documentation() {
    return SurfaceDocs.all();
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    Projects projects = Projects.of(settings);
    boolean keyless = !keys.any();
    Doorkeeper door = new Doorkeeper(access, tokens, projects, queries);
    Turnstile large = new Turnstile(LARGE_AT_ONCE, PATIENCE);
    Traces traces = new Traces(queries, new CostSplit(pricer), door, clock, large);
    ProjectMetrics metrics =
        new ProjectMetrics(queries, traces, door, settings.integer(Keys.RETENTION_DAY));
    Uploads uploads =
        new Uploads(
            queries,
            clickHouse,
            door,
            traces,
            clock,
            settings.longValue(Keys.AGENTOPS_UPLOADS_MAX),
            new Turnstile(LARGE_AT_ONCE, PATIENCE),
            large);
    new TokenRoutes(
            keys,
            tokens,
            projects,
            door,
            keyless,
            new RateLimit(WRONG_KEYS_PER_SECOND, "wrong keys a second", System::nanoTime))
        .register(routes);
    routes.get(
        "/v4/traces/list/{project}",
        Replies.read(http -> traces.list(http, door.reader(http), http.pathParam("project"))));
    routes.get(
        "/v4/traces/detail/{trace}",
        Replies.read(http -> traces.detail(door.reader(http), http.pathParam("trace"))));
    Handler projectMetrics =
        Replies.read(http -> metrics.answer(http, door.reader(http), http.pathParam("project")));
    routes.get("/v4/meterics/project/{project}", projectMetrics);
    routes.get("/v4/metrics/project/{project}", projectMetrics);
    uploads(routes, uploads, door);
    new PublicApi(queries, traces, door).register(routes);
    new Opsboard(queries, door, keyless).register(routes);
    new Portal(traces, metrics, door, upstream).register(routes);
    Legacy.register(routes);
    Handler nothing =
        Replies.json(
            http -> {
              throw AgentOpsError.detail(404, "Not Found");
            });
    UNKNOWN.forEach(path -> routes.get(path, nothing));
  }

  private static void uploads(RoutesConfig routes, Uploads uploads, Doorkeeper door) {
    for (String end : new String[] {"", "/"}) {
      routes.post("/v4/logs/upload" + end, Replies.json(uploads::takeLog));
      routes.post("/v4/objects/upload" + end, Replies.json(uploads::takeObject));
    }
    routes.get(
        "/v4/logs/{trace}",
        Replies.read(http -> uploads.log(door.reader(http), http.pathParam("trace"))));
    routes.get("/v4/objects/{project}/{name}", Replies.raw(http -> object(http, uploads, door)));
  }

  private static void object(Context http, Uploads uploads, Doorkeeper door) {
    uploads.give(http, door.reader(http), http.pathParam("project"), http.pathParam("name"));
  }
}
