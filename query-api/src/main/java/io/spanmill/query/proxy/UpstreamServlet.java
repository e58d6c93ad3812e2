/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import io.spanmill.query.http.ApiException;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.client.AsyncRequestContent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.Response;
import org.eclipse.jetty.ee10.proxy.AsyncProxyServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLogger;

/**
 * Jetty's streaming proxy to one upstream: bodies go through as they come, both ways, held back by
 * the slower side; nothing is kept. What it adds is the policy of {@link ProxyHeaders}, the limits,
 * and that an exchange ends a future instead of the request, so that what belongs to every request
 * still happens after it.
 */
final class UpstreamServlet extends AsyncProxyServlet {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamServlet.class);
  private static final String DONE = UpstreamServlet.class.getName();
  private static final long CONNECT_TIMEOUT_MS = 5000;

  /** A stream may be silent for so long: Grafana's and Langfuse's beat more often. */
  private static final int IDLE_TIMEOUT_MS = 300_000;

  private static final Map<String, String> JETTY =
      Map.of(
          "maxThreads", "16",
          "maxConnections", "256",
          "idleTimeout", Integer.toString(IDLE_TIMEOUT_MS),
          // The whole exchange has no limit: it may be an endless stream.
          "timeout", "0");

  private final transient Upstream upstream;
  private final long timeoutMs;
  private final long maxRequestBytes;

  /** The body is longer than it may be. */
  private static final class TooLarge extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param timeoutMs longest wait until an answer begins
   */
  UpstreamServlet(Upstream upstream, long timeoutMs, long maxRequestBytes) {
    this.upstream = upstream;
    this.timeoutMs = timeoutMs;
    this.maxRequestBytes = maxRequestBytes;
  }

  void start() throws ServletException {
    ServletContext context = new ServletContextHandler().getServletContext();
    init(
        new ServletConfig() {
          @Override
          public String getServletName() {
            return "proxy-" + upstream.name();
          }

          @Override
          public ServletContext getServletContext() {
            return context;
          }

          @Override
          public @Nullable String getInitParameter(String name) {
            return JETTY.get(name);
          }

          @Override
          public Enumeration<String> getInitParameterNames() {
            return Collections.enumeration(JETTY.keySet());
          }
        });
  }

  /**
   * Begins the exchange.
   *
   * @return completes when it is over; with an {@link ApiException} if there is no answer
   */
  CompletableFuture<Void> exchange(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    if (request.getContentLengthLong() > maxRequestBytes) {
      throw tooLarge();
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    request.setAttribute(DONE, done);
    service(request, response);
    return done;
  }

  @Override
  protected Logger createLogger() {
    // It would write requests with their cookies and keys.
    return NOPLogger.NOP_LOGGER;
  }

  @Override
  protected HttpClient createHttpClient() throws ServletException {
    HttpClient client = super.createHttpClient();
    client.setConnectTimeout(CONNECT_TIMEOUT_MS);
    client.setUserAgentField(null);
    return client;
  }

  @Override
  protected String rewriteTarget(HttpServletRequest request) {
    URI target = upstream.target(request.getRequestURI(), request.getQueryString());
    if (target == null) {
      throw new IllegalStateException("refused paths do not come here");
    }
    return target.toString();
  }

  @Override
  protected void copyRequestHeaders(HttpServletRequest request, Request proxied) {
    HttpFields.Mutable out = HttpFields.build();
    var named =
        Objects.requireNonNullElse(findConnectionHeaders(request), java.util.Set.<String>of());
    String host = String.valueOf(request.getHeader("Host"));
    for (String name : Collections.list(request.getHeaderNames())) {
      if (ProxyHeaders.isSent(name) && !named.contains(name.toLowerCase(java.util.Locale.ROOT))) {
        for (String value : Collections.list(request.getHeaders(name))) {
          String sent = ProxyHeaders.sent(name, value, upstream, host);
          if (sent != null) {
            out.add(name, sent);
          }
        }
      }
    }
    proxied.headers(headers -> headers.clear().add(out));
  }

  @Override
  protected void addProxyHeaders(HttpServletRequest request, Request proxied) {
    String host = String.valueOf(request.getHeader("Host"));
    proxied.headers(
        headers ->
            headers
                .add(HttpHeader.X_FORWARDED_FOR, request.getRemoteAddr())
                .add(HttpHeader.X_FORWARDED_PROTO, request.getScheme())
                .add(HttpHeader.X_FORWARDED_HOST, host)
                .add("X-Forwarded-Prefix", upstream.prefix()));
  }

  @Override
  protected ReadListener newReadListener(
      HttpServletRequest request,
      HttpServletResponse response,
      Request proxied,
      AsyncRequestContent content) {
    return new StreamReader(request, response, proxied, content) {
      private long read;

      @Override
      protected void onRequestContent(
          HttpServletRequest from,
          Request to,
          AsyncRequestContent body,
          byte[] buffer,
          int offset,
          int length,
          Callback callback) {
        read += length;
        if (read > maxRequestBytes) {
          callback.failed(new TooLarge());
        } else {
          super.onRequestContent(from, to, body, buffer, offset, length, callback);
        }
      }
    };
  }

  /**
   * Sends what has come at once if the end is not known: events must not wait for a full buffer.
   */
  @Override
  protected StreamWriter newWriteListener(HttpServletRequest request, Response answer) {
    return answer.getHeaders().contains(HttpHeader.CONTENT_LENGTH)
        ? super.newWriteListener(request, answer)
        : new FlushingWriter(request, answer);
  }

  private final class FlushingWriter extends StreamWriter {
    private final HttpServletRequest request;
    private boolean flushing;

    FlushingWriter(HttpServletRequest request, Response answer) {
      super(request, answer);
      this.request = request;
    }

    /** Called when the output is ready, and once more when it is after a flush that took time. */
    @Override
    protected void complete() {
      try {
        if (!flushing) {
          ServletOutputStream out = request.getAsyncContext().getResponse().getOutputStream();
          flushing = true;
          out.flush();
          if (!out.isReady()) {
            return;
          }
        }
        flushing = false;
        super.complete();
      } catch (IOException e) {
        onError(e);
      }
    }
  }

  @Override
  protected void sendProxyRequest(
      HttpServletRequest request, HttpServletResponse response, Request proxied) {
    Scheduler.Task timer =
        getHttpClient()
            .getScheduler()
            .schedule(
                () -> {
                  var unused = proxied.abort(new TimeoutException("no answer"));
                },
                timeoutMs,
                TimeUnit.MILLISECONDS);
    proxied.onResponseBegin(r -> timer.cancel());
    proxied.onComplete(r -> timer.cancel());
    super.sendProxyRequest(request, response, proxied);
  }

  @Override
  protected void onServerResponseHeaders(
      HttpServletRequest request, HttpServletResponse response, Response answer) {
    // Ours is for our own pages.
    response.setHeader("Content-Security-Policy", null);
    boolean policy = false;
    for (HttpField field : answer.getHeaders()) {
      String name = field.getName();
      String value =
          field.getValue() != null && ProxyHeaders.isReturned(name)
              ? ProxyHeaders.returned(name, field.getValue(), upstream)
              : null;
      if (value != null) {
        policy |= name.equalsIgnoreCase("Content-Security-Policy");
        response.addHeader(name, value);
      }
    }
    if (!policy) {
      response.addHeader("Content-Security-Policy", ProxyHeaders.framed(""));
    }
  }

  @Override
  protected void onProxyResponseSuccess(
      HttpServletRequest request, HttpServletResponse response, Response answer) {
    done(request).complete(null);
  }

  @Override
  protected void onProxyResponseFailure(
      HttpServletRequest request,
      HttpServletResponse response,
      Response answer,
      Throwable failure) {
    fail(request, response, failure);
  }

  @Override
  protected void onClientRequestFailure(
      HttpServletRequest request,
      Request proxied,
      HttpServletResponse response,
      Throwable failure) {
    var unused =
        proxied
            .abort(failure)
            .whenComplete(
                (aborted, e) -> {
                  if (!Boolean.TRUE.equals(aborted)) {
                    fail(request, response, failure);
                  }
                });
  }

  private void fail(HttpServletRequest request, HttpServletResponse response, Throwable failure) {
    if (response.isCommitted()) {
      LOG.debug("{} broke off", upstream.name(), failure);
      try {
        // The client must see that the rest is missing.
        response.sendError(-1);
      } catch (IOException | RuntimeException e) {
        LOG.debug("the client is gone too", e);
      }
      done(request).complete(null);
      return;
    }
    response.reset();
    done(request).completeExceptionally(answer(failure));
  }

  private ApiException answer(Throwable failure) {
    if (failure instanceof TooLarge) {
      return tooLarge();
    }
    if (failure instanceof TimeoutException) {
      LOG.warn("{} at {} does not answer in time", upstream.name(), upstream.origin());
      return new ApiException(
          504,
          "gateway_timeout",
          upstream.name() + " did not answer within proxy.timeout.ms = " + timeoutMs + " ms",
          null);
    }
    LOG.warn(
        "{} at {} cannot be asked: {}", upstream.name(), upstream.origin(), failure.toString());
    return new ApiException(
        502,
        "bad_gateway",
        upstream.name() + " cannot be reached: check that it runs, and " + upstream.setting(),
        null);
  }

  private ApiException tooLarge() {
    return new ApiException(
        413,
        "too_large",
        "the body is longer than proxy.max.request.bytes = " + maxRequestBytes,
        null);
  }

  @SuppressWarnings("unchecked")
  private static CompletableFuture<Void> done(HttpServletRequest request) {
    return (CompletableFuture<Void>) Objects.requireNonNull(request.getAttribute(DONE));
  }
}
