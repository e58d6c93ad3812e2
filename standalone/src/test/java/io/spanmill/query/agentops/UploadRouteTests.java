/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP_ID;
import static io.spanmill.query.agentops.AgentOpsRig.call;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.json;
import static io.spanmill.query.agentops.AgentOpsRig.sdk;
import static io.spanmill.query.agentops.AgentOpsRig.send;
import static io.spanmill.query.agentops.AgentOpsRig.upload;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.agentops.SentTraces.Sent;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Logs and objects, there and back. */
interface UploadRouteTests {
  @Test
  default void logs_comeBackAsTheTextTheSdkCaptured() {
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
  default void uploads_areRefusedWithoutATraceOrWhenTheyAreTooLarge() {
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
  default void objects_comeBackByteByByteToTheirProject() {
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
}
