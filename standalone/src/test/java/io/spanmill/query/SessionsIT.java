/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.config.Keys;
import io.spanmill.standalone.RunningSpanmill;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Sessions over everything that names one, from what real packages exported and through the whole
 * pipeline: applications, conversations, LiteLLM's own sessions and AgentOps' traces.
 */
class SessionsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final Path EXPORTS = Path.of("../aggregator/src/test/resources/otlp");
  private static final List<String> RECORDED =
      List.of(
          "litellm-1.106.0-proxy-v1-master-sessions",
          "litellm-1.106.0-proxy-v2-sessions",
          "litellm-1.110.2-sdk-phoenix-sessions",
          "litellm-1.110.2-sdk-v2-sessions",
          "agentops-0.4.21-session",
          "traceloop-0.62.4-session",
          "langfuse-5.0.4-session");
  private static final String APP = "0a000000000000000000000000000001";
  private static final String FIRST_TURN = "0a000000000000000000000000000002";
  private static final String SECOND_TURN = "0a000000000000000000000000000003";
  private static final String TWO_NAMES = "0a000000000000000000000000000004";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RANGE = "from=2026-11-18T00:00:00Z&to=now%2B1d&limit=200";

  private static RunningSpanmill spanmill;

  @BeforeAll
  static void send() throws Exception {
    spanmill = RunningSpanmill.start(servers.settings(Map.of()));
    for (String name : RECORDED) {
      send(new OtlpBody(Files.readAllBytes(EXPORTS.resolve(name + ".pb")), false));
    }
    long at = Instant.parse("2026-11-20T10:00:00Z").toEpochMilli();
    List<Object> spans = new ArrayList<>();
    spans.add(span(APP, 1, 0, at, Map.of("session.id", "session-of-litellm")));
    spans.add(span(FIRST_TURN, 1, 0, at, Map.of("gen_ai.conversation.id", "conversation-1")));
    spans.add(span(SECOND_TURN, 1, 0, at, Map.of("gen_ai.conversation.id", "conversation-1")));
    spans.add(span(TWO_NAMES, 1, 0, at, Map.of("session.id", "outer")));
    spans.add(span(TWO_NAMES, 2, 1, at + 5, Map.of("gen_ai.conversation.id", "an-inner-one")));
    byte[] body =
        JSON.writeValueAsBytes(
            Map.of(
                "resourceSpans",
                List.of(
                    Map.of(
                        "scopeSpans",
                        List.of(Map.of("scope", Map.of("name", "shop"), "spans", spans))))));
    send(new OtlpBody(body, true));
    spanmill.awaitComplete();
  }

  @AfterAll
  static void stop() {
    if (spanmill != null) {
      spanmill.close();
    }
  }

  @Test
  void sessions_tellWhoNamedThem() {
    Map<String, JsonNode> rows = rows();
    assertNamed(rows.get("session-of-litellm"), 4, "session", "litellm");
    assertNamed(rows.get("session-in-metadata"), 4, "litellm");
    assertNamed(rows.get("session-in-header"), 2, "litellm");
    assertNamed(rows.get("conversation-1"), 2, "conversation");
    assertNamed(rows.get("outer"), 1, "session");
    assertThat(rows).doesNotContainKey("an-inner-one");
    assertThat(rows.values())
        .as("AgentOps' trace is a session of its own")
        .anySatisfy(
            r -> {
              assertNamed(r, 1, "agentops");
              assertThat(r.path("name").asText()).isEqualTo("support.session");
            });
    // Traceloop's and Langfuse's, under keys of their own.
    assertNamed(rows.get("s-7"), 2, "session");
  }

  @Test
  void list_andDetail_tellTheSame() {
    for (JsonNode row : rows().values()) {
      String id = row.path("sessionId").asText();
      JsonNode session = spanmill.get("/api/v1/sessions/" + id).path("session");
      for (String field :
          List.of("kind", "sources", "traceCount", "callCount", "errorCount", "start", "end")) {
        assertThat(session.path(field)).as(id + " " + field).isEqualTo(row.path(field));
      }
      assertThat(session.path("tokens")).as(id).isEqualTo(row.path("tokens"));
      assertThat(usd(session)).as(id).isEqualByComparingTo(usd(row));
    }
  }

  @Test
  void innerName_findsItsTraceAsWell() {
    JsonNode detail = spanmill.get("/api/v1/sessions/an-inner-one?layer=client");
    assertThat(detail.path("session").path("kind").asText()).isEqualTo("conversation");
    assertThat(detail.path("steps").path(0).path("traceId").asText()).isEqualTo(TWO_NAMES);
  }

  private static Map<String, JsonNode> rows() {
    Map<String, JsonNode> out = new TreeMap<>();
    spanmill
        .get("/api/v1/sessions?" + RANGE)
        .path("rows")
        .forEach(r -> out.put(r.path("sessionId").asText(), r));
    return out;
  }

  private static void assertNamed(JsonNode row, int traces, String... sources) {
    assertThat(row).isNotNull();
    List<String> told = new ArrayList<>();
    row.path("sources").forEach(s -> told.add(s.asText()));
    assertThat(told).as(row.toString()).containsExactly(sources);
    assertThat(row.path("kind").asText()).isEqualTo(sources[0]);
    assertThat(row.path("traceCount").asInt()).as(row.toString()).isEqualTo(traces);
  }

  private static BigDecimal usd(JsonNode row) {
    JsonNode usd = row.path("costUsd");
    return usd.isNull() ? BigDecimal.ONE.negate() : new BigDecimal(usd.asText());
  }

  private static void send(OtlpBody body) {
    OtlpClient.Result result =
        new OtlpClient(spanmill.address(Keys.INGEST_HTTP_PORT), null, false).send(body).join();
    assertThat(result.status()).as(result.message()).isEqualTo(200);
  }

  private static Map<String, Object> span(
      String trace, int id, int parent, long startMs, Map<String, String> names) {
    List<Object> attributes = new ArrayList<>();
    Map<String, String> all = new TreeMap<>(names);
    all.put("gen_ai.operation.name", "chat");
    all.put("gen_ai.provider.name", "openai");
    all.put("gen_ai.request.model", "gpt-4o-mini");
    all.put("gen_ai.response.id", trace + id);
    all.forEach(
        (key, value) -> attributes.add(Map.of("key", key, "value", Map.of("stringValue", value))));
    Map<String, Object> out = new TreeMap<>();
    out.put("traceId", trace);
    out.put("spanId", String.format("%016x", id));
    if (parent > 0) {
      out.put("parentSpanId", String.format("%016x", parent));
    }
    out.put("name", "chat gpt-4o-mini");
    out.put("kind", 3);
    out.put("startTimeUnixNano", Long.toString(startMs * 1_000_000));
    out.put("endTimeUnixNano", Long.toString((startMs + 20) * 1_000_000));
    out.put("attributes", attributes);
    return out;
  }
}
