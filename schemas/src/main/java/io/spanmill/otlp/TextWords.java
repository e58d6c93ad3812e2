/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Short texts kept as the words of a larger array, and compared word by word: a text is short, and
 * a call that compares arrays would cost as much. The last word reaches back over bytes of the one
 * before; a text of less than eight bytes is one word.
 */
final class TextWords {
  private TextWords() {}

  /** Keeps these bytes from word {@code at} on, in a word for each eight begun. */
  static void put(long[] words, int at, byte[] buf, int offset, int length) {
    int to = at;
    int last = offset + length - Long.BYTES;
    for (int i = offset; i < last; i += Long.BYTES) {
      words[to++] = (long) KeyHash.LONG_LE.get(buf, i);
    }
    words[to] = last(buf, offset, length);
  }

  /** Whether these bytes are the ones kept there, which are as many. */
  static boolean same(long[] words, int at, byte[] buf, int offset, int length) {
    int from = at;
    int last = offset + length - Long.BYTES;
    for (int i = offset; i < last; i += Long.BYTES) {
      if (words[from++] != (long) KeyHash.LONG_LE.get(buf, i)) {
        return false;
      }
    }
    return words[from] == last(buf, offset, length);
  }

  private static long last(byte[] buf, int offset, int length) {
    int end = offset + length;
    if (length >= Long.BYTES) {
      return (long) KeyHash.LONG_LE.get(buf, end - Long.BYTES);
    }
    return length == 0 ? 0 : KeyHash.tail(buf, offset, end);
  }
}
