/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Waterfall, joined latency, sessions and flow over rows as the sinks write them. */
class TracesIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long START = Instant.now().minusSeconds(600).toEpochMilli();
  private static final String AGENT = "a1".repeat(16);
  private static final String LATER = "a2".repeat(16);
  private static final String GATEWAY = "b1".repeat(16);
  private static final String ENGINE = "c1".repeat(16);

  private static ClickHouse clickHouse;
  private static QueryService service;

  @BeforeAll
  static void fill() {
    Settings settings = servers.settings(Map.of());
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    // An agent asks a tool, the tool the agent again; the model is asked twice for one call.
    span(AGENT, 1, 0, "AGENT", "planner", 0, 1000, "session-1");
    span(AGENT, 2, 1, "TOOL", "search", 100, 300, "session-1");
    span(AGENT, 3, 2, "AGENT", "planner", 120, 200, "session-1");
    span(AGENT, 4, 1, "CLIENT_SDK", "chat", 400, 200, "session-1");
    span(AGENT, 5, 1, "CLIENT_SDK", "chat", 700, 250, "session-1");
    call(AGENT, 4, 1, "client", "call-1", "", 400, 200, true, 0, "NULL", "");
    call(AGENT, 5, 1, "client", "call-1", "response-1", 700, 250, false, 10, "0.000000000123", "");
    span(LATER, 1, 0, "AGENT", "planner", 5000, 100, "session-1");
    span(GATEWAY, 1, 0, "GATEWAY_ROOT", "request", 0, 1000, "");
    span(GATEWAY, 2, 1, "GATEWAY_CALL", "call", 100, 800, "");
    call(GATEWAY, 1, 0, "gateway_request", "", "", 0, 1000, false, -1, "NULL", "");
    call(GATEWAY, 2, 1, "gateway", "call-9", "response-9", 100, 800, false, 7, "1.5", "");
    span(ENGINE, 1, 0, "ENGINE", "llm_request", 150, 700, "");
    call(
        ENGINE,
        1,
        0,
        "engine",
        "",
        "response-9",
        150,
        700,
        false,
        7,
        "NULL",
        "50000, 200000, 450000");
    clickHouse.execute(
        Sql.of(
            "INSERT INTO span_content (project, trace_id, span_id, ts, content) VALUES ('default', "
                + bytes(AGENT)
                + ", "
                + bytes("0000000000000005")
                + ", now64(3), {'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'ask',"
                + " 'gen_ai.completion.0.content': 'told'})"));
    service = QueryService.start(settings);
  }

  @AfterAll
  static void stop() {
    service.close();
    clickHouse.close();
  }

  @Test
  void waterfall_hasTokensCostLinksAndEvents_contentOnRequestAlone() throws Exception {
    JsonNode trace = get("/api/v1/traces/" + AGENT + "?layer=client");
    assertThat(trace.path("spans")).hasSize(5);
    JsonNode paid = trace.path("spans").path(4);
    assertThat(paid.path("spanId").asText()).isEqualTo("0000000000000005");
    assertThat(paid.path("costUsd").asText()).isEqualTo("0.000000000123");
    assertThat(paid.path("tokens").path("input").asInt()).isEqualTo(10);
    assertThat(paid.path("counted").asBoolean()).isTrue();
    assertThat(trace.path("spans").path(3).path("status").asText()).isEqualTo("error");
    assertThat(trace.path("spans").path(3).path("costUsd").isNull()).isTrue();
    JsonNode root = trace.path("spans").path(0);
    assertThat(root.path("events").path(0).path("name").asText()).isEqualTo("begun");
    assertThat(root.path("events").path(0).path("attributes").path("k").asText()).isEqualTo("v");
    assertThat(root.path("links").path(0).path("traceId").asText()).isEqualTo(LATER);
    assertThat(trace.has("content")).isFalse();
    assertThat(trace.toString()).doesNotContain("told");
    assertThat(trace.path("trace").path("costUsd").asText()).isEqualTo("0.000000000123");
    JsonNode content = get("/api/v1/traces/" + AGENT + "?content=0000000000000005").path("content");
    assertThat(content.path("parts")).hasSize(2);
    assertThat(content.path("parts").path(0).path("role").asText()).isEqualTo("user");
    assertThat(content.path("parts").path(1).path("text").asText()).isEqualTo("told");
  }

  @Test
  void traceOverProjects_standsInThatOfItsRoot() throws Exception {
    String trace = "d1".repeat(16);
    // The parent's project sorts last: whichever span is read first does not decide.
    String[] spans = {"'zulu', %s, %s, %s", "'alpha', %s, %s, %s"};
    for (int i = 0; i < spans.length; i++) {
      clickHouse.execute(
          Sql.of(
              "INSERT INTO spans (project, trace_id, span_id, parent_span_id, ts, arrival_time,"
                  + " name, role, start_time, end_time) VALUES ("
                  + String.format(spans[i], bytes(trace), bytes(hex(i + 1)), bytes(hex(i)))
                  + String.format(
                      ", %s, now64(3), 'step', 'AGENT', %s, %s)", time(i), nanos(i), nanos(i))));
    }
    JsonNode shown = get("/api/v1/traces/" + trace + "?project=alpha&project=zulu").path("trace");
    assertThat(shown.path("project").asText()).isEqualTo("zulu");
    assertThat(shown.path("spanCount").asInt()).isEqualTo(2);
  }

  @Test
  void latency_isJoinedByResponseIdOverTwoTraces() throws Exception {
    JsonNode parts = get("/api/v1/traces/" + GATEWAY).path("latencyParts");
    assertThat(parts.path("joinedBy").asText()).isEqualTo("response_id");
    assertThat(parts.path("engineTraceId").asText()).isEqualTo(ENGINE);
    assertThat(parts.path("gatewayOverheadMs").asDouble()).isEqualTo(200);
    assertThat(parts.path("queueMs").asDouble()).isEqualTo(50);
    assertThat(parts.path("prefillMs").asDouble()).isEqualTo(200);
    assertThat(parts.path("decodeMs").asDouble()).isEqualTo(450);
  }

  @Test
  void session_goesOverItsTraces_andAnUnnamedTraceIsOne() throws Exception {
    JsonNode rows = get("/api/v1/sessions?layer=client&from=now-1h").path("rows");
    JsonNode named = null;
    for (JsonNode row : rows) {
      if (row.path("sessionId").asText().equals("session-1")) {
        named = row;
      }
    }
    assertThat(named).isNotNull();
    assertThat(named.path("kind").asText()).isEqualTo("session");
    assertThat(named.path("traceCount").asInt()).isEqualTo(2);
    assertThat(named.path("callCount").asInt()).isEqualTo(2);
    assertThat(named.path("costUsd").asText()).isEqualTo("0.000000000123");
    assertThat(rows)
        .anyMatch(
            r ->
                r.path("sessionId").asText().equals(GATEWAY)
                    && r.path("kind").asText().equals("trace"));
    JsonNode detail = get("/api/v1/sessions/session-1?layer=client");
    assertThat(detail.path("steps")).hasSize(6);
    assertThat(detail.path("steps").path(4).path("retry").asBoolean()).isTrue();
    assertThat(detail.path("steps").path(3).path("retry").asBoolean()).isFalse();
    assertThat(detail.path("steps").path(2).path("depth").asInt()).isEqualTo(2);
    assertThat(get("/api/v1/sessions/" + GATEWAY).path("session").path("kind").asText())
        .isEqualTo("trace");
  }

  @Test
  void flow_marksLoopsAndRetries() throws Exception {
    for (String of : new String[] {"&traceId=" + AGENT, ""}) {
      JsonNode flow = get("/api/v1/flow?layer=client&from=now-1h" + of);
      JsonNode back = edge(flow, "tool:search", "agent:planner");
      assertThat(back.path("loop").asBoolean()).isTrue();
      JsonNode model = edge(flow, "agent:planner", "model:model-1");
      assertThat(model.path("loop").asBoolean()).isFalse();
      assertThat(model.path("count").asInt()).isEqualTo(2);
      assertThat(model.path("retries").asInt()).isEqualTo(1);
      assertThat(model.path("costUsd").asText()).isEqualTo("0.000000000123");
    }
  }

  private static JsonNode edge(JsonNode flow, String source, String target) {
    for (JsonNode edge : flow.path("edges")) {
      if (edge.path("source").asText().equals(source)
          && edge.path("target").asText().equals(target)) {
        return edge;
      }
    }
    throw new AssertionError("no edge " + source + " → " + target + " in " + flow);
  }

  private static void span(
      String trace, int id, int parent, String role, String name, int at, int ms, String session) {
    boolean model = role.equals("CLIENT_SDK");
    clickHouse.execute(
        Sql.of(
            "INSERT INTO spans (project, ts, trace_id, span_id, parent_span_id, arrival_time, name,"
                + " role, layer, service, start_time, end_time, failed, agent, tool, session,"
                + " event_times, event_names, event_attributes, link_trace_ids, link_span_ids,"
                + " link_states, link_attributes, has_content) VALUES ('default', "
                + time(at + ms)
                + String.format(
                    ", %s, %s, %s, now64(3), '%s', '%s', '%s', 'service', %s, %s, %b, '%s', '%s', '%s',",
                    bytes(trace),
                    bytes(hex(id)),
                    bytes(hex(parent)),
                    name,
                    role,
                    model ? "client" : "",
                    nanos(at),
                    nanos(at + ms),
                    model && id == 4,
                    role.equals("AGENT") ? name : "",
                    role.equals("TOOL") ? name : "",
                    session)
                + (id == 1
                    ? "["
                        + nanos(at)
                        + "], ['begun'], [{'k': 'v'}], ["
                        + bytes(LATER)
                        + "], ["
                        + bytes(hex(1))
                        + "], [''], [map()],"
                    : "[], [], [], [], [], [], [],")
                + (id == 5)
                + ")"));
  }

  private static void call(
      String trace,
      int id,
      int parent,
      String layer,
      String callId,
      String responseId,
      int at,
      int ms,
      boolean failed,
      int input,
      String cost,
      String parts) {
    String[] micros = parts.isEmpty() ? new String[] {"-1", "-1", "-1"} : parts.split(", ");
    clickHouse.execute(
        Sql.of(
            "INSERT INTO calls (project, layer, event_time, trace_id, span_id, parent_span_id,"
                + " arrival_time, name, start_time, duration_us, service, model, session, call_id,"
                + " response_id, failed, error_class, input_tokens, output_tokens, saved_tokens,"
                + " queue_us, prefill_us, decode_us, cost, reported_cost, priced) VALUES ('default',"
                + String.format(
                    " '%s', %s, %s, %s, %s, now64(3), 'chat', %s, %d, 'service', 'model-1', '', '%s', '%s',"
                        + " %b, '%s', %d, -1, -1, %s, %s, %s, %s, %s, '%s')",
                    layer,
                    time(at + ms),
                    bytes(trace),
                    bytes(hex(id)),
                    bytes(hex(parent)),
                    nanos(at),
                    ms * 1000L,
                    callId,
                    responseId,
                    failed,
                    failed ? "timeout" : "",
                    input,
                    micros[0],
                    micros[1],
                    micros[2],
                    money(cost),
                    money(cost),
                    cost.equals("NULL") ? "none" : "priced")));
  }

  /** As text: a float would lose the last place. */
  private static String money(String usd) {
    return usd.equals("NULL") ? usd : "toDecimal128('" + usd + "', 12)";
  }

  private static String hex(int id) {
    return String.format("%016x", id);
  }

  private static String bytes(String hex) {
    return "unhex('" + hex + "')";
  }

  private static String time(int ms) {
    return "fromUnixTimestamp64Milli(" + (START + ms) + ", 'UTC')";
  }

  private static String nanos(int ms) {
    return "fromUnixTimestamp64Nano(" + (START + ms) + "000000, 'UTC')";
  }

  private static JsonNode get(String path) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }
}
