/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.NormalizedSpan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailuresTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      delimiter = '|',
      value = {
        "RateLimitError | - | - | 0 | RATE_LIMIT",
        "openai.RateLimitError | - | - | 0 | RATE_LIMIT",
        "RateLimitError | insufficient_quota | You exceeded your current quota | 429 | BUDGET",
        "BudgetExceededError | - | Budget has been exceeded! | 400 | BUDGET",
        "APITimeoutError | - | Request timed out. | 0 | TIMEOUT",
        "Timeout | - | - | 408 | TIMEOUT",
        "BadRequestError | - | - | 400 | BAD_REQUEST",
        "BadRequestError | context_length_exceeded | - | 400 | CONTEXT_LENGTH",
        "BadRequestError | - | This model's maximum context length is 8192 tokens | 400 | CONTEXT_LENGTH",
        "ContextWindowExceededError | - | - | 400 | CONTEXT_LENGTH",
        "ContentPolicyViolationError | - | - | 400 | CONTENT_FILTER",
        "BadRequestError | content_filter | - | 400 | CONTENT_FILTER",
        "AuthenticationError | - | - | 401 | AUTH",
        "PermissionDeniedError | - | - | 403 | AUTH",
        "InternalServerError | - | upstream broke | 500 | UPSTREAM_5XX",
        "InternalServerError | - | OpenAIException - Connection error. | 500 | CONNECTION",
        "APIConnectionError | - | Connection error. | 500 | CONNECTION",
        "ServiceUnavailableError | - | - | 503 | UPSTREAM_5XX",
        "CancelledError | - | - | 0 | CANCELLED",
        "NotFoundError | - | - | 404 | BAD_REQUEST",
        "ProxyException | - | - | 429 | RATE_LIMIT",
        "- | - | - | 401 | AUTH",
        "- | - | - | 402 | BUDGET",
        "- | - | - | 404 | BAD_REQUEST",
        "- | - | - | 429 | RATE_LIMIT",
        "- | - | - | 499 | CANCELLED",
        "- | - | - | 502 | UPSTREAM_5XX",
        "- | - | - | 504 | TIMEOUT",
        "429 | - | - | 0 | RATE_LIMIT",
        "500 | - | - | 0 | UPSTREAM_5XX",
        "- | - | Error code: 429 - slow down | 0 | RATE_LIMIT",
        "- | - | the read operation timed out | 0 | TIMEOUT",
        "- | - | Authentication Error: no such key | 0 | AUTH",
        "- | - | prompt is too long: 210000 tokens > 200000 maximum | 0 | CONTEXT_LENGTH",
        "ValueError | - | strange | 0 | OTHER",
        "- | - | - | 0 | OTHER",
      })
  void classify_findsTheNarrowestReason(
      String type, String code, String message, int status, ErrorClass expected) {
    assertThat(Failures.classify(orEmpty(type), orEmpty(code), orEmpty(message), status))
        .isEqualTo(expected);
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  @Test
  void exceptionEvent_tellsWhatAttributesDoNot() {
    NormalizedSpan call =
        TestSpan.named("chat")
            .with("gen_ai.operation.name", "chat")
            .error("")
            .event(
                "exception",
                5,
                "exception.type",
                "openai.RateLimitError",
                "exception.message",
                "Error code: 429")
            .normalize();
    assertThat(call.errorClass).isEqualTo(ErrorClass.RATE_LIMIT);
    assertThat(call.errorType).isEqualTo("openai.RateLimitError");
    assertThat(call.errorMessage).isEqualTo("Error code: 429");
  }

  @Test
  void message_isCutAt1024() {
    NormalizedSpan call =
        TestSpan.named("chat")
            .with("gen_ai.operation.name", "chat")
            .error("x".repeat(5000))
            .normalize();
    assertThat(call.errorMessage).hasSize(1024);
  }

  @Test
  void engine_neverFails() {
    NormalizedSpan call =
        TestSpan.named("llm_request").with("gen_ai.latency.e2e", 1.0).error("aborted").normalize();
    assertThat(call.failed).isFalse();
    assertThat(call.errorClass).isEqualTo(ErrorClass.NONE);
  }
}
