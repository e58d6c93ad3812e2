/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.PLAIN;
import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SENDER;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP_ID;
import static io.spanmill.query.agentops.AgentOpsRig.call;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.json;
import static io.spanmill.query.agentops.AgentOpsRig.post;
import static io.spanmill.query.agentops.AgentOpsRig.send;
import static io.spanmill.query.agentops.AgentOpsRig.servers;
import static io.spanmill.query.agentops.AgentOpsRig.shop;
import static io.spanmill.query.agentops.AgentOpsRig.token;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.QueryService;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Keys, tokens and who asks, on a running Spanmill. */
interface TokenRouteTests {
  @Test
  default void keys_becomeTokensThatTellTheirProject() {
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
  default void wrongKeys_areAnsweredInTheirWords() {
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
  default void tokens_areRefusedInTheirWords() {
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
  default void withoutKeys_anyUuidGetsATokenOfTheDefaultProject() {
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
  default void wrongKeysInARow_areHeldUp_rightOnesNever() {
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
  default void dashboardsOfListedOrigins_readWithCredentials() {
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
          .contains("Authorization", "Trace-Id", "X-API-Key");
    }
  }

  @Test
  default void withoutCredentials_nothingIsRead() {
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
  default void cookieAndBearer_areBothTaken() {
    String token = token(SHOP);
    String path = "/v4/traces/list/shop?limit=1";
    JsonNode byKey = get(path, SHOP);
    assertThat(get(path, token)).isEqualTo(byKey);
    assertThat(json(call("GET", path, null, "Cookie", "session_id=" + token), 200))
        .isEqualTo(byKey);
    assertThat(json(call("GET", path, null, "X-Agentops-Api-Key", SHOP), 200)).isEqualTo(byKey);
  }

  @Test
  default void answers_areKeptByNoCache() {
    for (String path : List.of("/v4/traces/list/shop", "/v4/traces/list/nobody", "/v4/logs/x")) {
      HttpResponse<String> answer = call("GET", path, null, "Authorization", "Bearer " + SHOP);
      assertThat(answer.headers().firstValue("Cache-Control"))
          .hasValue("no-store, no-cache, must-revalidate, max-age=0");
      assertThat(answer.headers().firstValue("Pragma")).hasValue("no-cache");
      assertThat(answer.headers().firstValue("Expires")).hasValue("0");
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    }
  }
}
