/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import io.javalin.Javalin;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A real server behind the proxies, which tells what reached it. Thread-safe. */
final class UpstreamServer implements AutoCloseable {
  /** Bytes of {@code /large}. */
  static final int LARGE = 64_000_000;

  /** Headers of each request, with {@code :path}, {@code :query} and {@code :method}. */
  final BlockingQueue<Map<String, String>> seen = new LinkedBlockingQueue<>();

  /** Close code and reason of each WebSocket that was closed. */
  final BlockingQueue<String> closed = new LinkedBlockingQueue<>();

  /** How much of {@code /large} was taken off its hands. */
  final AtomicLong written = new AtomicLong();

  private final Javalin server;
  private volatile CountDownLatch secondEvent = new CountDownLatch(1);

  UpstreamServer() {
    server =
        Javalin.create(
                config -> {
                  config.startup.showJavalinBanner = false;
                  config.http.maxRequestSize = 10_000_000;
                  config.jetty.modifyWebSocketServletFactory(
                      f -> f.setMaxTextMessageSize(1_000_000));
                  var r = config.routes;
                  r.before(
                      c -> {
                        Map<String, String> told = new HashMap<>(c.headerMap());
                        told.put(":path", c.req().getRequestURI());
                        told.put(":query", String.valueOf(c.queryString()));
                        told.put(":method", c.method().toString());
                        seen.add(told);
                      });
                  r.get(
                      "/framed",
                      c ->
                          c.header("X-Frame-Options", "DENY")
                              .header(
                                  "Content-Security-Policy",
                                  "script-src 'self' 'unsafe-eval'; frame-ancestors 'none'")
                              .header("Strict-Transport-Security", "max-age=1000")
                              .header("Clear-Site-Data", "\"cookies\"")
                              .header("Access-Control-Allow-Origin", "*")
                              .header("X-Own", "kept")
                              .result("page"));
                  r.get(
                      "/cookies",
                      c -> {
                        c.res()
                            .addHeader("Set-Cookie", "a=1; Path=/; Domain=example.org; HttpOnly");
                        c.res().addHeader("Set-Cookie", "b=2; Path=/login; SameSite=Lax");
                        c.res().addHeader("Set-Cookie", "c=3");
                        c.res().addHeader("Set-Cookie", "spanmill_session=stolen; Path=/");
                        c.result("ok");
                      });
                  r.get(
                      "/to",
                      c -> c.status(302).header("Location", String.valueOf(c.queryParam("place"))));
                  r.get("/plain", c -> c.result("plain"));
                  r.post("/echo", c -> c.contentType("text/plain").result(c.bodyAsBytes()));
                  r.put("/echo", c -> c.result(c.method() + " " + c.body()));
                  r.delete("/echo", c -> c.status(204));
                  r.get("/large", c -> writeLarge(c.outputStream()));
                  r.get("/missing", c -> c.status(404).result("no such dashboard"));
                  r.sse(
                      "/events",
                      s -> {
                        s.keepAlive();
                        s.sendEvent("one", "first");
                        new Thread(
                                () -> {
                                  try {
                                    secondEvent.await(120, TimeUnit.SECONDS);
                                  } catch (InterruptedException e) {
                                    return;
                                  }
                                  s.sendEvent("two", "second");
                                  s.close();
                                })
                            .start();
                      });
                  r.wsBeforeUpgrade(
                      "/forbidden/ws",
                      c -> {
                        throw new io.javalin.http.ForbiddenResponse();
                      });
                  r.ws("/forbidden/ws", ws -> {});
                  r.wsBeforeUpgrade(
                      "/api/live/ws",
                      c -> {
                        Map<String, String> told = new HashMap<>(c.headerMap());
                        told.put(":ws", "true");
                        seen.add(told);
                      });
                  r.ws(
                      "/api/live/ws",
                      ws -> {
                        ws.onConnect(c -> c.send("hello"));
                        ws.onMessage(
                            c -> {
                              if (c.message().equals("bye")) {
                                c.closeSession(4001, "as asked");
                              } else {
                                c.send("echo " + c.message());
                              }
                            });
                        ws.onBinaryMessage(c -> c.send(c.data()));
                        ws.onClose(c -> closed.add(c.status() + " " + c.reason()));
                      });
                })
            .start("127.0.0.1", 0);
  }

  int port() {
    return server.port();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /** Forgets what it saw; {@code /events} waits for its second event again. */
  void reset() {
    seen.clear();
    closed.clear();
    written.set(0);
    secondEvent = new CountDownLatch(1);
  }

  /** Lets {@code /events} go on. */
  void sendSecondEvent() {
    secondEvent.countDown();
  }

  private void writeLarge(OutputStream out) throws IOException {
    byte[] part = new byte[64_000];
    for (int sent = 0; sent < LARGE; sent += part.length) {
      out.write(part);
      written.addAndGet(part.length);
    }
  }

  @Override
  public void close() {
    server.stop();
  }
}
