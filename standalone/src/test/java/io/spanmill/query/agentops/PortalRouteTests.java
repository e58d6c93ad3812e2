/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.agentops.AgentOpsRig.ALL;
import static io.spanmill.query.agentops.AgentOpsRig.SDK;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP;
import static io.spanmill.query.agentops.AgentOpsRig.SHOP_ID;
import static io.spanmill.query.agentops.AgentOpsRig.enc;
import static io.spanmill.query.agentops.AgentOpsRig.errorOf;
import static io.spanmill.query.agentops.AgentOpsRig.get;
import static io.spanmill.query.agentops.AgentOpsRig.json;
import static io.spanmill.query.agentops.AgentOpsRig.refused;
import static io.spanmill.query.agentops.AgentOpsRig.send;
import static io.spanmill.query.agentops.AgentOpsRig.servers;
import static io.spanmill.query.agentops.AgentOpsRig.shop;
import static io.spanmill.query.agentops.AgentOpsRig.states;
import static io.spanmill.query.agentops.AgentOpsRig.sum;
import static io.spanmill.query.agentops.AgentOpsRig.theirs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.QueryService;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The portal's routes, the other AgentOps behind them, and the comparison with it. */
interface PortalRouteTests {
  @Test
  default void portal_answersAsTheirRoutesDo() {
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
  default void portal_asksTheOtherAgentOps_withATokenItKeepsAndRenews() {
    theirs.mood.set(FakeAgentOps.Mood.FINE);
    String path = "/api/agentops/traces?source=agentops&limit=7&query=" + enc("a b&c");
    assertThat(get(path, SHOP).path("traces").get(0).path("trace_id").asText()).isEqualTo("theirs");
    assertThat(theirs.lastQuery.get()).isEqualTo("limit=7&query=a+b%26c");
    JsonNode status = get("/api/v1/status", SHOP).path("upstreams").path("agentops");
    assertThat(status.path("state").asText()).isEqualTo("up");
    assertThat(status.path("path").asText()).isEqualTo("/api/agentops/traces?source=agentops");
    assertThat(status.path("url").asText()).isEqualTo(theirs.url());
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
  default void portal_tellsWhyTheOtherAgentOpsCannotBeRead() {
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
      JsonNode status = get("/api/v1/status", SHOP).path("upstreams").path("agentops");
      assertThat(status.path("state").asText()).isEqualTo("failing");
      assertThat(status.path("problem").asText()).contains(theirs.url());
      assertThat(status.toString()).doesNotContain(FakeAgentOps.KEY);
      // Who may not ask it is not told where and how it is.
      JsonNode foreign = get("/api/v1/status", SDK).path("upstreams").path("agentops");
      assertThat(foreign.path("configured").asBoolean()).isTrue();
      assertThat(foreign.path("url").isNull() && foreign.path("problem").isNull()).isTrue();
      JsonNode error = get("/api/v1/compare/agentops?from=now-2h", SHOP, 502).path("error");
      assertThat(error.path("code").asText()).isEqualTo("upstream_failed");
    } finally {
      theirs.mood.set(FakeAgentOps.Mood.FINE);
    }
  }

  @Test
  default void withASession_thatAgentOpsIsReadToo_andAWrongKeyIsTold() {
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
  default void comparison_explainsEachDifferenceByDefinition() {
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
}
