/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Walks the fields of one message that {@link RequestScanner} has already checked, and therefore
 * checks nothing.
 *
 * <p>Groups, which only occur as unknown fields, are passed over whole. Not thread-safe.
 */
final class FieldCursor {
  private byte[] buf = new byte[0];
  private int pos;
  private int end;

  /** Tag of the current field. */
  int tag;

  /**
   * Value of a varint or fixed field; of a length-delimited one see {@link #from} and {@link #to}.
   */
  long value;

  /** Where the current field's value lies; for length-delimited fields after the length. */
  int from;

  int to;

  void over(byte[] bytes, int offset, int limit) {
    buf = bytes;
    pos = offset;
    end = limit;
  }

  boolean next() {
    if (pos >= end) {
      return false;
    }
    tag = (int) varint();
    from = pos;
    switch (tag & 7) {
      case Tags.VARINT -> value = varint();
      case Tags.FIXED64 -> {
        value = (long) KeyHash.LONG_LE.get(buf, pos);
        pos += 8;
      }
      case Tags.BYTES -> {
        int length = (int) varint();
        from = pos;
        pos += length;
      }
      case Tags.FIXED32 -> {
        value = fixed32();
        pos += 4;
      }
      case Tags.START_GROUP -> skipGroup();
      default -> throw new IllegalStateException("bytes changed after they were checked");
    }
    to = pos;
    return true;
  }

  private void skipGroup() {
    int depth = 1;
    while (depth > 0) {
      switch ((int) varint() & 7) {
        case Tags.VARINT -> varint();
        case Tags.FIXED64 -> pos += 8;
        case Tags.BYTES -> {
          int length = (int) varint();
          pos += length;
        }
        case Tags.FIXED32 -> pos += 4;
        case Tags.START_GROUP -> depth++;
        default -> depth--;
      }
    }
  }

  private long fixed32() {
    return (buf[pos] & 0xFFL)
        | (buf[pos + 1] & 0xFFL) << 8
        | (buf[pos + 2] & 0xFFL) << 16
        | (buf[pos + 3] & 0xFFL) << 24;
  }

  private long varint() {
    long result = 0;
    int shift = 0;
    while (true) {
      byte b = buf[pos++];
      result |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return result;
      }
      shift += 7;
    }
  }

  static long varintAt(byte[] buf, int offset) {
    long result = 0;
    int shift = 0;
    int i = offset;
    while (true) {
      byte b = buf[i++];
      result |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return result;
      }
      shift += 7;
    }
  }
}
