/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.util.Locale;

/** Why a call failed, coarse enough to be a dimension. */
public enum ErrorClass {
  /** Did not fail. */
  NONE,
  RATE_LIMIT,
  TIMEOUT,
  CONTEXT_LENGTH,
  CONTENT_FILTER,
  AUTH,
  BAD_REQUEST,
  UPSTREAM_5XX,
  CONNECTION,
  CANCELLED,
  BUDGET,
  OTHER;

  private final String label = name().equals("NONE") ? "" : name().toLowerCase(Locale.ROOT);

  /** The name in tables and in the API; empty for {@link #NONE}. */
  public String label() {
    return label;
  }

  /**
   * The class of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ErrorClass ofLabel(String label) {
    return label.isEmpty() ? NONE : valueOf(label.toUpperCase(Locale.ROOT));
  }
}
