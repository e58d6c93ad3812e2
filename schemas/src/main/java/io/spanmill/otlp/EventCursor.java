/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;

/** The events of a span, one after the other. Reused; not thread-safe. */
public final class EventCursor {
  private final AttributeView attributes;
  private byte[] buf = new byte[0];
  private int pos;
  private int end;
  private long timeNanos;
  private int nameAt;
  private int nameEnd;

  EventCursor(KeyTable keys) {
    attributes = new AttributeView(keys);
  }

  void reset(byte[] buffer, int from, int to) {
    buf = buffer;
    pos = from;
    end = to;
  }

  /** Moves to the next event; false at the end. */
  public boolean next() throws MalformedOtlpException {
    while (pos < end) {
      int n = Wire.varintLength(buf, pos, end);
      int tag = Wire.tag(buf, pos, n);
      int value = pos + n;
      pos = Wire.skip(buf, value, end, tag, 0);
      if (tag == (11 << 3 | Wire.LEN)) {
        read(value + Wire.varintLength(buf, value, pos), pos);
        return true;
      }
    }
    return false;
  }

  private void read(int from, int to) throws MalformedOtlpException {
    timeNanos = 0;
    nameAt = nameEnd = 0;
    attributes.reset(buf, 3);
    attributes.addRange(from, to);
    for (int p = from; p < to; ) {
      int n = Wire.varintLength(buf, p, to);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, to, tag, 0);
      if (tag == (1 << 3 | Wire.FIXED64)) {
        timeNanos = Wire.fixed64(buf, value);
      } else if (tag == (2 << 3 | Wire.LEN)) {
        nameAt = value + Wire.varintLength(buf, value, p);
        nameEnd = p;
      }
    }
  }

  public long timeEpochNanos() {
    return timeNanos;
  }

  public String name() {
    return new String(buf, nameAt, nameEnd - nameAt, StandardCharsets.UTF_8);
  }

  public AttributeView attributes() {
    return attributes;
  }
}
