/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.otlp.AnyValue;
import io.spanmill.otlp.AttributeView;
import java.math.BigDecimal;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads attribute values that senders give in many forms: numbers as int, double or text, booleans
 * as text, lists as arrays or JSON text. The empty string counts as absent everywhere.
 */
final class Values {
  /** No value: not told, or told in a form that is no number. */
  static final long NO_COUNT = Long.MIN_VALUE;

  private Values() {}

  /** The first of these keys that has text; "" if none has. */
  static String text(AttributeView view, int[] slots) {
    for (int slot : slots) {
      if (view.has(slot)) {
        String text = view.type(slot) == AnyValue.STRING ? view.string(slot) : view.text(slot);
        if (text != null && !text.isEmpty()) {
          return text;
        }
      }
    }
    return "";
  }

  /** Whether one of these keys has a value that is not the empty string. */
  static boolean told(AttributeView view, int[] slots) {
    for (int slot : slots) {
      if (told(view, slot)) {
        return true;
      }
    }
    return false;
  }

  /** Whether this key has a value that is not the empty string. */
  static boolean told(AttributeView view, int slot) {
    byte type = view.type(slot);
    return type != AnyValue.EMPTY && (type != AnyValue.STRING || !view.equalsAscii(slot, NOTHING));
  }

  private static final byte[] NOTHING = {};

  /**
   * The first of these keys that holds a whole number; a double counts by its whole part. Too large
   * for a long comes as {@link Long#MAX_VALUE}.
   */
  static long count(AttributeView view, int[] slots) {
    for (int slot : slots) {
      long count = count(view, slot);
      if (count != NO_COUNT) {
        return count;
      }
    }
    return NO_COUNT;
  }

  private static long count(AttributeView view, int slot) {
    return switch (view.type(slot)) {
      case AnyValue.INT -> view.longValue(slot, NO_COUNT);
      case AnyValue.DOUBLE -> whole(view.doubleValue(slot, Double.NaN));
      case AnyValue.STRING -> count(view.string(slot));
      default -> NO_COUNT;
    };
  }

  private static long whole(double value) {
    return Double.isNaN(value) ? NO_COUNT : (long) value;
  }

  /** A whole number written as text. */
  static long count(@Nullable String text) {
    if (text == null || text.isEmpty() || text.length() > 40) {
      return NO_COUNT;
    }
    char first = text.charAt(0);
    if (first != '-' && first != '+' && first != ' ' && (first < '0' || first > '9')) {
      return NO_COUNT;
    }
    try {
      return Long.parseLong(text.trim());
    } catch (NumberFormatException notWhole) {
      try {
        return whole(Double.parseDouble(text.trim()));
      } catch (NumberFormatException noNumber) {
        return NO_COUNT;
      }
    }
  }

  /** The first of these keys that holds a number; NaN if none does. */
  static double number(AttributeView view, int[] slots) {
    for (int slot : slots) {
      double value = number(view, slot);
      if (!Double.isNaN(value)) {
        return value;
      }
    }
    return Double.NaN;
  }

  private static double number(AttributeView view, int slot) {
    byte type = view.type(slot);
    if (type == AnyValue.DOUBLE || type == AnyValue.INT) {
      return view.doubleValue(slot, Double.NaN);
    }
    BigDecimal text = type == AnyValue.STRING ? decimal(view.string(slot)) : null;
    return text == null ? Double.NaN : text.doubleValue();
  }

  /** A decimal number written as text; null if it is none. */
  static @Nullable BigDecimal decimal(@Nullable String text) {
    if (text == null || text.isEmpty() || text.length() > 60) {
      return null;
    }
    try {
      BigDecimal value = new BigDecimal(text.trim());
      // An exponent beyond a double's is nobody's figure, and would cost memory to round.
      return Math.abs(value.scale()) > 400 ? null : value;
    } catch (NumberFormatException noNumber) {
      return null;
    }
  }

  /** Whether the first of these keys that is told says true, be it as text or number. */
  static boolean isTrue(AttributeView view, int[] slots) {
    for (int slot : slots) {
      switch (view.type(slot)) {
        case AnyValue.BOOL -> {
          return view.isTrue(slot);
        }
        case AnyValue.STRING -> {
          String text = view.string(slot);
          if (text != null && !text.isEmpty()) {
            return text.toLowerCase(Locale.ROOT).equals("true");
          }
        }
        default -> {}
      }
    }
    return false;
  }

  /** The first item of a list, be it an array, JSON text or a lone word. */
  static String firstItem(String list) {
    if (!list.startsWith("[")) {
      return list;
    }
    int open = 1;
    while (open < list.length() && list.charAt(open) != '"' && list.charAt(open) != '\'') {
      open++;
    }
    if (open >= list.length()) {
      return "";
    }
    int close = list.indexOf(list.charAt(open), open + 1);
    return close < 0 ? "" : list.substring(open + 1, close);
  }
}
