/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import io.spanmill.model.ErrorClass;

/** Ways in which a call of the example traffic fails, and how senders tell of them. */
enum TrafficFailure {
  RATE_LIMIT(
      ErrorClass.RATE_LIMIT,
      "RateLimitError",
      429,
      "Rate limit reached for the model on tokens per min (TPM)"),
  TIMEOUT(ErrorClass.TIMEOUT, "Timeout", 408, "Request timed out after 600 s"),
  OVERLOADED(
      ErrorClass.UPSTREAM_5XX, "ServiceUnavailableError", 503, "The model is overloaded for now"),
  INTERNAL(ErrorClass.UPSTREAM_5XX, "InternalServerError", 500, "The server had an error"),
  CONNECTION(ErrorClass.CONNECTION, "APIConnectionError", 500, "Connection error."),
  CONTEXT_LENGTH(
      ErrorClass.CONTEXT_LENGTH,
      "BadRequestError",
      400,
      "This model's maximum context length is 128000 tokens"),
  CONTENT_FILTER(
      ErrorClass.CONTENT_FILTER,
      "ContentPolicyViolationError",
      400,
      "The answer was filtered by the content management policy"),
  BAD_REQUEST(
      ErrorClass.BAD_REQUEST, "BadRequestError", 400, "Unsupported value: 'temperature' is 3"),
  AUTH(ErrorClass.AUTH, "AuthenticationError", 401, "Incorrect API key provided"),
  CANCELLED(ErrorClass.CANCELLED, "CancelledError", 499, "The client went away"),
  /** Only a proxy says this, before any model is asked. */
  BUDGET(ErrorClass.BUDGET, "BudgetExceededError", 400, "Budget has been exceeded for the key");

  /** What may be tried again with the same or another model. */
  private static final int TRANSIENT = 5;

  /** Classes by how often they occur: {@link #values()} but the last, most frequent first. */
  private static final int OF_CALLS = 10;

  final ErrorClass errorClass;
  final String type;
  final int httpStatus;
  final String message;

  TrafficFailure(ErrorClass errorClass, String type, int httpStatus, String message) {
    this.errorClass = errorClass;
    this.type = type;
    this.httpStatus = httpStatus;
    this.message = message;
  }

  static TrafficFailure draw(Dice dice) {
    return values()[dice.zipf(OF_CALLS)];
  }

  boolean worthRetrying() {
    return ordinal() < TRANSIENT;
  }
}
