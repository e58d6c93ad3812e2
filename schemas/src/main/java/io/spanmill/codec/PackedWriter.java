/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import io.spanmill.model.Int128;
import io.spanmill.model.PicoUsd;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A growing buffer with the primitives of the packed formats: LEB128 varints, zigzag for signed
 * numbers, big-endian fixed words, UTF-8 text with its length. Reused over records ({@link
 * #clear}); not thread-safe.
 */
public final class PackedWriter {
  private static final VarHandle LONG_BE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final VarHandle LONG_LE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The bit of each byte that says that another one follows. */
  private static final long MORE_FOLLOW = 0x8080808080808080L;

  private byte[] buffer;
  private int size;

  public PackedWriter() {
    this(1024);
  }

  public PackedWriter(int capacity) {
    buffer = new byte[capacity];
  }

  public void clear() {
    size = 0;
  }

  /** Bytes written. */
  public int size() {
    return size;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(buffer, size);
  }

  /** Lets a digest take in the bytes written. */
  public void addTo(MessageDigest digest) {
    digest.update(buffer, 0, size);
  }

  public void u8(int value) {
    reserve(1);
    buffer[size++] = (byte) value;
  }

  /** Seven bits a byte, low ones first; negative numbers take ten bytes. */
  public void varint(long value) {
    reserve(10);
    if ((value & ~0x7fL) == 0) {
      buffer[size++] = (byte) value;
    } else if (value >>> (7 * Long.BYTES) == 0) {
      // Spread and written as one word: how long the next number is nobody can guess.
      int length = (Long.SIZE + 6 - Long.numberOfLeadingZeros(value)) / 7;
      long more = MORE_FOLLOW >>> (Long.SIZE - 8 * (length - 1));
      LONG_LE.set(buffer, size, spread(value) | more);
      size += length;
    } else {
      longVarint(value);
    }
  }

  private void longVarint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      buffer[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    buffer[size++] = (byte) rest;
  }

  /** Each seven bits of 56 into a byte of their own. */
  private static long spread(long value) {
    long halves = (value & 0xfffffffL) | (value & 0xfffffff0000000L) << 4;
    long quarters = (halves & 0x3fff00003fffL) | (halves & 0xfffc0000fffc000L) << 2;
    return (quarters & 0x7f007f007f007fL) | (quarters & 0x3f803f803f803f80L) << 1;
  }

  /** Signed: small magnitudes take few bytes, -1 takes one. */
  public void zigzag(long value) {
    varint((value << 1) ^ (value >> 63));
  }

  public void fixed32(int value) {
    reserve(4);
    buffer[size] = (byte) (value >>> 24);
    buffer[size + 1] = (byte) (value >>> 16);
    buffer[size + 2] = (byte) (value >>> 8);
    buffer[size + 3] = (byte) value;
    size += 4;
  }

  public void fixed64(long value) {
    reserve(8);
    LONG_BE.set(buffer, size, value);
    size += 8;
  }

  /** Picodollars of one call; {@link PicoUsd#ABSENT} takes one byte. */
  public void money(long pico) {
    varint(pico == PicoUsd.ABSENT ? 0 : ((pico << 1) ^ (pico >> 63)) + 1);
  }

  public void int128(Int128 value) {
    if (value.high() == value.low() >> 63) {
      u8(0);
      zigzag(value.low());
    } else {
      u8(1);
      fixed64(value.high());
      fixed64(value.low());
    }
  }

  /** Length in bytes, then UTF-8. */
  public void text(String value) {
    text(value, 0);
  }

  /** One byte if it equals the text written there before, else as {@link #text} (plus one). */
  public void textAfter(String before, String value) {
    if (value.equals(before)) {
      u8(0);
    } else {
      text(value, 1);
    }
  }

  /** Everything another one holds. */
  public void append(PackedWriter other) {
    append(other.buffer, 0, other.size);
  }

  /** The given bytes from there on, raw. */
  public void bytes(byte[] source, int from) {
    append(source, from, source.length - from);
  }

  private void append(byte[] source, int from, int length) {
    reserve(length);
    System.arraycopy(source, from, buffer, size, length);
    size += length;
  }

  private void text(String value, int lengthOffset) {
    int chars = value.length();
    reserve(chars + 10);
    // Nearly all text is ASCII: write the length for that case and the bytes in one pass.
    int start = size;
    varint((long) chars + lengthOffset);
    byte[] to = buffer;
    int at = size;
    int seen = 0;
    for (int i = 0; i < chars; i++) {
      char c = value.charAt(i);
      seen |= c;
      to[at + i] = (byte) c;
    }
    if (seen < 0x80) {
      size = at + chars;
    } else {
      size = start;
      utf8(value, lengthOffset);
    }
  }

  private void utf8(String value, int lengthOffset) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    reserve(bytes.length + 10);
    varint((long) bytes.length + lengthOffset);
    System.arraycopy(bytes, 0, buffer, size, bytes.length);
    size += bytes.length;
  }

  private void reserve(int more) {
    if (buffer.length - size < more) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + more));
    }
  }
}
