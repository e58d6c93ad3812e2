/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest;

/**
 * How a request ended, the same for both protocols; this table alone decides statuses.
 *
 * @param kind what happened
 * @param message for the sender, in English; empty on plain success
 * @param rejectedSpans spans that will never be taken; only with {@link Kind#ACCEPTED}
 */
record Outcome(Kind kind, String message, int rejectedSpans) {
  /** Kinds of endings with their HTTP status, gRPC code and whether the sender should try again. */
  enum Kind {
    ACCEPTED(200, 0, false),
    MALFORMED(400, 3, false),
    BAD_ENCODING(400, 12, false),
    UNAUTHENTICATED(401, 16, false),
    FORBIDDEN(403, 7, false),
    TOO_LARGE(413, 8, false),
    UNSUPPORTED_TYPE(415, 3, false),
    OVERLOADED(503, 14, true),
    UNAVAILABLE(503, 14, true);

    private final int httpStatus;
    private final int grpcCode;
    private final boolean retryable;

    Kind(int httpStatus, int grpcCode, boolean retryable) {
      this.httpStatus = httpStatus;
      this.grpcCode = grpcCode;
      this.retryable = retryable;
    }

    int httpStatus() {
      return httpStatus;
    }

    int grpcCode() {
      return grpcCode;
    }

    boolean retryable() {
      return retryable;
    }
  }

  static Outcome of(Kind kind, String message) {
    return new Outcome(kind, message, 0);
  }
}
