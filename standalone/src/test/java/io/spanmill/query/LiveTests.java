/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static io.spanmill.query.EdgeRig.ALPHA;
import static io.spanmill.query.EdgeRig.BRAVO;
import static io.spanmill.query.EdgeRig.JSON;
import static io.spanmill.query.EdgeRig.LIMIT;
import static io.spanmill.query.EdgeRig.call;
import static io.spanmill.query.EdgeRig.http;
import static io.spanmill.query.EdgeRig.request;
import static io.spanmill.query.EdgeRig.send;
import static io.spanmill.query.EdgeRig.servers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Calls as they arrive: own ones alone, on from where the reader was, for so many readers. */
interface LiveTests {
  @Test
  default void live_bringsOwnCallsAsTheyArrive_andGoesOnWhereItBroke() throws Exception {
    Instant now = Instant.now();
    String lastId;
    try (Events events = new Events("/api/v1/live?status=ok", null)) {
      // The feed takes its position when somebody watches: what comes after is news.
      int[] sent = {100};
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> {
                send(BRAVO, "bravo", sent[0], 1, now);
                send(ALPHA, "alpha", sent[0]++, 1, now);
                return events.queue.stream().anyMatch(e -> !e.get("event").equals("ping"));
              });
      Map<String, String> event = events.next();
      while (event.get("event").equals("ping")) {
        event = events.next();
      }
      assertThat(event.get("event")).isEqualTo("call");
      JsonNode call = JSON.readTree(event.get("data"));
      assertThat(call.path("model").asText()).isEqualTo("model-alpha");
      assertThat(call.path("status").asText()).isEqualTo("ok");
      assertThat(event.get("data")).doesNotContain("bravo");
      lastId = event.get("id");
    }
    send(ALPHA, "alpha", 500, 1, now);
    send(BRAVO, "bravo", 500, 1, now);
    try (Events events = new Events("/api/v1/live?status=ok", lastId)) {
      String last = "";
      while (!last.contains(TwoProjects.traceId("alpha", 500))) {
        Map<String, String> event = events.next();
        last = String.valueOf(event.get("data"));
        assertThat(event.get("event")).isIn("call", "ping");
        assertThat(last).doesNotContain("bravo");
      }
    }
    try (Events events = new Events("/api/v1/live", "0123456789abcdef")) {
      assertThat(events.next())
          .containsEntry("event", "dropped")
          .containsEntry("data", "{\"calls\":null}");
    }
  }

  @Test
  default void live_hasNoMoreReadersThanItMay() throws Exception {
    Map<String, String> one = new HashMap<>();
    one.put(Keys.LIVE_MAX_CLIENTS, "1");
    one.put(Keys.LIVE_PING_MS, "1000");
    try (QueryService service = QueryService.start(servers.settings(one))) {
      URI live = URI.create("http://127.0.0.1:" + service.port() + "/api/v1/live");
      HttpRequest request = HttpRequest.newBuilder(live).build();
      HttpResponse<InputStream> first =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      assertThat(first.statusCode()).isEqualTo(200);
      HttpResponse<String> second = http.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(second.statusCode()).isEqualTo(503);
      assertThat(second.headers().firstValue("Retry-After")).hasValue("2");
      assertThat(second.body()).contains("live.max.clients");
      first.body().close();
      // A place is free again once the reader is gone.
      await()
          .atMost(LIMIT)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> {
                HttpResponse<InputStream> next =
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream());
                next.body().close();
                return next.statusCode() == 200;
              });
    }
  }

  /** Server-sent events as they come. */
  final class Events implements AutoCloseable {
    final BlockingQueue<Map<String, String>> queue = new LinkedBlockingQueue<>();
    private final InputStream in;

    Events(String path, String lastId) throws Exception {
      in = live(path, lastId);
      Thread reader = new Thread(this::read, "events");
      reader.setDaemon(true);
      reader.start();
    }

    Map<String, String> next() throws InterruptedException {
      Map<String, String> event = queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(event).isNotNull();
      return event;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }

    private void read() {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        Map<String, String> event = new HashMap<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          int at = line.indexOf(": ");
          if (at > 0) {
            event.put(line.substring(0, at), line.substring(at + 2));
          } else if (event.containsKey("event")) {
            queue.add(event);
            event = new HashMap<>();
          } else {
            event.clear();
          }
        }
      } catch (IOException e) {
        // Closed by the test.
        queue.add(Map.of("event", "closed"));
      }
    }
  }

  private static InputStream live(String path, String lastId) throws Exception {
    HttpRequest.Builder request = request(path).header("X-API-Key", ALPHA);
    if (lastId != null) {
      request.header("Last-Event-ID", lastId);
    }
    HttpResponse<InputStream> answer =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).contains("event-stream");
    return answer.body();
  }
}
