/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.JSON;
import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP_ID;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.iso;
import static io.spanmill.query.agentops.AgentOpsRig.longs;
import static io.spanmill.query.agentops.AgentOpsRig.places;
import static io.spanmill.query.agentops.AgentOpsRig.sdk;
import static io.spanmill.query.agentops.AgentOpsRig.shop;
import static io.spanmill.query.agentops.AgentOpsRig.states;
import static io.spanmill.query.agentops.AgentOpsRig.sum;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.agentops.SentTraces.Sent;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A project's metrics: shapes with their types, and figures against what was sent. */
interface MetricsRouteTests {
  @Test
  default void metrics_haveTheirShape_andTellWhatWasSent() {
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
  default void metrics_ofNothing_keepTheirShape() {
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
  default void states_comeFromTheRootAndItsEndState() {
    JsonNode metrics = get("/v4/traces/list/sdk", SDK).path("metrics");
    assertThat(metrics.path("success_count").asInt()).isEqualTo(1);
    assertThat(metrics.path("indeterminate_count").asInt()).isEqualTo(1);
    assertThat(metrics.path("fail_count").asInt()).isEqualTo(1);
    assertThat(get("/v4/meterics/project/sdk", SDK).path("indeterminate_datetime").get(0).asText())
        .isEqualTo(iso(sdk.all().get(1).startNs()));
  }
}
