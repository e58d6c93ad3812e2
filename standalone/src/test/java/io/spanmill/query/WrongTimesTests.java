/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.DOCS;
import static io.spanmill.query.EdgeRig.LIMIT;
import static io.spanmill.query.EdgeRig.get;
import static io.spanmill.query.EdgeRig.http;
import static io.spanmill.query.EdgeRig.json;
import static io.spanmill.query.EdgeRig.spanmill;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Senders whose clocks or figures are wrong, through the whole pipeline. */
interface WrongTimesTests {
  @Test
  default void wrongTimes_makeNoTraceOfMinusASecond_nor57Years_norOneThatIsInNoList()
      throws Exception {
    long now = System.currentTimeMillis();
    long nanos = 1_000_000;
    long[][] times = {
      {(now - 1000) * nanos, (now - 2000) * nanos}, // ends before it begins
      {0, (now - 1000) * nanos},
      {(now - 1000) * nanos, 0},
      {0, 0},
      {-1, -1}, // past a signed long's reach
      {now - 1000, now}, // milliseconds taken for nanoseconds
    };
    List<String> spans = new ArrayList<>();
    for (int i = 0; i < times.length; i++) {
      spans.add(
          """
          {"traceId":"7e57000000000000000000000000000%d","spanId":"7e5700000000000%d",
           "name":"litellm_request","startTimeUnixNano":"%s","endTimeUnixNano":"%s",
           "attributes":[{"key":"llm.request.type","value":{"stringValue":"acompletion"}},
            {"key":"metadata.user_api_key_team_alias","value":{"stringValue":"wrong-times"}},
            {"key":"gen_ai.request.model","value":{"stringValue":"m"}}]}
          """
              .formatted(
                  i, i, Long.toUnsignedString(times[i][0]), Long.toUnsignedString(times[i][1])));
    }
    String body =
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":\"litellm\"},\"spans\":"
            + spans
            + "}]}]}";
    HttpRequest request =
        HttpRequest.newBuilder(spanmill.address(Keys.INGEST_HTTP_PORT).resolve("/v1/traces"))
            .header("Content-Type", "application/json")
            .header("x-api-key", DOCS)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).body()).isEqualTo("{}");
    Instant sent = Instant.now();
    await()
        .atMost(LIMIT)
        .until(
            () ->
                Instant.parse(json(get("/api/v1/status", DOCS)).path("completeThrough").asText())
                    .isAfter(sent));
    for (String list : List.of("calls", "traces")) {
      JsonNode rows =
          json(get("/api/v1/" + list + "?from=now-10m&to=now%2B1m&team=wrong-times", DOCS))
              .path("rows");
      assertThat(rows).as(list).hasSize(times.length);
      for (JsonNode row : rows) {
        assertThat(row.path("durationMs").asDouble()).as(row.toString()).isBetween(0.0, 1.0);
        for (String end : List.of("start", "end")) {
          assertThat(row.path(end).asDouble())
              .as(row.toString())
              .isBetween(now - 2001.0, sent.toEpochMilli() + 1000.0);
        }
      }
    }
  }
}
