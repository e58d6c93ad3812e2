/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.agentops.SentTraces.Sent;
import io.spanmill.standalone.RunningSpanmill;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A running Spanmill with keys and a stand-in for another AgentOps, what was sent to it, and the
 * asking: shared by all tests of the surface, so that it is started once.
 */
final class AgentOpsRig {
  static final long SEED = Long.getLong("agentops.seed", 20261125L);
  static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  static final String SHOP = "da317188-e3be-4ecf-be31-7bb5d5f015e3";
  static final String SDK = "11111111-2222-4333-8444-555555555555";
  static final String ALL = "99999999-2222-4333-8444-555555555555";
  static final String SENDER = "88888888-2222-4333-8444-555555555555";
  static final String PLAIN = "plain-secret-key";
  static final String SHOP_ID = "0b5f8f5a-54b1-4c4e-9d0e-3f1f6f3c2a11";

  static final HttpClient http = HttpClient.newHttpClient();
  static final SentTraces shop = new SentTraces(SEED);
  static final SentTraces sdk = new SentTraces(SEED + 1);
  static SpanmillServers servers;
  static RunningSpanmill spanmill;
  static FakeAgentOps theirs;

  /** Starts everything and sends what the tests ask for. */
  static void start(SpanmillServers running) throws Exception {
    servers = running;
    System.out.println("agentops.seed=" + SEED);
    theirs = new FakeAgentOps();
    Settings settings =
        servers.settings(
            Map.of(
                Keys.AUTH_KEYS,
                SHOP
                    + ":shop:ingest|read,"
                    + SDK
                    + ":sdk:ingest|read,"
                    + ALL
                    + ":*:read|admin,"
                    + SENDER
                    + ":shop:ingest,"
                    + PLAIN
                    + ":shop:read",
                Keys.AUTH_TOKEN_SECRET,
                "a secret for this test alone",
                Keys.PROJECTS,
                "default,shop=" + SHOP_ID,
                Keys.QUERY_RATE_LIMIT,
                "100000",
                Keys.AGENTOPS_UPSTREAM_URL,
                theirs.url(),
                Keys.AGENTOPS_UPSTREAM_KEY,
                FakeAgentOps.KEY,
                Keys.AGENTOPS_UPSTREAM_PROJECT,
                "shop",
                Keys.AGENTOPS_UPSTREAM_TIMEOUT_MS,
                "700",
                Keys.AGENTOPS_UPLOADS_MAX,
                Integer.toString(40 * 1024 * 1024)));
    spanmill = RunningSpanmill.start(settings);
    long now = System.currentTimeMillis();
    for (int i = 0; i < 45; i++) {
      shop.gateway(now - 600_000 - i * 60_000L);
    }
    sdk.sdk(now - 500_000, "support", "Success", false, List.of("prod", "kr"));
    sdk.sdk(now - 400_000, "refunds", "Indeterminate", false, List.of());
    sdk.sdk(now - 300_000, "returns", "Success", true, List.of("test"));
    export(shop, token(SHOP));
    export(sdk, token(SDK));
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> complete("shop", shop, SHOP));
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> complete("sdk", sdk, SDK));
  }

  /** With the token of /v3/auth/token, as the SDK does. */
  static void export(SentTraces traces, String token) throws Exception {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(spanmill.address(Keys.INGEST_HTTP_PORT).resolve("/v1/traces"))
                .header("Content-Type", "application/x-protobuf")
                .header("Authorization", "Bearer " + token)
                .POST(BodyPublishers.ofByteArray(traces.request().toByteArray()))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  static void complete(String project, SentTraces traces, String key) {
    long tokens = traces.all().stream().mapToLong(t -> t.prompt + t.completion).sum();
    JsonNode list = get("/v4/traces/list/" + project, key);
    assertThat(list.path("total").asInt()).isEqualTo(traces.all().size());
    assertThat(list.path("metrics").path("total_tokens").asLong()).isEqualTo(tokens);
    assertThat(
            get("/v4/meterics/project/" + project, key)
                .path("token_metrics")
                .path("total_tokens")
                .path("all")
                .asLong())
        .isEqualTo(tokens);
  }

  static void stop() {
    if (spanmill != null) {
      spanmill.close();
    }
    theirs.close();
  }

  static String token(String key) {
    return post("/v3/auth/token", "{\"api_key\":\"" + key + "\"}", 200).path("token").asText();
  }

  static List<JsonNode> pages(String project, String key, String more) {
    List<JsonNode> out = new ArrayList<>();
    for (int offset = 0; ; offset += 20) {
      JsonNode page = get("/v4/traces/list/" + project + "?limit=20&offset=" + offset + more, key);
      page.path("traces").forEach(out::add);
      if (page.path("traces").size() < 20) {
        assertThat(page.path("total").asInt()).isEqualTo(out.size());
        return out;
      }
    }
  }

  static JsonNode refused(String path) {
    return get(path, SHOP, 422).path("detail").get(0);
  }

  static String errorOf(String path, int status, String key) {
    return get(path, key, status).path("detail").asText();
  }

  static JsonNode get(String path, String key) {
    return get(path, key, 200);
  }

  static JsonNode get(String path, String key, int status) {
    return json(call("GET", path, null, "Authorization", "Bearer " + key), status);
  }

  static JsonNode post(String path, String body, int status) {
    return json(call("POST", path, body, "Content-Type", "application/json"), status);
  }

  static JsonNode upload(String path, String body, String key, String... headers) {
    String[] all =
        Stream.concat(Stream.of("Authorization", "Bearer " + key), Stream.of(headers))
            .toArray(String[]::new);
    return json(call("POST", path, body, all), 200);
  }

  static HttpResponse<String> call(String method, String path, String body, String... headers) {
    return send(spanmill.address(Keys.QUERY_PORT), method, path, body, headers);
  }

  static HttpResponse<String> send(
      URI at, String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(path.isEmpty() ? at : URI.create(at + path))
            .timeout(Duration.ofSeconds(60))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  static JsonNode json(HttpResponse<String> answer, int status) {
    assertThat(answer.statusCode()).as(answer.uri() + ": " + answer.body()).isEqualTo(status);
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(answer.body(), e);
    }
  }

  static Sent sent(SentTraces of, String id) {
    return of.all().stream().filter(t -> t.id.equals(id)).findFirst().orElseThrow();
  }

  static Sent newest(SentTraces of) {
    return of.all().stream().max(Comparator.comparingLong(Sent::startNs)).orElseThrow();
  }

  static long sum(SentTraces of, ToLongFunction<Sent> figure) {
    return of.all().stream().mapToLong(figure).sum();
  }

  static long states(SentTraces of, String state) {
    return of.all().stream().filter(t -> t.state().equals(state)).count();
  }

  static List<String> types(JsonNode detail) {
    return StreamSupport.stream(detail.path("spans").spliterator(), false)
        .map(s -> s.path("span_type").asText())
        .toList();
  }

  static List<Long> longs(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .map(JsonNode::asLong)
        .collect(Collectors.toList());
  }

  /** As Python writes it. */
  static String iso(long nanos) {
    Instant at = Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
    String text = at.truncatedTo(ChronoUnit.MICROS).toString().replace("Z", "");
    int dot = text.indexOf('.');
    String padded = dot < 0 ? text : (text + "000000").substring(0, dot + 7);
    String out = padded + "+00:00";
    assertThat(OffsetDateTime.parse(out).toInstant()).isEqualTo(at.truncatedTo(ChronoUnit.MICROS));
    return out;
  }

  static String places(BigDecimal usd, int places) {
    return usd.setScale(12, RoundingMode.HALF_EVEN)
        .setScale(places, RoundingMode.HALF_EVEN)
        .toPlainString();
  }

  static String enc(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private AgentOpsRig() {}
}
