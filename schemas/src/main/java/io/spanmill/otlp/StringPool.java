/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Strings seen lately, so that models, teams and span names are built once instead of once a span.
 *
 * <p>A direct-mapped table of fixed size. A value is kept only when its place sees it twice in a
 * row: values that never repeat (call ids) cost no more than without a pool and push nothing out. A
 * place is one line of the processor's cache, so that whether it holds a text is known from one
 * read of memory. Not thread-safe.
 */
final class StringPool {
  private static final int PLACES = 2048;

  /** Longs of a place: hash of the text kept, hash of the one seen last, the bytes kept. */
  private static final int STRIDE = 8;

  private static final int SEEN = 1;
  private static final int TEXT = 2;
  private static final int MAX_BYTES = (STRIDE - TEXT) * Long.BYTES;

  /** The bits of a hash that the length takes the place of. */
  private static final long LENGTH_BITS = 0x3f;

  private final long[] places = new long[PLACES * STRIDE];
  private final @Nullable String[] strings = new @Nullable String[PLACES];

  /** The string of these bytes, which are known to be UTF-8. */
  String get(byte[] buf, int offset, int length) {
    if (length == 0) {
      return "";
    }
    if (length > MAX_BYTES) {
      return new String(buf, offset, length, StandardCharsets.UTF_8);
    }
    // Never 0, which is an empty place.
    long hash = (KeyHash.of(buf, offset, length) & ~LENGTH_BITS) | length;
    int place = (int) (hash >>> 24) & (PLACES - 1);
    int at = place * STRIDE;
    if (places[at] == hash && TextWords.same(places, at + TEXT, buf, offset, length)) {
      String string = strings[place];
      if (string != null) {
        return string;
      }
    }
    String fresh = new String(buf, offset, length, StandardCharsets.UTF_8);
    if (places[at + SEEN] == hash) {
      places[at] = hash;
      TextWords.put(places, at + TEXT, buf, offset, length);
      strings[place] = fresh;
    }
    places[at + SEEN] = hash;
    return fresh;
  }
}
