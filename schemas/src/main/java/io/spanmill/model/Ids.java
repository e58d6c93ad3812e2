/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

/** Hex forms of trace and span ids. */
public final class Ids {
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private Ids() {}

  /** 32 lower-case hex digits. */
  public static String traceId(long hi, long lo) {
    char[] out = new char[32];
    hex(hi, out, 0);
    hex(lo, out, 16);
    return new String(out);
  }

  /** 16 lower-case hex digits. */
  public static String spanId(long id) {
    char[] out = new char[16];
    hex(id, out, 0);
    return new String(out);
  }

  private static void hex(long value, char[] out, int at) {
    for (int i = 0; i < 16; i++) {
      out[at + i] = HEX[(int) (value >>> (60 - 4 * i)) & 0xf];
    }
  }
}
