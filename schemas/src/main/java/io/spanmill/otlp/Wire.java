/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Reads protobuf's wire format from a byte range. Every read is checked against the end of the
 * message it is in. Static and without state, so that callers keep their position in a local.
 */
final class Wire {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LEN = 2;
  static final int START_GROUP = 3;
  static final int END_GROUP = 4;
  static final int FIXED32 = 5;

  /** protobuf-java's own limit of nesting. */
  static final int MAX_DEPTH = 100;

  private Wire() {}

  static final int MAX_VARINT_BYTES = 10;

  /** Whether ten bytes from here all say that more follows, and the tenth is odd. */
  static boolean endsOdd(byte[] b, int at, int end) {
    if (end - at < MAX_VARINT_BYTES || (b[at + 9] & 0x81) != 0x81) {
      return false;
    }
    for (int i = at; i < at + 9; i++) {
      if (b[i] >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Length in bytes of the varint that begins here, at most 10. */
  static int varintLength(byte[] b, int at, int end) throws MalformedOtlpException {
    int limit = Math.min(end, at + 10);
    for (int i = at; i < limit; i++) {
      if (b[i] >= 0) {
        return i - at + 1;
      }
    }
    throw MalformedOtlpException.at(
        at, limit == end ? "truncated varint" : "varint of more than 10 bytes");
  }

  /** The varint that begins here and is known to be whole. */
  static long varint(byte[] b, int at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = b[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  static long fixed64(byte[] b, int at) {
    return (long) KeyHash.LONG_LE.get(b, at);
  }

  /** Eight bytes as ids have them: the first is the highest. */
  static long bigEndian(byte[] b, int at) {
    return Long.reverseBytes((long) KeyHash.LONG_LE.get(b, at));
  }

  static int fixed32(byte[] b, int at) {
    return (b[at] & 0xff)
        | (b[at + 1] & 0xff) << 8
        | (b[at + 2] & 0xff) << 16
        | (b[at + 3] & 0xff) << 24;
  }

  /** A tag's value; field numbers must be 1 or more. */
  static int tag(byte[] b, int at, int length) throws MalformedOtlpException {
    // As protobuf-java does, a tag is the low 32 bits of its varint.
    int tag = (int) varint(b, at);
    if (tag >>> 3 == 0) {
      throw MalformedOtlpException.at(at, "field number 0 (tag of " + length + " bytes)");
    }
    return tag;
  }

  /** Checked length of a length-delimited field; {@code at} is behind the length's own bytes. */
  static int length(byte[] b, int lengthAt, int at, int end) throws MalformedOtlpException {
    int length = (int) varint(b, lengthAt);
    if (length < 0) {
      throw MalformedOtlpException.at(lengthAt, "negative length");
    }
    if (length > end - at) {
      throw MalformedOtlpException.at(
          lengthAt, "length " + length + " runs past the end by " + (length - (end - at)));
    }
    return length;
  }

  /**
   * Skips one field's value.
   *
   * @param at first byte behind the tag
   * @return first byte behind the value
   */
  static int skip(byte[] b, int at, int end, int tag, int depth) throws MalformedOtlpException {
    switch (tag & 7) {
      case VARINT:
        return at + (endsOdd(b, at, end) ? MAX_VARINT_BYTES : varintLength(b, at, end));
      case FIXED64:
        return advance(at, 8, end);
      case FIXED32:
        return advance(at, 4, end);
      case LEN:
        int n = varintLength(b, at, end);
        return at + n + length(b, at, at + n, end);
      case START_GROUP:
        return skipGroup(b, at, end, tag >>> 3, depth + 1);
      default:
        throw MalformedOtlpException.at(at, "wire type " + (tag & 7) + " cannot stand here");
    }
  }

  static int advance(int at, int bytes, int end) throws MalformedOtlpException {
    if (end - at < bytes) {
      throw MalformedOtlpException.at(
          at, "truncated, " + bytes + " bytes needed, " + (end - at) + " left");
    }
    return at + bytes;
  }

  private static int skipGroup(byte[] b, int at, int end, int number, int depth)
      throws MalformedOtlpException {
    if (depth > MAX_DEPTH) {
      throw MalformedOtlpException.at(at, "nested deeper than " + MAX_DEPTH);
    }
    int pos = at;
    while (pos < end) {
      int n = varintLength(b, pos, end);
      int tag = tag(b, pos, n);
      pos += n;
      if ((tag & 7) == END_GROUP) {
        if (tag >>> 3 != number) {
          throw MalformedOtlpException.at(
              pos, "end of group " + (tag >>> 3) + " within group " + number);
        }
        return pos;
      }
      pos = skip(b, pos, end, tag, depth);
    }
    throw MalformedOtlpException.at(pos, "group " + number + " does not end");
  }
}
