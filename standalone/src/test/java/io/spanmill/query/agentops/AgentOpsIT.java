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
import io.spanmill.query.QueryService;
import io.spanmill.query.agentops.SentTraces.Sent;
import io.spanmill.standalone.RunningSpanmill;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every route of the AgentOps surface on a running Spanmill with keys: its shapes with their types,
 * its errors, and its figures against what was sent. {@code -Dagentops.seed} sends other traces.
 */
class AgentOpsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long SEED = Long.getLong("agentops.seed", 20261125L);
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private static final String SHOP = "da317188-e3be-4ecf-be31-7bb5d5f015e3";
  private static final String SDK = "11111111-2222-4333-8444-555555555555";
  private static final String ALL = "99999999-2222-4333-8444-555555555555";
  private static final String SENDER = "88888888-2222-4333-8444-555555555555";
  private static final String PLAIN = "plain-secret-key";
  private static final String SHOP_ID = "0b5f8f5a-54b1-4c4e-9d0e-3f1f6f3c2a11";

  private static final HttpClient http = HttpClient.newHttpClient();
  private static final SentTraces shop = new SentTraces(SEED);
  private static final SentTraces sdk = new SentTraces(SEED + 1);
  private static RunningSpanmill spanmill;
  private static FakeAgentOps theirs;

  @BeforeAll
  static void send() throws Exception {
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
  private static void export(SentTraces traces, String token) throws Exception {
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

  private static void complete(String project, SentTraces traces, String key) {
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

  @AfterAll
  static void stop() {
    if (spanmill != null) {
      spanmill.close();
    }
    theirs.close();
  }

  // ---- tokens

  @Test
  void keys_becomeTokensThatTellTheirProject() {
    JsonNode issued = post("/v3/auth/token", "{\"api_key\":\"" + SHOP + "\"}", 200);
    assertThat(JsonShape.of(issued))
        .isEqualTo(JsonShape.lines("token project_id project_prem_status str"));
    assertThat(issued.path("project_id").asText()).isEqualTo(SHOP_ID);
    assertThat(issued.path("project_prem_status").asText()).isEqualTo("pro");

    JsonNode verified = get("/v3/auth/token", issued.path("token").asText());
    assertThat(JsonShape.of(verified))
        .isEqualTo(
            JsonShape.lines(
                """
                message expires_at str
                payload.exp int
                payload.aud payload.project_id payload.project_prem_status payload.api_key str
                """));
    assertThat(verified.path("payload").path("aud").asText()).isEqualTo("authenticated");
    assertThat(verified.path("message").asText()).isEqualTo("JWT token is valid");
    assertThat(verified.path("payload").path("api_key").asText()).isNotEqualTo(SHOP);
    assertThat(verified.path("expires_at").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d");

    JsonNode bearer = post("/public/v1/auth/access_token", "{\"api_key\":\"" + SHOP + "\"}", 200);
    assertThat(JsonShape.of(bearer)).isEqualTo(JsonShape.lines("bearer str"));
    assertThat(get("/public/v1/project", bearer.path("bearer").asText()).path("name").asText())
        .isEqualTo("shop");
    // As Python's UUID() reads them.
    assertThat(
            post("/v3/auth/token", "{\"api_key\":\"{" + SHOP.toUpperCase(Locale.ROOT) + "}\"}", 200)
                .path("project_id")
                .asText())
        .isEqualTo(SHOP_ID);
  }

  @Test
  void wrongKeys_areAnsweredInTheirWords() {
    String unknown = "00000000-0000-4000-8000-000000000000";
    assertThat(post("/v3/auth/token", "{\"api_key\":\"nonsense\"}", 400).toString())
        .isEqualTo("{\"error\":\"Invalid API key format\"}");
    // A key that is good elsewhere: the SDK would refuse it, as it is no UUID.
    assertThat(post("/v3/auth/token", "{\"api_key\":\"" + PLAIN + "\"}", 400).toString())
        .isEqualTo("{\"error\":\"Invalid API key format\"}");
    assertThat(post("/v3/auth/token", "{\"api_key\":\"" + unknown + "\"}", 403).toString())
        .isEqualTo("{\"error\":\"Invalid API key\"}");
    assertThat(post("/public/v1/auth/access_token", "{\"api_key\":\"\"}", 400).toString())
        .isEqualTo("{\"detail\":\"api_key is required\"}");
    assertThat(post("/public/v1/auth/access_token", "{\"api_key\":\"x\"}", 400).toString())
        .isEqualTo("{\"detail\":\"Invalid api_key format\"}");
    assertThat(
            post("/public/v1/auth/access_token", "{\"api_key\":\"" + unknown + "\"}", 404)
                .toString())
        .isEqualTo("{\"detail\":\"Project not found\"}");
    for (String body : List.of("", "{", "[]", "{}", "{\"api_key\":1}")) {
      JsonNode refused = post("/v3/auth/token", body, 422);
      assertThat(refused.path("detail").get(0).path("loc").get(0).asText()).isEqualTo("body");
      assertThat(refused.path("detail").get(0).path("type").isTextual()).isTrue();
      assertThat(refused.path("detail").get(0).path("msg").isTextual()).isTrue();
    }
    assertThat(post("/v3/auth/token", "{}", 422).path("detail").get(0).toString())
        .isEqualTo(
            "{\"type\":\"missing\",\"loc\":[\"body\",\"api_key\"],\"msg\":\"Field required\",\"input\":{}}");
  }

  @Test
  void tokens_areRefusedInTheirWords() {
    Map<String, String> told = new TreeMap<>();
    told.put("", "Authorization header missing");
    told.put("Bearer", "Invalid token format");
    told.put("Bearer a b", "Invalid token format");
    told.put("Basic abc", "Invalid authentication scheme");
    told.put("Bearer abc", "Invalid token");
    told.forEach(
        (header, detail) -> {
          HttpResponse<String> answer =
              header.isEmpty()
                  ? call("GET", "/v3/auth/token", null)
                  : call("GET", "/v3/auth/token", null, "Authorization", header);
          assertThat(answer.statusCode()).as(header).isEqualTo(401);
          assertThat(answer.body()).isEqualTo("{\"detail\":\"" + detail + "\"}");
        });
  }

  @Test
  void withoutKeys_anyUuidGetsATokenOfTheDefaultProject() {
    try (QueryService open =
        QueryService.start(servers.settings(Map.of(Keys.AUTH_TOKEN_SECRET, "another secret")))) {
      URI at = URI.create("http://127.0.0.1:" + open.port());
      JsonNode issued =
          json(send(at, "POST", "/v3/auth/token", "{\"api_key\":\"" + SDK + "\"}".strip()), 200);
      JsonNode projects = json(send(at, "GET", "/opsboard/projects", null), 200);
      JsonNode first =
          StreamSupport.stream(projects.spliterator(), false)
              .filter(p -> p.path("name").asText().equals("default"))
              .findFirst()
              .orElseThrow();
      assertThat(issued.path("project_id")).isEqualTo(first.path("id"));
      assertThat(first.path("api_key")).isEqualTo(first.path("id"));
      // Its token sees that project alone, though nobody needs one.
      String token = issued.path("token").asText();
      assertThat(
              send(at, "GET", "/v4/traces/list/shop", null, "Authorization", "Bearer " + token)
                  .statusCode())
          .isEqualTo(404);
      assertThat(send(at, "GET", "/v4/traces/list/shop", null).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void wrongKeysInARow_areHeldUp_rightOnesNever() {
    Settings settings = servers.settings(Map.of(Keys.AUTH_KEYS, SHOP + ":shop:ingest|read"));
    try (QueryService keyed = QueryService.start(settings)) {
      URI at = URI.create("http://127.0.0.1:" + keyed.port());
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        statuses.add(
            send(at, "POST", "/v3/auth/token", "{\"api_key\":\"" + SDK + "\"}").statusCode());
      }
      assertThat(statuses).contains(403, 429).containsOnly(403, 429);
      assertThat(send(at, "POST", "/v3/auth/token", "{\"api_key\":\"" + SHOP + "\"}").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void dashboardsOfListedOrigins_readWithCredentials() {
    Settings settings = servers.settings(Map.of(Keys.QUERY_CORS_ORIGINS, "https://dash.example"));
    try (QueryService open = QueryService.start(settings)) {
      URI at = URI.create("http://127.0.0.1:" + open.port());
      HttpResponse<String> listed =
          send(at, "GET", "/v4/traces/list/default", null, "Origin", "https://dash.example");
      assertThat(listed.headers().firstValue("Access-Control-Allow-Origin"))
          .hasValue("https://dash.example");
      assertThat(listed.headers().firstValue("Access-Control-Allow-Credentials")).hasValue("true");
      assertThat(listed.headers().firstValue("Access-Control-Allow-Methods"))
          .hasValue("GET, OPTIONS");
      assertThat(listed.headers().firstValue("Access-Control-Allow-Headers")).hasValue("*");
      HttpResponse<String> other =
          send(at, "GET", "/v4/traces/list/default", null, "Origin", "https://other.example");
      assertThat(other.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
      HttpResponse<String> before =
          send(at, "OPTIONS", "/v4/logs/upload/", null, "Origin", "https://dash.example");
      assertThat(before.headers().firstValue("Access-Control-Allow-Headers").orElse(""))
          .contains("Authorization", "Trace-Id");
    }
  }

  // ---- list

  @Test
  void list_hasTheirShape() {
    JsonNode list = get("/v4/traces/list/sdk", SDK);
    assertThat(JsonShape.of(list))
        .isEqualTo(
            JsonShape.lines(
                """
                traces traces[].tags array
                traces[].freeplan_truncated freeplan_truncated bool
                traces[].trace_id traces[].root_service_name traces[].root_span_name str
                traces[].start_time traces[].end_time traces[].tags[] str
                traces[].duration traces[].span_count traces[].error_count int
                traces[].total_cost float
                total limit offset int
                metrics.span_count metrics.trace_count metrics.success_count metrics.fail_count int
                metrics.indeterminate_count metrics.prompt_tokens metrics.completion_tokens int
                metrics.cache_read_input_tokens metrics.reasoning_tokens metrics.total_tokens int
                metrics.prompt_cost metrics.completion_cost str
                metrics.average_cost_per_trace metrics.total_cost str
                """));
    assertThat(list.path("metrics").path("total_cost").asText()).matches("\\d+\\.\\d{7}");
  }

  @Test
  void list_tellsWhatWasSent() {
    Map<String, JsonNode> rows = new TreeMap<>();
    get("/api/v1/traces?from=now-2h&limit=200", SHOP)
        .path("rows")
        .forEach(r -> rows.put(r.path("traceId").asText(), r));
    List<JsonNode> listed = pages("shop", SHOP, "");
    assertThat(listed).hasSameSizeAs(shop.all());
    BigDecimal sum = BigDecimal.ZERO;
    for (JsonNode item : listed) {
      Sent sent = sent(shop, item.path("trace_id").asText());
      assertThat(item.path("root_span_name").asText()).isEqualTo(sent.root().getName());
      assertThat(item.path("root_service_name").asText()).isEqualTo("litellm");
      assertThat(item.path("start_time").asText()).isEqualTo(iso(sent.startNs()));
      assertThat(item.path("end_time").asText()).isEqualTo(iso(sent.endNs()));
      assertThat(item.path("duration").asLong()).isEqualTo(sent.endNs() - sent.startNs());
      assertThat(item.path("span_count").asInt()).isEqualTo(sent.spans.size());
      assertThat(item.path("error_count").asLong()).isEqualTo(sent.errors());
      if (sent.cost == null) {
        assertThat(item.path("total_cost").isNull()).isTrue();
      } else {
        assertThat(item.path("total_cost").decimalValue())
            .isEqualByComparingTo(sent.cost.setScale(12, RoundingMode.HALF_EVEN));
        sum = sum.add(item.path("total_cost").decimalValue());
      }
      JsonNode row = rows.get(sent.id);
      assertThat(new BigDecimal(row.path("costUsd").asText("0")))
          .isEqualByComparingTo(item.path("total_cost").decimalValue());
      assertThat(row.path("status").asText()).isEqualTo(sent.rootFailed ? "error" : "ok");
    }
    JsonNode metrics = get("/v4/traces/list/shop?limit=1", SHOP).path("metrics");
    assertThat(metrics.path("total_cost").asText()).isEqualTo(places(sum, 7));
    assertThat(metrics.path("trace_count").asInt()).isEqualTo(shop.all().size());
    assertThat(metrics.path("span_count").asLong()).isEqualTo(sum(shop, t -> t.spans.size()));
    assertThat(metrics.path("prompt_tokens").asLong()).isEqualTo(sum(shop, t -> t.prompt));
    assertThat(metrics.path("completion_tokens").asLong()).isEqualTo(sum(shop, t -> t.completion));
    assertThat(metrics.path("fail_count").asLong()).isEqualTo(states(shop, "fail"));
    assertThat(metrics.path("success_count").asLong()).isEqualTo(states(shop, "success"));
    // The book knows the price of gpt-4o-mini: both parts are the whole, but for rounding.
    BigDecimal parts =
        new BigDecimal(metrics.path("prompt_cost").asText())
            .add(new BigDecimal(metrics.path("completion_cost").asText()));
    assertThat(parts.subtract(sum).abs()).isLessThan(new BigDecimal("0.0000002"));
    BigDecimal prompt =
        shop.all().stream()
            .filter(t -> t.cost != null)
            .map(t -> new BigDecimal("0.00000015").multiply(BigDecimal.valueOf(t.prompt)))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(new BigDecimal(metrics.path("prompt_cost").asText()))
        .isCloseTo(prompt, org.assertj.core.data.Percentage.withPercentage(0.2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "trace_id",
        "service_name",
        "span_name",
        "tags",
        "start_time",
        "duration",
        "span_count",
        "error_count",
        "total_cost"
      })
  void list_comesInEveryOrder(String order) {
    for (String direction : List.of("ASC", "desc")) {
      List<JsonNode> listed = pages("sdk", SDK, "&order_by=" + order + "&sort_order=" + direction);
      assertThat(listed).hasSize(3);
      Comparator<JsonNode> by =
          switch (order) {
            case "duration", "span_count", "error_count" ->
                Comparator.comparingLong(n -> n.path(order).asLong());
            case "total_cost" -> Comparator.comparing(n -> n.path(order).decimalValue());
            case "service_name" -> Comparator.comparing(n -> n.path("root_service_name").asText());
            case "span_name" -> Comparator.comparing(n -> n.path("root_span_name").asText());
            case "tags" -> Comparator.comparing(n -> n.path("tags").toString());
            default -> Comparator.comparing(n -> n.path(order).asText());
          };
      assertThat(listed).isSortedAccordingTo(direction.equals("ASC") ? by : by.reversed());
    }
  }

  @Test
  void list_isSearchedByIdNameAndTagOfTheRoot() {
    Sent support = sdk.all().get(0);
    for (String q : List.of(support.id.substring(4, 20), "SUPPORT", "prod")) {
      JsonNode found = get("/v4/traces/list/sdk?query=" + q, SDK);
      assertThat(found.path("total").asInt()).as(q).isEqualTo(1);
      assertThat(found.path("traces").get(0).path("trace_id").asText()).isEqualTo(support.id);
      assertThat(found.path("metrics").path("total_tokens").asLong()).isEqualTo(1100);
    }
    assertThat(get("/v4/traces/list/sdk?query=lookup", SDK).path("total").asInt()).isZero();
    assertThat(get("/v4/traces/list/sdk?query=%25", SDK).path("total").asInt()).isZero();
  }

  @Test
  void list_takesTimesAsTheyDo() {
    Sent newest = newest(shop);
    String at = iso(newest.startNs());
    assertThat(get("/v4/traces/list/shop?start_time=" + enc(at), SHOP).path("total").asInt())
        .isEqualTo(1);
    String before = Instant.ofEpochMilli(newest.startNs() / 1_000_000 - 1).toString();
    assertThat(get("/v4/traces/list/shop?end_time=" + before, SHOP).path("total").asInt())
        .isEqualTo(shop.all().size() - 1);
    String seconds = Long.toString(newest.startNs() / 1_000_000_000 + 1);
    String naive = Instant.ofEpochSecond(Long.parseLong(seconds)).toString().replace("Z", "");
    for (String time : List.of(seconds, naive, naive.replace('T', ' '), naive + "+00:00")) {
      assertThat(get("/v4/traces/list/shop?start_time=" + enc(time), SHOP).path("total").asInt())
          .as(time)
          .isZero();
    }
    assertThat(
            get("/v4/traces/list/shop?start_time=2030-01-01&end_time=2029-01-01", SHOP)
                .path("total")
                .asInt())
        .isZero();
  }

  @Test
  void badValues_areAllToldAtOnce() {
    HttpResponse<String> answer =
        call(
            "GET",
            "/v4/traces/list/shop?limit=0&offset=-1&start_time=soon&order_by=cost&sort_order=up",
            null,
            "Authorization",
            "Bearer " + SHOP);
    JsonNode detail = json(answer, 422).path("detail");
    Map<String, String> found = new TreeMap<>();
    detail.forEach(p -> found.put(p.path("loc").get(1).asText(), p.path("type").asText()));
    assertThat(found)
        .containsExactly(
            Map.entry("limit", "greater_than_equal"),
            Map.entry("offset", "greater_than_equal"),
            Map.entry("order_by", "literal_error"),
            Map.entry("sort_order", "literal_error"),
            Map.entry("start_time", "datetime_from_date_parsing"));
    for (JsonNode p : detail) {
      assertThat(p.path("loc").get(0).asText()).isEqualTo("query");
      assertThat(p.path("msg").isTextual() && p.path("input").isTextual()).isTrue();
      assertThat(p.path("ctx").isObject()).isTrue();
    }
    assertThat(refused("/v4/traces/list/shop?limit=101").path("msg").asText())
        .isEqualTo("Input should be less than or equal to 100");
    assertThat(refused("/v4/traces/list/shop?limit=many").path("msg").asText())
        .isEqualTo("Input should be a valid integer, unable to parse string as an integer");
    assertThat(refused("/v4/meterics/project/shop?end_time=x").path("loc").get(1).asText())
        .isEqualTo("end_time");
  }

  @Test
  void injectedSql_isAValueLikeAnyOther() {
    int spans = get("/v4/meterics/project/shop", SHOP).path("span_count").path("total").asInt();
    for (String evil :
        List.of(
            "start_time; DROP TABLE spans",
            "start_time) FROM spans --",
            "(SELECT 1)",
            "trace_id, sleep(3)",
            "start_time DESC, (select count() from system.tables)")) {
      assertThat(refused("/v4/traces/list/shop?order_by=" + enc(evil)).path("type").asText())
          .isEqualTo("literal_error");
      assertThat(refused("/v4/traces/list/shop?sort_order=" + enc(evil)).path("type").asText())
          .isEqualTo("literal_error");
    }
    for (String evil :
        List.of(
            "' OR 1=1 --", "{p0:String}", "\\' UNION SELECT", "%' ; DROP TABLE calls", "\u0000")) {
      assertThat(get("/v4/traces/list/shop?query=" + enc(evil), SHOP).path("total").asInt())
          .as(evil)
          .isZero();
      assertThat(
              call("GET", "/v4/traces/list/" + enc(evil), null, "Authorization", "Bearer " + SHOP)
                  .statusCode())
          .isIn(400, 404);
    }
    assertThat(get("/v4/meterics/project/shop", SHOP).path("span_count").path("total").asInt())
        .isEqualTo(spans);
  }

  // ---- detail

  @Test
  void detail_hasTheirShape() {
    JsonNode detail = get("/v4/traces/detail/" + sdk.all().get(0).id, SDK);
    assertThat(
            JsonShape.of(
                detail,
                "spans[].attributes",
                "spans[].span_attributes",
                "spans[].resource_attributes",
                "spans[].event_attributes[]"))
        .isEqualTo(
            JsonShape.lines(
                """
                freeplan_truncated spans[].freeplan_truncated bool
                project_id trace_id tags[] str
                tags spans array
                spans[].span_id spans[].parent_span_id spans[].span_name spans[].span_kind str
                spans[].span_type spans[].service_name spans[].start_time spans[].end_time str
                spans[].status_code spans[].status_message str
                spans[].duration int
                spans[].attributes spans[].span_attributes spans[].resource_attributes map
                spans[].event_timestamps spans[].event_names spans[].event_attributes array
                spans[].event_timestamps[] spans[].event_names[] str
                spans[].event_attributes[] map
                spans[].link_trace_ids spans[].link_span_ids spans[].link_trace_states array
                spans[].link_attributes array
                spans[].metrics null
                spans[].metrics.total_tokens spans[].metrics.prompt_tokens int
                spans[].metrics.completion_tokens spans[].metrics.cache_read_input_tokens int
                spans[].metrics.reasoning_tokens spans[].metrics.success_tokens int
                spans[].metrics.fail_tokens spans[].metrics.indeterminate_tokens int
                spans[].metrics.prompt_cost spans[].metrics.completion_cost str
                spans[].metrics.total_cost str
                metrics.span_count metrics.trace_count metrics.success_count metrics.fail_count int
                metrics.indeterminate_count metrics.prompt_tokens metrics.completion_tokens int
                metrics.cache_read_input_tokens metrics.reasoning_tokens metrics.total_tokens int
                metrics.prompt_cost metrics.completion_cost str
                metrics.average_cost_per_trace metrics.total_cost str
                """));
  }

  @Test
  void detail_tellsWhatWasSent() {
    Sent sent = sdk.all().get(0);
    JsonNode detail = get("/v4/traces/detail/" + sent.id, SDK);
    JsonNode root = detail.path("spans").get(0);
    JsonNode tool = detail.path("spans").get(2);
    JsonNode call = detail.path("spans").get(3);
    assertThat(detail.path("tags").toString()).isEqualTo("[\"prod\",\"kr\"]");
    assertThat(root.path("parent_span_id").asText()).isEmpty();
    assertThat(root.path("span_kind").asText()).isEqualTo("Internal");
    assertThat(call.path("span_kind").asText()).isEqualTo("Client");
    assertThat(root.path("status_code").asText()).isEqualTo("UNSET");
    assertThat(call.path("status_code").asText()).isEqualTo("OK");
    assertThat(types(detail)).containsExactly("other", "agent", "tool", "request");
    assertThat(root.path("duration").asLong()).isEqualTo(900_000_000);
    assertThat(tool.path("event_timestamps").get(0).asText()).endsWith("+00:00");
    assertThat(tool.path("event_names").get(0).asText()).isEqualTo("found");
    JsonNode genAi = call.path("span_attributes").path("gen_ai");
    assertThat(genAi.path("prompt").get(0).path("content").asText())
        .isEqualTo("Where is my refund?");
    assertThat(genAi.path("completion").get(0).path("content").asText())
        .isEqualTo("It was issued.");
    assertThat(genAi.path("usage").path("prompt_tokens").asText()).isEqualTo("1000");
    // Not what the SDK says of itself.
    assertThat(root.path("resource_attributes").path("agentops").path("project").path("id"))
        .isEqualTo(detail.path("project_id"));
    assertThat(call.path("metrics").path("prompt_tokens").asInt()).isEqualTo(1000);
    assertThat(call.path("metrics").path("prompt_cost").asText()).isEqualTo("0.0001500");
    assertThat(call.path("metrics").path("completion_cost").asText()).isEqualTo("0.0000600");
    assertThat(call.path("metrics").path("total_cost").asText()).isEqualTo("0.0002100");
    assertThat(call.path("metrics").path("success_tokens").asInt()).isEqualTo(1100);
    JsonNode metrics = detail.path("metrics");
    assertThat(metrics.path("total_cost").asText()).isEqualTo("0.0002100");
    assertThat(metrics.path("span_count").asInt()).isEqualTo(4);
    assertThat(metrics.path("success_count").asInt()).isEqualTo(1);
    assertThat(metrics.path("indeterminate_count").asInt()).isEqualTo(3);
    assertThat(
            get("/v4/traces/detail/" + sdk.all().get(2).id, SDK)
                .path("metrics")
                .path("fail_count")
                .asInt())
        .isEqualTo(1);
  }

  @Test
  void whatIsNotThere_isAnsweredInTheirWords() {
    String known = shop.all().get(0).id;
    String unknown = "0123456789abcdef0123456789abcdef";
    for (String id : List.of(unknown, known, "x")) {
      assertThat(errorOf("/v4/traces/detail/" + id, 404, SDK)).isEqualTo("Trace not found.");
      assertThat(errorOf("/v4/logs/" + id, 403, SDK))
          .isEqualTo("You do not have access to this trace");
      assertThat(errorOf("/public/v1/traces/" + id, 404, SDK)).isEqualTo("Trace not found");
      assertThat(errorOf("/public/v1/traces/" + id + "/metrics", 404, SDK))
          .isEqualTo("Trace not found");
    }
    String span = HexFormat.of().formatHex(shop.all().get(0).root().getSpanId().toByteArray());
    for (String id : List.of("0123456789abcdef", span, "x")) {
      assertThat(errorOf("/public/v1/spans/" + id, 404, SDK)).isEqualTo("Span not found");
      assertThat(errorOf("/public/v1/spans/" + id + "/metrics", 404, SDK))
          .isEqualTo("Span not found");
    }
    for (String project : List.of("shop", SHOP_ID, "nobody")) {
      for (String path :
          List.of(
              "/v4/traces/list/",
              "/v4/meterics/project/",
              "/v4/metrics/project/",
              "/opsboard/projects/")) {
        assertThat(errorOf(path + project, 404, SDK)).as(path).isEqualTo("Project not found");
      }
      assertThat(errorOf("/api/agentops/traces?project_id=" + project, 404, SDK))
          .isEqualTo("Project not found");
    }
    assertThat(errorOf("/v4/logs/" + known, 404, SHOP))
        .isEqualTo("No logs found for trace ID: " + known);
  }

  @Test
  void projects_areKnownByNameAndUuid_andAnAllProjectKeySeesThemAll() {
    JsonNode byName = get("/v4/traces/list/shop?limit=3", SHOP);
    assertThat(get("/v4/traces/list/" + SHOP_ID + "?limit=3", SHOP)).isEqualTo(byName);
    assertThat(get("/v4/traces/list/" + SHOP_ID.toUpperCase(Locale.ROOT) + "?limit=3", ALL))
        .isEqualTo(byName);
    assertThat(get("/v4/traces/detail/" + sdk.all().get(0).id, ALL).path("spans")).hasSize(4);
  }

  // ---- who asks

  @Test
  void withoutCredentials_nothingIsRead() {
    for (String path :
        List.of(
            "/v4/traces/list/shop",
            "/v4/traces/detail/" + shop.all().get(0).id,
            "/v4/meterics/project/shop",
            "/v4/metrics/project/shop",
            "/v4/logs/" + shop.all().get(0).id,
            "/v4/objects/shop/x",
            "/opsboard/projects",
            "/opsboard/projects/shop",
            "/opsboard/users/me",
            "/api/agentops/traces",
            "/api/agentops/metrics",
            "/api/agentops/traces?source=agentops")) {
      assertThat(json(call("GET", path, null), 401).toString())
          .as(path)
          .isEqualTo("{\"detail\":\"User is not authenticated.\"}");
      assertThat(json(call("GET", path, null, "Cookie", "session_id=old"), 401).toString())
          .isEqualTo("{\"detail\":\"User's session has expired.\"}");
      assertThat(call("GET", path, null, "Authorization", "Bearer " + SENDER).statusCode())
          .as(path)
          .isEqualTo(403);
    }
    for (String path :
        List.of("/public/v1/project", "/public/v1/traces/x", "/public/v1/spans/x/metrics")) {
      assertThat(json(call("GET", path, null), 400).toString())
          .isEqualTo("{\"detail\":\"Missing or invalid Authorization header\"}");
      assertThat(json(call("GET", path, null, "Authorization", "Bearer x"), 400).toString())
          .isEqualTo("{\"detail\":\"Invalid Bearer token\"}");
    }
    for (String path : List.of("/v4/logs/upload/", "/v4/objects/upload/")) {
      assertThat(json(call("POST", path, "x"), 401).toString())
          .isEqualTo("{\"detail\":\"Authorization header missing\"}");
      assertThat(json(call("POST", path, "x", "Authorization", "Bearer x"), 401).toString())
          .isEqualTo("{\"detail\":\"Invalid token\"}");
      assertThat(call("POST", path, "x", "Authorization", "Bearer " + PLAIN).statusCode())
          .isEqualTo(403);
    }
  }

  @Test
  void cookieAndBearer_areBothTaken() {
    String token = token(SHOP);
    String path = "/v4/traces/list/shop?limit=1";
    JsonNode byKey = get(path, SHOP);
    assertThat(get(path, token)).isEqualTo(byKey);
    assertThat(json(call("GET", path, null, "Cookie", "session_id=" + token), 200))
        .isEqualTo(byKey);
    assertThat(json(call("GET", path, null, "X-Agentops-Api-Key", SHOP), 200)).isEqualTo(byKey);
  }

  @Test
  void answers_areKeptByNoCache() {
    for (String path : List.of("/v4/traces/list/shop", "/v4/traces/list/nobody", "/v4/logs/x")) {
      HttpResponse<String> answer = call("GET", path, null, "Authorization", "Bearer " + SHOP);
      assertThat(answer.headers().firstValue("Cache-Control"))
          .hasValue("no-store, no-cache, must-revalidate, max-age=0");
      assertThat(answer.headers().firstValue("Pragma")).hasValue("no-cache");
      assertThat(answer.headers().firstValue("Expires")).hasValue("0");
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    }
  }

  // ---- metrics

  @Test
  void metrics_haveTheirShape_andTellWhatWasSent() {
    JsonNode m = get("/v4/meterics/project/shop", SHOP);
    assertThat(JsonShape.of(m, "spans_per_trace", "trace_cost_dates"))
        .isEqualTo(
            JsonShape.lines(
                """
                project_id start_time end_time str
                trace_count span_count.total span_count.success span_count.fail int
                span_count.unknown span_count.indeterminate int
                token_metrics.total_cost token_metrics.average_cost_per_session str
                token_metrics.prompt_tokens token_metrics.completion_tokens int
                token_metrics.total_tokens.all token_metrics.total_tokens.success int
                token_metrics.total_tokens.fail int
                token_metrics.avg_tokens.all token_metrics.avg_tokens.success float
                token_metrics.avg_tokens.fail float
                duration_metrics.min_duration_ns duration_metrics.max_duration_ns int
                duration_metrics.avg_duration_ns duration_metrics.total_duration_ns int
                duration_metrics.trace_durations array
                duration_metrics.trace_durations[] int
                success_datetime fail_datetime indeterminate_datetime trace_durations array
                success_datetime[] fail_datetime[] str
                trace_durations[] int
                spans_per_trace trace_cost_dates map
                freeplan_truncated bool
                """));
    assertThat(get("/v4/metrics/project/" + SHOP_ID, SHOP).path("span_count"))
        .isEqualTo(m.path("span_count"));
    List<Sent> all = shop.all();
    BigDecimal cost =
        all.stream()
            .map(t -> t.cost)
            .filter(c -> c != null)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(m.path("trace_count").asInt()).isEqualTo(all.size());
    assertThat(m.path("span_count").path("total").asLong())
        .isEqualTo(sum(shop, t -> t.spans.size()));
    assertThat(m.path("span_count").path("fail").asLong()).isEqualTo(sum(shop, Sent::errors));
    JsonNode tokens = m.path("token_metrics");
    assertThat(tokens.path("total_cost").asText()).isEqualTo(places(cost, 5));
    assertThat(tokens.path("average_cost_per_session").asText())
        .isEqualTo(
            places(cost.divide(BigDecimal.valueOf(all.size()), 12, RoundingMode.HALF_EVEN), 5));
    assertThat(tokens.path("prompt_tokens").asLong()).isEqualTo(sum(shop, t -> t.prompt));
    assertThat(tokens.path("total_tokens").path("fail").asLong())
        .isEqualTo(sum(shop, t -> t.rootFailed ? t.prompt + t.completion : 0));
    assertThat(tokens.path("avg_tokens").path("all").decimalValue())
        .isEqualByComparingTo(
            BigDecimal.valueOf(sum(shop, t -> t.prompt + t.completion))
                .divide(BigDecimal.valueOf(all.size()), 2, RoundingMode.HALF_EVEN));
    List<Long> durations = all.stream().map(t -> t.endNs() - t.startNs()).sorted().toList();
    assertThat(longs(m.path("trace_durations"))).isEqualTo(durations);
    assertThat(longs(m.path("duration_metrics").path("trace_durations"))).isEqualTo(durations);
    assertThat(m.path("duration_metrics").path("max_duration_ns").asLong())
        .isEqualTo(durations.get(durations.size() - 1));
    assertThat(m.path("fail_datetime").size()).isEqualTo((int) states(shop, "fail"));
    assertThat(m.path("success_datetime").size()).isEqualTo((int) states(shop, "success"));
    Map<String, Integer> bySpans = new TreeMap<>();
    all.forEach(t -> bySpans.merge(Integer.toString(t.spans.size()), 1, Integer::sum));
    assertThat(JSON.convertValue(m.path("spans_per_trace"), Map.class)).isEqualTo(bySpans);
    BigDecimal days = BigDecimal.ZERO;
    for (JsonNode usd : m.path("trace_cost_dates")) {
      assertThat(usd.isFloatingPointNumber()).isTrue();
      days = days.add(usd.decimalValue());
    }
    assertThat(days).isEqualByComparingTo(cost.setScale(12, RoundingMode.HALF_EVEN));
    assertThat(m.path("start_time").asText())
        .isEqualTo(iso(all.stream().mapToLong(Sent::startNs).min().orElseThrow()));
    // The same numbers as everywhere.
    JsonNode totals = get("/api/v1/overview?from=now-3h", SHOP).path("totals");
    assertThat(new BigDecimal(totals.path("cost").path("usd").asText())).isEqualByComparingTo(days);
    assertThat(totals.path("events").asLong())
        .isEqualTo(m.path("span_count").path("total").asLong());
  }

  @Test
  void metrics_ofNothing_keepTheirShape() {
    JsonNode m = get("/v4/meterics/project/shop?start_time=2021-01-01&end_time=2021-01-02", SHOP);
    assertThat(JsonShape.of(m, "spans_per_trace", "trace_cost_dates"))
        .contains(
            "start_time str",
            "end_time str",
            "duration_metrics.min_duration_ns null",
            "duration_metrics.avg_duration_ns int",
            "token_metrics.avg_tokens.all float",
            "trace_durations array");
    assertThat(m.path("token_metrics").path("total_cost").asText()).isEqualTo("0.00000");
  }

  @Test
  void states_comeFromTheRootAndItsEndState() {
    JsonNode metrics = get("/v4/traces/list/sdk", SDK).path("metrics");
    assertThat(metrics.path("success_count").asInt()).isEqualTo(1);
    assertThat(metrics.path("indeterminate_count").asInt()).isEqualTo(1);
    assertThat(metrics.path("fail_count").asInt()).isEqualTo(1);
    assertThat(get("/v4/meterics/project/sdk", SDK).path("indeterminate_datetime").get(0).asText())
        .isEqualTo(iso(sdk.all().get(1).startNs()));
  }

  // ---- logs and objects

  @Test
  void logs_comeBackAsTheTextTheSdkCaptured() {
    Sent sent = sdk.all().get(0);
    String decimal = new BigInteger(sent.id, 16).toString();
    String wrapped = "{\"body\":\"first line\\n두 번째 \\\"line\\\"\\n\"}";
    JsonNode taken = upload("/v4/logs/upload/", wrapped, SDK, "Trace-Id", decimal);
    assertThat(JsonShape.of(taken)).isEqualTo(JsonShape.lines("url str\nsize int"));
    assertThat(taken.path("size").asInt())
        .isEqualTo(wrapped.getBytes(StandardCharsets.UTF_8).length);
    for (String id : List.of(sent.id, decimal, sent.id.toUpperCase(Locale.ROOT))) {
      JsonNode log = get("/v4/logs/" + id, SDK);
      assertThat(JsonShape.of(log))
          .isEqualTo(JsonShape.lines("content trace_id str\nfreeplan_truncated bool"));
      assertThat(log.path("content").asText()).isEqualTo("first line\n두 번째 \"line\"\n");
      assertThat(log.path("trace_id").asText()).isEqualTo(id);
    }
    assertThat(
            json(
                    send(
                        URI.create(taken.path("url").asText()),
                        "GET",
                        "",
                        null,
                        "Authorization",
                        "Bearer " + SDK),
                    200)
                .path("content")
                .asText())
        .startsWith("first line");
    upload("/v4/logs/upload/", "newer, not wrapped", SDK, "Trace-Id", sent.id);
    assertThat(get("/v4/logs/" + sent.id, SDK).path("content").asText())
        .isEqualTo("newer, not wrapped");
    // Another project's upload under the same trace changes nothing here.
    upload("/v4/logs/upload/", "planted", SHOP, "Trace-Id", sent.id);
    assertThat(get("/v4/logs/" + sent.id, SDK).path("content").asText())
        .isEqualTo("newer, not wrapped");
  }

  @Test
  void uploads_areRefusedWithoutATraceOrWhenTheyAreTooLarge() {
    String[] bearer = {"Authorization", "Bearer " + SDK};
    assertThat(json(call("POST", "/v4/logs/upload/", "x", bearer), 400).toString())
        .isEqualTo("{\"detail\":\"No trace ID provided\"}");
    assertThat(
            json(
                    call(
                        "POST",
                        "/v4/logs/upload/",
                        "x",
                        "Trace-Id",
                        "../../etc",
                        bearer[0],
                        bearer[1]),
                    400)
                .toString())
        .isEqualTo("{\"detail\":\"Trace ID contains invalid characters\"}");
    String large = "x".repeat(25 * 1024 * 1024);
    assertThat(upload("/v4/objects/upload/", large, SDK).path("size").asInt())
        .isEqualTo(25 * 1024 * 1024);
    assertThat(json(call("POST", "/v4/objects/upload/", large + "x", bearer), 413).toString())
        .isEqualTo("{\"detail\":\"File size exceeds the maximum limit of 26214400 bytes\"}");
    // 25 of the 40 MiB this project may keep are taken.
    assertThat(
            json(call("POST", "/v4/objects/upload/", large, bearer), 507).path("detail").asText())
        .contains("agentops.uploads.max.bytes");
  }

  @Test
  void objects_comeBackByteByByteToTheirProject() {
    JsonNode taken = upload("/v4/objects/upload/", "{\"body\":\"<b>raw</b>\"}", SHOP);
    URI at = URI.create(taken.path("url").asText());
    assertThat(at.getPath()).startsWith("/v4/objects/" + SHOP_ID + "/");
    HttpResponse<String> answer = send(at, "GET", "", null, "Authorization", "Bearer " + SHOP);
    assertThat(answer.body()).isEqualTo("{\"body\":\"<b>raw</b>\"}");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/octet-stream");
    assertThat(answer.headers().firstValue("Content-Disposition")).hasValue("attachment");
    assertThat(send(at, "GET", "", null, "Authorization", "Bearer " + SDK).statusCode())
        .isEqualTo(404);
  }

  // ---- public API, opsboard, old routes

  @Test
  void publicApi_hasTheirShapes() {
    Sent sent = sdk.all().get(0);
    String span = HexFormat.of().formatHex(sent.spans.get(3).getSpanId().toByteArray());
    assertThat(JsonShape.of(get("/public/v1/project", SDK)))
        .isEqualTo(JsonShape.lines("id name environment str"));
    JsonNode trace = get("/public/v1/traces/" + sent.id, SDK);
    assertThat(JsonShape.of(trace))
        .isEqualTo(
            JsonShape.lines(
                """
                trace_id project_id tags[] str
                tags spans array
                spans[].span_id spans[].parent_span_id spans[].span_name spans[].span_kind str
                spans[].start_time spans[].end_time spans[].status_code spans[].status_message str
                spans[].duration int
                """));
    JsonNode metrics = get("/public/v1/traces/" + sent.id + "/metrics", SDK);
    assertThat(metrics).isEqualTo(get("/v4/traces/detail/" + sent.id, SDK).path("metrics"));
    JsonNode one = get("/public/v1/spans/" + span, SDK);
    assertThat(JsonShape.of(one, "attributes", "span_attributes", "resource_attributes"))
        .isEqualTo(
            JsonShape.lines(
                """
                span_id parent_span_id span_name span_kind service_name start_time end_time str
                status_code status_message str
                duration int
                attributes span_attributes resource_attributes map
                """));
    assertThat(
            one.path("span_attributes").path("gen_ai").path("prompt").get(0).path("role").asText())
        .isEqualTo("user");
    JsonNode spanMetrics = get("/public/v1/spans/" + span + "/metrics", SDK);
    assertThat(spanMetrics.path("total_tokens").asInt()).isEqualTo(1100);
    assertThat(spanMetrics.path("total_cost").asText()).isEqualTo("0.0002100");
    String tool = HexFormat.of().formatHex(sent.spans.get(2).getSpanId().toByteArray());
    assertThat(get("/public/v1/spans/" + tool + "/metrics", SDK).path("total_cost").asText())
        .isEqualTo("0.0000000");
  }

  @Test
  void opsboard_hasTheirShapes_andGivesNoKeysAway() {
    JsonNode projects = get("/opsboard/projects", SHOP);
    assertThat(projects).hasSize(1);
    assertThat(JsonShape.of(projects.get(0)))
        .isEqualTo(
            JsonShape.lines(
                """
                id name api_key org.id org.name org.prem_status org.current_user_role str
                span_count trace_count int
                """));
    assertThat(projects.get(0).path("trace_count").asInt()).isEqualTo(shop.all().size());
    assertThat(projects.get(0).path("api_key").asText()).isEmpty();
    assertThat(get("/opsboard/projects", ALL).findValuesAsText("name"))
        .contains("shop", "sdk", "default");
    assertThat(JsonShape.of(get("/opsboard/projects/shop", SHOP)))
        .isEqualTo(
            JsonShape.lines(
                """
                id org_id name environment api_key org.id org.name org.prem_status str
                org.current_user_role str
                org.current_project_count int
                org.subscription_id org.subscription_end_date org.subscription_start_date null
                org.subscription_cancel_at_period_end org.current_member_count null
                org.max_member_count org.max_project_count org.paid_member_count null
                """));
    assertThat(JsonShape.of(get("/opsboard/users/me", SHOP)))
        .isEqualTo(
            JsonShape.lines(
                """
                id full_name str
                avatar_url billing_address payment_method email null
                survey_is_complete bool
                """));
    assertThat(
            call("POST", "/opsboard/projects", "{}", "Authorization", "Bearer " + ALL).statusCode())
        .isEqualTo(403);
  }

  @Test
  void oldEventRoutes_areToldToBeGone() {
    for (String path : List.of("/v2/create_session", "/v2/create_events", "/v1/events")) {
      JsonNode gone = json(call("POST", path, "{}", "X-Agentops-Api-Key", SHOP), 410);
      assertThat(JsonShape.of(gone)).isEqualTo(JsonShape.lines("path message str"));
      assertThat(gone.path("path").asText()).isEqualTo(path);
    }
    assertThat(call("GET", "/v2/sessions/x/stats", null).statusCode()).isEqualTo(410);
  }

  // ---- portal, upstream, comparison

  @Test
  void portal_answersAsTheirRoutesDo() {
    assertThat(get("/api/agentops/traces?limit=2", SHOP))
        .isEqualTo(get("/v4/traces/list/shop?limit=2", SHOP));
    assertThat(get("/api/agentops/traces?limit=2&project=sdk", ALL).path("total").asInt())
        .isEqualTo(3);
    assertThat(get("/api/agentops/metrics?project_id=" + SHOP_ID, SHOP).path("token_metrics"))
        .isEqualTo(get("/v4/meterics/project/shop", SHOP).path("token_metrics"));
    String id = shop.all().get(0).id;
    assertThat(get("/api/agentops/traces/" + id, SHOP))
        .isEqualTo(get("/v4/traces/detail/" + id, SHOP));
    assertThat(refused("/api/agentops/traces?source=elsewhere").path("loc").get(1).asText())
        .isEqualTo("source");
  }

  @Test
  void portal_asksTheOtherAgentOps_withATokenItKeepsAndRenews() {
    theirs.mood.set(FakeAgentOps.Mood.FINE);
    String path = "/api/agentops/traces?source=agentops&limit=7&query=" + enc("a b&c");
    assertThat(get(path, SHOP).path("traces").get(0).path("trace_id").asText()).isEqualTo("theirs");
    assertThat(theirs.lastQuery.get()).isEqualTo("limit=7&query=a+b%26c");
    int before = theirs.tokens.get();
    get(path, SHOP);
    assertThat(theirs.tokens.get()).isEqualTo(before);
    theirs.expireToken();
    get(path, SHOP);
    assertThat(theirs.tokens.get()).isEqualTo(before + 1);
    assertThat(
            get("/api/agentops/traces/" + shop.all().get(0).id + "?source=agentops", SHOP)
                .path("trace_id")
                .asText())
        .isEqualTo("theirs");
    assertThat(errorOf("/api/agentops/traces?source=agentops", 404, SDK))
        .isEqualTo("Project not found");
  }

  @Test
  void portal_tellsWhyTheOtherAgentOpsCannotBeRead() {
    Map<FakeAgentOps.Mood, String> told =
        Map.of(
            FakeAgentOps.Mood.BROKEN, "answered 500",
            FakeAgentOps.Mood.NO_JSON, "answered no JSON",
            FakeAgentOps.Mood.SILENT, "within agentops.upstream.timeout.ms = 700",
            FakeAgentOps.Mood.SESSION_ONLY, "set agentops.upstream.session");
    try {
      told.forEach(
          (mood, words) -> {
            theirs.mood.set(mood);
            assertThat(errorOf("/api/agentops/metrics?source=agentops", 502, SHOP))
                .as(mood.name())
                .contains(words)
                .doesNotContain(FakeAgentOps.KEY);
          });
      JsonNode error = get("/api/v1/compare/agentops?from=now-2h", SHOP, 502).path("error");
      assertThat(error.path("code").asText()).isEqualTo("upstream_failed");
    } finally {
      theirs.mood.set(FakeAgentOps.Mood.FINE);
    }
  }

  @Test
  void withASession_thatAgentOpsIsReadToo_andAWrongKeyIsTold() {
    Settings settings =
        servers.settings(
            Map.of(
                Keys.AGENTOPS_UPSTREAM_URL,
                theirs.url() + "/",
                Keys.AGENTOPS_UPSTREAM_KEY,
                FakeAgentOps.KEY,
                Keys.AGENTOPS_UPSTREAM_SESSION,
                "their-session"));
    theirs.mood.set(FakeAgentOps.Mood.SESSION_ONLY);
    try (QueryService with = QueryService.start(settings)) {
      URI at = URI.create("http://127.0.0.1:" + with.port());
      String path = "/api/agentops/traces?source=agentops";
      assertThat(send(at, "GET", path, null).statusCode()).isEqualTo(200);
    } finally {
      theirs.mood.set(FakeAgentOps.Mood.FINE);
    }
    try (QueryService wrong =
        QueryService.start(settings.with(Map.of(Keys.AGENTOPS_UPSTREAM_KEY, "wrong")))) {
      URI at = URI.create("http://127.0.0.1:" + wrong.port());
      assertThat(
              json(send(at, "GET", "/api/agentops/traces?source=agentops", null), 502)
                  .path("detail")
                  .asText())
          .contains("refuses agentops.upstream.key (403)");
    }
  }

  @Test
  void comparison_explainsEachDifferenceByDefinition() {
    theirs.mood.set(FakeAgentOps.Mood.FINE);
    theirs.metrics.set(TheirFigures.of(shop.all()));
    JsonNode compared = get("/api/v1/compare/agentops?from=now-3h&project=shop", SHOP);
    Map<String, JsonNode> figures = new TreeMap<>();
    compared.path("figures").forEach(f -> figures.put(f.path("figure").asText(), f));
    // What is left after the definitions is nothing: both have the same spans.
    for (String name :
        List.of(
            "traces",
            "spans",
            "failRate.traces",
            "failRate.attempts",
            "traces.unset",
            "duration.averageMs",
            "tokens.total",
            "cost.byDay")) {
      assertThat(new BigDecimal(figures.get(name).path("byData").asText()))
          .as(name + ": " + figures.get(name))
          .isLessThan(new BigDecimal("0.002"))
          .isGreaterThan(new BigDecimal("-0.002"));
    }
    long calls = sum(shop, t -> t.calls);
    long failed = sum(shop, t -> t.failedCalls);
    assertThat(new BigDecimal(figures.get("failRate.attempts").path("spanmill").asText()))
        .isCloseTo(
            BigDecimal.valueOf(failed).divide(BigDecimal.valueOf(calls), 6, RoundingMode.HALF_EVEN),
            org.assertj.core.data.Offset.offset(new BigDecimal("0.000001")));
    assertThat(new BigDecimal(figures.get("failRate.traces").path("spanmill").asText()))
        .isCloseTo(
            BigDecimal.valueOf(states(shop, "fail"))
                .divide(BigDecimal.valueOf(shop.all().size()), 6, RoundingMode.HALF_EVEN),
            org.assertj.core.data.Offset.offset(new BigDecimal("0.000001")));
    assertThat(figures.get("calls.unpriced").path("spanmill").asLong())
        .isEqualTo(shop.all().stream().filter(t -> t.cost == null && t.prompt > 0).count());
    assertThat(figures.get("tokens.total").path("spanmill").asLong())
        .isEqualTo(sum(shop, t -> t.prompt + t.completion));
    assertThat(figures.get("calls.counted").path("spanmill").asLong()).isEqualTo(calls);
    for (JsonNode f : figures.values()) {
      assertThat(f.path("definitions").path("spanmill").asText()).isNotEmpty();
      assertThat(f.path("definitions").path("agentops").asText()).isNotEmpty();
    }
    assertThat(
            get("/api/v1/compare/agentops?project=sdk", SDK, 400)
                .path("error")
                .path("field")
                .asText())
        .isEqualTo("project");
    assertThat(get("/api/v1/compare/agentops", SDK, 403).path("error").path("code").asText())
        .isEqualTo("forbidden");
  }

  // ---- asking

  private static String token(String key) {
    return post("/v3/auth/token", "{\"api_key\":\"" + key + "\"}", 200).path("token").asText();
  }

  private static List<JsonNode> pages(String project, String key, String more) {
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

  private static JsonNode refused(String path) {
    return get(path, SHOP, 422).path("detail").get(0);
  }

  private static String errorOf(String path, int status, String key) {
    return get(path, key, status).path("detail").asText();
  }

  private static JsonNode get(String path, String key) {
    return get(path, key, 200);
  }

  private static JsonNode get(String path, String key, int status) {
    return json(call("GET", path, null, "Authorization", "Bearer " + key), status);
  }

  private static JsonNode post(String path, String body, int status) {
    return json(call("POST", path, body, "Content-Type", "application/json"), status);
  }

  private static JsonNode upload(String path, String body, String key, String... headers) {
    String[] all =
        Stream.concat(Stream.of("Authorization", "Bearer " + key), Stream.of(headers))
            .toArray(String[]::new);
    return json(call("POST", path, body, all), 200);
  }

  private static HttpResponse<String> call(
      String method, String path, String body, String... headers) {
    return send(spanmill.address(Keys.QUERY_PORT), method, path, body, headers);
  }

  private static HttpResponse<String> send(
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

  private static JsonNode json(HttpResponse<String> answer, int status) {
    assertThat(answer.statusCode()).as(answer.uri() + ": " + answer.body()).isEqualTo(status);
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(answer.body(), e);
    }
  }

  // ---- what was sent

  private static Sent sent(SentTraces of, String id) {
    return of.all().stream().filter(t -> t.id.equals(id)).findFirst().orElseThrow();
  }

  private static Sent newest(SentTraces of) {
    return of.all().stream().max(Comparator.comparingLong(Sent::startNs)).orElseThrow();
  }

  private static long sum(SentTraces of, ToLongFunction<Sent> figure) {
    return of.all().stream().mapToLong(figure).sum();
  }

  private static long states(SentTraces of, String state) {
    return of.all().stream().filter(t -> t.state().equals(state)).count();
  }

  private static List<String> types(JsonNode detail) {
    return StreamSupport.stream(detail.path("spans").spliterator(), false)
        .map(s -> s.path("span_type").asText())
        .toList();
  }

  private static List<Long> longs(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .map(JsonNode::asLong)
        .collect(Collectors.toList());
  }

  /** As Python writes it. */
  private static String iso(long nanos) {
    Instant at = Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
    String text = at.truncatedTo(ChronoUnit.MICROS).toString().replace("Z", "");
    int dot = text.indexOf('.');
    String padded = dot < 0 ? text : (text + "000000").substring(0, dot + 7);
    String out = padded + "+00:00";
    assertThat(OffsetDateTime.parse(out).toInstant()).isEqualTo(at.truncatedTo(ChronoUnit.MICROS));
    return out;
  }

  private static String places(BigDecimal usd, int places) {
    return usd.setScale(12, RoundingMode.HALF_EVEN)
        .setScale(places, RoundingMode.HALF_EVEN)
        .toPlainString();
  }

  private static String enc(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
