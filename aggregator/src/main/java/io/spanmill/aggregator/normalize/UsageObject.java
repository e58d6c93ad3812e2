/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static io.spanmill.aggregator.normalize.Values.NO_COUNT;

/** Reads usage objects kept as JSON or Python text. Figures already told by attributes stay. */
final class UsageObject {
  private UsageObject() {}

  /** OpenAI's shape, with LiteLLM's additions for Anthropic's caches. */
  static void readOpenAi(String text, int object, Figures figures) {
    if (object < 0 || object >= text.length() || text.charAt(object) != '{') {
      return;
    }
    figures.input = first(figures.input, text, object, "prompt_tokens", "input_tokens");
    figures.output = first(figures.output, text, object, "completion_tokens", "output_tokens");
    figures.total = first(figures.total, text, object, "total_tokens");
    int prompt = LooseText.find(text, object, "prompt_tokens_details");
    if (prompt < 0) {
      prompt = LooseText.find(text, object, "input_tokens_details");
    }
    figures.cacheRead = first(figures.cacheRead, text, object, "cache_read_input_tokens");
    figures.cacheRead = first(figures.cacheRead, text, prompt, "cached_tokens");
    figures.cacheWrite = first(figures.cacheWrite, text, object, "cache_creation_input_tokens");
    figures.cacheWrite =
        first(figures.cacheWrite, text, prompt, "cache_creation_tokens", "cache_write_tokens");
    figures.audioInput = first(figures.audioInput, text, prompt, "audio_tokens");
    int written = LooseText.find(text, prompt, "cache_creation_token_details");
    if (written < 0) {
      written = LooseText.find(text, object, "cache_creation");
    }
    figures.cacheWrite1h = first(figures.cacheWrite1h, text, written, "ephemeral_1h_input_tokens");
    int completion = LooseText.find(text, object, "completion_tokens_details");
    if (completion < 0) {
      completion = LooseText.find(text, object, "output_tokens_details");
    }
    figures.reasoning = first(figures.reasoning, text, completion, "reasoning_tokens");
    figures.audioOutput = first(figures.audioOutput, text, completion, "audio_tokens");
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
