/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * vLLM's spans of its three generations, after their sources: it needs a GPU and so is not
 * recorded.
 */
class VllmTest {
  private static final int SERVER = 2;

  private static TestSpan request(String scope) {
    return TestSpan.named("llm_request")
        .scope(scope)
        .kind(SERVER)
        .with("gen_ai.request.id", "chatcmpl-1")
        .with("gen_ai.usage.prompt_tokens", 1200)
        .with("gen_ai.usage.completion_tokens", 81)
        .with("gen_ai.latency.time_in_queue", 0.1)
        .with("gen_ai.latency.time_to_first_token", 0.4)
        .with("gen_ai.latency.e2e", 2.0);
  }

  private static TestSpan v0() {
    return request("vllm.llm_engine")
        .with("gen_ai.response.model", "meta-llama/Llama-3.1-8B-Instruct")
        .with("gen_ai.request.temperature", 0.0)
        .with("gen_ai.request.n", 1)
        .with("gen_ai.usage.num_sequences", 1)
        .with("gen_ai.latency.time_in_scheduler", 0.01)
        .with("gen_ai.latency.time_in_model_execute", 1.4)
        .with("gen_ai.latency.time_in_model_forward", 1.3);
  }

  private static TestSpan v1(String scope) {
    return request(scope)
        .with("gen_ai.latency.time_in_model_prefill", 0.3)
        .with("gen_ai.latency.time_in_model_decode", 1.6)
        .with("gen_ai.latency.time_in_model_inference", 1.9);
  }

  @Test
  void v0_tellsItsModel_andTimePerTokenFollowsFromTheRest() {
    NormalizedSpan call = v0().normalize();
    assertThat(call.role).isEqualTo(Role.ENGINE);
    assertThat(call.layer).isEqualTo(Layer.ENGINE);
    assertThat(call.model).isEqualTo("meta-llama/Llama-3.1-8B-Instruct");
    assertThat(call.inputTokens).isEqualTo(1200);
    assertThat(call.outputTokens).isEqualTo(81);
    assertThat(call.queueMicros).isEqualTo(100_000);
    assertThat(call.ttftMicros).isEqualTo(400_000);
    assertThat(call.prefillMicros).isEqualTo(NormalizedSpan.ABSENT);
    assertThat(call.tpotMicros).isEqualTo((2_000_000 - 400_000) / 80);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vllm.llm_engine", "vllm.tracing.otel", "vllm.foundation.observability"})
  void v1_tellsLatencyParts_andNoModel(String scope) {
    NormalizedSpan call = v1(scope).normalize();
    assertThat(call.layer).isEqualTo(Layer.ENGINE);
    assertThat(call.model).isEqualTo("unknown");
    assertThat(call.provider).isEqualTo("vllm");
    assertThat(call.prefillMicros).isEqualTo(300_000);
    assertThat(call.decodeMicros).isEqualTo(1_600_000);
    assertThat(call.tpotMicros).isEqualTo(1_600_000 / 80);
    assertThat(call.responseId).isEqualTo("chatcmpl-1");
  }

  @Test
  void variant_withCachedTokensAndFinishReason_isReadToo() {
    NormalizedSpan call =
        v1("vllm.tracing.otel")
            .with("gen_ai.usage.cached_tokens", 1024)
            .with("gen_ai.response.finish_reasons", "[\"length\"]")
            .normalize();
    assertThat(call.inputTokens).isEqualTo(176);
    assertThat(call.cacheReadTokens).isEqualTo(1024);
    assertThat(call.finishReason).isEqualTo("length");
  }

  @ParameterizedTest
  @CsvSource({
    "chatcmpl-9f, chat",
    "cmpl-9f-0, text_completion",
    "embd-9f-3, embeddings",
    "9f, chat",
  })
  void endpoint_showsInTheRequestId(String id, String operation) {
    NormalizedSpan call =
        TestSpan.named("llm_request")
            .scope("vllm.llm_engine")
            .with("gen_ai.request.id", id)
            .with("gen_ai.usage.prompt_tokens", 5)
            .with("gen_ai.latency.e2e", 0.5)
            .normalize();
    assertThat(call.operation).isEqualTo(operation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Overall Loading", "Load model", "Load weights", "EngineCoreProc init"})
  void startUpSpans_areInfrastructure(String name) {
    NormalizedSpan span =
        TestSpan.named(name)
            .scope("vllm.tracing.otel")
            .resource("vllm.process_id", "4711")
            .resource("vllm.process_kind", "worker")
            .with("code.function", "load_model")
            .with("code.namespace", "vllm.model_executor")
            .normalize();
    assertThat(span.role).isEqualTo(Role.INFRA);
    assertThat(span.layer).isNull();
  }

  @Test
  void serverSpanOfItsWebFramework_besideTheRequest_isNoCall() {
    NormalizedSpan span =
        TestSpan.named("POST /v1/chat/completions")
            .scope("opentelemetry.instrumentation.fastapi")
            .kind(SERVER)
            .resource("service.name", "vllm-llama")
            .with("http.method", "POST")
            .with("http.route", "/v1/chat/completions")
            .with("http.status_code", 200)
            .normalize();
    assertThat(span.layer).isNull();
  }

  @Test
  void sameNameFromElsewhere_isNoEngine() {
    assertThat(TestSpan.named("llm_request").scope("shop").normalize().layer).isNull();
  }
}
