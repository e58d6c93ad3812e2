/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import java.util.Locale;

/**
 * How a request ended. This is the one place that maps outcomes to statuses of both protocols.
 *
 * @param message for people, in English; empty on full success
 * @param rejectedSpans spans refused for good while the rest was taken
 */
public record Outcome(Kind kind, String message, long rejectedSpans) {
  private static final int MAX_MESSAGE_CHARS = 1000;

  /** What happened, with the HTTP status, the gRPC code, and when a retry makes sense. */
  public enum Kind {
    ACCEPTED(200, 0, 0),
    PARTIAL(200, 0, 0),
    MALFORMED(400, 3, 0),
    UNKNOWN_ENCODING(400, 12, 0),
    UNAUTHENTICATED(401, 16, 0),
    FORBIDDEN(403, 7, 0),
    NOT_FOUND(404, 12, 0),
    METHOD_NOT_ALLOWED(405, 12, 0),
    TOO_LARGE(413, 8, 0),
    UNKNOWN_MEDIA_TYPE(415, 3, 0),
    WRONG_HOST(421, 7, 0),
    /** A project over its share; others go on. */
    THROTTLED(429, 14, 1),
    OVERLOADED(503, 14, 1),
    /** Not 408: conforming senders would drop the spans instead of sending them again. */
    SLOW_SENDER(503, 14, 1),
    /** Kafka does not acknowledge. */
    UNAVAILABLE(503, 14, 5),
    /** A fault of ours. Told as retryable: what was not written must not be dropped. */
    FAILED(503, 14, 30),
    /** The sender went away; nobody reads this answer. */
    CANCELLED(503, 1, 1);

    private final int httpStatus;
    private final int grpcCode;
    private final int retryAfterSeconds;

    Kind(int httpStatus, int grpcCode, int retryAfterSeconds) {
      this.httpStatus = httpStatus;
      this.grpcCode = grpcCode;
      this.retryAfterSeconds = retryAfterSeconds;
    }

    public int httpStatus() {
      return httpStatus;
    }

    /** The google.rpc.Code, in gRPC's status and in bodies of HTTP. */
    public int grpcCode() {
      return grpcCode;
    }

    /** 0: never send this again. */
    public int retryAfterSeconds() {
      return retryAfterSeconds;
    }

    /** As a metric label. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Outcome {
    message =
        message.length() > MAX_MESSAGE_CHARS ? message.substring(0, MAX_MESSAGE_CHARS) : message;
  }

  public static Outcome of(Kind kind, String message) {
    return new Outcome(kind, message, 0);
  }

  /** Whether the spans that could be taken are durable. */
  public boolean success() {
    return kind == Kind.ACCEPTED || kind == Kind.PARTIAL;
  }
}
