/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;

/** The links of a span, one after the other. Reused; not thread-safe. */
public final class LinkCursor {
  private final AttributeView attributes;
  private byte[] buf = new byte[0];
  private int pos;
  private int end;
  private long traceIdHi;
  private long traceIdLo;
  private long spanId;
  private int stateAt;
  private int stateEnd;

  LinkCursor(KeyTable keys) {
    attributes = new AttributeView(keys);
  }

  void reset(byte[] buffer, int from, int to) {
    buf = buffer;
    pos = from;
    end = to;
  }

  /** Moves to the next link; false at the end. */
  public boolean next() throws MalformedOtlpException {
    while (pos < end) {
      int n = Wire.varintLength(buf, pos, end);
      int tag = Wire.tag(buf, pos, n);
      int value = pos + n;
      pos = Wire.skip(buf, value, end, tag, 0);
      if (tag == (13 << 3 | Wire.LEN)) {
        read(value + Wire.varintLength(buf, value, pos), pos);
        return true;
      }
    }
    return false;
  }

  private void read(int from, int to) throws MalformedOtlpException {
    traceIdHi = traceIdLo = spanId = 0;
    stateAt = stateEnd = 0;
    attributes.reset(buf, 4);
    attributes.addRange(from, to);
    for (int p = from; p < to; ) {
      int n = Wire.varintLength(buf, p, to);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, to, tag, 0);
      int content = (tag & 7) == Wire.LEN ? value + Wire.varintLength(buf, value, p) : value;
      if (tag == (1 << 3 | Wire.LEN) && p - content == 16) {
        traceIdHi = Long.reverseBytes(Wire.fixed64(buf, content));
        traceIdLo = Long.reverseBytes(Wire.fixed64(buf, content + 8));
      } else if (tag == (2 << 3 | Wire.LEN) && p - content == 8) {
        spanId = Long.reverseBytes(Wire.fixed64(buf, content));
      } else if (tag == (3 << 3 | Wire.LEN)) {
        stateAt = content;
        stateEnd = p;
      }
    }
  }

  /** First half of the linked trace's id; 0 if its length is wrong. */
  public long traceIdHi() {
    return traceIdHi;
  }

  public long traceIdLo() {
    return traceIdLo;
  }

  public long spanId() {
    return spanId;
  }

  public String traceState() {
    return new String(buf, stateAt, stateEnd - stateAt, StandardCharsets.UTF_8);
  }

  public AttributeView attributes() {
    return attributes;
  }
}
