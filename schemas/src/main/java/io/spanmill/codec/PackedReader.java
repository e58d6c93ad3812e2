/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Int128;
import io.spanmill.model.PicoUsd;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link PackedWriter} wrote; every read is checked and throws {@link CodecException}
 * past the end. Reused over records ({@link #reset}); not thread-safe.
 */
public final class PackedReader {
  private static final byte[] NONE = {};

  private byte[] bytes = NONE;
  private int at;
  private int end;

  public PackedReader() {}

  public PackedReader(byte[] record) {
    reset(record);
  }

  public void reset(byte[] record) {
    bytes = record;
    at = 0;
    end = record.length;
  }

  /** Bytes not yet read. */
  public int remaining() {
    return end - at;
  }

  public int u8() {
    need(1);
    return bytes[at++] & 0xff;
  }

  public long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte b = bytes[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new CodecException("varint of more than ten bytes at " + at);
  }

  /** A varint that counts something: 0 to what {@code int} holds. */
  public int count() {
    long value = varint();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new CodecException("count " + value + " out of range at " + at);
    }
    return (int) value;
  }

  public long zigzag() {
    long value = varint();
    return (value >>> 1) ^ -(value & 1);
  }

  public int fixed32() {
    need(4);
    int value =
        (bytes[at] & 0xff) << 24
            | (bytes[at + 1] & 0xff) << 16
            | (bytes[at + 2] & 0xff) << 8
            | (bytes[at + 3] & 0xff);
    at += 4;
    return value;
  }

  public long fixed64() {
    long high = fixed32();
    return high << 32 | (fixed32() & 0xffffffffL);
  }

  public long money() {
    long code = varint();
    if (code == 0) {
      return PicoUsd.ABSENT;
    }
    long value = code - 1;
    return (value >>> 1) ^ -(value & 1);
  }

  /** Adds the sum read here to another. */
  public void addInt128(Int128 into) {
    if (u8() == 0) {
      into.add(zigzag());
    } else {
      long high = fixed64();
      into.add(new Int128(high, fixed64()));
    }
  }

  public String text() {
    return text(count());
  }

  /** What {@link PackedWriter#textAfter} wrote. */
  public String textAfter(String before) {
    int code = count();
    return code == 0 ? before : text(code - 1);
  }

  /** The given length, raw. */
  public byte[] bytes(int length) {
    need(length);
    byte[] out = Arrays.copyOfRange(bytes, at, at + length);
    at += length;
    return out;
  }

  private String text(int length) {
    if (length == 0) {
      return "";
    }
    need(length);
    String value = new String(bytes, at, length, StandardCharsets.UTF_8);
    at += length;
    return value;
  }

  private void need(int length) {
    if (length < 0 || end - at < length) {
      throw new CodecException(
          "record ends after " + end + " bytes, " + length + " more expected at " + at);
    }
  }
}
