/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** A real server that answers in AgentOps' shapes, or misbehaves as it is told. */
final class FakeAgentOps implements AutoCloseable {
  static final String KEY = "7b8d2f0a-1c3e-4f5a-9b6d-0e1f2a3b4c5d";
  static final String PROJECT = "3f2e1d0c-9b8a-4766-8544-332211009988";

  enum Mood {
    FINE,
    SESSION_ONLY,
    BROKEN,
    NO_JSON,
    SILENT
  }

  final AtomicInteger tokens = new AtomicInteger();
  final AtomicReference<Mood> mood = new AtomicReference<>(Mood.FINE);
  final AtomicReference<String> metrics = new AtomicReference<>("{}");
  final AtomicReference<String> lastQuery = new AtomicReference<>("");
  private final AtomicReference<String> token = new AtomicReference<>("");
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  FakeAgentOps() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The token it gave out is good no longer. */
  void expireToken() {
    token.set("none");
  }

  private void answer(HttpExchange http) throws IOException {
    String path = http.getRequestURI().getPath();
    byte[] body = http.getRequestBody().readAllBytes();
    if (path.equals("/v3/auth/token")) {
      if (!new String(body, StandardCharsets.UTF_8).contains(KEY)) {
        write(http, 403, "{\"error\":\"Invalid API key\"}");
        return;
      }
      token.set("token-" + tokens.incrementAndGet());
      write(
          http,
          200,
          "{\"token\":\""
              + token.get()
              + "\",\"project_id\":\""
              + PROJECT
              + "\",\"project_prem_status\":\"pro\"}");
      return;
    }
    String cookie = String.valueOf(http.getRequestHeaders().getFirst("Cookie"));
    boolean known =
        mood.get() == Mood.SESSION_ONLY
            ? cookie.contains("session_id=their-session")
            : ("Bearer " + token.get()).equals(http.getRequestHeaders().getFirst("Authorization"));
    if (!known) {
      write(http, 401, "{\"detail\":\"User is not authenticated.\"}");
      return;
    }
    switch (mood.get()) {
      case BROKEN -> write(http, 500, "{\"error\":\"Internal Server Error\"}");
      case NO_JSON -> write(http, 200, "<html>");
      case SILENT -> {
        try {
          closed.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        http.close();
      }
      default -> known(http, path);
    }
  }

  private void known(HttpExchange http, String path) throws IOException {
    lastQuery.set(String.valueOf(http.getRequestURI().getRawQuery()));
    if (path.equals("/v4/traces/list/" + PROJECT)) {
      write(
          http,
          200,
          "{\"traces\":[{\"trace_id\":\"theirs\"}],\"total\":1,\"limit\":20,\"offset\":0,"
              + "\"freeplan_truncated\":false}");
    } else if (path.equals("/v4/meterics/project/" + PROJECT)) {
      write(http, 200, metrics.get());
    } else if (path.startsWith("/v4/traces/detail/")) {
      write(http, 200, "{\"trace_id\":\"theirs\",\"spans\":[]}");
    } else {
      write(http, 404, "{\"detail\":\"Project not found\"}");
    }
  }

  private static void write(HttpExchange http, int status, String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    http.getResponseHeaders().set("Content-Type", "application/json");
    http.sendResponseHeaders(status, bytes.length);
    http.getResponseBody().write(bytes);
    http.close();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
