/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.javalin.Javalin;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.auth.ApiKeys;
import io.spanmill.auth.Tokens;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.query.http.QueryHttp;
import io.spanmill.query.sql.Database;
import io.spanmill.query.sql.Queries;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxies before a real server, over real sockets. */
final class ProxiesTest {
  private static final String READER = "reader-key-all";
  private static final String ONE_PROJECT = "reader-key-one";
  private static final String PREFIX = "/api/proxy/grafana";
  private static final long TIMEOUT_MS = 1500;
  private static final long MAX_BODY = 100_000;

  private static Javalin upstream;
  private static CountDownLatch secondEvent = new CountDownLatch(1);
  private static final BlockingQueue<Map<String, String>> seen = new LinkedBlockingQueue<>();
  private static final BlockingQueue<String> closed = new LinkedBlockingQueue<>();

  private final HttpClient client = HttpClient.newHttpClient();
  private Database database;
  private Proxies proxies;
  private QueryHttp server;

  @BeforeAll
  static void startUpstream() {
    upstream =
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
                  r.get("/large", c -> c.result(new byte[16_000_000]));
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

  @AfterAll
  static void stopUpstream() {
    upstream.stop();
  }

  @BeforeEach
  void start() {
    seen.clear();
    closed.clear();
    secondEvent = new CountDownLatch(1);
    start(Map.of());
  }

  @AfterEach
  void stop() {
    server.close();
    proxies.close();
    database.close();
  }

  @Test
  void request_reachesUpstreamWithoutOurCredentials() throws Exception {
    HttpResponse<String> answer =
        get(
            "/plain?a=1&b=%20x",
            "Cookie",
            "spanmill_session=secret; grafana_session=theirs; session_id=secret",
            "X-API-Key",
            READER,
            "X-WEBAUTH-USER",
            "admin",
            "X-Forwarded-For",
            "6.6.6.6",
            "X-Grafana-Org-Id",
            "1");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("plain");
    Map<String, String> told = seen.poll(60, TimeUnit.SECONDS);
    assertThat(told).containsEntry(":path", "/plain").containsEntry(":query", "a=1&b=%20x");
    assertThat(told).containsEntry("Cookie", "grafana_session=theirs");
    assertThat(told).containsEntry("X-Grafana-Org-Id", "1");
    assertThat(told).containsEntry("X-Forwarded-For", "127.0.0.1");
    assertThat(told).containsEntry("X-Forwarded-Host", "127.0.0.1:" + server.port());
    assertThat(told).containsEntry("X-Forwarded-Prefix", PREFIX);
    assertThat(told.keySet())
        .doesNotContain("Authorization", "X-API-Key", "X-WEBAUTH-USER", "X-Webauth-User");
    assertThat(told.values()).noneMatch(v -> v.contains(READER) || v.contains("secret"));
  }

  @Test
  void methodsAndBodies_passBothWays() throws Exception {
    byte[] body = new byte[(int) MAX_BODY - 1];
    Arrays.fill(body, (byte) 'x');
    HttpResponse<byte[]> echoed =
        client.send(
            request("/echo").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(echoed.body()).isEqualTo(body);
    assertThat(
            text(request("/echo").PUT(HttpRequest.BodyPublishers.ofString("new")).build()).body())
        .isEqualTo("PUT new");
    assertThat(text(request("/echo").DELETE().build()).statusCode()).isEqualTo(204);
    assertThat(
            client.send(request("/large").build(), HttpResponse.BodyHandlers.ofByteArray()).body())
        .hasSize(16_000_000);
    HttpResponse<String> missing = get("/missing");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.body()).isEqualTo("no such dashboard");
  }

  @Test
  void body_pastLimit_is413() throws Exception {
    byte[] body = new byte[(int) MAX_BODY + 1];
    HttpResponse<String> known =
        text(request("/echo").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build());
    HttpResponse<String> chunked =
        text(
            request("/echo")
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(body)))
                .build());
    assertThat(known.statusCode()).isEqualTo(413);
    assertThat(chunked.statusCode()).isEqualTo(413);
    assertThat(chunked.body()).contains("proxy.max.request.bytes");
  }

  @Test
  void frameAndHostWideHeaders_areRewritten() throws Exception {
    HttpResponse<String> answer = get("/framed");
    assertThat(answer.headers().allValues("X-Frame-Options")).containsExactly("SAMEORIGIN");
    assertThat(answer.headers().allValues("Content-Security-Policy"))
        .containsExactly("script-src 'self' 'unsafe-eval'; frame-ancestors 'self'");
    assertThat(answer.headers().allValues("X-Own")).containsExactly("kept");
    assertThat(answer.headers().map())
        .doesNotContainKeys(
            "strict-transport-security", "clear-site-data", "access-control-allow-origin");
    assertThat(get("/plain").headers().allValues("Content-Security-Policy"))
        .containsExactly("frame-ancestors 'self'");
  }

  @Test
  void cookies_areConfinedToTheProxysPath() throws Exception {
    assertThat(get("/cookies").headers().allValues("Set-Cookie"))
        .containsExactly(
            "a=1; HttpOnly; Path=" + PREFIX,
            "b=2; SameSite=Lax; Path=" + PREFIX + "/login",
            "c=3; Path=" + PREFIX);
  }

  @Test
  void redirects_stayBehindTheProxy() throws Exception {
    String origin = "http://127.0.0.1:" + upstream.port();
    assertThat(location("/login?x=1")).isEqualTo(PREFIX + "/login?x=1");
    assertThat(location(origin + "/login")).isEqualTo(PREFIX + "/login");
    assertThat(location(origin)).isEqualTo(PREFIX + "/");
    assertThat(location(PREFIX + "/login")).isEqualTo(PREFIX + "/login");
    assertThat(location("https://accounts.example.org/o"))
        .isEqualTo("https://accounts.example.org/o");
    assertThat(location("//evil.example.org/")).isEqualTo("//evil.example.org/");
    assertThat(location(origin + ".evil.example.org/")).startsWith(origin + ".evil");
    HttpResponse<String> bare =
        text(HttpRequest.newBuilder(at(PREFIX)).header("X-API-Key", READER).build());
    assertThat(bare.statusCode()).isEqualTo(302);
    assertThat(bare.headers().firstValue("Location")).hasValue(PREFIX + "/");
  }

  @Test
  void upstreamBelowAPath_isReachedThere() throws Exception {
    stop();
    start(
        Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + upstream.port() + "/missing/../api/"));
    assertThat(get("/live/x").statusCode()).isEqualTo(400);
    stop();
    start(Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + upstream.port() + "/api/"));
    get("/live/x");
    assertThat(seen.poll(60, TimeUnit.SECONDS)).containsEntry(":path", "/api/live/x");
  }

  @Test
  void events_comeAsTheyAreSent() throws Exception {
    HttpResponse<InputStream> answer =
        client.send(
            request("/events").header("Accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).isEqualTo("event: one");
    assertThat(lines.readLine()).isEqualTo("data: first");
    secondEvent.countDown();
    assertThat(lines.lines().toList()).contains("event: two", "data: second");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../admin",
        "/a/../../b",
        "/%2e%2e/b",
        "/a/%2E%2E/b",
        "/a%2fb",
        "/%252e%252e/b",
        "/a;x=1/b",
        "/a\\b",
        "@evil.example.org/",
        ":80@evil.example.org/"
      })
  void pathThatLeadsElsewhere_isRefused(String path) throws Exception {
    assertThat(raw("GET " + PREFIX + path + " HTTP/1.1")).matches("HTTP/1.1 40[04] .*");
    assertThat(seen).isEmpty();
  }

  @Test
  void absoluteTarget_neverChoosesTheServer() throws Exception {
    String status = raw("GET http://169.254.169.254" + PREFIX + "/latest HTTP/1.1");
    assertThat(status).matches("HTTP/1.1 4\\d\\d .*");
    assertThat(seen).isEmpty();
  }

  @Test
  void callers_withoutAccess_areTurnedAway() throws Exception {
    assertThat(text(HttpRequest.newBuilder(at(PREFIX + "/plain")).build()).statusCode())
        .isEqualTo(401);
    HttpResponse<String> one =
        text(
            HttpRequest.newBuilder(at(PREFIX + "/plain")).header("X-API-Key", ONE_PROJECT).build());
    assertThat(one.statusCode()).isEqualTo(403);
    assertThat(one.body()).contains("proxy.access");
    assertThat(seen).isEmpty();
    stop();
    start(Map.of(Keys.PROXY_ACCESS, "read"));
    assertThat(
            text(HttpRequest.newBuilder(at(PREFIX + "/plain"))
                    .header("X-API-Key", ONE_PROJECT)
                    .build())
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void unconfiguredUpstream_is404NamingTheSetting() throws Exception {
    HttpResponse<String> answer =
        text(
            HttpRequest.newBuilder(at("/api/proxy/langfuse/")).header("X-API-Key", READER).build());
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("proxy.langfuse.url");
  }

  @Test
  void deadUpstream_is502_silentOne504_brokenOneBreaksOff() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      stop();
      start(Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + silent.getLocalPort()));
      HttpResponse<String> late = get("/plain");
      assertThat(late.statusCode()).isEqualTo(504);
      assertThat(late.body()).contains("\"code\":\"gateway_timeout\"");
    }
    HttpResponse<String> dead = get("/plain");
    assertThat(dead.statusCode()).isEqualTo(502);
    assertThat(dead.body()).contains("proxy.grafana.url").contains("\"code\":\"bad_gateway\"");
    assertThat(dead.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'");
    try (ServerSocket broken = new ServerSocket(0)) {
      stop();
      start(Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + broken.getLocalPort()));
      CompletableFuture<Void> half =
          CompletableFuture.runAsync(
              () -> {
                try (Socket s = broken.accept()) {
                  s.getInputStream().read(new byte[4096]);
                  s.getOutputStream()
                      .write(
                          ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
                                  + "x".repeat(200_000))
                              .getBytes(StandardCharsets.US_ASCII));
                  s.getOutputStream().flush();
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              });
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(request("/plain").build(), HttpResponse.BodyHandlers.ofString());
      half.get(60, TimeUnit.SECONDS);
      await().atMost(60, TimeUnit.SECONDS).until(answer::isCompletedExceptionally);
    }
  }

  @Test
  void slowReader_holdsTheUpstreamBack_andCostsNoMemory() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      send(socket, "GET " + PREFIX + "/large HTTP/1.1");
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[64];
      long read = in.read(buffer);
      // Others are served meanwhile.
      assertThat(get("/plain").statusCode()).isEqualTo(200);
      byte[] more = new byte[256 * 1024];
      while (read < 16_000_000) {
        int n = in.read(more);
        assertThat(n).isPositive();
        read += n;
      }
    }
  }

  @Test
  void webSocket_passesMessagesAndCloseCodes() throws Exception {
    Messages messages = new Messages();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .header("X-API-Key", READER)
            .header("Origin", "http://127.0.0.1:" + server.port())
            .header("Cookie", "spanmill_session=secret; grafana_session=theirs")
            .buildAsync(ws("/api/live/ws?x=1"), messages)
            .get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("hello");
    socket.sendText("one", true).get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("echo one");
    String large = "x".repeat(200_000);
    socket.sendText(large, true).get(60, TimeUnit.SECONDS);
    assertThat(messages.text.poll(60, TimeUnit.SECONDS)).isEqualTo("echo " + large);
    socket.sendBinary(ByteBuffer.wrap(new byte[] {1, 2, 3}), true).get(60, TimeUnit.SECONDS);
    assertThat(messages.binary.poll(60, TimeUnit.SECONDS)).containsExactly(1, 2, 3);
    Map<String, String> told = seen.poll(60, TimeUnit.SECONDS);
    assertThat(told)
        .containsEntry("Cookie", "grafana_session=theirs")
        .containsEntry("Origin", "http://127.0.0.1:" + upstream.port());
    assertThat(told.values()).noneMatch(v -> v.contains(READER) || v.contains("secret"));
    socket.sendText("bye", true).get(60, TimeUnit.SECONDS);
    assertThat(messages.closed.poll(60, TimeUnit.SECONDS)).isEqualTo("4001 as asked");

    Messages others = new Messages();
    WebSocket leaving =
        client
            .newWebSocketBuilder()
            .header("X-API-Key", READER)
            .buildAsync(ws("/api/live/ws"), others)
            .get(60, TimeUnit.SECONDS);
    assertThat(others.text.poll(60, TimeUnit.SECONDS)).isEqualTo("hello");
    closed.clear();
    leaving.sendClose(1000, "done").get(60, TimeUnit.SECONDS);
    assertThat(closed.poll(60, TimeUnit.SECONDS)).isEqualTo("1000 done");
  }

  @Test
  void webSocket_ofStrangersOrRefused_isNotOpened() {
    assertThat(handshake("/api/live/ws", null, null)).isEqualTo(401);
    assertThat(handshake("/api/live/ws", ONE_PROJECT, null)).isEqualTo(403);
    assertThat(handshake("/api/live/ws", READER, "http://evil.example.org")).isEqualTo(403);
    assertThat(handshake("/forbidden/ws", READER, null)).isEqualTo(403);
    assertThat(handshake("/no/such/ws", READER, null)).isEqualTo(404);
  }

  @Test
  void exchanges_pastTheirLimit_are503_andFreedAfterwards() throws Exception {
    stop();
    start(Map.of(Keys.PROXY_MAX_REQUESTS, "1"));
    HttpResponse<InputStream> held =
        client.send(
            request("/events").header("Accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    HttpResponse<String> over = get("/plain");
    assertThat(over.statusCode()).isEqualTo(503);
    assertThat(over.headers().firstValue("Retry-After")).isPresent();
    secondEvent.countDown();
    held.body().readAllBytes();
    await().atMost(5, TimeUnit.SECONDS).until(() -> get("/plain").statusCode() == 200);
  }

  private void start(Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put(Keys.CLICKHOUSE_URL, "http://127.0.0.1:1");
    all.put(Keys.AUTH_KEYS, READER + ":*:read," + ONE_PROJECT + ":a:read");
    all.put(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + upstream.port());
    all.put(Keys.PROXY_TIMEOUT_MS, Long.toString(TIMEOUT_MS));
    all.put(Keys.PROXY_MAX_REQUEST_BYTES, Long.toString(MAX_BODY));
    all.putAll(more);
    Settings settings = Settings.of(all);
    database = new Database(settings);
    proxies = new Proxies(settings);
    server =
        new QueryHttp(
            settings,
            new Queries(database, settings, Clock.systemUTC(), CubeSet.BUILT_IN),
            new SimpleMeterRegistry(),
            Clock.systemUTC(),
            ApiKeys.of(settings),
            new Tokens(settings, ApiKeys.of(settings), Clock.systemUTC()),
            () -> null,
            List.of(),
            List.of(proxies));
    server.start("127.0.0.1", 0);
  }

  private URI at(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private URI ws(String path) {
    return URI.create("ws://127.0.0.1:" + server.port() + PREFIX + path);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(at(PREFIX + path)).header("Authorization", "Bearer " + READER);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(path);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return text(request.build());
  }

  private HttpResponse<String> text(HttpRequest request) throws Exception {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private String location(String place) throws Exception {
    String escaped = java.net.URLEncoder.encode(place, StandardCharsets.UTF_8);
    HttpResponse<String> answer = get("/to?place=" + escaped);
    assertThat(answer.statusCode()).isEqualTo(302);
    return answer.headers().firstValue("Location").orElse("");
  }

  private int handshake(String path, String key, String origin) {
    WebSocket.Builder builder = client.newWebSocketBuilder();
    if (key != null) {
      builder.header("X-API-Key", key);
    }
    if (origin != null) {
      builder.header("Origin", origin);
    }
    try {
      builder.buildAsync(ws(path), new Messages()).join().abort();
      return 101;
    } catch (CompletionException e) {
      return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
    }
  }

  private String raw(String requestLine) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      send(socket, requestLine);
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  private void send(Socket socket, String requestLine) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(
        (requestLine
                + "\r\nHost: 127.0.0.1:"
                + server.port()
                + "\r\nX-API-Key: "
                + READER
                + "\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  private static final class Messages implements WebSocket.Listener {
    final BlockingQueue<String> text = new LinkedBlockingQueue<>();
    final BlockingQueue<byte[]> binary = new LinkedBlockingQueue<>();
    final BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      part.append(data);
      if (last) {
        text.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      binary.add(bytes);
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      closed.add(code + " " + reason);
      return null;
    }
  }
}
