/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** One attribute value, read lazily from the request's bytes. Reused; not thread-safe. */
public final class AnyValue {
  /** Kinds of values, as returned by {@link #type}. */
  public static final byte EMPTY = 0;

  public static final byte STRING = 1;
  public static final byte BOOL = 2;
  public static final byte INT = 3;
  public static final byte DOUBLE = 4;
  public static final byte ARRAY = 5;
  public static final byte KVLIST = 6;
  public static final byte BYTES = 7;

  private byte[] buf = new byte[0];
  private byte type;
  private int at;
  private int end;

  AnyValue() {}

  /** Points at the AnyValue message in this range; the last field set wins, as in any oneof. */
  void set(byte[] buffer, int from, int to) throws MalformedOtlpException {
    buf = buffer;
    type = EMPTY;
    int pos = from;
    while (pos < to) {
      int n = Wire.varintLength(buffer, pos, to);
      int tag = Wire.tag(buffer, pos, n);
      pos += n;
      int next = Wire.skip(buffer, pos, to, tag, 0);
      switch (tag) {
        case 1 << 3 | Wire.LEN -> range(STRING, pos, next);
        case 2 << 3 | Wire.VARINT -> range(BOOL, pos, next);
        case 3 << 3 | Wire.VARINT -> range(INT, pos, next);
        case 4 << 3 | Wire.FIXED64 -> range(DOUBLE, pos, next);
        case 5 << 3 | Wire.LEN -> range(ARRAY, pos, next);
        case 6 << 3 | Wire.LEN -> range(KVLIST, pos, next);
        case 7 << 3 | Wire.LEN -> range(BYTES, pos, next);
        case 8 << 3 | Wire.VARINT -> type = EMPTY; // an index into a table that traces do not have
        default -> {}
      }
      pos = next;
    }
  }

  /** Points at a value found before. */
  void restore(byte[] buffer, byte kind, int from, int to) {
    // Compared first: to store a reference into an old object costs G1 a fence.
    if (buf != buffer) {
      buf = buffer;
    }
    type = kind;
    at = from;
    end = to;
  }

  private void range(byte kind, int pos, int next) throws MalformedOtlpException {
    type = kind;
    // For length-delimited kinds the range is the content, else the scalar itself.
    at =
        kind == BOOL || kind == INT || kind == DOUBLE
            ? pos
            : pos + Wire.varintLength(buf, pos, next);
    end = next;
  }

  public byte type() {
    return type;
  }

  int from() {
    return at;
  }

  int to() {
    return end;
  }

  /** The text of a STRING, else null. */
  public @Nullable String string() {
    return type == STRING ? new String(buf, at, end - at, StandardCharsets.UTF_8) : null;
  }

  /** The request's bytes, in which {@link #offset} points. */
  public byte[] buffer() {
    return buf;
  }

  /** Where the content of a STRING or BYTES begins. */
  public int offset() {
    return at;
  }

  /** Length in bytes of a STRING or BYTES, else 0. */
  public int sizeBytes() {
    return type == STRING || type == BYTES ? end - at : 0;
  }

  /** The number of an INT, else {@code absent}. */
  public long longValue(long absent) {
    return type == INT ? Wire.varint(buf, at) : absent;
  }

  /** The number of a DOUBLE or INT, else {@code absent}. */
  public double doubleValue(double absent) {
    return switch (type) {
      case DOUBLE -> Double.longBitsToDouble(Wire.fixed64(buf, at));
      case INT -> Wire.varint(buf, at);
      default -> absent;
    };
  }

  /** Whether it is a BOOL that is true. */
  public boolean isTrue() {
    return type == BOOL && Wire.varint(buf, at) != 0;
  }

  /**
   * Any value as text: scalars plain, arrays and maps as JSON, bytes as base64, an empty one as "".
   */
  public String text() {
    if (type == INT) {
      return Long.toString(Wire.varint(buf, at));
    }
    // A value is about as long as what it is read from.
    StringBuilder out = new StringBuilder(end - at + 16);
    try {
      render(out, false, 0);
    } catch (MalformedOtlpException e) {
      // The range was walked when the request was accepted.
      throw new IllegalStateException(e);
    }
    return out.toString();
  }

  private void render(StringBuilder out, boolean json, int depth) throws MalformedOtlpException {
    switch (type) {
      case EMPTY -> out.append(json ? "null" : "");
      case STRING -> {
        String s = new String(buf, at, end - at, StandardCharsets.UTF_8);
        if (json) {
          JsonText.quote(out, s);
        } else {
          out.append(s);
        }
      }
      case BOOL -> out.append(Wire.varint(buf, at) != 0);
      case INT -> out.append(Wire.varint(buf, at));
      case DOUBLE -> {
        double d = Double.longBitsToDouble(Wire.fixed64(buf, at));
        out.append(json && !Double.isFinite(d) ? "\"" + d + "\"" : Double.toString(d));
      }
      case BYTES -> {
        String text =
            Base64.getEncoder().encodeToString(java.util.Arrays.copyOfRange(buf, at, end));
        out.append(json ? "\"" + text + "\"" : text);
      }
      case ARRAY -> renderArray(out, depth);
      default -> renderMap(out, depth);
    }
  }

  private void renderArray(StringBuilder out, int depth) throws MalformedOtlpException {
    checkDepth(depth);
    AnyValue item = new AnyValue();
    out.append('[');
    String comma = "";
    for (int pos = at; pos < end; ) {
      int n = Wire.varintLength(buf, pos, end);
      int tag = Wire.tag(buf, pos, n);
      pos += n;
      int next = Wire.skip(buf, pos, end, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        item.set(buf, pos + Wire.varintLength(buf, pos, end), next);
        out.append(comma);
        item.render(out, true, depth + 1);
        comma = ",";
      }
      pos = next;
    }
    out.append(']');
  }

  private void renderMap(StringBuilder out, int depth) throws MalformedOtlpException {
    checkDepth(depth);
    KeyValue entry = new KeyValue();
    out.append('{');
    String comma = "";
    for (int pos = at; pos < end; ) {
      int n = Wire.varintLength(buf, pos, end);
      int tag = Wire.tag(buf, pos, n);
      pos += n;
      int next = Wire.skip(buf, pos, end, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        entry.set(buf, pos + Wire.varintLength(buf, pos, end), next);
        out.append(comma);
        JsonText.quote(out, entry.key());
        out.append(':');
        entry.value.render(out, true, depth + 1);
        comma = ",";
      }
      pos = next;
    }
    out.append('}');
  }

  private void checkDepth(int depth) throws MalformedOtlpException {
    if (depth > Wire.MAX_DEPTH) {
      throw MalformedOtlpException.at(at, "nested deeper than " + Wire.MAX_DEPTH);
    }
  }
}
