/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a span, resource, scope, event or link. Keys of the table are found by one scan
 * at first use; all others by {@link #forEach}. Of a key given twice the last counts. Reused; not
 * thread-safe.
 */
public final class AttributeView {
  private final KeyTable keys;
  private final KeyValue entry = new KeyValue();
  private final AnyValue found = new AnyValue();

  private byte[] buf = new byte[0];

  /** Ranges of messages whose attributes are merged: from, to, field number of the attributes. */
  private int[] ranges = new int[2];

  private int rangeCount;
  private int field;
  private boolean scanned;

  // Per slot: epoch of the scan that set it, kind, range of the value.
  private final int[] seen;
  private final byte[] types;
  private final int[] from;
  private final int[] to;
  private int epoch;

  AttributeView(KeyTable keys) {
    this.keys = keys;
    this.seen = new int[keys.size()];
    this.types = new byte[keys.size()];
    this.from = new int[keys.size()];
    this.to = new int[keys.size()];
  }

  /** Starts anew for the messages of this buffer. */
  void reset(byte[] buffer, int attributesField) {
    buf = buffer;
    field = attributesField << 3 | Wire.LEN;
    rangeCount = 0;
    scanned = false;
    epoch++;
  }

  void addRange(int start, int end) {
    if (rangeCount + 2 > ranges.length) {
      ranges = Arrays.copyOf(ranges, ranges.length * 2);
    }
    ranges[rangeCount++] = start;
    ranges[rangeCount++] = end;
  }

  /** Whether the key is there, with whatever value. */
  public boolean has(int slot) {
    scan();
    return seen[slot] == epoch;
  }

  /** Kind of the value ({@link AnyValue#STRING} …); {@link AnyValue#EMPTY} if absent. */
  public byte type(int slot) {
    return has(slot) ? types[slot] : AnyValue.EMPTY;
  }

  /** The text of a string value; null if absent or of another kind. */
  public @Nullable String string(int slot) {
    return has(slot) ? value(slot).string() : null;
  }

  /** The number of an int value. */
  public long longValue(int slot, long absent) {
    return has(slot) ? value(slot).longValue(absent) : absent;
  }

  /** The number of a double or int value. */
  public double doubleValue(int slot, double absent) {
    return has(slot) ? value(slot).doubleValue(absent) : absent;
  }

  /** Whether the value is the boolean true. */
  public boolean isTrue(int slot) {
    return has(slot) && value(slot).isTrue();
  }

  /** Any value as text; "" if absent or empty. */
  public String text(int slot) {
    return has(slot) ? value(slot).text() : "";
  }

  /** Whether the value is a string of exactly these ASCII bytes. */
  public boolean equalsAscii(int slot, byte[] ascii) {
    return has(slot)
        && types[slot] == AnyValue.STRING
        && Arrays.equals(buf, from[slot], to[slot], ascii, 0, ascii.length);
  }

  /** The value of a key of the table; valid until the next call; null if absent. */
  public @Nullable AnyValue get(int slot) {
    return has(slot) ? value(slot) : null;
  }

  /** Hands over all attributes in wire order, keys given twice twice. */
  public void forEach(AttributeVisitor visitor) {
    walk((slot, e) -> visitor.attribute(e.key(), e.value));
  }

  /** The same without making a string of each key. */
  public void forEachRaw(RawAttributeVisitor visitor) {
    walk((slot, e) -> visitor.attribute(buf, e.keyAt(), e.keyLength(), e.value));
  }

  private AnyValue value(int slot) {
    found.restore(buf, types[slot], from[slot], to[slot]);
    return found;
  }

  private void scan() {
    if (!scanned) {
      scanned = true;
      walk(this::remember);
    }
  }

  private void remember(int slot, KeyValue e) {
    if (slot >= 0) {
      seen[slot] = epoch;
      types[slot] = e.value.type();
      from[slot] = e.value.from();
      to[slot] = e.value.to();
    }
  }

  private interface Taker {
    void take(int slot, KeyValue entry);
  }

  private void walk(Taker taker) {
    try {
      for (int r = 0; r < rangeCount; r += 2) {
        int end = ranges[r + 1];
        for (int pos = ranges[r]; pos < end; ) {
          int n = Wire.varintLength(buf, pos, end);
          int tag = Wire.tag(buf, pos, n);
          pos += n;
          int next = Wire.skip(buf, pos, end, tag, 0);
          if (tag == field) {
            entry.set(buf, pos + Wire.varintLength(buf, pos, end), next);
            taker.take(keys.find(buf, entry.keyAt(), entry.keyLength()), entry);
          }
          pos = next;
        }
      }
    } catch (MalformedOtlpException e) {
      throw new MalformedAttributesException(e);
    }
  }
}
