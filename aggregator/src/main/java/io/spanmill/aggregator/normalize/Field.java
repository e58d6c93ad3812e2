/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import java.util.Locale;

/**
 * What Spanmill wants to know of a span. A dialect's table names, for each, the attribute keys that
 * tell it, in the order in which they are asked.
 */
enum Field {
  PROVIDER("provider"),
  REQUEST_MODEL("requestModel"),
  RESPONSE_MODEL("responseModel"),
  OPERATION("operation"),
  CALL_ID("callId"),
  RESPONSE_ID("responseId"),
  STREAMING("streaming"),
  /** Whether a gateway answered from its response cache. */
  CACHE_HIT("cacheHit"),
  FINISH_REASON("finishReason"),
  SERVICE_TIER("serviceTier"),
  INPUT_TOKENS("inputTokens"),
  OUTPUT_TOKENS("outputTokens"),
  TOTAL_TOKENS("totalTokens"),
  CACHE_READ_TOKENS("cacheReadTokens"),
  CACHE_WRITE_TOKENS("cacheWriteTokens"),
  CACHE_WRITE_1H_TOKENS("cacheWrite1hTokens"),
  REASONING_TOKENS("reasoningTokens"),
  AUDIO_INPUT_TOKENS("audioInputTokens"),
  AUDIO_OUTPUT_TOKENS("audioOutputTokens"),
  IMAGES("images"),
  /** The whole cost in USD. */
  COST("cost"),
  /** Parts that are added where no whole is told. */
  INPUT_COST("inputCost"),
  OUTPUT_COST("outputCost"),
  TTFT_SECONDS("ttftSeconds"),
  TTFT_MILLIS("ttftMillis"),
  TPOT_SECONDS("tpotSeconds"),
  QUEUE_SECONDS("queueSeconds"),
  PREFILL_SECONDS("prefillSeconds"),
  DECODE_SECONDS("decodeSeconds"),
  ERROR_TYPE("errorType"),
  ERROR_CODE("errorCode"),
  ERROR_MESSAGE("errorMessage"),
  HTTP_STATUS("httpStatus"),
  SERVICE("service"),
  ENVIRONMENT("environment"),
  TEAM("team"),
  API_KEY("apiKey"),
  USER("user"),
  END_USER("endUser"),
  SESSION("session"),
  AGENT("agent"),
  TOOL("tool"),
  WORKFLOW("workflow");

  private final String label;

  Field(String label) {
    this.label = label;
  }

  /** Name in {@code dialects.file} and in the docs. */
  String label() {
    return label;
  }

  /**
   * The field of that name.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  static Field ofLabel(String label) {
    StringBuilder known = new StringBuilder();
    for (Field field : values()) {
      if (field.label.equals(label)) {
        return field;
      }
      known.append(known.length() == 0 ? "" : ", ").append(field.label);
    }
    throw new IllegalArgumentException(
        String.format(Locale.ROOT, "unknown field %s, known: %s", label, known));
  }
}
