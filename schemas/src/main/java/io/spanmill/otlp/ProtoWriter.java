/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;

/** Protobuf's wire format, written from front to back. Not thread-safe. */
final class ProtoWriter {
  private static final int MIN_BYTES = 64;

  private byte[] buf;
  private int size;

  ProtoWriter(int expectedBytes) {
    buf = new byte[Math.max(MIN_BYTES, expectedBytes)];
  }

  /** The bytes, not copied; those after {@link #size} mean nothing. */
  byte[] bytes() {
    return buf;
  }

  int size() {
    return size;
  }

  void varint(int tag, long value) {
    ensure(2 * Wire.MAX_VARINT_BYTES);
    put(tag);
    put(value);
  }

  void fixed32(int tag, int value) {
    ensure(Wire.MAX_VARINT_BYTES + 4);
    put(tag);
    for (int shift = 0; shift < 32; shift += 8) {
      buf[size++] = (byte) (value >>> shift);
    }
  }

  void fixed64(int tag, long value) {
    ensure(Wire.MAX_VARINT_BYTES + 8);
    put(tag);
    for (int shift = 0; shift < 64; shift += 8) {
      buf[size++] = (byte) (value >>> shift);
    }
  }

  void bytes(int tag, byte[] value) {
    ensure(2 * Wire.MAX_VARINT_BYTES + value.length);
    put(tag);
    put(value.length);
    System.arraycopy(value, 0, buf, size, value.length);
    size += value.length;
  }

  /** Text as UTF-8; false, and nothing of worth written, if there is a lone surrogate in it. */
  boolean text(int tag, char[] chars, int from, int count) {
    int end = from + count;
    int length = count;
    for (int i = from; i < end; i++) {
      char c = chars[i];
      if (c >= 0x80) {
        length += c < 0x800 ? 1 : 2;
        if (Character.isSurrogate(c)) {
          if (i + 1 == end || !Character.isSurrogatePair(c, chars[i + 1])) {
            return false;
          }
          // Two chars make four bytes: the two they count for, and two more.
          i++;
        }
      }
    }
    ensure(2 * Wire.MAX_VARINT_BYTES + length);
    put(tag);
    put(length);
    byte[] b = buf;
    int at = size;
    for (int i = from; i < end; i++) {
      int c = chars[i];
      if (c < 0x80) {
        b[at++] = (byte) c;
      } else if (c < 0x800) {
        b[at++] = (byte) (0xc0 | (c >>> 6));
        b[at++] = (byte) (0x80 | (c & 0x3f));
      } else if (Character.isSurrogate((char) c)) {
        int point = Character.toCodePoint((char) c, chars[++i]);
        b[at++] = (byte) (0xf0 | (point >>> 18));
        b[at++] = (byte) (0x80 | ((point >>> 12) & 0x3f));
        b[at++] = (byte) (0x80 | ((point >>> 6) & 0x3f));
        b[at++] = (byte) (0x80 | (point & 0x3f));
      } else {
        b[at++] = (byte) (0xe0 | (c >>> 12));
        b[at++] = (byte) (0x80 | ((c >>> 6) & 0x3f));
        b[at++] = (byte) (0x80 | (c & 0x3f));
      }
    }
    size = at;
    return true;
  }

  /** Opens a message, with room for a length of one byte; returns where its content begins. */
  int beginMessage(int tag) {
    ensure(Wire.MAX_VARINT_BYTES + 1);
    put(tag);
    return ++size;
  }

  /** Closes the message: what was written since is its content, moved if its length needs room. */
  void endMessage(int begin) {
    int length = size - begin;
    int more = (31 - Integer.numberOfLeadingZeros(length | 1)) / 7;
    if (more > 0) {
      ensure(more);
      System.arraycopy(buf, begin, buf, begin + more, length);
    }
    size = begin - 1;
    put(length);
    size += length;
  }

  /** Takes bytes out again. */
  void remove(int from, int to) {
    System.arraycopy(buf, to, buf, from, size - to);
    size -= to - from;
  }

  private void put(long varint) {
    long rest = varint;
    while ((rest & ~0x7fL) != 0) {
      buf[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    buf[size++] = (byte) rest;
  }

  private void ensure(int more) {
    if (size + (long) more > buf.length) {
      buf =
          Arrays.copyOf(
              buf,
              (int)
                  Math.min(Integer.MAX_VALUE - 8L, Math.max(2L * buf.length, size + (long) more)));
    }
  }
}
