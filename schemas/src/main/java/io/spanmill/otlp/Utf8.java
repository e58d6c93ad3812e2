/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * UTF-8 as proto3 string fields demand it: no overlong forms, no surrogates, nothing past U+10FFFF.
 */
final class Utf8 {
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {}

  /** The position of the first malformed sequence in the range, -1 if there is none. */
  static int firstMalformed(byte[] buf, int offset, int end) {
    int length = end - offset;
    if (length < 8) {
      boolean ascii = length == 0 || isAscii(KeyHash.tail(buf, offset, end));
      return ascii ? -1 : firstMalformedSlow(buf, offset, end);
    }
    // Most of a span is ASCII text. Words from both ends: short texts need no loop, and no text a
    // rest of its own length, which is a branch that no processor foresees.
    long all = (long) KeyHash.LONG_LE.get(buf, offset) | (long) KeyHash.LONG_LE.get(buf, end - 8);
    if (length > 16) {
      all |=
          (long) KeyHash.LONG_LE.get(buf, offset + 8) | (long) KeyHash.LONG_LE.get(buf, end - 16);
      int i = offset + 16;
      for (; i < end - 32 && isAscii(all); i += 32) {
        all |=
            (long) KeyHash.LONG_LE.get(buf, i)
                | (long) KeyHash.LONG_LE.get(buf, i + 8)
                | (long) KeyHash.LONG_LE.get(buf, i + 16)
                | (long) KeyHash.LONG_LE.get(buf, i + 24);
      }
      for (; i < end - 16; i += 8) {
        all |= (long) KeyHash.LONG_LE.get(buf, i);
      }
    }
    return isAscii(all) ? -1 : firstMalformedSlow(buf, offset, end);
  }

  static boolean isAscii(long word) {
    return (word & HIGH_BITS) == 0;
  }

  static int firstMalformedSlow(byte[] buf, int offset, int end) {
    int i = offset;
    while (i < end) {
      int b = buf[i];
      if (b >= 0) {
        i++;
        continue;
      }
      int length = sequenceLength(buf, i, end);
      if (length < 0) {
        return i;
      }
      i += length;
    }
    return -1;
  }

  /** Length of the well-formed sequence of two to four bytes at i, -1 if it is malformed or cut. */
  private static int sequenceLength(byte[] buf, int i, int end) {
    int b = buf[i] & 0xFF;
    if (b < 0xC2) {
      return -1;
    }
    if (b < 0xE0) {
      return end - i >= 2 && isTail(buf[i + 1]) ? 2 : -1;
    }
    if (b < 0xF0) {
      if (end - i < 3 || !isTail(buf[i + 1]) || !isTail(buf[i + 2])) {
        return -1;
      }
      int second = buf[i + 1] & 0xFF;
      boolean overlong = b == 0xE0 && second < 0xA0;
      boolean surrogate = b == 0xED && second >= 0xA0;
      return overlong || surrogate ? -1 : 3;
    }
    if (b > 0xF4
        || end - i < 4
        || !isTail(buf[i + 1])
        || !isTail(buf[i + 2])
        || !isTail(buf[i + 3])) {
      return -1;
    }
    int second = buf[i + 1] & 0xFF;
    boolean overlong = b == 0xF0 && second < 0x90;
    boolean tooLarge = b == 0xF4 && second >= 0x90;
    return overlong || tooLarge ? -1 : 4;
  }

  private static boolean isTail(byte b) {
    return (b & 0xC0) == 0x80;
  }
}
