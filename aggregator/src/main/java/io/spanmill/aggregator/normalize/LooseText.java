/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import org.jspecify.annotations.Nullable;

/**
 * Looks into text that is JSON or the {@code repr} of a Python dict, without building it up:
 * objects in braces, keys in either quotes. Positions point at the first character of a value; −1
 * is none.
 */
final class LooseText {
  private LooseText() {}

  /** Position of the value of a key of the outermost object. */
  static int find(String text, String key) {
    int open = text.indexOf('{');
    return open < 0 ? -1 : find(text, open, key);
  }

  /**
   * Position of the value of a key of the object that opens here; keys further in are passed by.
   */
  static int find(String text, int object, String key) {
    int[] value = {-1};
    keys(
        text,
        object,
        (from, to, at) -> {
          boolean found = to - from == key.length() && text.startsWith(key, from);
          value[0] = found ? at : -1;
          return !found;
        });
    return value[0];
  }

  /** Shows the keys of the object that opens here, none if none does, until told to stop. */
  static void keys(String text, int object, KeyVisitor visitor) {
    if (object < 0 || object >= text.length() || text.charAt(object) != '{') {
      return;
    }
    int depth = 0;
    for (int i = object; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '{', '[', '(' -> depth++;
        case '}', ']', ')' -> {
          depth--;
          if (depth == 0) {
            return;
          }
        }
        case '"', '\'' -> {
          int close = endOfString(text, i);
          if (close < 0) {
            return;
          }
          if (depth == 1
              && nextIs(text, close + 1, ':')
              && !visitor.key(i + 1, close, valueAfter(text, close + 1))) {
            return;
          }
          i = close;
        }
        default -> {}
      }
    }
  }

  /** Takes a key. */
  @FunctionalInterface
  interface KeyVisitor {
    /**
     * Takes one.
     *
     * @param value position of its value; −1 if the text ends before
     * @return whether to go on
     */
    boolean key(int from, int to, int value);
  }

  /** Whether there is a value here that is neither null nor None nor empty text. */
  static boolean isTold(String text, int value) {
    return value >= 0
        && !text.startsWith("null", value)
        && !text.startsWith("None", value)
        && !text.startsWith("\"\"", value)
        && !text.startsWith("''", value);
  }

  /** The whole number here; {@link Values#NO_COUNT} if there is none. */
  static long count(String text, int value) {
    return Values.count(token(text, value));
  }

  /** Number or text without its quotes; null if there is none. */
  static @Nullable String token(String text, int value) {
    if (value < 0 || value >= text.length()) {
      return null;
    }
    char c = text.charAt(value);
    if (c == '"' || c == '\'') {
      int close = endOfString(text, value);
      return close < 0 ? null : text.substring(value + 1, close);
    }
    int end = value;
    while (end < text.length() && ",}]) \n".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    return text.substring(value, end);
  }

  private static int endOfString(String text, int open) {
    char quote = text.charAt(open);
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == quote) {
        return i;
      }
    }
    return -1;
  }

  private static boolean nextIs(String text, int from, char wanted) {
    int at = skipSpace(text, from);
    return at < text.length() && text.charAt(at) == wanted;
  }

  private static int valueAfter(String text, int from) {
    int value = skipSpace(text, skipSpace(text, from) + 1);
    return value < text.length() ? value : -1;
  }

  private static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }
}
