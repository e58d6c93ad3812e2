/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.ALL;
import static io.spanmill.query.EdgeRig.ALPHA;
import static io.spanmill.query.EdgeRig.AT;
import static io.spanmill.query.EdgeRig.BRAVO;
import static io.spanmill.query.EdgeRig.RANGE;
import static io.spanmill.query.EdgeRig.READER;
import static io.spanmill.query.EdgeRig.SCRAPER;
import static io.spanmill.query.EdgeRig.SENDER;
import static io.spanmill.query.EdgeRig.awaitCalls;
import static io.spanmill.query.EdgeRig.call;
import static io.spanmill.query.EdgeRig.get;
import static io.spanmill.query.EdgeRig.grafana;
import static io.spanmill.query.EdgeRig.http;
import static io.spanmill.query.EdgeRig.json;
import static io.spanmill.query.EdgeRig.operations;
import static io.spanmill.query.EdgeRig.post;
import static io.spanmill.query.EdgeRig.request;
import static io.spanmill.query.EdgeRig.send;
import static io.spanmill.query.EdgeRig.servers;
import static io.spanmill.query.EdgeRig.variants;
import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.config.Keys;
import io.spanmill.query.EdgeRig.Operation;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key sees its own project alone, and what its roles allow; nobody sees more without one. */
interface KeyAccessTests {
  @Test
  default void key_seesItsOwnProjectAlone_onEveryOperation() throws Exception {
    awaitCalls(ALPHA, 6);
    Map<String, String> before = answers(ALPHA);
    assertThat(before.values()).anyMatch(a -> a.contains("model-alpha"));
    send(BRAVO, "bravo", 0, 7, AT);
    awaitCalls(BRAVO, 14);
    Map<String, String> after = answers(ALPHA);
    assertThat(after).isEqualTo(before);
    int asked = 0;
    for (Operation op : operations()) {
      if (!op.method().equals("get") || op.role().isEmpty()) {
        continue;
      }
      if (op.path().contains("/proxy/")) {
        // What another tool shows is nobody's own: a key of one project does not get there.
        assertThat(get(op.path("bravo"), ALPHA).statusCode()).as(op.path()).isEqualTo(403);
        asked++;
        continue;
      }
      for (String foreign : foreign(op, "bravo")) {
        if (op.mediaTypes().contains("text/event-stream") && !foreign.contains("project=")) {
          // Streams of own calls: another test reads them.
          continue;
        }
        assertNothingOf("bravo", op, foreign, get(op.path("bravo") + foreign, ALPHA));
        asked++;
      }
    }
    assertThat(asked).isGreaterThan(100);
    // It is all there for those who may see it.
    assertThat(get("/api/v1/breakdown?groupBy=project&" + RANGE, ALL).body())
        .contains("\"project\":\"bravo\"");
    assertThat(get("/api/v1/traces/" + TwoProjects.traceId("bravo", 1), BRAVO).statusCode())
        .isEqualTo(200);
    assertThat(get("/api/v1/traces/" + TwoProjects.traceId("bravo", 1), ALPHA).statusCode())
        .isEqualTo(404);
  }

  @Test
  default void anonymousCaller_seesTheDefaultProjectAlone_onEveryOperation() throws Exception {
    Map<String, String> open = new HashMap<>();
    open.put(Keys.AUTH_ANONYMOUS, "true");
    open.put(Keys.PROXY_GRAFANA_URL, "http://127.0.0.1:" + grafana.getAddress().getPort());
    open.put(Keys.QUERY_RATE_LIMIT, "100000");
    try (QueryService service = QueryService.start(servers.settings(open))) {
      int asked = 0;
      for (Operation op : operations()) {
        if (op.role().isEmpty() || !op.method().equals("get")) {
          continue;
        }
        for (String foreign : foreign(op, "alpha")) {
          if (op.mediaTypes().contains("text/event-stream") && !foreign.contains("project=")) {
            continue;
          }
          URI address =
              URI.create(
                  "http://127.0.0.1:"
                      + service.port()
                      + (op.path("alpha") + foreign).replace("?&", "?"));
          HttpResponse<String> answer =
              http.send(
                  HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
          assertNothingOf("alpha", op, foreign, answer);
          if (op.path().contains("/proxy/")) {
            assertThat(answer.statusCode()).as(op.path()).isEqualTo(403);
          } else {
            assertThat(answer.statusCode()).as(op.path() + foreign).isNotIn(401, 500);
          }
          asked++;
        }
      }
      assertThat(asked).isGreaterThan(100);
    }
  }

  @Test
  default void wrongKey_isRefused_besideAnonymousCallersAndUnderAnEmptiedKeysFile(@TempDir Path dir)
      throws Exception {
    Path file = Files.writeString(dir.resolve("keys"), "");
    for (boolean anonymous : new boolean[] {true, false}) {
      Map<String, String> more = new HashMap<>();
      more.put(Keys.AUTH_ANONYMOUS, Boolean.toString(anonymous));
      more.put(Keys.AUTH_KEYS_FILE, file.toString());
      try (QueryService service = QueryService.start(servers.settings(more))) {
        URI status = URI.create("http://127.0.0.1:" + service.port() + "/api/v1/status");
        HttpRequest.Builder request = HttpRequest.newBuilder(status);
        assertThat(http.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode())
            .isEqualTo(anonymous ? 200 : 401);
        request.header("X-API-Key", "a-mistyped-key");
        assertThat(http.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode())
            .isEqualTo(401);
      }
    }
  }

  @Test
  default void roles_areAskedForOnEveryOperation() throws Exception {
    int asked = 0;
    for (Operation op : operations()) {
      if (op.role().isEmpty()) {
        continue;
      }
      String path = op.path("alpha");
      String as = op.method() + " " + path;
      // The public API of AgentOps calls every want of a token a bad request.
      int unknown = path.startsWith("/public/v1/") ? 400 : 401;
      assertThat(call(op.method(), path, null).statusCode()).as(as).isEqualTo(unknown);
      assertThat(call(op.method(), path, "no-such-key").statusCode()).as(as).isEqualTo(unknown);
      for (String key : List.of(SENDER, SCRAPER, READER)) {
        boolean may =
            switch (op.role()) {
              case "read" -> key.equals(READER);
              case "ingest" -> key.equals(SENDER);
              // Who may read all of it may scrape it.
              case "metrics" -> !key.equals(SENDER);
              default -> throw new IllegalStateException(op.role());
            };
        if (!may) {
          assertThat(call(op.method(), path, key).statusCode()).as(as + key).isEqualTo(403);
          asked++;
        }
      }
      if (path.contains("/proxy/grafana")) {
        assertThat(call(op.method(), path, READER).statusCode()).as(as).isEqualTo(403);
        assertThat(call(op.method(), path + "/x", ALL).statusCode()).as(as).isEqualTo(200);
      }
    }
    assertThat(asked).isGreaterThan(100);
    assertThat(get("/openapi.json", null).statusCode()).isEqualTo(200);
    assertThat(get("/health", null).statusCode()).isEqualTo(200);
  }

  @Test
  default void login_givesACookieThatScriptsCannotRead() throws Exception {
    HttpResponse<String> wrong = post("/api/v1/login", "{\"key\":\"not-a-key\"}", null);
    assertThat(wrong.statusCode()).isEqualTo(401);
    HttpResponse<String> right = post("/api/v1/login", "{\"key\":\"" + ALPHA + "\"}", null);
    assertThat(right.statusCode()).isEqualTo(200);
    String cookie = right.headers().firstValue("Set-Cookie").orElse("");
    assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").contains("Path=/");
    assertThat(cookie).doesNotContain(ALPHA);
    HttpResponse<String> seen =
        http.send(
            request("/api/v1/status").header("Cookie", cookie.split(";")[0]).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(json(seen).path("auth").path("project").asText()).isEqualTo("alpha");
    assertThat(
            post("/api/v1/login", "{\"key\":\"" + ALPHA + "\"}", "http://evil.example.org")
                .statusCode())
        .isEqualTo(403);
  }

  private static void assertNothingOf(
      String word, Operation op, String query, HttpResponse<String> answer) {
    // An error may repeat what was asked.
    String told =
        answer.statusCode() == 200
            ? answer.body()
            : answer.body().replace(TwoProjects.session(word), "");
    assertThat(told).as(op.path() + query).doesNotContain(word + "-", "-" + word);
    if (query.contains("project=" + word) || query.contains("project_id=" + word)) {
      assertThat(answer.statusCode()).as(op.path() + query + told).isIn(403, 404);
    }
  }

  /** What a caller may ask to see of another's. */
  private static List<String> foreign(Operation op, String word) {
    String range = op.has("from") ? "?" + RANGE : "?";
    List<String> out = new ArrayList<>(List.of(range));
    Map<String, String> asked =
        Map.of(
            "project",
            word,
            "project_id",
            word,
            "traceId",
            TwoProjects.traceId(word, 1),
            "sessionId",
            TwoProjects.session(word),
            "q",
            word,
            "query",
            word,
            "model",
            "model-" + word,
            "content",
            "0000000000000003");
    asked.forEach(
        (name, value) -> {
          if (op.has(name)) {
            out.add(range + "&" + name + "=" + value);
            if (op.has("format")) {
              out.add(range + "&format=csv&" + name + "=" + value);
            }
          }
        });
    if (op.has("groupBy")) {
      out.add(range + "&groupBy=project,user");
    }
    if (op.has("format")) {
      out.add(range + "&format=csv");
      out.add(range + "&format=parquet&project=" + word);
    }
    return out;
  }

  /** What a key is told everywhere, without what changes by itself. */
  private static Map<String, String> answers(String key) throws Exception {
    Map<String, String> out = new TreeMap<>();
    for (Operation op : operations()) {
      boolean asked =
          op.method().equals("get")
              && op.role().equals("read")
              && !op.path().contains("/proxy/")
              && op.mediaTypes().contains("application/json");
      if (asked) {
        for (String variant : variants(op)) {
          HttpResponse<String> answer = get(op.path("alpha") + variant, key);
          out.put(
              op.path() + variant,
              answer.statusCode()
                  + " "
                  + answer
                      .body()
                      .replaceAll(
                          "\"(completeThrough|now|watermark|lateness|lagMs|state|warnings)\":"
                              + "(\"[^\"]*\"|\\{[^}]*}|\\[[^]]*]|[^,}\\]]*)",
                          ""));
        }
      }
    }
    return out;
  }
}
