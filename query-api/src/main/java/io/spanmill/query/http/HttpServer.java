/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.router.InternalRouter;
import io.javalin.router.ParsedEndpoint;
import io.spanmill.auth.TlsFiles;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The HTTP server: what happens to every request before and after its endpoint. */
public final class HttpServer implements AutoCloseable {
  private static final int THREADS = 64;
  private static final Duration SOCKET_IDLE = Duration.ofMinutes(5);
  private static final int SESSION_SECONDS = 60;
  private static final String CALLER = "caller";

  private final Javalin server;
  private final Set<String> routes;
  private volatile String host = "";
  private volatile int port;
  private final Export export;
  private final Departures departures;

  /**
   * Prepares the server; {@link #start} binds it.
   *
   * @param endpoints JSON endpoints, each for callers with the role {@code read}
   * @param registrars further routes
   * @param attributes names of configured attributes: filters wherever dimensions are
   */
  HttpServer(
      Settings settings,
      Access access,
      List<Endpoint> endpoints,
      List<RouteRegistrar> registrars,
      RequestMetrics metrics,
      Set<String> attributes,
      Export export,
      Departures departures) {
    this.export = export;
    this.departures = departures;
    HostCheck hosts = new HostCheck(settings);
    Cors cors = new Cors(settings);
    RateLimit limit =
        new RateLimit(
            settings.integer(Keys.QUERY_RATE_LIMIT),
            "requests a second (query.rate.limit)",
            System::nanoTime);
    TlsFiles tls = TlsFiles.of(settings);
    WebFiles files = new WebFiles(Path.of(settings.string(Keys.QUERY_WEB_DIR)));
    server =
        Javalin.create(
            config -> {
              general(config);
              if (tls != null) {
                config.jetty.addConnector(
                    (jetty, http) -> bound(TlsConnector.of(jetty, http, tls)));
              }
              RoutesConfig routes = config.routes;
              routes.before(
                  http -> {
                    metrics.begin(http);
                    SecurityHeaders.add(http);
                    hosts.check(http);
                    cors.headers(http);
                    if (!http.path().startsWith("/api/proxy/")) {
                      QueryText.check(http);
                    }
                    if (!http.method().name().equals("GET")
                        && !http.method().name().equals("HEAD")
                        && !http.method().name().equals("OPTIONS")) {
                      cors.checkWrite(http);
                    }
                  });
              // Handshakes pass by what is done before requests.
              routes.wsBeforeUpgrade(
                  http -> {
                    hosts.check(http);
                    cors.checkWrite(http);
                  });
              routes.after(metrics::end);
              routes.exception(Exception.class, ErrorAnswers::write);
              routes.options("/*", cors::preflight);
              for (Endpoint endpoint : endpoints) {
                routes.get(
                    endpoint.path(),
                    http -> answer(http, endpoint, known(endpoint, attributes), access, limit));
              }
              registrars.forEach(r -> r.register(routes, limited(access, limit)));
              routes.get("/api/*", HttpServer::noSuchPath);
              routes.get("/*", files::serve);
              routes.error(404, HttpServer::missing);
              routes.error(405, HttpServer::missing);
            });
    routes = routes(server.unsafe.internalRouter);
    answerHead(server.unsafe.internalRouter);
  }

  /** By themselves they would be answered 200 without asking anybody: a probe must see the 503. */
  private void answerHead(InternalRouter router) {
    for (ParsedEndpoint route : router.allHttpHandlers()) {
      boolean taken = routes.contains("head " + route.endpoint.path);
      if (route.endpoint.method.equals(HandlerType.GET) && !taken) {
        router.addHttpEndpoint(
            new io.javalin.router.Endpoint(
                HandlerType.HEAD, route.endpoint.path, route.endpoint.handler));
      }
    }
  }

  /** Binds and serves. */
  void start(String host, int port) {
    this.host = host;
    this.port = port;
    server.start(host, port);
  }

  private Connector bound(ServerConnector connector) {
    connector.setHost(host);
    connector.setPort(port);
    return connector;
  }

  int port() {
    return server.port();
  }

  /** Every route, as {@code get /path}, without what is done before and after requests. */
  Set<String> routes() {
    return routes;
  }

  private static Set<String> routes(InternalRouter router) {
    Set<String> out = new TreeSet<>();
    for (ParsedEndpoint route : router.allHttpHandlers()) {
      HandlerType method = route.endpoint.method;
      if (method.isHttpMethod()) {
        out.add(method.name().toLowerCase(Locale.ROOT) + " " + route.endpoint.path);
      }
    }
    return out;
  }

  @Override
  public void close() {
    server.stop();
  }

  private static void general(JavalinConfig config) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.http.maxRequestSize = RequestBody.MAX_BYTES;
    config.http.generateEtags = false;
    config.http.prefer405over404 = true;
    config.jetty.threadPool = new QueuedThreadPool(THREADS, 4);
    config.jetty.modifyWebSocketServletFactory(
        factory -> {
          factory.setMaxTextMessageSize(RequestBody.MAX_BYTES);
          factory.setMaxBinaryMessageSize(RequestBody.MAX_BYTES);
          factory.setIdleTimeout(SOCKET_IDLE);
        });
    config.jetty.modifyServer(jetty -> jetty.setErrorHandler(new EarlyErrors()));
    config.jetty.modifyServletContextHandler(
        servlets -> {
          servlets.setErrorHandler(new EarlyErrors());
          // Nothing is kept in sessions, yet a handshake opens one, whoever asks.
          SessionHandler sessions = servlets.getSessionHandler();
          sessions.setUsingCookies(false);
          sessions.setMaxInactiveInterval(SESSION_SECONDS);
        });
    config.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
  }

  private static Set<String> known(Endpoint endpoint, Set<String> attributes) {
    Set<String> known = new LinkedHashSet<>(endpoint.parameters());
    if (known.containsAll(QuestionReader.COMMON)) {
      known.addAll(attributes);
    }
    if (endpoint.exports() != null) {
      known.add("format");
    }
    return known;
  }

  private void answer(
      Context http, Endpoint endpoint, Set<String> known, Access access, RateLimit limit)
      throws IOException {
    Caller caller = access.require(http, "read");
    http.attribute(CALLER, caller);
    limit.take(caller.id());
    Params params = new Params(http.queryParamMap(), known);
    Asked asked = new Asked(http, caller, params);
    String format = endpoint.exports() == null ? "json" : Export.format(http, params);
    departures.begin(http);
    try {
      if (format.equals("json")) {
        json(http, endpoint.answer(asked));
      } else {
        export.write(http, endpoint, asked, format);
      }
    } finally {
      departures.end(http);
    }
  }

  private static void json(Context http, Object answer) {
    byte[] written = Json.bytes(answer);
    // Asked again each time, sent again only if it changed.
    http.header("Cache-Control", "private, no-cache");
    http.res().addHeader("Vary", "Accept, Authorization, Cookie, X-API-Key");
    String tag = EntityTags.of(answer, written);
    http.header("ETag", tag);
    String complete = EntityTags.completeThrough(answer);
    if (complete != null) {
      http.header(EntityTags.COMPLETE_THROUGH, complete);
    }
    if (EntityTags.known(http, tag)) {
      http.status(304);
      return;
    }
    http.contentType("application/json").result(written);
  }

  /** The same callers, each counted against its limit. */
  private static Access limited(Access access, RateLimit limit) {
    return http -> {
      Caller caller = access.caller(http);
      limit.take(caller.id());
      return caller;
    };
  }

  private static void noSuchPath(Context http) {
    throw ApiException.notFound("no such path: " + http.path());
  }

  private static void missing(Context http) {
    if (http.attribute(RouteRegistrar.ERROR_WRITTEN) == null) {
      ErrorAnswers.write(
          http,
          http.statusCode(),
          http.statusCode() == 405 ? "method_not_allowed" : "not_found",
          http.statusCode() == 405 ? http.method() + " is not allowed here" : "no such path",
          null);
    }
  }
}
