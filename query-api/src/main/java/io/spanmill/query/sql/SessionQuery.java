/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import org.jspecify.annotations.Nullable;

/**
 * What a list of sessions is narrowed and ordered by.
 *
 * @param sort one of {@link SessionsReader#SORT_NAMES}
 * @param text part of the session's id or user, or null
 */
public record SessionQuery(
    String sort, boolean descending, @Nullable String text, @Nullable Cursor after, int limit) {
  /** Values of a cursor of this list. */
  public static final int CURSOR_SIZE = 3;

  /** An empty text is no text. */
  public SessionQuery {
    text = text != null && text.isEmpty() ? null : text;
  }

  /** The first so many in the same order. */
  SessionQuery first(int count) {
    return new SessionQuery(sort, descending, text, null, count);
  }
}
