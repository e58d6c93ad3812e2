/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * What a list of calls is narrowed and ordered by.
 *
 * @param sort {@code start}, {@code duration}, {@code cost} or {@code tokens}
 * @param failed only failed or only successful calls, or null
 * @param text part of span name, model, user, session or error message, or null
 * @param costKind how the call came to its money, or null
 * @param traceId 32 lower-case hex digits, or null
 */
public record CallQuery(
    String sort,
    boolean descending,
    @Nullable Boolean failed,
    @Nullable String text,
    @Nullable BigDecimal minDurationMs,
    @Nullable BigDecimal maxDurationMs,
    @Nullable BigDecimal minCostUsd,
    @Nullable String costKind,
    @Nullable String traceId,
    @Nullable Cursor after,
    int limit) {
  /** Values of a cursor of this list. */
  public static final int CURSOR_SIZE = 4;

  /** The same order from its begin. */
  CallQuery first() {
    return new CallQuery(
        sort,
        descending,
        failed,
        text,
        minDurationMs,
        maxDurationMs,
        minCostUsd,
        costKind,
        traceId,
        null,
        0);
  }

  /** Whether it leaves out calls of the range, but those of pages before. */
  boolean narrows() {
    return failed != null
        || text != null
        || minDurationMs != null
        || maxDurationMs != null
        || minCostUsd != null
        || costKind != null
        || traceId != null;
  }
}
