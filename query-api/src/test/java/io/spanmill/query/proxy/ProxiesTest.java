/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.proxy;

import static io.spanmill.query.proxy.ProxyRig.MAX_BODY;
import static io.spanmill.query.proxy.ProxyRig.ONE_PROJECT;
import static io.spanmill.query.proxy.ProxyRig.PREFIX;
import static io.spanmill.query.proxy.ProxyRig.READER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spanmill.config.Keys;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxies before a real server, over real sockets. */
final class ProxiesTest {
  private static UpstreamServer upstream;
  private ProxyRig rig;

  @BeforeAll
  static void startUpstream() {
    upstream = new UpstreamServer();
  }

  @AfterAll
  static void stopUpstream() {
    upstream.close();
  }

  @BeforeEach
  void start() {
    upstream.reset();
    rig = new ProxyRig(upstream, Map.of());
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  @Test
  void request_reachesUpstreamWithoutOurCredentials() throws Exception {
    HttpResponse<String> answer =
        rig.get(
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
    Map<String, String> told = upstream.seen.poll(60, TimeUnit.SECONDS);
    assertThat(told).containsEntry(":path", "/plain").containsEntry(":query", "a=1&b=%20x");
    assertThat(told).containsEntry("Cookie", "grafana_session=theirs");
    assertThat(told).containsEntry("X-Grafana-Org-Id", "1");
    assertThat(told).containsEntry("X-Forwarded-For", "127.0.0.1");
    assertThat(told).containsEntry("X-Forwarded-Host", "127.0.0.1:" + rig.port());
    assertThat(told).containsEntry("X-Forwarded-Prefix", PREFIX);
    assertThat(told.keySet())
        .doesNotContain("Authorization", "X-API-Key", "X-WEBAUTH-USER", "X-Webauth-User");
    assertThat(told.values()).noneMatch(v -> v.contains(READER) || v.contains("secret"));
  }

  @Test
  void methodsAndBodies_passBothWays() throws Exception {
    byte[] body = new byte[MAX_BODY - 1];
    Arrays.fill(body, (byte) 'x');
    HttpResponse<byte[]> echoed =
        rig.client.send(
            rig.request("/echo").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(echoed.body()).isEqualTo(body);
    assertThat(
            rig.text(rig.request("/echo").PUT(HttpRequest.BodyPublishers.ofString("new")).build())
                .body())
        .isEqualTo("PUT new");
    assertThat(rig.text(rig.request("/echo").DELETE().build()).statusCode()).isEqualTo(204);
    assertThat(
            rig.client
                .send(rig.request("/large").build(), HttpResponse.BodyHandlers.ofByteArray())
                .body())
        .hasSize(UpstreamServer.LARGE);
    HttpResponse<String> missing = rig.get("/missing");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.body()).isEqualTo("no such dashboard");
  }

  @Test
  void body_pastLimit_is413() throws Exception {
    byte[] body = new byte[MAX_BODY + 1];
    HttpResponse<String> known =
        rig.text(rig.request("/echo").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build());
    HttpResponse<String> chunked =
        rig.text(
            rig.request("/echo")
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
    HttpResponse<String> answer = rig.get("/framed");
    assertThat(answer.headers().allValues("X-Frame-Options")).containsExactly("SAMEORIGIN");
    assertThat(answer.headers().allValues("Content-Security-Policy"))
        .containsExactly("script-src 'self' 'unsafe-eval'; frame-ancestors 'self'");
    assertThat(answer.headers().allValues("X-Own")).containsExactly("kept");
    assertThat(answer.headers().map())
        .doesNotContainKeys(
            "strict-transport-security", "clear-site-data", "access-control-allow-origin");
    assertThat(rig.get("/plain").headers().allValues("Content-Security-Policy"))
        .containsExactly("frame-ancestors 'self'");
  }

  @Test
  void cookies_areConfinedToTheProxysPath() throws Exception {
    assertThat(rig.get("/cookies").headers().allValues("Set-Cookie"))
        .containsExactly(
            "a=1; HttpOnly; Path=" + PREFIX,
            "b=2; SameSite=Lax; Path=" + PREFIX + "/login",
            "c=3; Path=" + PREFIX);
  }

  @Test
  void redirects_stayBehindTheProxy() throws Exception {
    String origin = upstream.url();
    assertThat(location("/login?x=1")).isEqualTo(PREFIX + "/login?x=1");
    assertThat(location(origin + "/login")).isEqualTo(PREFIX + "/login");
    assertThat(location(origin)).isEqualTo(PREFIX + "/");
    assertThat(location(PREFIX + "/login")).isEqualTo(PREFIX + "/login");
    assertThat(location("https://accounts.example.org/o"))
        .isEqualTo("https://accounts.example.org/o");
    assertThat(location("//evil.example.org/")).isEqualTo("//evil.example.org/");
    assertThat(location(origin + ".evil.example.org/")).startsWith(origin + ".evil");
    HttpResponse<String> bare =
        rig.text(HttpRequest.newBuilder(rig.at(PREFIX)).header("X-API-Key", READER).build());
    assertThat(bare.statusCode()).isEqualTo(302);
    assertThat(bare.headers().firstValue("Location")).hasValue(PREFIX + "/");
  }

  @Test
  void upstreamBelowAPath_isReachedThere() throws Exception {
    restart(Map.of(Keys.PROXY_GRAFANA_URL, upstream.url() + "/missing/../api/"));
    assertThat(rig.get("/live/x").statusCode()).isEqualTo(400);
    restart(Map.of(Keys.PROXY_GRAFANA_URL, upstream.url() + "/api/"));
    rig.get("/live/x");
    assertThat(upstream.seen.poll(60, TimeUnit.SECONDS)).containsEntry(":path", "/api/live/x");
  }

  @Test
  void events_comeAsTheyAreSent() throws Exception {
    HttpResponse<InputStream> answer =
        rig.client.send(
            rig.request("/events").header("Accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).isEqualTo("event: one");
    assertThat(lines.readLine()).isEqualTo("data: first");
    upstream.sendSecondEvent();
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
    assertThat(rig.raw("GET " + PREFIX + path + " HTTP/1.1")).matches("HTTP/1.1 40[04] .*");
    assertThat(upstream.seen).isEmpty();
  }

  @Test
  void absoluteTarget_neverChoosesTheServer() throws Exception {
    String status = rig.raw("GET http://169.254.169.254" + PREFIX + "/latest HTTP/1.1");
    assertThat(status).matches("HTTP/1.1 4\\d\\d .*");
    assertThat(upstream.seen).isEmpty();
  }

  @Test
  void callers_withoutAccess_areTurnedAway() throws Exception {
    assertThat(rig.text(HttpRequest.newBuilder(rig.at(PREFIX + "/plain")).build()).statusCode())
        .isEqualTo(401);
    HttpResponse<String> one =
        rig.text(
            HttpRequest.newBuilder(rig.at(PREFIX + "/plain"))
                .header("X-API-Key", ONE_PROJECT)
                .build());
    assertThat(one.statusCode()).isEqualTo(403);
    assertThat(one.body()).contains("proxy.access");
    assertThat(upstream.seen).isEmpty();
    restart(Map.of(Keys.PROXY_ACCESS, "read"));
    assertThat(
            rig.text(
                    HttpRequest.newBuilder(rig.at(PREFIX + "/plain"))
                        .header("X-API-Key", ONE_PROJECT)
                        .build())
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void unconfiguredUpstream_is404NamingTheSetting() throws Exception {
    HttpResponse<String> answer =
        rig.text(
            HttpRequest.newBuilder(rig.at("/api/proxy/langfuse/"))
                .header("X-API-Key", READER)
                .build());
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("proxy.langfuse.url");
  }

  @Test
  void deadUpstream_is502_silentOne504_brokenOneBreaksOff() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      restart(Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + silent.getLocalPort()));
      HttpResponse<String> late = rig.get("/plain");
      assertThat(late.statusCode()).isEqualTo(504);
      assertThat(late.body()).contains("\"code\":\"gateway_timeout\"");
    }
    HttpResponse<String> dead = rig.get("/plain");
    assertThat(dead.statusCode()).isEqualTo(502);
    assertThat(dead.body()).contains("proxy.grafana.url").contains("\"code\":\"bad_gateway\"");
    assertThat(dead.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'");
    try (ServerSocket broken = new ServerSocket(0)) {
      restart(Map.of(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + broken.getLocalPort()));
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
          rig.client.sendAsync(rig.request("/plain").build(), HttpResponse.BodyHandlers.ofString());
      half.get(60, TimeUnit.SECONDS);
      await().atMost(60, TimeUnit.SECONDS).until(answer::isCompletedExceptionally);
    }
  }

  @Test
  void slowReader_holdsTheUpstreamBack_andNobodyElse() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", rig.port())) {
      rig.send(socket, "GET " + PREFIX + "/large HTTP/1.1");
      AtomicLong before = new AtomicLong();
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> {
                long now = upstream.written.get();
                return now > 0 && before.getAndSet(now) == now;
              });
      // What is under way lies in the buffers of four sockets.
      assertThat(upstream.written.get()).isLessThan(UpstreamServer.LARGE / 2);
      assertThat(rig.get("/plain").statusCode()).isEqualTo(200);
      InputStream in = socket.getInputStream();
      assertThat(in.readAllBytes().length).isGreaterThan(UpstreamServer.LARGE);
    }
  }

  @Test
  void exchanges_pastTheirLimit_are503_andFreedAfterwards() throws Exception {
    restart(Map.of(Keys.PROXY_MAX_REQUESTS, "1"));
    HttpResponse<InputStream> held =
        rig.client.send(
            rig.request("/events").header("Accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    HttpResponse<String> over = rig.get("/plain");
    assertThat(over.statusCode()).isEqualTo(503);
    assertThat(over.headers().firstValue("Retry-After")).isPresent();
    upstream.sendSecondEvent();
    held.body().readAllBytes();
    await().atMost(5, TimeUnit.SECONDS).until(() -> rig.get("/plain").statusCode() == 200);
  }

  private String location(String place) throws Exception {
    String escaped = java.net.URLEncoder.encode(place, StandardCharsets.UTF_8);
    HttpResponse<String> answer = rig.get("/to?place=" + escaped);
    assertThat(answer.statusCode()).isEqualTo(302);
    return answer.headers().firstValue("Location").orElse("");
  }

  private void restart(Map<String, String> settings) {
    rig.close();
    rig = new ProxyRig(upstream, settings);
  }
}
