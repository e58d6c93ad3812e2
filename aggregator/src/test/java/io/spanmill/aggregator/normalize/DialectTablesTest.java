/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PicoUsd;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every key of every dialect's table is read, in every form a sender gives it. */
class DialectTablesTest {
  private static final List<Dialect> DIALECTS = Dialects.all(NormalizerConfig.defaults());

  /** A span that is a call in that dialect, and tells nothing else. */
  private static TestSpan call(String dialect) {
    TestSpan span = TestSpan.named("call");
    return switch (dialect) {
      case "vllm" -> TestSpan.named("llm_request").with("gen_ai.latency.e2e", 1.5);
      case "litellm-v1" -> span.scope("litellm").with("llm.request.type", "acompletion");
      case "litellm-v2" -> span.scope("litellm").with("litellm.call_type", "acompletion");
      case "agentops" ->
          span.scope("openai")
              .resource("agentops.project.id", "temporary")
              .with("gen_ai.request.type", "chat");
      case "openinference" -> span.with("openinference.span.kind", "LLM");
      case "vercel-ai" -> span.with("ai.operationId", "ai.generateText.doGenerate");
      case "langfuse" -> span.with("langfuse.observation.type", "generation");
      case "laminar" -> span.with("lmnr.span.type", "LLM");
      case "openllmetry" ->
          span.scope("opentelemetry.instrumentation.openai.v1").with("llm.request.type", "chat");
      case "genai" -> span.with("gen_ai.operation.name", "chat");
      default -> throw new IllegalArgumentException(dialect);
    };
  }

  static Stream<Arguments> keys(Field... fields) {
    List<Arguments> all = new ArrayList<>();
    for (Dialect dialect : DIALECTS) {
      for (Field field : fields) {
        for (String key : dialect.keys().of(field)) {
          all.add(Arguments.of(dialect.id(), field, key));
        }
      }
    }
    return all.stream();
  }

  static Stream<Arguments> tokenKeys() {
    return keys(
        Field.INPUT_TOKENS,
        Field.OUTPUT_TOKENS,
        Field.TOTAL_TOKENS,
        Field.CACHE_READ_TOKENS,
        Field.CACHE_WRITE_TOKENS,
        Field.CACHE_WRITE_1H_TOKENS,
        Field.REASONING_TOKENS,
        Field.AUDIO_INPUT_TOKENS,
        Field.AUDIO_OUTPUT_TOKENS);
  }

  @ParameterizedTest
  @MethodSource("tokenKeys")
  void tokens_areReadAsIntDoubleAndText(String dialect, Field field, String key) {
    for (Object form : new Object[] {77, 77.0, "77", " 77 "}) {
      TestSpan span = call(dialect).with(key, form);
      for (Field main : List.of(Field.INPUT_TOKENS, Field.OUTPUT_TOKENS)) {
        String mainKey = dialect(dialect).keys().of(main).get(0);
        if (main != field) {
          span.with(mainKey, 1000);
        }
      }
      assertThat(tokens(span.normalize(), field)).as("%s = %s", key, form).isEqualTo(77);
    }
  }

  private static long tokens(NormalizedSpan call, Field field) {
    return switch (field) {
      case INPUT_TOKENS -> call.rawInputTokens;
      case OUTPUT_TOKENS -> call.rawOutputTokens;
      case TOTAL_TOKENS -> call.rawTotalTokens;
      case CACHE_READ_TOKENS -> call.cacheReadTokens;
      case CACHE_WRITE_TOKENS -> call.cacheWriteTokens;
      case CACHE_WRITE_1H_TOKENS -> call.cacheWrite1hTokens;
      case REASONING_TOKENS -> call.reasoningTokens;
      case AUDIO_INPUT_TOKENS -> call.audioInputTokens;
      case AUDIO_OUTPUT_TOKENS -> call.audioOutputTokens;
      default -> throw new IllegalArgumentException(field.label());
    };
  }

  static Stream<Arguments> textKeys() {
    return keys(
        Field.REQUEST_MODEL,
        Field.RESPONSE_MODEL,
        Field.CALL_ID,
        Field.RESPONSE_ID,
        Field.TEAM,
        Field.API_KEY,
        Field.USER,
        Field.END_USER,
        Field.SESSION,
        Field.ENVIRONMENT);
  }

  @ParameterizedTest
  @MethodSource("textKeys")
  void text_isReadAndEmptyTextIsNot(String dialect, Field field, String key) {
    assertThat(text(call(dialect).with(key, "abc").normalize(), field)).isEqualTo("abc");
    assertThat(text(call(dialect).with(key, "").normalize(), field)).isEmpty();
  }

  private static String text(NormalizedSpan call, Field field) {
    return switch (field) {
      case REQUEST_MODEL -> call.requestModel;
      case RESPONSE_MODEL -> call.responseModel;
      case CALL_ID -> call.callId;
      case RESPONSE_ID -> call.responseId;
      case TEAM -> call.team;
      case API_KEY -> call.apiKey;
      case USER -> call.user;
      case END_USER -> call.endUser;
      case SESSION -> call.session;
      case ENVIRONMENT -> call.environment;
      default -> throw new IllegalArgumentException(field.label());
    };
  }

  static Stream<Arguments> costKeys() {
    return keys(Field.COST, Field.INPUT_COST, Field.OUTPUT_COST);
  }

  @ParameterizedTest
  @MethodSource("costKeys")
  void cost_isExactAsDoubleAndText(String dialect, Field field, String key) {
    for (Object form : new Object[] {0.0001542, "0.0001542"}) {
      assertThat(call(dialect).with(key, form).normalize().reportedPicoUsd).isEqualTo(154_200_000L);
    }
    for (Object bad : new Object[] {-0.5, Double.NaN, Double.POSITIVE_INFINITY, 1e7, "a lot"}) {
      NormalizedSpan call = call(dialect).with(key, bad).normalize();
      assertThat(call.reportedPicoUsd).as("%s", bad).isEqualTo(PicoUsd.ABSENT);
      assertThat(call.has(NormalizedSpan.BAD_COST)).as("%s", bad).isTrue();
    }
  }

  static Stream<Arguments> streamKeys() {
    return keys(Field.STREAMING);
  }

  @ParameterizedTest
  @MethodSource("streamKeys")
  void streaming_isReadAsBooleanAndText(String dialect, Field field, String key) {
    assertThat(call(dialect).with(key, true).normalize().streaming).isTrue();
    assertThat(call(dialect).with(key, "True").normalize().streaming).isTrue();
    assertThat(call(dialect).with(key, "False").normalize().streaming).isFalse();
  }

  static Stream<Arguments> finishKeys() {
    return keys(Field.FINISH_REASON);
  }

  @ParameterizedTest
  @MethodSource("finishKeys")
  void finishReason_isReadAsArrayJsonAndWord(String dialect, Field field, String key) {
    for (Object form : new Object[] {List.of("length"), "[\"length\"]", "['length']", "length"}) {
      assertThat(call(dialect).with(key, form).normalize().finishReason).isEqualTo("length");
    }
  }

  static Stream<Arguments> latencyKeys() {
    return keys(Field.TTFT_SECONDS, Field.TTFT_MILLIS);
  }

  @ParameterizedTest
  @MethodSource("latencyKeys")
  void timeToFirstToken_isMicros(String dialect, Field field, String key) {
    double told = field == Field.TTFT_MILLIS ? 250.0 : 0.25;
    assertThat(call(dialect).with(key, told).normalize().ttftMicros).isEqualTo(250_000);
    assertThat(call(dialect).with(key, -told).normalize().ttftMicros)
        .isEqualTo(NormalizedSpan.ABSENT);
  }

  static Stream<Arguments> errorKeys() {
    return keys(Field.ERROR_TYPE, Field.HTTP_STATUS);
  }

  @ParameterizedTest
  @MethodSource("errorKeys")
  void failure_isToldByNameOrStatusAlone(String dialect, Field field, String key) {
    Object told = field == Field.ERROR_TYPE ? "RateLimitError" : (Object) 429;
    NormalizedSpan call = call(dialect).with(key, told).normalize();
    assertThat(call.failed).isTrue();
    assertThat(call.errorClass).isEqualTo(ErrorClass.RATE_LIMIT);
  }

  @Test
  void furtherKeys_areAskedAfterTheOwnOnes() {
    NormalizerConfig config =
        new NormalizerConfig(
            java.util.Set.of(),
            java.util.Set.of(),
            EngineModels.none(),
            new FurtherKeys(Map.of("team", List.of("my.team"))),
            List.of("my.attribute"));
    for (Dialect dialect : DIALECTS) {
      NormalizedSpan call =
          call(dialect.id())
              .config(config)
              .with("my.team", "red")
              .with("my.attribute", 5)
              .normalize();
      assertThat(call.team).as(dialect.id()).isEqualTo("red");
      assertThat(call.extra).containsExactly("5");
    }
  }

  @Test
  void documentation_namesEveryKey() throws Exception {
    String doc = Files.readString(Path.of("../docs/normalisation.md"), StandardCharsets.UTF_8);
    assertThat(doc).contains(DialectDocs.tables(DIALECTS));
  }

  private static Dialect dialect(String id) {
    return DIALECTS.stream().filter(d -> d.id().equals(id)).findFirst().orElseThrow();
  }
}
