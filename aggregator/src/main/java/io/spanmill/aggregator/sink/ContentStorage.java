/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.Locale;

/** What becomes of prompts and completions; see setting {@code content.storage}. */
public enum ContentStorage {
  /** Left out. */
  OFF,
  /** Length and a hash in its place. */
  REDACT,
  /** Stored. */
  ON;

  public static ContentStorage of(Settings settings) {
    return valueOf(settings.string(Keys.CONTENT_STORAGE).toUpperCase(Locale.ROOT));
  }
}
