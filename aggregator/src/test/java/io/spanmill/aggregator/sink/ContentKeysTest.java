/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentKeysTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt.0.content",
        "gen_ai.completion.12.tool_calls.0.arguments",
        "llm.input_messages.0.message.content",
        "llm.hosted_vllm.messages",
        "llm.openai.choices",
        "traceloop.entity.input",
        "agentops.tool.output",
        "agentops.task.input",
        "input.value",
        "ai.prompt.messages",
        "ai.toolCall.args",
        "SpanAttributes.LLM_PROMPTS.0.content"
      })
  void whatWasSaid_isContent(String key) {
    assertThat(isContent(key)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "gen_ai.request.model",
        "llm.token_count.prompt",
        "llm.usage.prompt",
        "llm.cost.prompt",
        "llm.request.type",
        "llm.hosted_vllm.model",
        "input.mime_type",
        "metadata.user_api_key_alias",
        "agentops.span.kind",
        "gen_ai.promp",
        "gen_ai.prompt."
      })
  void figuresAndNames_areNone(String key) {
    assertThat(isContent(key)).isFalse();
  }

  private static boolean isContent(String key) {
    byte[] padded = ("##" + key + "##").getBytes(StandardCharsets.UTF_8);
    LowCardinalityColumn column = new NativeBlock().label("key");
    KeyMemo memo = new KeyMemo(column);
    boolean first = memo.isContent(padded, 2, padded.length - 4);
    assertThat(memo.isContent(padded, 2, padded.length - 4)).isEqualTo(first);
    assertThat(memo.addUnlessContent(padded, 2, padded.length - 4)).isEqualTo(!first);
    assertThat(memo.addUnlessContent(padded, 2, padded.length - 4)).isEqualTo(!first);
    assertThat(column.rows()).isEqualTo(first ? 0 : 2);
    return first;
  }
}
