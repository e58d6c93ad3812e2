/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Notes the attributes of a checked message that {@link RequestScanner} does not note: events and
 * links.
 */
final class AttributeIndexer {
  /** The field gives no value. */
  static final int NONE = -1;

  private final KeyTable keys;
  private final FieldCursor pair = new FieldCursor();
  private final FieldCursor any = new FieldCursor();

  AttributeIndexer(KeyTable keys) {
    this.keys = keys;
  }

  void add(AttributeIndex index, byte[] buf, int offset, int end) {
    int keyFrom = offset;
    int keyTo = offset;
    int type = AnyValue.EMPTY;
    int valueFrom = offset;
    int valueTo = offset;
    pair.over(buf, offset, end);
    while (pair.next()) {
      if (pair.tag == Tags.KEY_VALUE_KEY) {
        keyFrom = pair.from;
        keyTo = pair.to;
      } else if (pair.tag == Tags.KEY_VALUE_VALUE) {
        any.over(buf, pair.from, pair.to);
        while (any.next()) {
          int found = typeOf(any.tag);
          if (found != NONE) {
            type = found;
            valueFrom = any.from;
            valueTo = any.to;
          }
        }
      }
    }
    long hash = KeyHash.of(buf, keyFrom, keyTo - keyFrom);
    int slot = keys.lookup(buf, keyFrom, keyTo - keyFrom, hash);
    index.add(keyFrom, keyTo - keyFrom, slot, type, valueFrom, valueTo - valueFrom);
  }

  /** The type a field of {@code AnyValue} gives, {@link ValueType#ABSENT} for an unknown field. */
  static int typeOf(int anyTag) {
    return switch (anyTag) {
      case Tags.ANY_STRING -> AnyValue.STRING;
      case Tags.ANY_BOOL -> AnyValue.BOOL;
      case Tags.ANY_INT -> AnyValue.INT;
      case Tags.ANY_DOUBLE -> AnyValue.DOUBLE;
      case Tags.ANY_ARRAY -> AnyValue.ARRAY;
      case Tags.ANY_KVLIST -> AnyValue.KVLIST;
      case Tags.ANY_BYTES -> AnyValue.BYTES;
      case Tags.ANY_STRINDEX -> AnyValue.EMPTY;
      default -> NONE;
    };
  }
}
