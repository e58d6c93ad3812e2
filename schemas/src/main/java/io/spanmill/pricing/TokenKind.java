/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.pricing;

import org.jspecify.annotations.Nullable;

/**
 * Kinds of tokens that can have a price of their own, and which price stands in where it has none.
 */
enum TokenKind {
  INPUT("input", null),
  CACHE_READ("cacheRead", INPUT),
  CACHE_WRITE("cacheWrite", INPUT),
  CACHE_WRITE_1H("cacheWrite1h", CACHE_WRITE),
  OUTPUT("output", null),
  REASONING("reasoning", OUTPUT),
  AUDIO_INPUT("audioInput", INPUT),
  AUDIO_OUTPUT("audioOutput", OUTPUT);

  private final String key;
  private final @Nullable TokenKind standIn;

  TokenKind(String key, @Nullable TokenKind standIn) {
    this.key = key;
    this.standIn = standIn;
  }

  /** Name in price files. */
  String key() {
    return key;
  }

  /** Whose price is taken if this kind has none; null: then there is no price. */
  @Nullable TokenKind standIn() {
    return standIn;
  }
}
