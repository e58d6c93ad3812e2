/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.Role;
import io.spanmill.otlp.TraceReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NormalizerTest {
  private static TestSpan liteLlm(String name) {
    return TestSpan.named(name).scope("litellm").with("llm.request.type", "acompletion");
  }

  private static TestSpan genAi() {
    return TestSpan.named("chat m")
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.request.model", "m");
  }

  @Test
  void rawRequest_isRawUnderAnyName() {
    assertThat(TestSpan.named("raw_gen_ai_request").scope("litellm").normalize().role)
        .isEqualTo(Role.RAW);
    NormalizedSpan renamed =
        liteLlm("my-generation")
            .with("llm.openai.model", "gpt-4o")
            .with("gen_ai.usage.input_tokens", 5)
            .normalize();
    assertThat(renamed.role).isEqualTo(Role.RAW);
    assertThat(renamed.layer).isNull();
  }

  @Test
  void renamedCall_isACall() {
    assertThat(liteLlm("my-generation").normalize().role).isEqualTo(Role.GATEWAY_CALL);
  }

  @Test
  void collapsedRoot_isCallAndRequest() {
    NormalizedSpan root = liteLlm("Received Proxy Server Request").kind(2).normalize();
    assertThat(root.layer).isEqualTo(Layer.GATEWAY);
    assertThat(root.alsoGatewayRequest).isTrue();
  }

  @Test
  void rootInsideAnotherServerSpan_isNoRequestOfItsOwn() {
    TestSpan root = TestSpan.named("Received Proxy Server Request").scope("litellm").kind(2);
    assertThat(root.with("url.path", "/v1/chat/completions").flags(0x101).normalize().role)
        .isEqualTo(Role.INFRA);
    TestSpan remote = TestSpan.named("Received Proxy Server Request").scope("litellm").kind(2);
    assertThat(remote.with("url.path", "/v1/chat/completions").flags(0x301).normalize().role)
        .isEqualTo(Role.GATEWAY_ROOT);
  }

  @Test
  void requestModelFromBaggage_isNoCall() {
    assertThat(
            TestSpan.named("auth /v1/chat/completions")
                .scope("litellm")
                .with("gen_ai.request.model", "gpt-4o")
                .with("litellm.team.id", "t")
                .normalize()
                .role)
        .isEqualTo(Role.INFRA);
    assertThat(TestSpan.named("GET").with("gen_ai.request.model", "gpt-4o").normalize().role)
        .isEqualTo(Role.OTHER);
  }

  @Test
  void serverSpanOfGateway_countsModelRequestsOnly() {
    assertThat(server("/v1/chat/completions").role).isEqualTo(Role.GATEWAY_ROOT);
    assertThat(server("/v1/messages").role).isEqualTo(Role.GATEWAY_ROOT);
    assertThat(server("/health/liveliness").role).isEqualTo(Role.INFRA);
    assertThat(server("/key/info").role).isEqualTo(Role.INFRA);
    assertThat(server("/v1/models").role).isEqualTo(Role.INFRA);
    assertThat(server("/").role).isEqualTo(Role.INFRA);
  }

  private static NormalizedSpan server(String route) {
    return TestSpan.named("POST " + route)
        .scope("opentelemetry.instrumentation.fastapi")
        .kind(2)
        .resource("service.name", "litellm")
        .with("http.method", "POST")
        .with("http.target", route)
        .normalize();
  }

  @Test
  void serverSpanOfAnotherService_isOther() {
    assertThat(
            TestSpan.named("POST /v1/chat/completions")
                .scope("opentelemetry.instrumentation.fastapi")
                .kind(2)
                .resource("service.name", "shop")
                .with("http.method", "POST")
                .normalize()
                .role)
        .isEqualTo(Role.OTHER);
  }

  @Test
  void keysOnForeignSpan_areACall() {
    NormalizedSpan call =
        TestSpan.named("handler")
            .scope("shop")
            .with("llm.request.type", "acompletion")
            .with("metadata.user_api_key_hash", "abc")
            .with("gen_ai.usage.prompt_tokens", 10)
            .normalize();
    assertThat(call.role).isEqualTo(Role.GATEWAY_CALL);
    assertThat(call.dialect).isEqualTo("litellm-v1");
    assertThat(call.inputTokens).isEqualTo(10);
  }

  @Test
  void turnedAwayRequest_isNoAttempt() {
    assertThat(
            TestSpan.named("litellm_request")
                .scope("litellm")
                .with("llm.request.type", "/v1/chat/completions")
                .error("no key")
                .normalize()
                .role)
        .isEqualTo(Role.INFRA);
    assertThat(liteLlm("litellm_request").with("error.type", "ProxyException").normalize().role)
        .isEqualTo(Role.INFRA);
  }

  @Test
  void evictedKeys_stillMakeACall() {
    NormalizedSpan call =
        TestSpan.named("litellm_request")
            .scope("litellm")
            .dropped(40)
            .with("llm.request.functions.99.name", "f")
            .with("gen_ai.response.id", "chatcmpl-1")
            .normalize();
    assertThat(call.role).isEqualTo(Role.GATEWAY_CALL);
    assertThat(call.has(NormalizedSpan.TRUNCATED)).isTrue();
    assertThat(call.hasUsage()).isFalse();
    assertThat(call.responseId).isEqualTo("chatcmpl-1");
  }

  @Test
  void cacheKey_marksAHitWhateverCostIsToldBesideIt() {
    NormalizedSpan hit =
        liteLlm("litellm_request")
            .with("gen_ai.usage.input_tokens", 100)
            .with("gen_ai.usage.output_tokens", 20)
            .with("gen_ai.cost.total_cost", 0.5)
            .with("hidden_params", "{\"cache_key\": \"abc\", \"response_cost\": 0.5}")
            .normalize();
    assertThat(hit.cacheHit).isTrue();
    assertThat(hit.reportedPicoUsd).isZero();
    assertThat(hit.savedTokens).isEqualTo(120);
    NormalizedSpan miss =
        liteLlm("litellm_request")
            .with("gen_ai.usage.input_tokens", 100)
            .with(
                "hidden_params",
                "{\"cache_key\": null, \"response_cost\": \"0.25\", \"additional_headers\":"
                    + " {\"cache_key\": \"of a header\"}}")
            .normalize();
    assertThat(miss.cacheHit).isFalse();
    assertThat(miss.reportedPicoUsd).isEqualTo(250_000_000_000L);
  }

  @Test
  void sessionOfLiteLlm_isWhatItsCallerNamed() {
    String metadata = "{'trace_id': '80e1afed08e019fc1110464cfa66635c', 'session_id': 'chat-7'}";
    assertThat(
            liteLlm("litellm_request")
                .with("metadata.requester_metadata", metadata)
                .with("litellm.trace_id", "another")
                .normalize()
                .session)
        .isEqualTo("chat-7");
    assertThat(liteLlm("litellm_request").with("litellm.trace_id", "chat-8").normalize().session)
        .isEqualTo("chat-8");
    // What it calls a trace by itself names no session.
    for (String own :
        List.of("80e1afed08e019fc1110464cfa66635c", "0b5f8f5a-54b1-4c4e-9d0e-3f1f6f3c2a11", "")) {
      assertThat(liteLlm("litellm_request").with("litellm.trace_id", own).normalize().session)
          .as(own)
          .isEmpty();
    }
    assertThat(
            liteLlm("litellm_request")
                .with(
                    "metadata.requester_metadata",
                    "{'session_id': None, 'headers': {'session_id': 'x'}}")
                .normalize()
                .session)
        .isEmpty();
  }

  @Test
  void aliasInTheAnswer_givesWayToTheModelAsked() {
    NormalizedSpan v1 =
        liteLlm("litellm_request")
            .with("gen_ai.system", "openai")
            .with("gen_ai.request.model", "gpt-4o-mini")
            .with("gen_ai.response.model", "small")
            .with("litellm.model_group", "small")
            .normalize();
    assertThat(v1.model).isEqualTo("gpt-4o-mini");
    NormalizedSpan v2 =
        TestSpan.named("chat small")
            .scope("litellm")
            .with("litellm.call_type", "acompletion")
            .with("gen_ai.provider.name", "openai")
            .with("gen_ai.request.model", "small")
            .with("gen_ai.response.model", "small")
            .with("litellm.provider.model", "openai/gpt-4o-mini")
            .normalize();
    assertThat(v2.model).isEqualTo("gpt-4o-mini");
    assertThat(v2.requestModel).isEqualTo("small");
  }

  @Test
  void stepsOfAgents_countInNoLayer() {
    assertThat(role("agentops.span.kind", "agent")).isEqualTo(Role.AGENT);
    assertThat(role("agentops.span.kind", "tool")).isEqualTo(Role.TOOL);
    assertThat(role("agentops.span.kind", "task")).isEqualTo(Role.WORKFLOW);
    assertThat(role("traceloop.span.kind", "workflow")).isEqualTo(Role.WORKFLOW);
    assertThat(role("openinference.span.kind", "AGENT")).isEqualTo(Role.AGENT);
    assertThat(role("openinference.span.kind", "CHAIN")).isEqualTo(Role.WORKFLOW);
    assertThat(role("openinference.span.kind", "RETRIEVER")).isEqualTo(Role.OTHER);
    assertThat(role("gen_ai.operation.name", "invoke_agent")).isEqualTo(Role.AGENT);
    assertThat(role("gen_ai.operation.name", "execute_tool")).isEqualTo(Role.TOOL);
    assertThat(role("ai.operationId", "ai.streamText")).isEqualTo(Role.WORKFLOW);
    assertThat(role("ai.operationId", "ai.toolCall")).isEqualTo(Role.TOOL);
    assertThat(role("langfuse.observation.type", "span")).isEqualTo(Role.WORKFLOW);
    assertThat(role("lmnr.span.type", "TOOL")).isEqualTo(Role.TOOL);
    NormalizedSpan agent =
        TestSpan.named("a")
            .with("gen_ai.operation.name", "invoke_agent")
            .with("gen_ai.agent.name", "Refunder")
            .with("gen_ai.usage.input_tokens", 5000)
            .normalize();
    assertThat(agent.layer).isNull();
    assertThat(agent.agent).isEqualTo("Refunder");
    assertThat(agent.hasUsage()).isFalse();
  }

  private static Role role(String key, String value) {
    return TestSpan.named("step").with(key, value).normalize().role;
  }

  @Test
  void directService_countsApart() {
    NormalizerConfig config =
        new NormalizerConfig(
            Set.of("batch-job", "api.openai.com"),
            Set.of(),
            EngineModels.none(),
            new FurtherKeys(Map.of()),
            List.of());
    assertThat(genAi().normalize().layer).isEqualTo(Layer.CLIENT);
    assertThat(genAi().config(config).resource("service.name", "batch-job").normalize().layer)
        .isEqualTo(Layer.DIRECT);
    assertThat(genAi().config(config).with("server.address", "api.openai.com").normalize().layer)
        .isEqualTo(Layer.DIRECT);
    assertThat(genAi().config(config).resource("service.name", "shop").normalize().layer)
        .isEqualTo(Layer.CLIENT);
  }

  @Test
  void engineModel_comesFromSpanResourceFileInThatOrder() {
    NormalizerConfig config =
        new NormalizerConfig(
            Set.of(),
            Set.of(),
            EngineModels.parse(
                "engines.yaml",
                "engines:\n- {service: vllm-a, model: llama}\n- {host: gpu-7, model: qwen, gpus: 2}"),
            new FurtherKeys(Map.of()),
            List.of());
    assertThat(engine(config).normalize().model).isEqualTo("unknown");
    assertThat(engine(config).resource("service.name", "vllm-a").normalize().model)
        .isEqualTo("llama");
    assertThat(
            engine(config)
                .resource("service.name", "vllm-a")
                .resource("host.name", "gpu-7")
                .normalize()
                .model)
        .isEqualTo("qwen");
    assertThat(
            engine(config)
                .resource("service.name", "vllm-a")
                .resource("gen_ai.request.model", "phi")
                .normalize()
                .model)
        .isEqualTo("phi");
    assertThat(engine(config).with("gen_ai.response.model", "opt").normalize().model)
        .isEqualTo("opt");
  }

  private static TestSpan engine(NormalizerConfig config) {
    return TestSpan.named("llm_request").config(config).with("gen_ai.latency.e2e", 1.0);
  }

  @Test
  void absurdTokens_areDroppedAndMarked() {
    NormalizedSpan call =
        genAi()
            .with("gen_ai.usage.input_tokens", 1_000_000_000_000_000L)
            .with("gen_ai.usage.output_tokens", -5)
            .normalize();
    assertThat(call.hasUsage()).isFalse();
    assertThat(call.has(NormalizedSpan.BAD_USAGE)).isTrue();
  }

  @Test
  void zerosOfAFailure_areNoUsage() {
    NormalizedSpan call =
        genAi()
            .with("gen_ai.usage.input_tokens", 0)
            .with("gen_ai.usage.output_tokens", 0)
            .with("gen_ai.usage.cost", 0.0)
            .error("Error code: 500")
            .normalize();
    assertThat(call.hasUsage()).isFalse();
    assertThat(call.reportedPicoUsd).isEqualTo(PicoUsd.ABSENT);
  }

  @Test
  void eventTime_isTheEndUnlessItMakesNoSense() {
    NormalizedSpan good = genAi().normalize();
    assertThat(good.eventTimeMs).isEqualTo(TestSpan.START_NANOS / 1_000_000 + 2000);
    assertThat(good.durationMicros).isEqualTo(2_000_000);
    NormalizedSpan missing = genAi().times(TestSpan.START_NANOS, 0).normalize();
    assertThat(missing.has(NormalizedSpan.BAD_TIME)).isTrue();
    assertThat(missing.eventTimeMs).isEqualTo(missing.arrivalMs);
    NormalizedSpan old = genAi().times(1, 1_000_000_000L).normalize();
    assertThat(old.has(NormalizedSpan.BAD_TIME)).isTrue();
    NormalizedSpan backwards =
        genAi().times(TestSpan.START_NANOS, TestSpan.START_NANOS - 1_000_000).normalize();
    assertThat(backwards.durationMicros).isZero();
    assertThat(backwards.has(NormalizedSpan.END_BEFORE_START)).isTrue();
    NormalizedSpan beyond = genAi().times(TestSpan.START_NANOS, -1L).normalize();
    assertThat(beyond.has(NormalizedSpan.BAD_TIME)).isTrue();
  }

  @Test
  void foreignCurrency_isNoCost() {
    assertThat(
            genAi()
                .with("gen_ai.usage.cost.amount", 0.5)
                .with("gen_ai.usage.cost.currency", "EUR")
                .normalize()
                .reportedPicoUsd)
        .isEqualTo(PicoUsd.ABSENT);
  }

  @Test
  void firstChunkEvent_isTimeToFirstToken() {
    NormalizedSpan call =
        TestSpan.named("openai.chat")
            .scope("opentelemetry.instrumentation.openai.v1")
            .with("llm.request.type", "chat")
            .with("gen_ai.usage.completion_tokens", 18)
            .event("llm.content.completion.chunk", 300)
            .event("llm.content.completion.chunk", 900)
            .normalize();
    assertThat(call.ttftMicros).isEqualTo(300_000);
    assertThat(call.streaming).isTrue();
    assertThat(call.tpotMicros).isEqualTo(1_700_000 / 17);
  }

  @Test
  void vercelAnthropic_addsTheCacheToItsInput() {
    NormalizedSpan call =
        TestSpan.named("ai.generateText.doGenerate")
            .with("ai.operationId", "ai.generateText.doGenerate")
            .with("ai.model.provider", "anthropic.messages")
            .with("ai.model.id", "claude-sonnet-4-5")
            .with("ai.usage.inputTokens", 2000)
            .with("ai.usage.cachedInputTokens", 500)
            .with("ai.usage.outputTokens", 10)
            .with(
                "ai.response.providerMetadata",
                "{\"anthropic\":{\"cacheCreationInputTokens\":300,\"usage\":{\"cache_creation\":"
                    + "{\"ephemeral_5m_input_tokens\":100,\"ephemeral_1h_input_tokens\":200}}}}")
            .normalize();
    assertThat(call.provider).isEqualTo("anthropic");
    assertThat(call.inputTokens).isEqualTo(2000);
    assertThat(call.cacheReadTokens).isEqualTo(500);
    assertThat(call.cacheWriteTokens).isEqualTo(300);
    assertThat(call.cacheWrite1hTokens).isEqualTo(200);
  }

  @Test
  void langfuseDetails_areKindsBesideEachOther() {
    NormalizedSpan call =
        TestSpan.named("generation")
            .with("langfuse.observation.type", "generation")
            .with("langfuse.observation.model.name", "gpt-4o")
            .with(
                "langfuse.observation.usage_details",
                "{\"input\":176,\"input_cached_tokens\":1024,\"output\":45,\"output_reasoning_tokens\":40}")
            .with("langfuse.observation.cost_details", "{\"input\":0.25,\"output\":0.5}")
            .normalize();
    assertThat(call.inputTokens).isEqualTo(176);
    assertThat(call.cacheReadTokens).isEqualTo(1024);
    assertThat(call.outputTokens).isEqualTo(45);
    assertThat(call.reasoningTokens).isEqualTo(40);
    assertThat(call.reportedPicoUsd).isEqualTo(750_000_000_000L);
  }

  @Test
  void unknownFieldInTheDialectsFile_isRefused() {
    assertThatThrownBy(() -> FurtherKeys.parse("d.yaml", "keys: {teem: [a]}"))
        .hasMessageContaining("d.yaml")
        .hasMessageContaining("teem")
        .hasMessageContaining("inputTokens");
    assertThat(FurtherKeys.parse("d.yaml", "keys: {team: a.b}").byField())
        .containsEntry(Field.TEAM, List.of("a.b"));
  }

  @Test
  void engineWithoutAnythingToMatch_isRefused() {
    assertThatThrownBy(() -> EngineModels.parse("e.yaml", "engines:\n- {model: x}"))
        .hasMessageContaining("engine 1");
    assertThatThrownBy(() -> EngineModels.parse("e.yaml", "- a")).hasMessageContaining("engines");
    assertThat(EngineModels.parse("e.yaml", "").modelOf("a", "b")).isEmpty();
  }

  @Test
  void describe_tellsOriginAndFailureOfSpansThatAreNoCall() throws Exception {
    Normalizer normalizer = new Normalizer(NormalizerConfig.defaults());
    TraceReader reader = new TraceReader(normalizer.keys());
    byte[] request =
        TestSpan.named("GET /orders")
            .resource("service.name", "shop")
            .with("http.response.status_code", 503)
            .with("session.id", "s-1")
            .request();
    reader.reset(request, 0, request.length);
    assertThat(reader.next()).isTrue();
    NormalizedSpan out = new NormalizedSpan();
    assertThat(normalizer.normalize(reader, out)).isEqualTo(Role.OTHER);
    assertThat(out.failed).isFalse();
    normalizer.describe(reader, out);
    assertThat(out.layer).isNull();
    assertThat(out.name).isEqualTo("GET /orders");
    assertThat(out.service).isEqualTo("shop");
    assertThat(out.session).isEqualTo("s-1");
    assertThat(out.failed).isTrue();
  }
}
