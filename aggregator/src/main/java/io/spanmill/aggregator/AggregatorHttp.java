/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/** {@code /health}, {@code /ready} and {@code /metrics} of the aggregator. */
final class AggregatorHttp implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService executor;

  private AggregatorHttp(HttpServer server, ExecutorService executor) {
    this.server = server;
    this.executor = executor;
  }

  static AggregatorHttp start(
      String address, int port, BooleanSupplier ready, PrometheusMeterRegistry registry) {
    try {
      HttpServer server = HttpServer.create(new InetSocketAddress(address, port), 0);
      ExecutorService executor =
          Executors.newFixedThreadPool(
              2,
              task -> {
                Thread thread = new Thread(task, "aggregator-http");
                thread.setDaemon(true);
                return thread;
              });
      server.setExecutor(executor);
      server.createContext("/health", e -> answer(e, 200, "text/plain", "ok\n"));
      server.createContext(
          "/ready",
          e -> {
            boolean yes = ready.getAsBoolean();
            answer(e, yes ? 200 : 503, "text/plain", yes ? "ready\n" : "not ready\n");
          });
      server.createContext(
          "/metrics",
          e -> answer(e, 200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape()));
      server.start();
      return new AggregatorHttp(server, executor);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot listen on " + address + ":" + port + " (aggregator.port): " + e.getMessage(), e);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
