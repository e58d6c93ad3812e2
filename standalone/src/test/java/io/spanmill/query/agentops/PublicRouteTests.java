/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.ALL;
import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.call;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.json;
import static io.spanmill.query.agentops.AgentOpsRig.sdk;
import static io.spanmill.query.agentops.AgentOpsRig.shop;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.agentops.SentTraces.Sent;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The public API, opsboard and the routes of before OpenTelemetry. */
interface PublicRouteTests {
  @Test
  default void publicApi_hasTheirShapes() {
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
  default void opsboard_hasTheirShapes_andGivesNoKeysAway() {
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
  default void oldEventRoutes_areToldToBeGone() {
    for (String path : List.of("/v2/create_session", "/v2/create_events", "/v1/events")) {
      JsonNode gone = json(call("POST", path, "{}", "X-Agentops-Api-Key", SHOP), 410);
      assertThat(JsonShape.of(gone)).isEqualTo(JsonShape.lines("path message str"));
      assertThat(gone.path("path").asText()).isEqualTo(path);
    }
    assertThat(call("GET", "/v2/sessions/x/stats", null).statusCode()).isEqualTo(410);
  }
}
