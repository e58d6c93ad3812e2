/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The hash of short byte strings that tables of keys and of seen texts look up by: eight bytes a
 * step, the last of which reach back over bytes already seen, as a rest of its own length each time
 * is a branch that no processor foresees. Kept nowhere beyond the process.
 */
public final class KeyHash {
  static final VarHandle LONG_LE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private KeyHash() {}

  /** The hash of these bytes, well mixed in all of its bits. */
  public static long of(byte[] buf, int offset, int length) {
    int end = offset + length;
    if (length < 8) {
      return finish(length == 0 ? 0 : step(length, tail(buf, offset, end)));
    }
    long hash = step(length, (long) LONG_LE.get(buf, offset));
    for (int i = offset + 8; i < end - 8; i += 8) {
      hash = step(hash, (long) LONG_LE.get(buf, i));
    }
    return finish(step(hash, (long) LONG_LE.get(buf, end - 8)));
  }

  static long step(long hash, long word) {
    long mixed = (hash ^ word) * MULTIPLIER;
    return mixed ^ mixed >>> 29;
  }

  static long finish(long hash) {
    long mixed = hash * MULTIPLIER;
    return mixed ^ mixed >>> 32;
  }

  /**
   * The last 1 to 7 bytes before {@code end}, little-endian, from one read that reaches back where
   * it can.
   */
  static long tail(byte[] buf, int from, int end) {
    int bytes = end - from;
    if (end >= 8) {
      return (long) LONG_LE.get(buf, end - 8) >>> (64 - 8 * bytes);
    }
    long word = 0;
    for (int i = 0; i < bytes; i++) {
      word |= (buf[from + i] & 0xFFL) << (8 * i);
    }
    return word;
  }
}
