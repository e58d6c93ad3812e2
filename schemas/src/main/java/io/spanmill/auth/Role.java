/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.auth;

import java.util.Locale;

/** What a key allows. */
public enum Role {
  INGEST,
  READ,
  METRICS,
  ADMIN;

  /** Lower-case name as in settings. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
