/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.ErrorClass;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Finds the class of a failure. The narrow reasons (context, content, budget, lost connection) are
 * looked for in code and message first, since senders wrap them in broad errors; then the error's
 * name, its HTTP status and at last the message decide.
 */
final class Failures {
  private static final Map<String, ErrorClass> NAMES = new HashMap<>();
  private static final Map<String, ErrorClass> CODES = new HashMap<>();

  static {
    names(ErrorClass.RATE_LIMIT, "RateLimitError", "TooManyRequestsError", "ResourceExhausted");
    names(
        ErrorClass.RATE_LIMIT, "RouterRateLimitError", "ThrottlingException", "RateLimitExceeded");
    names(ErrorClass.TIMEOUT, "Timeout", "APITimeoutError", "TimeoutError", "ReadTimeout");
    names(ErrorClass.TIMEOUT, "ConnectTimeout", "WriteTimeout", "PoolTimeout", "DeadlineExceeded");
    names(ErrorClass.TIMEOUT, "TimeoutException", "AI_TimeoutError", "HttpTimeoutException");
    names(ErrorClass.CONTEXT_LENGTH, "ContextWindowExceededError", "ContextLengthExceeded");
    names(
        ErrorClass.CONTENT_FILTER, "ContentPolicyViolationError", "ContentFilterFinishReasonError");
    names(ErrorClass.CONTENT_FILTER, "GuardrailRaisedException", "RejectedRequestError");
    names(ErrorClass.CONTENT_FILTER, "BlockedPiiEntityError", "LengthFinishReasonError");
    names(ErrorClass.AUTH, "AuthenticationError", "PermissionDeniedError", "PermissionDenied");
    names(ErrorClass.AUTH, "Unauthenticated", "AccessDeniedException", "UnauthorizedError");
    names(ErrorClass.AUTH, "AI_LoadAPIKeyError", "ExpiredTokenException");
    names(ErrorClass.BUDGET, "BudgetExceededError", "ExceededBudget");
    names(ErrorClass.BAD_REQUEST, "BadRequestError", "InvalidRequestError", "NotFoundError");
    names(ErrorClass.BAD_REQUEST, "UnprocessableEntityError", "UnsupportedParamsError");
    names(ErrorClass.BAD_REQUEST, "JSONSchemaValidationError", "ConflictError", "ValidationError");
    names(ErrorClass.BAD_REQUEST, "InvalidArgument", "ValidationException", "ImageFetchError");
    names(ErrorClass.BAD_REQUEST, "UnprocessableEntity", "RequestValidationError");
    names(ErrorClass.UPSTREAM_5XX, "InternalServerError", "ServiceUnavailableError", "APIError");
    names(ErrorClass.UPSTREAM_5XX, "BadGatewayError", "OverloadedError", "ServiceUnavailable");
    names(ErrorClass.UPSTREAM_5XX, "MidStreamFallbackError", "InternalFailure");
    names(ErrorClass.CONNECTION, "APIConnectionError", "ConnectError", "ConnectionError");
    names(ErrorClass.CONNECTION, "RemoteProtocolError", "ReadError", "ConnectionResetError");
    names(ErrorClass.CONNECTION, "ClientConnectorError", "ServerDisconnectedError");
    names(ErrorClass.CONNECTION, "ConnectionRefusedError", "SSLError", "ConnectException");
    names(ErrorClass.CANCELLED, "CancelledError", "Cancelled", "Canceled", "AbortError");
    names(ErrorClass.CANCELLED, "GeneratorExit", "KeyboardInterrupt", "CancellationException");
    codes(ErrorClass.RATE_LIMIT, "rate_limit_exceeded", "rate_limit_error", "too_many_requests");
    codes(ErrorClass.CONTEXT_LENGTH, "context_length_exceeded", "string_above_max_length");
    codes(ErrorClass.CONTENT_FILTER, "content_filter", "content_policy_violation", "safety");
    codes(ErrorClass.AUTH, "invalid_api_key", "authentication_error", "permission_error");
    codes(ErrorClass.BUDGET, "insufficient_quota", "budget_exceeded", "billing_hard_limit_reached");
    codes(ErrorClass.UPSTREAM_5XX, "server_error", "overloaded_error", "api_error");
    codes(ErrorClass.TIMEOUT, "timeout", "request_timeout");
    codes(ErrorClass.CANCELLED, "cancelled", "canceled", "client_disconnected");
    codes(ErrorClass.BAD_REQUEST, "invalid_request_error", "model_not_found");
  }

  private Failures() {}

  private static void names(ErrorClass as, String... names) {
    for (String name : names) {
      NAMES.put(name.toLowerCase(Locale.ROOT), as);
    }
  }

  private static void codes(ErrorClass as, String... codes) {
    for (String code : codes) {
      CODES.put(code, as);
    }
  }

  /**
   * The class of a failure; {@link ErrorClass#OTHER} if nothing tells.
   *
   * @param type error's name, with or without its package; may be empty
   * @param code the provider's code; may be empty
   * @param message may be empty
   * @param httpStatus 0 if not told
   */
  static ErrorClass classify(String type, String code, String message, int httpStatus) {
    String text = message.toLowerCase(Locale.ROOT);
    ErrorClass narrow = narrow(type, code, text);
    if (narrow != ErrorClass.NONE) {
      return narrow;
    }
    ErrorClass byName = named(type);
    if (byName != ErrorClass.NONE) {
      return byName;
    }
    ErrorClass byCode = coded(code);
    if (byCode != ErrorClass.NONE) {
      return byCode;
    }
    ErrorClass byStatus = ofStatus(httpStatus != 0 ? httpStatus : statusIn(type));
    return byStatus != ErrorClass.NONE ? byStatus : ofMessage(text);
  }

  private static ErrorClass narrow(String type, String code, String text) {
    ErrorClass byCode = coded(code);
    if (byCode == ErrorClass.CONTEXT_LENGTH
        || byCode == ErrorClass.CONTENT_FILTER
        || byCode == ErrorClass.BUDGET) {
      return byCode;
    }
    if (hasAny(
        text,
        "context_length_exceeded",
        "maximum context length",
        "contextwindowexceedederror",
        "context window",
        "prompt is too long",
        "input is too long",
        "exceeds the maximum number of tokens")) {
      return ErrorClass.CONTEXT_LENGTH;
    }
    if (hasAny(
        text,
        "content_filter",
        "content management policy",
        "contentpolicyviolation",
        "content policy",
        "content_policy_violation",
        "safety system")) {
      return ErrorClass.CONTENT_FILTER;
    }
    if (hasAny(
        text,
        "insufficient_quota",
        "budget has been exceeded",
        "budgetexceedederror",
        "exceededbudget",
        "exceeded your current quota",
        "over budget",
        "crossed budget",
        "credit balance is too low")) {
      return ErrorClass.BUDGET;
    }
    boolean broad = named(type) == ErrorClass.UPSTREAM_5XX || named(type) == ErrorClass.NONE;
    if (broad && hasAny(text, "connection error", "cannot connect to host", "connection refused")) {
      return ErrorClass.CONNECTION;
    }
    return ErrorClass.NONE;
  }

  private static ErrorClass named(String type) {
    if (type.isEmpty()) {
      return ErrorClass.NONE;
    }
    String simple = type.substring(type.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    ErrorClass known = NAMES.get(simple);
    return known != null ? known : coded(simple);
  }

  private static ErrorClass coded(String code) {
    return code.isEmpty()
        ? ErrorClass.NONE
        : CODES.getOrDefault(code.toLowerCase(Locale.ROOT), ErrorClass.NONE);
  }

  /** OpenTelemetry lets {@code error.type} be an HTTP status. */
  private static int statusIn(String type) {
    long status = type.length() == 3 ? Values.count(type) : 0;
    return status >= 400 && status < 600 ? (int) status : 0;
  }

  static ErrorClass ofStatus(int status) {
    return switch (status) {
      case 401, 403 -> ErrorClass.AUTH;
      case 402 -> ErrorClass.BUDGET;
      case 408, 504 -> ErrorClass.TIMEOUT;
      case 413 -> ErrorClass.CONTEXT_LENGTH;
      case 429 -> ErrorClass.RATE_LIMIT;
      case 499 -> ErrorClass.CANCELLED;
      default ->
          status >= 500 && status < 600
              ? ErrorClass.UPSTREAM_5XX
              : status >= 400 && status < 500 ? ErrorClass.BAD_REQUEST : ErrorClass.NONE;
    };
  }

  private static ErrorClass ofMessage(String text) {
    if (hasAny(text, "rate limit", "too many requests", "ratelimit", "error code: 429")) {
      return ErrorClass.RATE_LIMIT;
    }
    if (hasAny(text, "timed out", "timeout", "deadline exceeded")) {
      return ErrorClass.TIMEOUT;
    }
    if (hasAny(
        text, "authentication error", "invalid api key", "incorrect api key", "unauthorized")) {
      return ErrorClass.AUTH;
    }
    if (hasAny(text, "error code: 401", "error code: 403", "permission denied", "forbidden")) {
      return ErrorClass.AUTH;
    }
    if (hasAny(
        text, "connection error", "connection refused", "connection reset", "disconnected")) {
      return ErrorClass.CONNECTION;
    }
    if (hasAny(text, "error code: 5", "internal server error", "overloaded", "bad gateway")) {
      return ErrorClass.UPSTREAM_5XX;
    }
    if (hasAny(text, "cancelled", "canceled", "aborted")) {
      return ErrorClass.CANCELLED;
    }
    return hasAny(text, "error code: 4", "invalid request", "bad request")
        ? ErrorClass.BAD_REQUEST
        : ErrorClass.OTHER;
  }

  private static boolean hasAny(String text, String... parts) {
    for (String part : parts) {
      if (text.contains(part)) {
        return true;
      }
    }
    return false;
  }
}
