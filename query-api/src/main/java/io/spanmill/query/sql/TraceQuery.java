/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * What a list of traces is narrowed and ordered by.
 *
 * @param sort {@code start}, {@code duration}, {@code cost}, {@code tokens}, {@code spans} or
 *     {@code errors}
 * @param failed only failed or only successful traces, or null
 * @param text trace id, or part of root name, tag, user or session, or null
 * @param costKind how at least one of its counted calls came to its money, or null
 */
public record TraceQuery(
    String sort,
    boolean descending,
    @Nullable Boolean failed,
    @Nullable String text,
    @Nullable BigDecimal minDurationMs,
    @Nullable BigDecimal maxDurationMs,
    @Nullable BigDecimal minCostUsd,
    @Nullable String costKind,
    @Nullable String sessionId,
    @Nullable Cursor after,
    int limit) {
  /** Values of a cursor of this list. */
  public static final int CURSOR_SIZE = 2;

  /** An empty text is no text. */
  public TraceQuery {
    text = text != null && text.isEmpty() ? null : text;
  }

  /** The same where it is known which traces have the text. */
  TraceQuery withoutText(@Nullable String ofSession) {
    return new TraceQuery(
        sort,
        descending,
        failed,
        null,
        minDurationMs,
        maxDurationMs,
        minCostUsd,
        costKind,
        ofSession,
        after,
        limit);
  }

  /** The first so many in the same order. */
  TraceQuery first(int count) {
    return new TraceQuery(
        sort,
        descending,
        failed,
        text,
        minDurationMs,
        maxDurationMs,
        minCostUsd,
        costKind,
        sessionId,
        null,
        count);
  }

  /** Whether the calls of each trace decide about order or membership. */
  boolean needsCalls() {
    return failed != null || minCostUsd != null || sort.equals("cost") || sort.equals("tokens");
  }

  /** Whether it leaves out traces of the range, but those of pages before. */
  boolean narrows() {
    return failed != null
        || text != null
        || minDurationMs != null
        || maxDurationMs != null
        || minCostUsd != null
        || costKind != null
        || sessionId != null;
  }

  /** Whether how long traces took decides about order or membership. */
  boolean needsDuration() {
    return sort.equals("duration") || minDurationMs != null || maxDurationMs != null;
  }
}
