/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.query.http.Access;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.Caller;
import io.spanmill.query.http.ProxyAccess;
import io.spanmill.query.http.RouteDoc;
import io.spanmill.query.http.RouteRegistrar;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.exceptions.UpgradeException;
import org.eclipse.jetty.websocket.client.ClientUpgradeRequest;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /api/proxy/grafana/*} and {@code /api/proxy/langfuse/*}: HTTP, event streams and
 * WebSockets to the configured upstreams, for callers that {@code proxy.access} lets in.
 */
public final class Proxies implements RouteRegistrar, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Proxies.class);
  private static final String BRIDGE = "proxy-bridge";
  private static final long MAX_MESSAGE_BYTES = 1024L * 1024;
  private static final Duration SOCKET_IDLE = Duration.ofMinutes(5);
  private static final List<HandlerType> METHODS =
      List.of(
          HandlerType.GET,
          HandlerType.HEAD,
          HandlerType.POST,
          HandlerType.PUT,
          HandlerType.PATCH,
          HandlerType.DELETE);

  private final Map<String, String> settingOf = new LinkedHashMap<>();
  private final Map<String, Upstream> upstreams = new LinkedHashMap<>();
  private final Map<String, UpstreamServlet> servlets = new LinkedHashMap<>();
  private final WebSocketClient sockets;
  private final ProxyAccess who;
  private final long timeoutMs;
  private final Semaphore exchanges;

  /**
   * Prepares the proxies of {@code proxy.grafana.url} and {@code proxy.langfuse.url}.
   *
   * @throws SettingsException if one of them is no address
   */
  public Proxies(Settings settings) {
    settingOf.put("grafana", Keys.PROXY_GRAFANA_URL);
    settingOf.put("langfuse", Keys.PROXY_LANGFUSE_URL);
    who = new ProxyAccess(settings);
    timeoutMs = settings.longValue(Keys.PROXY_TIMEOUT_MS);
    exchanges = new Semaphore(settings.integer(Keys.PROXY_MAX_REQUESTS));
    List<String> problems = new ArrayList<>();
    settingOf.forEach(
        (name, key) -> {
          String address = settings.string(key);
          if (!address.isEmpty()) {
            try {
              upstreams.put(name, Upstream.of(name, key, address));
            } catch (IllegalArgumentException e) {
              problems.add(String.valueOf(e.getMessage()));
            }
          }
        });
    if (!problems.isEmpty()) {
      throw new SettingsException(problems);
    }
    HttpClient http = new HttpClient();
    QueuedThreadPool threads = new QueuedThreadPool(8, 1);
    threads.setName("proxy-sockets");
    http.setExecutor(threads);
    http.setConnectTimeout(timeoutMs);
    http.setUserAgentField(null);
    sockets = new WebSocketClient(http);
    sockets.setMaxTextMessageSize(MAX_MESSAGE_BYTES);
    sockets.setMaxBinaryMessageSize(MAX_MESSAGE_BYTES);
    sockets.setIdleTimeout(SOCKET_IDLE);
    try {
      for (Upstream upstream : upstreams.values()) {
        UpstreamServlet servlet =
            new UpstreamServlet(
                upstream, timeoutMs, settings.longValue(Keys.PROXY_MAX_REQUEST_BYTES));
        servlet.start();
        servlets.put(upstream.name(), servlet);
      }
      if (!upstreams.isEmpty()) {
        sockets.start();
      }
    } catch (Exception e) {
      close();
      throw new IllegalStateException("the proxies do not start", e);
    }
  }

  @Override
  public void register(RoutesConfig routes, Access access) {
    for (String name : settingOf.keySet()) {
      String prefix = Upstream.prefix(name);
      for (String path : List.of(prefix, prefix + "/*")) {
        for (HandlerType method : METHODS) {
          routes.addHttpHandler(method, path, http -> exchange(name, http, access));
        }
      }
      routes.wsBeforeUpgrade(prefix + "/*", http -> openSocket(name, http, access));
      routes.ws(
          prefix + "/*",
          ws -> {
            ws.onConnect(c -> bridge(c.attribute(BRIDGE)).join(c.session));
            ws.onMessage(c -> bridge(c.attribute(BRIDGE)).toUpstream(c.message()));
            ws.onBinaryMessage(c -> bridge(c.attribute(BRIDGE)).toUpstream(c.data()));
            ws.onClose(c -> bridge(c.attribute(BRIDGE)).closeUpstream(c.status(), c.reason()));
            ws.onError(c -> bridge(c.attribute(BRIDGE)).closeUpstream(1011, "the client failed"));
          });
    }
  }

  @Override
  public List<RouteDoc> documentation() {
    List<RouteDoc> out = new ArrayList<>();
    for (String name : settingOf.keySet()) {
      for (String path : List.of(Upstream.prefix(name), Upstream.prefix(name) + "/{path}")) {
        for (HandlerType method : METHODS) {
          out.add(
              new RouteDoc(
                  method.name().toLowerCase(Locale.ROOT),
                  path,
                  "Passed on to the server of " + settingOf.get(name) + ".",
                  "read",
                  Set.of(),
                  null,
                  "*/*",
                  null));
        }
      }
    }
    return out;
  }

  @Override
  public void close() {
    servlets.values().forEach(UpstreamServlet::destroy);
    try {
      sockets.stop();
    } catch (Exception e) {
      LOG.warn("the proxies' sockets do not stop", e);
    }
  }

  private void exchange(String name, Context http, Access access)
      throws ServletException, IOException {
    Upstream upstream = admitted(name, http, access);
    if (http.req().getRequestURI().equals(upstream.prefix())) {
      http.redirect(upstream.prefix() + "/");
      return;
    }
    checked(upstream, http);
    take();
    AtomicBoolean released = new AtomicBoolean();
    try {
      CompletableFuture<Void> done =
          Objects.requireNonNull(servlets.get(name)).exchange(http.req(), http.res());
      http.future(() -> done.whenComplete((v, e) -> release(released)));
    } catch (RuntimeException | ServletException | IOException e) {
      release(released);
      throw e;
    }
  }

  /** Opens the upstream's socket before the client's, so that a refusal can still be answered. */
  private void openSocket(String name, Context http, Access access) {
    Upstream upstream = admitted(name, http, access);
    URI target = checked(upstream, http);
    take();
    AtomicBoolean released = new AtomicBoolean();
    SocketBridge bridge = new SocketBridge(() -> release(released));
    CompletableFuture<Session> opening;
    try {
      String scheme = target.getScheme().equals("https") ? "wss" : "ws";
      URI address = URI.create(scheme + target.toString().substring(target.getScheme().length()));
      opening = sockets.connect(bridge, request(address, upstream, http));
    } catch (IOException | RuntimeException e) {
      release(released);
      throw unreachable(upstream, e);
    }
    try {
      Session session = opening.get(timeoutMs, TimeUnit.MILLISECONDS);
      http.attribute(BRIDGE, bridge);
      String protocol = session.getUpgradeResponse().getAcceptedSubProtocol();
      http.res().setHeader("Sec-WebSocket-Protocol", protocol);
    } catch (ExecutionException e) {
      release(released);
      throw e.getCause() instanceof UpgradeException refused
              && refused.getResponseStatusCode() >= 400
          ? new ApiException(
              refused.getResponseStatusCode() < 500 ? refused.getResponseStatusCode() : 502,
              "upstream_refused",
              name + " refused the WebSocket with " + refused.getResponseStatusCode(),
              null)
          : unreachable(upstream, e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      opening.cancel(true);
      release(released);
      throw new ApiException(504, "gateway_timeout", name + " did not answer in time", null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      release(released);
      throw unreachable(upstream, e);
    }
  }

  private static ClientUpgradeRequest request(URI address, Upstream upstream, Context http) {
    ClientUpgradeRequest request = new ClientUpgradeRequest(address);
    String host = String.valueOf(http.header("Host"));
    for (String name : Collections.list(http.req().getHeaderNames())) {
      if (ProxyHeaders.isSent(name)) {
        List<String> values =
            Collections.list(http.req().getHeaders(name)).stream()
                .map(v -> ProxyHeaders.sent(name, v, upstream, host))
                .filter(Objects::nonNull)
                .toList();
        if (!values.isEmpty()) {
          request.setHeader(name, values);
        }
      }
    }
    request.setHeader("X-Forwarded-For", http.ip());
    request.setHeader("X-Forwarded-Proto", http.scheme());
    request.setHeader("X-Forwarded-Host", host);
    String protocols = http.header("Sec-WebSocket-Protocol");
    if (protocols != null) {
      request.setSubProtocols(Arrays.stream(protocols.split(",")).map(String::trim).toList());
    }
    return request;
  }

  private Upstream admitted(String name, Context http, Access access) {
    Caller caller = access.require(http, who.role());
    if (!who.admits(caller)) {
      throw ApiException.forbidden(
          name
              + " may show every project, so it is open to keys that read all of them;"
              + " proxy.access=read opens it to every reader",
          null);
    }
    Upstream upstream = upstreams.get(name);
    if (upstream == null) {
      throw ApiException.notFound("no " + name + ": set " + settingOf.get(name));
    }
    return upstream;
  }

  private static URI checked(Upstream upstream, Context http) {
    URI target = upstream.target(http.req().getRequestURI(), http.req().getQueryString());
    if (target == null) {
      throw new ApiException(400, "bad_path", "this path is not passed on", null);
    }
    return target;
  }

  private void take() {
    if (!exchanges.tryAcquire()) {
      throw new ApiException(
          503, "busy", "proxy.max.requests are being passed on, try again", null);
    }
  }

  private void release(AtomicBoolean released) {
    if (released.compareAndSet(false, true)) {
      exchanges.release();
    }
  }

  private static ApiException unreachable(Upstream upstream, Throwable cause) {
    LOG.warn("{} at {} cannot be asked: {}", upstream.name(), upstream.origin(), cause.toString());
    return new ApiException(
        502,
        "bad_gateway",
        upstream.name() + " cannot be reached: check that it runs, and " + upstream.setting(),
        null);
  }

  private static SocketBridge bridge(@org.jspecify.annotations.Nullable Object attribute) {
    return (SocketBridge) Objects.requireNonNull(attribute);
  }
}
