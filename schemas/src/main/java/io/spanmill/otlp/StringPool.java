/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Strings seen lately, so that models, teams and span names are built once instead of once a span.
 *
 * <p>A direct-mapped table of fixed size. A value is kept only when its place sees it twice in a
 * row: values that never repeat (call ids) cost no more than without a pool and push nothing out.
 * Not thread-safe.
 */
final class StringPool {
  private static final int PLACES = 2048;
  private static final int MAX_BYTES = 96;

  private final long[] seen = new long[PLACES];
  private final byte[] @Nullable [] bytes = new byte[PLACES][];
  private final @Nullable String[] strings = new @Nullable String[PLACES];

  /** The string of these bytes, which are known to be UTF-8. */
  String get(byte[] buf, int offset, int length) {
    if (length == 0) {
      return "";
    }
    if (length > MAX_BYTES) {
      return new String(buf, offset, length, StandardCharsets.UTF_8);
    }
    long hash = KeyHash.of(buf, offset, length);
    int place = (int) (hash >>> 24) & (PLACES - 1);
    byte[] kept = bytes[place];
    String string = strings[place];
    if (kept != null
        && string != null
        && kept.length == length
        && isSame(kept, buf, offset, length)) {
      return string;
    }
    String fresh = new String(buf, offset, length, StandardCharsets.UTF_8);
    if (seen[place] == hash) {
      bytes[place] = Arrays.copyOfRange(buf, offset, offset + length);
      strings[place] = fresh;
    }
    seen[place] = hash;
    return fresh;
  }

  /** By words, the last of which reaches back: a text is short, and a call would cost as much. */
  private static boolean isSame(byte[] kept, byte[] buf, int offset, int length) {
    if (length < 8) {
      for (int i = 0; i < length; i++) {
        if (kept[i] != buf[offset + i]) {
          return false;
        }
      }
      return true;
    }
    for (int i = 0; i < length - 8; i += 8) {
      if ((long) KeyHash.LONG_LE.get(kept, i) != (long) KeyHash.LONG_LE.get(buf, offset + i)) {
        return false;
      }
    }
    return (long) KeyHash.LONG_LE.get(kept, length - 8)
        == (long) KeyHash.LONG_LE.get(buf, offset + length - 8);
  }
}
