/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import io.spanmill.model.WindowKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Key of a row in the state. Encoded so that the rows of one window kind lie in the order of their
 * starts, which is how they are evicted. Rows of edition 0 have no edition in their keys, as before
 * there were editions.
 */
record RowKey(
    WindowKind window, long startMs, long seriesHi, long seriesLo, String cube, int edition) {
  private static final WindowKind[] WINDOWS = WindowKind.values();
  private static final int FIXED_BYTES = 1 + 8 + 16;

  /** No cube's name has it. */
  private static final byte END_OF_NAME = 0;

  byte[] encode() {
    byte[] name = cube.getBytes(StandardCharsets.UTF_8);
    int tail = edition == 0 ? 0 : 1 + Integer.BYTES;
    ByteBuffer out =
        ByteBuffer.allocate(FIXED_BYTES + name.length + tail)
            .put((byte) window.ordinal())
            .putLong(startMs)
            .putLong(seriesHi)
            .putLong(seriesLo)
            .put(name);
    if (edition != 0) {
      out.put(END_OF_NAME).putInt(edition);
    }
    return out.array();
  }

  static RowKey decode(byte[] key) {
    ByteBuffer in = ByteBuffer.wrap(key);
    WindowKind window = WINDOWS[in.get()];
    long startMs = in.getLong();
    long seriesHi = in.getLong();
    long seriesLo = in.getLong();
    int end = FIXED_BYTES;
    while (end < key.length && key[end] != END_OF_NAME) {
      end++;
    }
    String cube = new String(key, FIXED_BYTES, end - FIXED_BYTES, StandardCharsets.UTF_8);
    int edition = end == key.length ? 0 : in.getInt(end + 1);
    return new RowKey(window, startMs, seriesHi, seriesLo, cube, edition);
  }

  /** The least key of that kind and start. */
  static byte[] floor(WindowKind window, long startMs) {
    return ByteBuffer.allocate(9).put((byte) window.ordinal()).putLong(startMs).array();
  }

  @Override
  public int hashCode() {
    return Long.hashCode(seriesLo ^ startMs * 0x9E3779B97F4A7C15L) * 31
        + window.ordinal()
        + edition;
  }
}
