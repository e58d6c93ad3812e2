/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.Map;

/** Rows that no database gave. */
public final class TestRows {
  private TestRows() {}

  /** A row without columns. */
  public static Row empty() {
    return new Row(Map.of(), new Object[0]);
  }
}
