/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static io.spanmill.aggregator.normalize.Values.NO_COUNT;

/** Reads usage objects kept as JSON or Python text. Figures already told by attributes stay. */
final class UsageObject {
  private final LooseObject usage = new LooseObject();
  private final LooseObject prompt = new LooseObject();
  private final LooseObject inner = new LooseObject();

  /** OpenAI's shape, with LiteLLM's additions for Anthropic's caches. */
  void readOpenAi(String text, int object, Figures figures) {
    usage.read(text, object);
    prompt.read(text, usage.find("prompt_tokens_details", "input_tokens_details"));
    if (usage.isEmpty()) {
      return;
    }
    figures.input = usage.first(figures.input, "prompt_tokens", "input_tokens");
    figures.output = usage.first(figures.output, "completion_tokens", "output_tokens");
    figures.total = usage.first(figures.total, "total_tokens");
    figures.cacheRead = usage.first(figures.cacheRead, "cache_read_input_tokens");
    figures.cacheRead = prompt.first(figures.cacheRead, "cached_tokens");
    figures.cacheWrite = usage.first(figures.cacheWrite, "cache_creation_input_tokens");
    figures.cacheWrite =
        prompt.first(figures.cacheWrite, "cache_creation_tokens", "cache_write_tokens");
    figures.audioInput = prompt.first(figures.audioInput, "audio_tokens");
    int written = prompt.find("cache_creation_token_details");
    inner.read(text, written < 0 ? usage.find("cache_creation") : written);
    figures.cacheWrite1h = inner.first(figures.cacheWrite1h, "ephemeral_1h_input_tokens");
    inner.read(text, usage.find("completion_tokens_details", "output_tokens_details"));
    figures.reasoning = inner.first(figures.reasoning, "reasoning_tokens");
    figures.audioOutput = inner.first(figures.audioOutput, "audio_tokens");
  }

  /** The usage that was read. */
  LooseObject usage() {
    return usage;
  }

  /** Its details of what was asked; without keys if it has none. */
  LooseObject prompt() {
    return prompt;
  }

  /** The figure told already, else the first of these keys that has a number. */
  static long first(long told, String text, int object, String... keys) {
    if (told != NO_COUNT || object < 0) {
      return told;
    }
    for (String key : keys) {
      long count = LooseText.count(text, LooseText.find(text, object, key));
      if (count != NO_COUNT) {
        return count;
      }
    }
    return NO_COUNT;
  }
}
