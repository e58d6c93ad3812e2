/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.ALPHA;
import static io.spanmill.query.EdgeRig.AT;
import static io.spanmill.query.EdgeRig.BRAVO;
import static io.spanmill.query.EdgeRig.CHARLIE;
import static io.spanmill.query.EdgeRig.LIMIT;
import static io.spanmill.query.EdgeRig.RANGE;
import static io.spanmill.query.EdgeRig.SENDER;
import static io.spanmill.query.EdgeRig.awaitCalls;
import static io.spanmill.query.EdgeRig.call;
import static io.spanmill.query.EdgeRig.get;
import static io.spanmill.query.EdgeRig.http;
import static io.spanmill.query.EdgeRig.json;
import static io.spanmill.query.EdgeRig.operations;
import static io.spanmill.query.EdgeRig.post;
import static io.spanmill.query.EdgeRig.request;
import static io.spanmill.query.EdgeRig.send;
import static io.spanmill.query.EdgeRig.spanmill;
import static io.spanmill.query.EdgeRig.variants;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import io.spanmill.query.EdgeRig.Operation;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** HTTP as it should be: headers, refusals, compression, answers that have not changed. */
interface HttpBehaviourTests {
  @Test
  default void http_isAsItShouldBe() throws Exception {
    String path = "/api/v1/breakdown?groupBy=model&" + RANGE;
    HttpResponse<String> whole = get(path, ALPHA);
    assertThat(whole.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'")
        .contains("frame-ancestors 'self'");
    assertThat(whole.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    String path2 = "/api/v1/traces/" + TwoProjects.traceId("alpha", 1);
    HttpResponse<byte[]> packed =
        http.send(
            request(path2).header("X-API-Key", ALPHA).header("Accept-Encoding", "gzip").build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(packed.headers().firstValue("Content-Encoding")).hasValue("gzip");
    HttpResponse<String> head =
        http.send(
            request(path)
                .header("X-API-Key", ALPHA)
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("ETag")).isEqualTo(whole.headers().firstValue("ETag"));

    assertError(get("/api/v1/nothing", ALPHA), 404, "not_found", "null");
    assertError(post("/api/v1/overview", "{}", null), 405, "method_not_allowed", "null");
    assertError(get("/api/v1/overview?colour=red", ALPHA), 400, "unknown_parameter", "colour");
    assertError(get("/api/v1/live?from=now-1h", ALPHA), 400, "unknown_parameter", "from");
    assertError(get("/api/v1/overview?from=yesterday", ALPHA), 400, "bad_parameter", "from");
    assertError(get("/api/v1/calls?limit=0&" + RANGE, ALPHA), 400, "bad_parameter", "limit");
    assertError(get("/api/v1/calls?format=xml&" + RANGE, ALPHA), 400, "bad_parameter", "format");
    assertThat(raw("GET /api/v1/status HTTP/1.1\r\nHost: evil.example.org\r\n")).contains(" 421 ");
  }

  /** Probes and link checkers ask so: what is not there, not ready or not theirs is no 200. */
  @Test
  default void head_isAnsweredAsGet_onEveryRoute() throws Exception {
    int asked = 0;
    for (Operation op : operations()) {
      if (op.method().equals("get") && !op.path().equals("/api/v1/live")) {
        String path = op.path("alpha");
        for (String key : new String[] {ALPHA, BRAVO, SENDER, null}) {
          HttpResponse<String> head = call("head", path, key);
          assertThat(head.statusCode())
              .as("HEAD %s with %s", path, key)
              .isEqualTo(get(path, key).statusCode());
          assertThat(head.body()).isEmpty();
          asked++;
        }
      }
    }
    assertThat(asked).isGreaterThan(100);
    HttpResponse<String> live = call("head", "/api/v1/live", ALPHA);
    assertThat(live.headers().firstValue("Content-Type").orElse("")).contains("text/event-stream");
    assertThat(call("head", "/api/v1/nothing", ALPHA).statusCode()).isEqualTo(404);
    assertThat(call("head", "/assets/nothing.js", null).statusCode()).isEqualTo(404);
    assertThat(call("head", "/sessions", null).statusCode()).isEqualTo(200);
  }

  @Test
  default void unchangedAnswers_areNotSentAgain() throws Exception {
    int asked = 0;
    for (Operation op : operations()) {
      boolean own = op.method().equals("get") && op.path().startsWith("/api/v1/");
      boolean still = !op.path().endsWith("/status") && !op.path().endsWith("/agentops");
      if (own && still && op.mediaTypes().contains("application/json")) {
        for (String variant : variants(op)) {
          String path = op.path("alpha") + variant;
          String tag = get(path, ALPHA).headers().firstValue("ETag").orElseThrow();
          HttpResponse<String> again = call("get", path, ALPHA, "If-None-Match", tag);
          assertThat(again.statusCode()).as(path).isEqualTo(304);
          assertThat(again.body()).isEmpty();
          assertThat(again.headers().firstValue("ETag")).hasValue(tag);
          asked++;
        }
      }
    }
    assertThat(asked).isGreaterThan(20);
  }

  @Test
  default void tagOfAnAnswer_staysWhileTimeGoesOn_andChangesWithAFigure() throws Exception {
    send(CHARLIE, "charlie", 9000, 1, AT);
    awaitCalls(CHARLIE, 2);
    String path = "/api/v1/overview?" + RANGE;
    HttpResponse<String> first = get(path, CHARLIE);
    String tag = first.headers().firstValue("ETag").orElseThrow();
    Instant through = Instant.parse(json(first).path("completeThrough").asText());
    assertThat(completeThrough(first)).isEqualTo(through);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              HttpResponse<String> again = call("get", path, CHARLIE, "If-None-Match", tag);
              assertThat(again.statusCode()).isEqualTo(304);
              return completeThrough(again).isAfter(through);
            });
    String several = "\"other\", " + tag.substring(2) + ", W/\"more\"";
    assertThat(call("get", path, CHARLIE, "If-None-Match", several).statusCode()).isEqualTo(304);
    assertThat(call("get", path, CHARLIE, "If-None-Match", "\"other\"").statusCode())
        .isEqualTo(200);
    send(CHARLIE, "charlie", 9001, 1, AT);
    awaitCalls(CHARLIE, 4);
    HttpResponse<String> changed = call("get", path, CHARLIE, "If-None-Match", tag);
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(changed.headers().firstValue("ETag").orElseThrow()).isNotEqualTo(tag);
    assertThat(json(changed).path("totals").path("calls").asInt()).isEqualTo(4);
  }

  private static Instant completeThrough(HttpResponse<String> answer) {
    return Instant.parse(answer.headers().firstValue("X-Spanmill-Complete-Through").orElseThrow());
  }

  private static void assertError(
      HttpResponse<String> answer, int status, String code, String field) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = json(answer).path("error");
    assertThat(error.path("code").asText()).isEqualTo(code);
    assertThat(error.path("field").asText()).isEqualTo(field);
    assertThat(error.path("message").asText()).isNotEmpty();
  }

  private static String raw(String head) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", spanmill.port(Keys.QUERY_PORT))) {
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }
}
