/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names and numbers inside text. */
class TextsTest {
  @Test
  void find_readsJsonAndPythonAtOneDepth() {
    String json = "{\"a\": {\"k\": 1}, \"s\": \"{\\\"k\\\": 2}\", \"k\" : 3}";
    assertThat(LooseText.count(json, LooseText.find(json, "k"))).isEqualTo(3);
    String python = "{'p': {'k': 7, 'n': None}, 'q': (1, 2), 'k': 'it\\'s'}";
    assertThat(LooseText.token(python, LooseText.find(python, "k"))).isEqualTo("it\\'s");
    int inner = LooseText.find(python, "p");
    assertThat(LooseText.count(python, LooseText.find(python, inner, "k"))).isEqualTo(7);
    assertThat(LooseText.isTold(python, LooseText.find(python, inner, "n"))).isFalse();
    assertThat(LooseText.find(python, "missing")).isNegative();
  }

  @Property
  void objectReadOnce_findsWhatFindDoes(
      @ForAll @CharRange(from = 'a', to = 'c') @Chars({'{', '}', '"', '\'', ':', '\\', ' ', ','})
          String text) {
    LooseObject object = new LooseObject();
    object.read("{\"z\": 1}", 0);
    object.read("{" + text, 0);
    for (String key : List.of("a", "b", "ab", "")) {
      assertThat(object.find(key)).as(key).isEqualTo(LooseText.find("{" + text, key));
    }
  }

  @Property
  void find_endsOnAnyText(@ForAll String text) {
    assertThatCode(
            () -> {
              int at = LooseText.find("{" + text, "k");
              LooseText.token("{" + text, at);
              LooseText.find(text, "k");
            })
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "gpt-4o,openai,gpt-4o",
        "openai/gpt-4o-mini,openai,gpt-4o-mini",
        "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct,hosted_vllm,meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Llama-3.1-8B-Instruct,hosted_vllm,meta-llama/Llama-3.1-8B-Instruct",
        "anthropic/claude-3.5-sonnet,openrouter,anthropic/claude-3.5-sonnet",
        "models/gemini-2.0-flash,gcp.gemini,gemini-2.0-flash",
        "bedrock/converse/anthropic.claude-v2,aws.bedrock,anthropic.claude-v2",
        "litellm_proxy/small,openai,small",
        " gpt-4o ,openai,gpt-4o",
        "openai/,openai,openai/",
      })
  void normalize_takesOffOnlyTheWay(String model, String provider, String expected) {
    assertThat(ModelNames.normalize(model, provider)).isEqualTo(expected);
  }

  @Test
  void count_takesOnlyNumbers() {
    assertThat(Values.count("12")).isEqualTo(12);
    assertThat(Values.count("1e3")).isEqualTo(1000);
    assertThat(Values.count("12.9")).isEqualTo(12);
    assertThat(Values.count("None")).isEqualTo(Values.NO_COUNT);
    assertThat(Values.count("9".repeat(30))).isEqualTo(Long.MAX_VALUE);
    assertThat(Values.count("")).isEqualTo(Values.NO_COUNT);
  }

  @Test
  void decimal_refusesExponentsNobodyMeans() {
    assertThat(Values.decimal("1e-999999999")).isNull();
    assertThat(Values.decimal("1e999999999")).isNull();
    assertThat(Values.decimal("1.5e-07")).isEqualByComparingTo("0.00000015");
  }

  @Test
  void operation_isOneNameForManySpellings() {
    assertThat(Operations.of("acompletion").name()).isEqualTo("chat");
    assertThat(Operations.of("LLM").name()).isEqualTo("chat");
    assertThat(Operations.of("EMBEDDING").name()).isEqualTo("embeddings");
    assertThat(Operations.of("atext_completion").name()).isEqualTo("text_completion");
    assertThat(Operations.of("something new").isModelCall()).isFalse();
  }
}
