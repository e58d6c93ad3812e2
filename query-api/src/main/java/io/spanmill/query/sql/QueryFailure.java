/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

/** A query that ClickHouse did not answer. */
public final class QueryFailure extends RuntimeException {
  /** What went wrong, as far as the caller may have to act differently. */
  public enum Kind {
    /** Ran into {@code query.timeout.ms}. */
    TIMEOUT,
    /** Ran into {@code query.memory.max.bytes} or the server's own limit. */
    MEMORY,
    /** Would read more than {@code query.raw.max.rows} rows of a fact table. */
    TOO_MANY_ROWS,
    /** More rows of result than allowed. */
    RESULT_TOO_LARGE,
    /** A bound value that its type cannot hold. */
    BAD_VALUE,
    /** Its asker went away. */
    CANCELLED,
    /** ClickHouse cannot be reached. */
    UNAVAILABLE,
    /** Anything else: an error of this program. */
    INTERNAL
  }

  private final transient Kind kind;

  public QueryFailure(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
