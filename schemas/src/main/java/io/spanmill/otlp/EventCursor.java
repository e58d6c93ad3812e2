/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.util.Arrays;

/**
 * Walks the events of the current span in the order sent. Call {@link #next} first; not
 * thread-safe.
 */
public final class EventCursor {
  private final StringPool pool;
  private final AttributeIndexer indexer;
  private final AttributeIndex index = new AttributeIndex();
  private final AttributeView attributes;
  private final FieldCursor span = new FieldCursor();
  private final FieldCursor event = new FieldCursor();
  private byte[] buf = new byte[0];
  private long timeEpochNanos;
  private int nameFrom;
  private int nameTo;
  private int droppedAttributes;
  private boolean bound;

  EventCursor(KeyTable keys, StringPool pool) {
    this.pool = pool;
    indexer = new AttributeIndexer(keys);
    attributes = new AttributeView(keys, pool);
  }

  void over(byte[] bytes, int spanOffset, int spanEnd) {
    buf = bytes;
    span.over(bytes, spanOffset, spanEnd);
  }

  /**
   * Moves on; false at the end.
   *
   * @throws MalformedOtlpException never in a request whose spans were reached: it was checked
   *     whole
   */
  public boolean next() throws MalformedOtlpException {
    while (span.next()) {
      if (span.tag == Tags.SPAN_EVENTS) {
        read(span.from, span.to);
        return true;
      }
    }
    return false;
  }

  private void read(int from, int to) {
    timeEpochNanos = 0;
    nameFrom = from;
    nameTo = from;
    droppedAttributes = 0;
    bound = false;
    index.clear();
    event.over(buf, from, to);
    while (event.next()) {
      switch (event.tag) {
        case Tags.EVENT_TIME -> timeEpochNanos = event.value;
        case Tags.EVENT_NAME -> {
          nameFrom = event.from;
          nameTo = event.to;
        }
        case Tags.EVENT_ATTRIBUTES -> indexer.add(index, buf, event.from, event.to);
        case Tags.EVENT_DROPPED -> droppedAttributes = (int) event.value;
        default -> {
          // Fields of later protocol versions.
        }
      }
    }
  }

  public String name() {
    return pool.get(buf, nameFrom, nameTo - nameFrom);
  }

  public boolean nameEquals(byte[] ascii) {
    return Arrays.equals(buf, nameFrom, nameTo, ascii, 0, ascii.length);
  }

  /** Epoch nanoseconds, unsigned; 0 if not given. */
  public long timeEpochNanos() {
    return timeEpochNanos;
  }

  /** Unsigned. */
  public int droppedAttributesCount() {
    return droppedAttributes;
  }

  public AttributeView attributes() {
    if (!bound) {
      attributes.bind(buf, index, 0, index.count);
      bound = true;
    }
    return attributes;
  }
}
