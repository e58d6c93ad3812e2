/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One pass over an export request: checks every byte as protobuf-java would and notes where things
 * lie.
 *
 * <p>After {@link #scan} has returned, everything below may be read without checks. Accepts and
 * rejects exactly what {@code ExportTraceServiceRequest.parseFrom} does: same varint, UTF-8, length
 * and group rules, same nesting limit, known fields with a foreign wire type are unknown fields.
 *
 * <p>Some legal encodings carry a message that may occur once in several pieces, to be merged, or a
 * value set more than once. No known exporter writes them; {@link #irregular} tells of one, and
 * positions are then not enough to read it.
 *
 * <p>Longer than a class should be, on purpose: there is one method a message, each a switch over
 * its fields, and all of them live on the same few results of the last read ({@link #len}, {@link
 * #tag}, {@link #varint}). Cut in two, those would be fields of another object, read and written
 * for every field of every span; a cut between noting and checking goes through the middle of each
 * method.
 *
 * <p>Not thread-safe; reused without allocation once its arrays have grown.
 */
final class RequestScanner {
  static final int NESTING_LIMIT = 100;

  /** Fields of a resource group in {@link #resources}. */
  static final int RESOURCE_STRIDE = 10;

  static final int R_OFFSET = 0;
  static final int R_END = 1;
  static final int R_RESOURCE_OFFSET = 2;
  static final int R_ATTRIBUTES_FROM = 3;
  static final int R_ATTRIBUTES_TO = 4;
  static final int R_SCHEMA_OFFSET = 5;
  static final int R_SCHEMA_LENGTH = 6;
  static final int R_SEGMENTS_FROM = 7;
  static final int R_SEGMENTS_TO = 8;
  static final int R_ENVELOPE_BYTES = 9;

  /** Fields of a scope group in {@link #scopes}. */
  static final int SCOPE_STRIDE = 14;

  static final int S_RESOURCE = 0;
  static final int S_OFFSET = 1;
  static final int S_END = 2;
  static final int S_SCOPE_OFFSET = 3;
  static final int S_NAME_OFFSET = 4;
  static final int S_NAME_LENGTH = 5;
  static final int S_VERSION_OFFSET = 6;
  static final int S_VERSION_LENGTH = 7;
  static final int S_ATTRIBUTES_FROM = 8;
  static final int S_ATTRIBUTES_TO = 9;
  static final int S_SEGMENTS_FROM = 10;
  static final int S_SEGMENTS_TO = 11;
  static final int S_ENVELOPE_BYTES = 12;
  static final int S_SCHEMA_OFFSET = 13;

  /** Fields of a span in {@link #spans}. */
  static final int SPAN_STRIDE = 24;

  static final int P_OFFSET = 0;
  static final int P_END = 1;
  static final int P_SCOPE = 2;
  static final int P_ATTRIBUTES_FROM = 3;
  static final int P_ATTRIBUTES_TO = 4;
  static final int P_TRACE_ID = 5;
  static final int P_TRACE_ID_LENGTH = 6;
  static final int P_SPAN_ID = 7;
  static final int P_SPAN_ID_LENGTH = 8;
  static final int P_PARENT_ID = 9;
  static final int P_PARENT_ID_LENGTH = 10;
  static final int P_NAME = 11;
  static final int P_NAME_LENGTH = 12;
  static final int P_TRACE_STATE = 13;
  static final int P_TRACE_STATE_LENGTH = 14;
  static final int P_KIND = 15;
  static final int P_STATUS_CODE = 16;
  static final int P_STATUS_MESSAGE = 17;
  static final int P_STATUS_MESSAGE_LENGTH = 18;
  static final int P_DROPPED_ATTRIBUTES = 19;
  static final int P_FLAGS = 20;
  static final int P_MARKS = 21;
  static final int P_DROPPED_EVENTS = 22;
  static final int P_DROPPED_LINKS = 23;

  /** Bits of {@link #P_MARKS}. */
  static final int HAS_EVENTS = 1;

  static final int HAS_LINKS = 2;
  static final int BAD_LINK_ID = 4;

  private static final byte[] NOTHING = {};
  private static final int KEEP_SPANS = 1 << 13;
  private static final int KEEP_GROUP_INTS = 1 << 16;

  byte[] buf = NOTHING;
  int[] resources = new int[4 * RESOURCE_STRIDE];
  int resourceCount;
  int[] scopes = new int[4 * SCOPE_STRIDE];
  int scopeCount;
  int[] spans = new int[64 * SPAN_STRIDE];
  long[] times = new long[64 * 2];
  int spanCount;

  /**
   * Ranges of a group's bytes between its children: all its other fields, known or not, in order.
   */
  int[] resourceSegments = new int[16];

  int resourceSegmentCount;
  int[] scopeSegments = new int[16];
  int scopeSegmentCount;

  final AttributeIndex attributes = new AttributeIndex();
  boolean irregular;

  /** Null: attributes are checked, not noted. */
  private final @Nullable KeyTable keys;

  // Results of the last read, beside the returned position.
  private int len;
  private int tag;
  private long varint;
  private int valueType;
  private int valueOffset;
  private int valueLength;
  private int scopeNameOffset;
  private int scopeNameLength;
  private int scopeVersionOffset;
  private int scopeVersionLength;
  private int statusCode;
  private int statusMessageOffset;
  private int statusMessageLength;
  private boolean badLink;

  RequestScanner(@Nullable KeyTable keys) {
    this.keys = keys;
  }

  void scan(byte[] bytes, int offset, int length) throws MalformedOtlpException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    buf = bytes;
    resourceCount = 0;
    scopeCount = 0;
    spanCount = 0;
    resourceSegmentCount = 0;
    scopeSegmentCount = 0;
    attributes.clear();
    irregular = false;
    shrink();
    int p = offset;
    int end = offset + length;
    while (p < end) {
      p = tag(p, end);
      if (tag == Tags.REQUEST_RESOURCE_SPANS) {
        p = length(p, end);
        int to = p + len;
        resourceSpans(p, to);
        p = to;
      } else {
        p = unknown(tag, p, end, 0);
      }
    }
  }

  /** Lets go of the bytes. */
  void release() {
    buf = NOTHING;
    shrink();
    attributes.clear();
  }

  /** Lets go of notes larger than usual requests need: one must not hold memory for ever. */
  private void shrink() {
    if (times.length > KEEP_SPANS * 2) {
      spans = new int[64 * SPAN_STRIDE];
      times = new long[64 * 2];
    }
    if (resources.length + scopes.length > KEEP_GROUP_INTS) {
      resources = new int[4 * RESOURCE_STRIDE];
      scopes = new int[4 * SCOPE_STRIDE];
    }
    if (resourceSegments.length + scopeSegments.length > KEEP_GROUP_INTS) {
      resourceSegments = new int[16];
      scopeSegments = new int[16];
    }
  }

  private void resourceSpans(int offset, int end) throws MalformedOtlpException {
    int index = resourceCount++;
    int at = index * RESOURCE_STRIDE;
    if (at + RESOURCE_STRIDE > resources.length) {
      resources = Arrays.copyOf(resources, resources.length * 2);
    }
    int resourceOffset = -1;
    int attributesFrom = attributes.count;
    int attributesTo = attributesFrom;
    int schemaOffset = offset;
    int schemaLength = 0;
    int segmentsFrom = resourceSegmentCount;
    int segmentStart = offset;
    int envelope = 0;
    int p = offset;
    while (p < end) {
      int fieldStart = p;
      p = tag(p, end);
      switch (tag) {
        case Tags.RESOURCE_SPANS_RESOURCE -> {
          p = length(p, end);
          int to = p + len;
          irregular |= resourceOffset >= 0;
          resourceOffset = p;
          attributesFrom = attributes.count;
          resource(p, to);
          attributesTo = attributes.count;
          p = to;
        }
        case Tags.RESOURCE_SPANS_SCOPE_SPANS -> {
          p = length(p, end);
          int to = p + len;
          if (segmentStart < fieldStart) {
            addResourceSegment(segmentStart, fieldStart);
            envelope += fieldStart - segmentStart;
          }
          scopeSpans(index, p, to);
          p = to;
          segmentStart = p;
        }
        case Tags.RESOURCE_SPANS_SCHEMA_URL -> {
          p = string(p, end);
          schemaOffset = p - len;
          schemaLength = len;
        }
        default -> p = unknown(tag, p, end, 1);
      }
    }
    if (segmentStart < end) {
      addResourceSegment(segmentStart, end);
      envelope += end - segmentStart;
    }
    int[] r = resources;
    r[at + R_OFFSET] = offset;
    r[at + R_END] = end;
    r[at + R_RESOURCE_OFFSET] = resourceOffset;
    r[at + R_ATTRIBUTES_FROM] = attributesFrom;
    r[at + R_ATTRIBUTES_TO] = attributesTo;
    r[at + R_SCHEMA_OFFSET] = schemaOffset;
    r[at + R_SCHEMA_LENGTH] = schemaLength;
    r[at + R_SEGMENTS_FROM] = segmentsFrom;
    r[at + R_SEGMENTS_TO] = resourceSegmentCount;
    r[at + R_ENVELOPE_BYTES] = envelope;
  }

  private void addResourceSegment(int from, int to) {
    if (resourceSegmentCount * 2 + 2 > resourceSegments.length) {
      resourceSegments = Arrays.copyOf(resourceSegments, resourceSegments.length * 2);
    }
    resourceSegments[resourceSegmentCount * 2] = from;
    resourceSegments[resourceSegmentCount * 2 + 1] = to;
    resourceSegmentCount++;
  }

  private void addScopeSegment(int from, int to) {
    if (scopeSegmentCount * 2 + 2 > scopeSegments.length) {
      scopeSegments = Arrays.copyOf(scopeSegments, scopeSegments.length * 2);
    }
    scopeSegments[scopeSegmentCount * 2] = from;
    scopeSegments[scopeSegmentCount * 2 + 1] = to;
    scopeSegmentCount++;
  }

  private void resource(int offset, int end) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.RESOURCE_ATTRIBUTES -> {
          p = length(p, end);
          int to = p + len;
          attribute(p, to, 3);
          p = to;
        }
        case Tags.RESOURCE_DROPPED -> p = varint(p, end);
        case Tags.RESOURCE_ENTITY_REFS -> {
          p = length(p, end);
          int to = p + len;
          entityRef(p, to);
          p = to;
        }
        default -> p = unknown(tag, p, end, 2);
      }
    }
  }

  private void entityRef(int offset, int end) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.ENTITY_SCHEMA_URL,
            Tags.ENTITY_TYPE,
            Tags.ENTITY_ID_KEYS,
            Tags.ENTITY_DESCRIPTION_KEYS ->
            p = string(p, end);
        default -> p = unknown(tag, p, end, 3);
      }
    }
  }

  private void scopeSpans(int resourceIndex, int offset, int end) throws MalformedOtlpException {
    int index = scopeCount++;
    int at = index * SCOPE_STRIDE;
    if (at + SCOPE_STRIDE > scopes.length) {
      scopes = Arrays.copyOf(scopes, scopes.length * 2);
    }
    int scopeOffset = -1;
    scopeNameOffset = offset;
    scopeNameLength = 0;
    scopeVersionOffset = offset;
    scopeVersionLength = 0;
    int attributesFrom = attributes.count;
    int attributesTo = attributesFrom;
    int schemaOffset = offset;
    int segmentsFrom = scopeSegmentCount;
    int segmentStart = offset;
    int envelope = 0;
    int p = offset;
    while (p < end) {
      int fieldStart = p;
      p = tag(p, end);
      switch (tag) {
        case Tags.SCOPE_SPANS_SPANS -> {
          p = length(p, end);
          int to = p + len;
          if (segmentStart < fieldStart) {
            addScopeSegment(segmentStart, fieldStart);
            envelope += fieldStart - segmentStart;
          }
          span(index, p, to);
          p = to;
          segmentStart = p;
        }
        case Tags.SCOPE_SPANS_SCOPE -> {
          p = length(p, end);
          int to = p + len;
          irregular |= scopeOffset >= 0;
          scopeOffset = p;
          attributesFrom = attributes.count;
          scope(p, to);
          attributesTo = attributes.count;
          p = to;
        }
        case Tags.SCOPE_SPANS_SCHEMA_URL -> p = string(p, end);
        default -> p = unknown(tag, p, end, 2);
      }
    }
    if (segmentStart < end) {
      addScopeSegment(segmentStart, end);
      envelope += end - segmentStart;
    }
    int[] s = scopes;
    s[at + S_RESOURCE] = resourceIndex;
    s[at + S_OFFSET] = offset;
    s[at + S_END] = end;
    s[at + S_SCOPE_OFFSET] = scopeOffset;
    s[at + S_NAME_OFFSET] = scopeNameOffset;
    s[at + S_NAME_LENGTH] = scopeNameLength;
    s[at + S_VERSION_OFFSET] = scopeVersionOffset;
    s[at + S_VERSION_LENGTH] = scopeVersionLength;
    s[at + S_ATTRIBUTES_FROM] = attributesFrom;
    s[at + S_ATTRIBUTES_TO] = attributesTo;
    s[at + S_SEGMENTS_FROM] = segmentsFrom;
    s[at + S_SEGMENTS_TO] = scopeSegmentCount;
    s[at + S_ENVELOPE_BYTES] = envelope;
    s[at + S_SCHEMA_OFFSET] = schemaOffset;
  }

  private void scope(int offset, int end) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.SCOPE_NAME -> {
          p = string(p, end);
          scopeNameOffset = p - len;
          scopeNameLength = len;
        }
        case Tags.SCOPE_VERSION -> {
          p = string(p, end);
          scopeVersionOffset = p - len;
          scopeVersionLength = len;
        }
        case Tags.SCOPE_ATTRIBUTES -> {
          p = length(p, end);
          int to = p + len;
          attribute(p, to, 4);
          p = to;
        }
        case Tags.SCOPE_DROPPED -> p = varint(p, end);
        default -> p = unknown(tag, p, end, 3);
      }
    }
  }

  private void span(int scopeIndex, int offset, int end) throws MalformedOtlpException {
    int attributesFrom = attributes.count;
    int traceId = offset;
    int traceIdLength = 0;
    int spanId = offset;
    int spanIdLength = 0;
    int parentId = offset;
    int parentIdLength = 0;
    int name = offset;
    int nameLength = 0;
    int traceState = offset;
    int traceStateLength = 0;
    int kind = 0;
    int droppedAttributes = 0;
    int droppedEvents = 0;
    int droppedLinks = 0;
    int flags = 0;
    int marks = 0;
    boolean hasStatus = false;
    statusCode = 0;
    statusMessageOffset = offset;
    statusMessageLength = 0;
    long start = 0;
    long finish = 0;
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.SPAN_ATTRIBUTES -> {
          p = length(p, end);
          int to = p + len;
          attribute(p, to, 4);
          p = to;
        }
        case Tags.SPAN_TRACE_ID -> {
          p = length(p, end);
          traceId = p;
          traceIdLength = len;
          p += len;
        }
        case Tags.SPAN_SPAN_ID -> {
          p = length(p, end);
          spanId = p;
          spanIdLength = len;
          p += len;
        }
        case Tags.SPAN_TRACE_STATE -> {
          p = string(p, end);
          traceState = p - len;
          traceStateLength = len;
        }
        case Tags.SPAN_PARENT_SPAN_ID -> {
          p = length(p, end);
          parentId = p;
          parentIdLength = len;
          p += len;
        }
        case Tags.SPAN_NAME -> {
          p = string(p, end);
          name = p - len;
          nameLength = len;
        }
        case Tags.SPAN_KIND -> {
          p = varint(p, end);
          kind = (int) varint;
        }
        case Tags.SPAN_START -> {
          p = fixed(p, end, 8);
          start = (long) KeyHash.LONG_LE.get(buf, p - 8);
        }
        case Tags.SPAN_END -> {
          p = fixed(p, end, 8);
          finish = (long) KeyHash.LONG_LE.get(buf, p - 8);
        }
        case Tags.SPAN_DROPPED_ATTRIBUTES -> {
          p = varint(p, end);
          droppedAttributes = (int) varint;
        }
        case Tags.SPAN_EVENTS -> {
          p = length(p, end);
          int to = p + len;
          event(p, to);
          marks |= HAS_EVENTS;
          p = to;
        }
        case Tags.SPAN_DROPPED_EVENTS -> {
          p = varint(p, end);
          droppedEvents = (int) varint;
        }
        case Tags.SPAN_LINKS -> {
          p = length(p, end);
          int to = p + len;
          badLink = false;
          link(p, to);
          marks |= badLink ? HAS_LINKS | BAD_LINK_ID : HAS_LINKS;
          p = to;
        }
        case Tags.SPAN_DROPPED_LINKS -> {
          p = varint(p, end);
          droppedLinks = (int) varint;
        }
        case Tags.SPAN_STATUS -> {
          p = length(p, end);
          int to = p + len;
          irregular |= hasStatus;
          hasStatus = true;
          status(p, to);
          p = to;
        }
        case Tags.SPAN_FLAGS -> {
          p = fixed(p, end, 4);
          flags = fixed32(p - 4);
        }
        default -> p = unknown(tag, p, end, 3);
      }
    }
    int index = spanCount++;
    int at = index * SPAN_STRIDE;
    if (at + SPAN_STRIDE > spans.length) {
      spans = Arrays.copyOf(spans, Math.multiplyExact(spans.length, 2));
      times = Arrays.copyOf(times, times.length * 2);
    }
    int[] s = spans;
    s[at + P_OFFSET] = offset;
    s[at + P_END] = end;
    s[at + P_SCOPE] = scopeIndex;
    s[at + P_ATTRIBUTES_FROM] = attributesFrom;
    s[at + P_ATTRIBUTES_TO] = attributes.count;
    s[at + P_TRACE_ID] = traceId;
    s[at + P_TRACE_ID_LENGTH] = traceIdLength;
    s[at + P_SPAN_ID] = spanId;
    s[at + P_SPAN_ID_LENGTH] = spanIdLength;
    s[at + P_PARENT_ID] = parentId;
    s[at + P_PARENT_ID_LENGTH] = parentIdLength;
    s[at + P_NAME] = name;
    s[at + P_NAME_LENGTH] = nameLength;
    s[at + P_TRACE_STATE] = traceState;
    s[at + P_TRACE_STATE_LENGTH] = traceStateLength;
    s[at + P_KIND] = kind;
    s[at + P_STATUS_CODE] = statusCode;
    s[at + P_STATUS_MESSAGE] = statusMessageOffset;
    s[at + P_STATUS_MESSAGE_LENGTH] = statusMessageLength;
    s[at + P_DROPPED_ATTRIBUTES] = droppedAttributes;
    s[at + P_FLAGS] = flags;
    s[at + P_MARKS] = marks;
    s[at + P_DROPPED_EVENTS] = droppedEvents;
    s[at + P_DROPPED_LINKS] = droppedLinks;
    times[index * 2] = start;
    times[index * 2 + 1] = finish;
  }

  private int fixed32(int p) {
    byte[] b = buf;
    return (b[p] & 0xFF) | (b[p + 1] & 0xFF) << 8 | (b[p + 2] & 0xFF) << 16 | b[p + 3] << 24;
  }

  private void event(int offset, int end) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.EVENT_TIME -> p = fixed(p, end, 8);
        case Tags.EVENT_NAME -> p = string(p, end);
        case Tags.EVENT_ATTRIBUTES -> {
          p = length(p, end);
          int to = p + len;
          keyValue(p, to, 5);
          p = to;
        }
        case Tags.EVENT_DROPPED -> p = varint(p, end);
        default -> p = unknown(tag, p, end, 4);
      }
    }
  }

  private void link(int offset, int end) throws MalformedOtlpException {
    int traceIdLength = 0;
    int spanIdLength = 0;
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.LINK_TRACE_ID -> {
          p = length(p, end);
          traceIdLength = len;
          p += len;
        }
        case Tags.LINK_SPAN_ID -> {
          p = length(p, end);
          spanIdLength = len;
          p += len;
        }
        case Tags.LINK_TRACE_STATE -> p = string(p, end);
        case Tags.LINK_ATTRIBUTES -> {
          p = length(p, end);
          int to = p + len;
          keyValue(p, to, 5);
          p = to;
        }
        case Tags.LINK_DROPPED -> p = varint(p, end);
        case Tags.LINK_FLAGS -> p = fixed(p, end, 4);
        default -> p = unknown(tag, p, end, 4);
      }
    }
    badLink =
        (traceIdLength != 0 && traceIdLength != 16) || (spanIdLength != 0 && spanIdLength != 8);
  }

  private void status(int offset, int end) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.STATUS_MESSAGE -> {
          p = string(p, end);
          statusMessageOffset = p - len;
          statusMessageLength = len;
        }
        case Tags.STATUS_CODE -> {
          p = varint(p, end);
          statusCode = (int) varint;
        }
        default -> p = unknown(tag, p, end, 4);
      }
    }
  }

  /** A key-value pair of a resource, scope or span: checked and, if there is a key table, noted. */
  private void attribute(int offset, int end, int depth) throws MalformedOtlpException {
    KeyTable table = keys;
    if (plainPair(offset, end, table)) {
      return;
    }
    if (table == null) {
      anyPair(offset, end, depth);
      return;
    }
    int keyOffset = offset;
    int keyLength = 0;
    long keyHash = 0;
    boolean hasKey = false;
    boolean hasValue = false;
    valueType = AnyValue.EMPTY;
    valueOffset = offset;
    valueLength = 0;
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.KEY_VALUE_KEY -> {
          p = length(p, end);
          keyOffset = p;
          keyLength = len;
          hasKey = true;
          keyHash = hashUtf8(p, p + len);
          p += len;
        }
        case Tags.KEY_VALUE_VALUE -> {
          p = length(p, end);
          int to = p + len;
          irregular |= hasValue;
          hasValue = true;
          anyValue(p, to, depth + 1);
          p = to;
        }
        case Tags.KEY_VALUE_STRINDEX -> p = varint(p, end);
        default -> p = unknown(tag, p, end, depth);
      }
    }
    int slot = table.lookup(buf, keyOffset, keyLength, hasKey ? keyHash : KeyHash.of(buf, 0, 0));
    attributes.add(keyOffset, keyLength, slot, valueType, valueOffset, valueLength);
  }

  /**
   * A pair as every exporter writes it, read straight through: a key, then one text or number, and
   * nothing else. Noted if there is a table. False, and nothing noted, if it is encoded in any
   * other way.
   */
  private boolean plainPair(int offset, int end, @Nullable KeyTable table)
      throws MalformedOtlpException {
    byte[] b = buf;
    if (end - offset < 6 || b[offset] != Tags.KEY_VALUE_KEY) {
      return false;
    }
    int key = offset + 2;
    int keyLength = b[offset + 1];
    int p = key + keyLength;
    if (keyLength < 0 || p > end - 4 || b[p] != Tags.KEY_VALUE_VALUE) {
      return false;
    }
    int length = b[p + 1];
    p += 2;
    if (length < 0) {
      length = (length & 0x7f) | b[p++] << 7;
    }
    // Not so for lengths of three bytes and more, whose second one is below zero.
    if (length != end - p || length < 2) {
      return false;
    }
    int type;
    switch (b[p++]) {
      case Tags.ANY_STRING -> {
        length = b[p++];
        if (length < 0) {
          if (p == end) {
            return false;
          }
          length = (length & 0x7f) | b[p++] << 7;
        }
        if (length != end - p) {
          return false;
        }
        if (Utf8.firstMalformed(b, p, end) >= 0) {
          return false; // The general way tells where.
        }
        type = AnyValue.STRING;
      }
      case Tags.ANY_INT -> {
        if (!endsAt(p, end)) {
          return false;
        }
        type = AnyValue.INT;
      }
      case Tags.ANY_DOUBLE -> {
        if (end - p != 8) {
          return false;
        }
        type = AnyValue.DOUBLE;
      }
      case Tags.ANY_BOOL -> {
        if (!endsAt(p, end)) {
          return false;
        }
        type = AnyValue.BOOL;
      }
      default -> {
        return false;
      }
    }
    long hash = hashUtf8(key, key + keyLength);
    if (table != null) {
      int slot = table.lookup(b, key, keyLength, hash);
      attributes.add(key, keyLength, slot, type, p, end - p);
    }
    return true;
  }

  /** Whether the varint that begins here is the last thing in its message, and of usual length. */
  private boolean endsAt(int p, int end) {
    byte[] b = buf;
    if (end - p >= Wire.MAX_VARINT_BYTES || b[end - 1] < 0) {
      return false;
    }
    for (int i = p; i < end - 1; i++) {
      if (b[i] >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Checks a string and hashes it on the way: the bytes are touched once. */
  private long hashUtf8(int offset, int end) throws MalformedOtlpException {
    byte[] b = buf;
    int length = end - offset;
    long hash = 0;
    long all = 0;
    if (length >= 8) {
      all = (long) KeyHash.LONG_LE.get(b, offset);
      hash = KeyHash.step(length, all);
      for (int i = offset + 8; i < end - 8; i += 8) {
        long word = (long) KeyHash.LONG_LE.get(b, i);
        all |= word;
        hash = KeyHash.step(hash, word);
      }
      long last = (long) KeyHash.LONG_LE.get(b, end - 8);
      all |= last;
      hash = KeyHash.step(hash, last);
    } else if (length > 0) {
      all = KeyHash.tail(b, offset, end);
      hash = KeyHash.step(length, all);
    }
    if (!Utf8.isAscii(all)) {
      checkUtf8Slow(offset, end);
    }
    return KeyHash.finish(hash);
  }

  private void checkUtf8Slow(int offset, int end) throws MalformedOtlpException {
    int bad = Utf8.firstMalformedSlow(buf, offset, end);
    if (bad >= 0) {
      throw bad("a string is not UTF-8", bad);
    }
  }

  private void keyValue(int offset, int end, int depth) throws MalformedOtlpException {
    // The nesting limit is tested by the general way; a plain value is one level below the pair.
    if (depth < NESTING_LIMIT && plainPair(offset, end, null)) {
      return;
    }
    anyPair(offset, end, depth);
  }

  private void anyPair(int offset, int end, int depth) throws MalformedOtlpException {
    boolean hasValue = false;
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.KEY_VALUE_KEY -> p = string(p, end);
        case Tags.KEY_VALUE_VALUE -> {
          p = length(p, end);
          int to = p + len;
          enter(depth, p);
          irregular |= hasValue;
          hasValue = true;
          anyValue(p, to, depth + 1);
          p = to;
        }
        case Tags.KEY_VALUE_STRINDEX -> p = varint(p, end);
        default -> p = unknown(tag, p, end, depth);
      }
    }
  }

  private void anyValue(int offset, int end, int depth) throws MalformedOtlpException {
    int type = AnyValue.EMPTY;
    int at = offset;
    int length = 0;
    boolean hasValue = false;
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      switch (tag) {
        case Tags.ANY_STRING -> {
          p = string(p, end);
          type = AnyValue.STRING;
          length = len;
          at = p - len;
        }
        case Tags.ANY_INT -> {
          at = p;
          p = varint64(p, end);
          type = AnyValue.INT;
          length = p - at;
        }
        case Tags.ANY_DOUBLE -> {
          at = p;
          p = fixed(p, end, 8);
          type = AnyValue.DOUBLE;
          length = 8;
        }
        case Tags.ANY_BOOL -> {
          at = p;
          p = varint64(p, end);
          type = AnyValue.BOOL;
          length = p - at;
        }
        case Tags.ANY_ARRAY -> {
          p = length(p, end);
          int size = len;
          enter(depth, p);
          arrayValue(p, p + size, depth + 1);
          type = AnyValue.ARRAY;
          at = p;
          length = size;
          p += size;
        }
        case Tags.ANY_KVLIST -> {
          p = length(p, end);
          int size = len;
          enter(depth, p);
          kvlist(p, p + size, depth + 1);
          type = AnyValue.KVLIST;
          at = p;
          length = size;
          p += size;
        }
        case Tags.ANY_BYTES -> {
          p = length(p, end);
          type = AnyValue.BYTES;
          at = p;
          length = len;
          p += len;
        }
        case Tags.ANY_STRINDEX -> {
          p = varint(p, end);
          type = AnyValue.EMPTY;
          length = 0;
        }
        default -> {
          p = unknown(tag, p, end, depth);
          continue;
        }
      }
      irregular |= hasValue;
      hasValue = true;
    }
    valueType = type;
    valueOffset = at;
    valueLength = length;
  }

  private void arrayValue(int offset, int end, int depth) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      if (tag == Tags.ARRAY_VALUES) {
        p = length(p, end);
        int to = p + len;
        enter(depth, p);
        anyValue(p, to, depth + 1);
        p = to;
      } else {
        p = unknown(tag, p, end, depth);
      }
    }
  }

  private void kvlist(int offset, int end, int depth) throws MalformedOtlpException {
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      if (tag == Tags.KVLIST_VALUES) {
        p = length(p, end);
        int to = p + len;
        enter(depth, p);
        keyValue(p, to, depth + 1);
        p = to;
      } else {
        p = unknown(tag, p, end, depth);
      }
    }
  }

  private static void enter(int depth, int p) throws MalformedOtlpException {
    if (depth >= NESTING_LIMIT) {
      throw bad("messages nested more than " + NESTING_LIMIT + " deep", p);
    }
  }

  // Reading. Each method takes a position and returns the one after what it read.

  private int tag(int p, int end) throws MalformedOtlpException {
    int b = buf[p];
    if (b >= 0) {
      tag = b;
      return p + 1;
    }
    int next = varint(p, end);
    tag = (int) varint;
    return next;
  }

  private int length(int p, int end) throws MalformedOtlpException {
    if (p < end) {
      int b = buf[p];
      if (b >= 0 && b <= end - p - 1) {
        len = b;
        return p + 1;
      }
      if (b < 0 && p + 1 < end && buf[p + 1] >= 0) {
        int two = (b & 0x7f) | buf[p + 1] << 7;
        if (two <= end - p - 2) {
          len = two;
          return p + 2;
        }
      }
    }
    int next = varint(p, end);
    int size = (int) varint;
    if (size < 0) {
      throw bad("negative length", p);
    }
    if (size > end - next) {
      throw bad(
          "length " + size + " runs past the end of its message by " + (size - (end - next)), p);
    }
    len = size;
    return next;
  }

  private int string(int p, int end) throws MalformedOtlpException {
    int from = length(p, end);
    int to = from + len;
    int bad = Utf8.firstMalformed(buf, from, to);
    if (bad >= 0) {
      throw bad("a string is not UTF-8", bad);
    }
    return to;
  }

  private static int fixed(int p, int end, int size) throws MalformedOtlpException {
    if (end - p < size) {
      throw bad("truncated: " + size + " bytes wanted, " + (end - p) + " left", p);
    }
    return p + size;
  }

  private int varint(int p, int end) throws MalformedOtlpException {
    byte[] b = buf;
    long result = 0;
    int i = p;
    for (int shift = 0; shift < 64; shift += 7) {
      if (i >= end) {
        throw bad("truncated in a varint", p);
      }
      byte next = b[i++];
      result |= (next & 0x7FL) << shift;
      if (next >= 0) {
        varint = result;
        return i;
      }
    }
    throw bad("a varint is longer than 10 bytes", p);
  }

  /**
   * A varint of a 64-bit field. protobuf-java looks at the lowest bit of a tenth byte only: odd, it
   * ends the number even if it says that more follows. No other parser reads such a number alike,
   * so it counts as irregular.
   */
  private int varint64(int p, int end) throws MalformedOtlpException {
    if (p < end && buf[p] >= 0) {
      varint = buf[p];
      return p + 1;
    }
    if (Wire.endsOdd(buf, p, end)) {
      irregular = true;
      return p + Wire.MAX_VARINT_BYTES;
    }
    return varint(p, end);
  }

  /** Skips a field nobody knows; {@code depth} is that of the message it stands in. */
  private int unknown(int fieldTag, int p, int end, int depth) throws MalformedOtlpException {
    if (fieldTag >>> 3 == 0) {
      throw bad("field number 0", p);
    }
    return switch (fieldTag & 7) {
      case Tags.VARINT -> varint64(p, end);
      case Tags.FIXED64 -> fixed(p, end, 8);
      case Tags.BYTES -> {
        int from = length(p, end);
        yield from + len;
      }
      case Tags.START_GROUP -> group(fieldTag >>> 3, p, end, depth);
      case Tags.END_GROUP -> throw bad("end of a group that was not begun", p);
      case Tags.FIXED32 -> fixed(p, end, 4);
      default -> throw bad("unknown wire type " + (fieldTag & 7), p);
    };
  }

  private int group(int number, int offset, int end, int depth) throws MalformedOtlpException {
    enter(depth, offset);
    int p = offset;
    while (p < end) {
      p = tag(p, end);
      if ((tag & 7) == Tags.END_GROUP) {
        if (tag >>> 3 != number) {
          throw bad("a group ends with another field's number", p);
        }
        return p;
      }
      p = unknown(tag, p, end, depth + 1);
    }
    throw bad("truncated in a group", offset);
  }

  private static MalformedOtlpException bad(String what, int at) {
    return MalformedOtlpException.at(at, what);
  }
}
