/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A byte array that grows; numbers are little-endian as in the Native format. Not thread-safe. */
final class GrowingBytes {
  /** Kept over {@link #clear}; what grew beyond was for one large batch and is given back. */
  private static final int MAX_KEPT_BYTES = 64 << 20;

  private static final int START_BYTES = 1024;
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes = new byte[START_BYTES];
  private int size;

  int size() {
    return size;
  }

  byte[] array() {
    return bytes;
  }

  void clear() {
    size = 0;
    if (bytes.length > MAX_KEPT_BYTES) {
      bytes = new byte[START_BYTES];
    }
  }

  /** Forgets what comes after. */
  void truncate(int newSize) {
    size = newSize;
  }

  void putByte(int value) {
    ensure(1);
    bytes[size++] = (byte) value;
  }

  void putShort(int value) {
    ensure(2);
    SHORTS.set(bytes, size, (short) value);
    size += 2;
  }

  void putInt(int value) {
    ensure(4);
    INTS.set(bytes, size, value);
    size += 4;
  }

  void putLong(long value) {
    ensure(8);
    setLong(size, value);
    size += 8;
  }

  void setLong(int at, long value) {
    LONGS.set(bytes, at, value);
  }

  long getLong(int at) {
    return (long) LONGS.get(bytes, at);
  }

  /** Most significant byte first, as ids are written. */
  void putBigEndian(long value) {
    ensure(8);
    LONGS.set(bytes, size, Long.reverseBytes(value));
    size += 8;
  }

  void putZeros(int count) {
    ensure(count);
    Arrays.fill(bytes, size, size + count, (byte) 0);
    size += count;
  }

  /** The same bytes again, which stand here already. */
  void repeat(int from, int to) {
    ensure(to - from);
    System.arraycopy(bytes, from, bytes, size, to - from);
    size += to - from;
  }

  void put(byte[] from, int offset, int length) {
    ensure(length);
    System.arraycopy(from, offset, bytes, size, length);
    size += length;
  }

  /** Unsigned LEB128. */
  void putVarint(long value) {
    ensure(10);
    long left = value;
    while ((left & ~0x7fL) != 0) {
      bytes[size++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[size++] = (byte) left;
  }

  /** A whole number in decimal digits, with its length before it. */
  void putDecimal(long number) {
    if (number == Long.MIN_VALUE) {
      putText(Long.toString(number));
      return;
    }
    long left = Math.abs(number);
    int length = number < 0 ? 2 : 1;
    for (long rest = left; rest >= 10; rest /= 10) {
      length++;
    }
    putVarint(length);
    ensure(length);
    int at = size + length;
    do {
      bytes[--at] = (byte) ('0' + left % 10);
      left /= 10;
    } while (left != 0);
    if (number < 0) {
      bytes[--at] = '-';
    }
    size += length;
  }

  /** UTF-8 with its length in bytes before it. Unpaired surrogates become '?'. */
  void putText(String text) {
    int chars = text.length();
    ensure(5 + chars);
    int start = size;
    putVarint(chars);
    for (int i = 0; i < chars; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        size = start;
        putWideText(text);
        return;
      }
      bytes[size++] = (byte) c;
    }
  }

  private void putWideText(String text) {
    putVarint(utf8Length(text));
    putUtf8(text);
  }

  /** UTF-8 without a length. */
  void putUtf8(String text) {
    int chars = text.length();
    ensure(3 * chars);
    for (int i = 0; i < chars; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes[size++] = (byte) c;
      } else if (c < 0x800) {
        bytes[size++] = (byte) (0xc0 | (c >> 6));
        bytes[size++] = (byte) (0x80 | (c & 0x3f));
      } else if (!Character.isSurrogate(c)) {
        bytes[size++] = (byte) (0xe0 | (c >> 12));
        bytes[size++] = (byte) (0x80 | ((c >> 6) & 0x3f));
        bytes[size++] = (byte) (0x80 | (c & 0x3f));
      } else if (isPair(text, i)) {
        int point = Character.toCodePoint(c, text.charAt(++i));
        bytes[size++] = (byte) (0xf0 | (point >> 18));
        bytes[size++] = (byte) (0x80 | ((point >> 12) & 0x3f));
        bytes[size++] = (byte) (0x80 | ((point >> 6) & 0x3f));
        bytes[size++] = (byte) (0x80 | (point & 0x3f));
      } else {
        bytes[size++] = '?';
      }
    }
  }

  private static int utf8Length(String text) {
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        length++;
      } else if (c < 0x800) {
        length += 2;
      } else if (!Character.isSurrogate(c)) {
        length += 3;
      } else if (isPair(text, i)) {
        length += 4;
        i++;
      } else {
        length++;
      }
    }
    return length;
  }

  private static boolean isPair(String text, int i) {
    return Character.isHighSurrogate(text.charAt(i))
        && i + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(i + 1));
  }

  void writeTo(OutputStream out, int from, int to) throws IOException {
    out.write(bytes, from, to - from);
  }

  private void ensure(int more) {
    int needed = size + more;
    if (needed < 0) {
      throw new IllegalStateException("a column of a block passed 2 GiB: insert smaller batches");
    }
    if (needed > bytes.length) {
      int doubled = bytes.length > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE - 8 : bytes.length * 2;
      bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
    }
  }
}
