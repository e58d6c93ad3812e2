/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.config.Keys;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What is wrong with a request is told by name on every endpoint, and what is sent to break the
 * server gets a clean refusal. {@code -Dmessages.print=true} prints every message that was told.
 */
class WrongRequestsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient http = HttpClient.newHttpClient();
  private static final Set<String> TIMES = Set.of("from", "to");
  private static final Map<String, List<String>> BAD = bad();

  private final SoftAssertions check = new SoftAssertions();
  private static QueryService service;
  private static JsonNode openapi;

  @BeforeAll
  static void start() throws Exception {
    service = QueryService.start(servers.settings(Map.of(Keys.QUERY_RATE_LIMIT, "1000000")));
    openapi = JSON.readTree(get("/openapi.json").body());
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static Map<String, List<String>> bad() {
    Map<String, List<String>> out = new LinkedHashMap<>();
    List<String> times =
        List.of(
            "",
            "yesterday",
            "-1",
            "1e3",
            "99999999999999999999",
            "2200-01-01T00:00:00Z",
            "+999999999-01-01T00:00:00Z");
    out.put("from", times);
    out.put("to", times);
    out.put("tz", List.of("", "Mars/Olympus", "Asia/Seoul;DROP", "+99:00"));
    out.put("step", List.of("", "x", "0", "59s", "-1m", "1ms", "1000000w", "999999999999999w"));
    out.put("limit", List.of("", "0", "-1", "1.5", "many", "1000000000", "2147483648"));
    out.put("metric", List.of("", "nonsense", "cost; --"));
    out.put("groupBy", List.of("nonsense", "model,nonsense", "provider,model,operation,team,user"));
    out.put("sort", List.of("", "nonsense", "--cost", "cost DESC"));
    out.put("status", List.of("", "maybe"));
    out.put("costKind", List.of("", "free"));
    out.put("layer", List.of("", "kitchen", "gateway,client", "auto,gateway"));
    out.put("errorClass", List.of("nonsense"));
    out.put("minDurationMs", List.of("", "-1", "NaN", "1e5", "fast"));
    out.put("maxDurationMs", List.of("", "-1", "Infinity"));
    out.put("minCostUsd", List.of("", "-0.1", "0x10", "$1"));
    out.put("traceId", List.of("", "x", "0".repeat(31), "g".repeat(32)));
    out.put("content", List.of("", "x", "0".repeat(17)));
    // The last two are cursors of traces and of sessions, but for their first value.
    out.put(
        "cursor",
        List.of(
            "",
            "x",
            "e30",
            "W10",
            "////",
            forged("[\"-start\",[\"x\",\"y\"]]"),
            forged("[\"-start\",[\"x\",\"y\",\"z\"]]")));
    out.put("format", List.of("", "xml"));
    return out;
  }

  @Test
  void wrongParameters_areNamed_onEveryEndpoint() throws Exception {
    int told = 0;
    Set<String> messages = new LinkedHashSet<>();
    for (String path : paths("/api/v1/")) {
      List<String> known =
          openapi
              .at("/paths/" + path.replace("/", "~1") + "/get/parameters")
              .findValuesAsText("name");
      String at = at(path);
      messages.add(refused(at + "?nonsense=1", "nonsense", "unknown_parameter"));
      messages.add(refused(at + "?from%20=now", "from ", "unknown_parameter"));
      messages.add(refused(at + "?=now", "", "unknown_parameter"));
      if (!path.endsWith("/live")) {
        check.assertThat(get(at + "?&").statusCode()).as(at).isEqualTo(get(at).statusCode());
      }
      for (String name : known) {
        for (String value : BAD.getOrDefault(name, List.of())) {
          boolean inPath = path.contains("{" + name + "}");
          if (!inPath) {
            messages.add(refused(at + "?" + name + "=" + encoded(value), name, "bad_parameter"));
            told++;
          }
        }
        boolean once =
            BAD.containsKey(name) && !Set.of("groupBy", "errorClass", "layer").contains(name);
        if (once && !path.contains("{" + name + "}")) {
          String good = TIMES.contains(name) ? "now" : "1";
          messages.add(
              refused(
                  at + "?" + name + "=" + good + "&" + name + "=" + good, name, "bad_parameter"));
        }
      }
      if (known.contains("from")) {
        messages.add(refused(at + "?from=now&to=now-1h", "from", "bad_parameter"));
        messages.add(refused(at + "?from=now&to=now", "from", "bad_parameter"));
        messages.add(refused(at + "?from=0&to=now", "from", "range_too_long"));
        check
            .assertThat(get(at + "?from=2098-12-31T00:00:00Z&to=2099-01-01T00:00:00Z").statusCode())
            .as(at + " far in the future")
            .isEqualTo(200);
      }
      if (known.contains("model")) {
        messages.add(refused(at + "?" + "model=x&".repeat(201), "model", "bad_parameter"));
        messages.add(refused(at + "?model=" + "x".repeat(1001), "model", "bad_parameter"));
      }
    }
    assertThat(told).isGreaterThan(200);
    if (Boolean.getBoolean("messages.print")) {
      messages.forEach(System.out::println);
    }
    check.assertAll();
  }

  /** The message, which names the parameter and is more than its name. */
  private String refused(String path, String field, String code) throws Exception {
    HttpResponse<String> answer = get(path);
    String as = path + ": " + answer.body().substring(0, Math.min(300, answer.body().length()));
    JsonNode error = JSON.readTree(answer.body()).path("error");
    String message = error.path("message").asText();
    check.assertThat(answer.statusCode()).as(as).isEqualTo(400);
    check.assertThat(error.path("field").asText()).as(as).isEqualTo(field);
    check.assertThat(error.path("code").asText()).as(as).isEqualTo(code);
    check.assertThat(message).as(as).contains(field).hasSizeGreaterThan(field.length() + 12);
    return message.length() > 300 ? message.substring(0, 300) + "…" : message;
  }

  @Test
  void attacks_getACleanRefusal() throws Exception {
    Map<String, String> attacks = new LinkedHashMap<>();
    attacks.put(
        "GET /api/v1/overview?q=" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: localhost", "414");
    attacks.put(
        "GET /api/v1/calls?" + "user=x&".repeat(10_000) + " HTTP/1.1\r\nHost: localhost", "414");
    attacks.put(
        "GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nX-A: " + "a".repeat(100_000), "431");
    attacks.put("GET /api/v1/calls?q=%FF%FE%C0%80 HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/v1/calls?q=%ZZ HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/v1/calls?q=%00 HTTP/1.1\r\nHost: localhost", "200");
    attacks.put("GET /api/v1/sessions/%00 HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/v1/sessions/%FF%FE HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/v1/traces/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /assets/..%2f..%2f..%2fpom.xml HTTP/1.1\r\nHost: localhost", "404");
    attacks.put("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/proxy/grafana/../../v1/status HTTP/1.1\r\nHost: localhost", "404");
    attacks.put("GET /api/proxy/grafana/%2e%2e/%2e%2e/admin HTTP/1.1\r\nHost: localhost", "404");
    attacks.put("GET /api/proxy/grafana/..;/admin HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /api/proxy/nothing/x HTTP/1.1\r\nHost: localhost", "404");
    attacks.put("GET /api/v1/status%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: localhost", "404");
    attacks.put(
        "GET /api/v1/overview?nonsense%0d%0aSet-Cookie:%20a=b=1 HTTP/1.1\r\nHost: localhost",
        "400");
    attacks.put("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", "400");
    attacks.put("GET /api/v1/status HTTP/1.1", "400");
    attacks.put("GET /api/v1/status HTTP/1.1\r\nHost: evil.example", "421");
    attacks.put("GET http://evil.example/api/v1/status HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000", "413");
    attacks.put("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1", "400");
    attacks.put(
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
        "400");
    attacks.put("BREW /api/v1/overview HTTP/1.1\r\nHost: localhost", "405");
    attacks.put("TRACE /api/v1/overview HTTP/1.1\r\nHost: localhost", "405");
    attacks.put("DELETE /api/v1/overview HTTP/1.1\r\nHost: localhost", "405");
    attacks.put(
        "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "404");
    attacks.put(
        "GET /api/proxy/langfuse/x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "404");
    attacks.put("GET /v4/traces/list/%FF HTTP/1.1\r\nHost: localhost", "400");
    attacks.put("GET /v4/logs/..%2f..%2fx HTTP/1.1\r\nHost: localhost", "403");
    attacks.put("\u0016\u0003\u0001\u0002", "400");
    for (Map.Entry<String, String> attack : attacks.entrySet()) {
      String name = attack.getKey().substring(0, Math.min(150, attack.getKey().length()));
      String answer = raw(attack.getKey());
      if (Boolean.getBoolean("messages.print")) {
        System.out.println(
            name.replace("\r\n", " | ")
                + "\n  => "
                + answer.replace("\r\n", " | ").substring(0, Math.min(900, answer.length())));
      }
      check.assertThat(answer).as(name).startsWith("HTTP/1.1 " + attack.getValue() + " ");
      if (attack.getValue().equals("405")) {
        check.assertThat(answer).as(name).contains("\r\nAllow: GET, HEAD, OPTIONS\r\n");
      }
      check.assertThat(answer).as(name).doesNotContain("root:", "\r\nSet-Cookie", "\tat ");
      int end = answer.indexOf("\r\n\r\n");
      String body = end < 0 ? "" : answer.substring(end + 4);
      check
          .assertThat(body.toLowerCase(Locale.ROOT))
          .as(name)
          .doesNotContain("<h2", "jetty", "exception");
    }
    check.assertAll();
    assertThat(get("/health").statusCode()).isEqualTo(200);
  }

  private static List<String> paths(String prefix) {
    List<String> out = new ArrayList<>();
    openapi.path("paths").fieldNames().forEachRemaining(out::add);
    out.removeIf(
        p ->
            !p.startsWith(prefix)
                || openapi.path("paths").path(p).path("get").isMissingNode()
                // Nothing is configured to compare with, which is told first.
                || p.endsWith("/compare/agentops"));
    assertThat(out).hasSizeGreaterThan(12);
    return out;
  }

  private static String at(String path) {
    return path.replace("{traceId}", "0a".repeat(16)).replace("{id}", "a-session");
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private static HttpResponse<String> get(String path) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + service.port() + path);
    return http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String raw(String head) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", service.port())) {
      socket.setSoTimeout(60_000);
      byte[] bytes = (head + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      try {
        socket.getOutputStream().write(bytes);
        socket.getInputStream().transferTo(answer);
      } catch (IOException e) {
        // Closed while more was being sent; what came before that is the answer.
        System.out.println("closed by the server: " + e.getMessage());
      }
      return answer.toString(StandardCharsets.ISO_8859_1);
    }
  }

  private static String forged(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
