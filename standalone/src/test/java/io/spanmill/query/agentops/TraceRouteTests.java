/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.ALL;
import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP_ID;
import static io.spanmill.query.agentops.AgentOpsRig.call;
import static io.spanmill.query.agentops.AgentOpsRig.enc;
import static io.spanmill.query.agentops.AgentOpsRig.errorOf;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.iso;
import static io.spanmill.query.agentops.AgentOpsRig.json;
import static io.spanmill.query.agentops.AgentOpsRig.newest;
import static io.spanmill.query.agentops.AgentOpsRig.pages;
import static io.spanmill.query.agentops.AgentOpsRig.places;
import static io.spanmill.query.agentops.AgentOpsRig.refused;
import static io.spanmill.query.agentops.AgentOpsRig.sdk;
import static io.spanmill.query.agentops.AgentOpsRig.sent;
import static io.spanmill.query.agentops.AgentOpsRig.shop;
import static io.spanmill.query.agentops.AgentOpsRig.states;
import static io.spanmill.query.agentops.AgentOpsRig.sum;
import static io.spanmill.query.agentops.AgentOpsRig.types;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.agentops.SentTraces.Sent;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The list of traces and a trace whole: shapes with their types, and figures against what was sent.
 */
interface TraceRouteTests {
  @Test
  default void pathsThatAreNotServed_areNoPlacesWithinTheScreen() {
    for (String path :
        List.of("/v3/x", "/v4/x", "/v4/traces/list/", "/public/v1/x", "/opsboard/x", "/auth/x")) {
      assertThat(errorOf(path, 404, SHOP)).as(path).isEqualTo("Not Found");
    }
  }

  @Test
  default void list_hasTheirShape() {
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
  default void list_tellsWhatWasSent() {
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
  default void list_comesInEveryOrder(String order) {
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
  default void list_isSearchedByIdNameAndTagOfTheRoot() {
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
  default void list_takesTimesAsTheyDo() {
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
  default void badValues_areAllToldAtOnce() {
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
  default void injectedSql_isAValueLikeAnyOther() {
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

  @Test
  default void detail_hasTheirShape() {
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
  default void detail_tellsWhatWasSent() {
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
  default void whatIsNotThere_isAnsweredInTheirWords() {
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
  default void projects_areKnownByNameAndUuid_andAnAllProjectKeySeesThemAll() {
    JsonNode byName = get("/v4/traces/list/shop?limit=3", SHOP);
    assertThat(get("/v4/traces/list/" + SHOP_ID + "?limit=3", SHOP)).isEqualTo(byName);
    assertThat(get("/v4/traces/list/" + SHOP_ID.toUpperCase(Locale.ROOT) + "?limit=3", ALL))
        .isEqualTo(byName);
    assertThat(get("/v4/traces/detail/" + sdk.all().get(0).id, ALL).path("spans")).hasSize(4);
  }
}
