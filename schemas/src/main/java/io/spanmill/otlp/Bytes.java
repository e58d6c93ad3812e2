/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;

/** A growing byte array that can write length-delimited fields. Not thread-safe. */
final class Bytes {
  private byte[] bytes = new byte[256];
  private int size;

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  void add(byte[] source, int from, int to) {
    reserve(to - from);
    System.arraycopy(source, from, bytes, size, to - from);
    size += to - from;
  }

  void add(Bytes other) {
    add(other.bytes, 0, other.size);
  }

  void message(int tag, byte[] source, int from, int to) {
    varint(tag);
    varint(to - from);
    add(source, from, to);
  }

  void message(int tag, Bytes content) {
    message(tag, content.bytes, 0, content.size);
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  private void varint(int value) {
    reserve(5);
    int v = value;
    while ((v & ~0x7f) != 0) {
      bytes[size++] = (byte) (v | 0x80);
      v >>>= 7;
    }
    bytes[size++] = (byte) v;
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
    }
  }
}
