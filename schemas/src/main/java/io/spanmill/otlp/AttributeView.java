/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a span, resource, scope, event or link. Keys of the table are found by slot;
 * all of them by {@link #forEach}. Of a key given twice the last counts. Nothing is decoded before
 * it is asked for. Reused: valid until the reader moves on; not thread-safe.
 */
public final class AttributeView {
  private final KeyTable keys;
  private final StringPool pool;
  private final AnyValue found = new AnyValue();

  // Position of the attribute with a slot, valid if the slot's stamp is the current one.
  private final int[] attributeAt;
  private final int[] stampOf;
  private int stamp;

  private AttributeIndex index = new AttributeIndex();
  private byte[] buf = new byte[0];
  private int from;
  private int to;

  AttributeView(KeyTable keys, StringPool pool) {
    this.keys = keys;
    this.pool = pool;
    attributeAt = new int[keys.size()];
    stampOf = new int[keys.size()];
  }

  /** Shows a part of an index of positions in these bytes. */
  void bind(byte[] bytes, AttributeIndex attributes, int first, int end) {
    // Compared first: to store a reference into an old object costs G1 a fence.
    if (buf != bytes) {
      buf = bytes;
    }
    if (index != attributes) {
      index = attributes;
    }
    from = first;
    to = end;
    if (++stamp == 0) {
      Arrays.fill(stampOf, 0);
      stamp = 1;
    }
    int[] data = attributes.data;
    int now = stamp;
    for (int i = first; i < end; i++) {
      int slot = data[i * AttributeIndex.STRIDE + AttributeIndex.SLOT_AND_TYPE] >> 8;
      if (slot >= 0) {
        attributeAt[slot] = i;
        stampOf[slot] = now;
      }
    }
  }

  /** The number of attributes as sent, keys given twice counted twice. */
  public int size() {
    return to - from;
  }

  /** Whether the key is there, with whatever value. */
  public boolean has(int slot) {
    return stampOf[slot] == stamp;
  }

  /** Whether any key is there whose slot is true here; slots past the end are not. */
  public boolean hasAny(boolean[] wanted) {
    for (int i = from; i < to; i++) {
      int slot = index.data[i * AttributeIndex.STRIDE + AttributeIndex.SLOT_AND_TYPE] >> 8;
      if (slot >= 0 && slot < wanted.length && wanted[slot]) {
        return true;
      }
    }
    return false;
  }

  /** Kind of the value ({@link AnyValue#STRING} …); {@link AnyValue#EMPTY} if absent. */
  public byte type(int slot) {
    return has(slot) ? typeAt(base(slot)) : AnyValue.EMPTY;
  }

  /**
   * The text of a string value, shared if it was seen lately; null if absent or of another kind.
   */
  public @Nullable String string(int slot) {
    if (!has(slot)) {
      return null;
    }
    int at = base(slot);
    return typeAt(at) == AnyValue.STRING ? pool.get(buf, valueAt(at), valueLength(at)) : null;
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
    if (!has(slot)) {
      return "";
    }
    String string = string(slot);
    return string != null ? string : value(slot).text();
  }

  /** Whether the value is a string of exactly these ASCII bytes. */
  public boolean equalsAscii(int slot, byte[] ascii) {
    if (!has(slot)) {
      return false;
    }
    int at = base(slot);
    int offset = valueAt(at);
    return typeAt(at) == AnyValue.STRING
        && Arrays.equals(buf, offset, offset + valueLength(at), ascii, 0, ascii.length);
  }

  /** The value of a key of the table; valid until the next call; null if absent. */
  public @Nullable AnyValue get(int slot) {
    return has(slot) ? value(slot) : null;
  }

  /** Hands over all attributes in wire order, keys given twice twice. */
  public void forEach(AttributeVisitor visitor) {
    for (int i = from; i < to; i++) {
      int at = i * AttributeIndex.STRIDE;
      int slot = index.data[at + AttributeIndex.SLOT_AND_TYPE] >> 8;
      String key = slot >= 0 ? keys.key(slot) : pool.get(buf, keyAt(at), keyLength(at));
      visitor.attribute(key, valueOf(at));
    }
  }

  /** The same without making a string of each key. */
  public void forEachRaw(RawAttributeVisitor visitor) {
    for (int i = from; i < to; i++) {
      int at = i * AttributeIndex.STRIDE;
      visitor.attribute(buf, keyAt(at), keyLength(at), valueOf(at));
    }
  }

  /** Whether any key starts with this. */
  public boolean hasPrefix(String prefix) {
    byte[] wanted = prefix.getBytes(StandardCharsets.UTF_8);
    for (int i = from; i < to; i++) {
      int at = i * AttributeIndex.STRIDE;
      int offset = keyAt(at);
      if (keyLength(at) >= wanted.length
          && Arrays.equals(wanted, 0, wanted.length, buf, offset, offset + wanted.length)) {
        return true;
      }
    }
    return false;
  }

  private AnyValue value(int slot) {
    return valueOf(base(slot));
  }

  private AnyValue valueOf(int at) {
    int offset = valueAt(at);
    found.restore(buf, typeAt(at), offset, offset + valueLength(at));
    return found;
  }

  private int base(int slot) {
    return attributeAt[slot] * AttributeIndex.STRIDE;
  }

  private byte typeAt(int at) {
    return (byte) index.data[at + AttributeIndex.SLOT_AND_TYPE];
  }

  private int keyAt(int at) {
    return index.data[at + AttributeIndex.KEY_OFFSET];
  }

  private int keyLength(int at) {
    return index.data[at + AttributeIndex.KEY_LENGTH];
  }

  private int valueAt(int at) {
    return index.data[at + AttributeIndex.VALUE_OFFSET];
  }

  private int valueLength(int at) {
    return index.data[at + AttributeIndex.VALUE_LENGTH];
  }
}
