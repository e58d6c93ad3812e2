/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

/**
 * Walks the links of the current span in the order sent. Call {@link #next} first; not thread-safe.
 */
public final class LinkCursor {
  private final StringPool pool;
  private final AttributeIndexer indexer;
  private final AttributeIndex index = new AttributeIndex();
  private final AttributeView attributes;
  private final FieldCursor span = new FieldCursor();
  private final FieldCursor link = new FieldCursor();
  private byte[] buf = new byte[0];
  private int traceIdFrom;
  private int traceIdTo;
  private int spanIdFrom;
  private int spanIdTo;
  private int stateFrom;
  private int stateTo;
  private int droppedAttributes;
  private long flags;
  private boolean bound;

  LinkCursor(KeyTable keys, StringPool pool) {
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
      if (span.tag == Tags.SPAN_LINKS) {
        read(span.from, span.to);
        return true;
      }
    }
    return false;
  }

  private void read(int from, int to) {
    traceIdFrom = traceIdTo = from;
    spanIdFrom = spanIdTo = from;
    stateFrom = stateTo = from;
    droppedAttributes = 0;
    flags = 0;
    bound = false;
    index.clear();
    link.over(buf, from, to);
    while (link.next()) {
      switch (link.tag) {
        case Tags.LINK_TRACE_ID -> {
          traceIdFrom = link.from;
          traceIdTo = link.to;
        }
        case Tags.LINK_SPAN_ID -> {
          spanIdFrom = link.from;
          spanIdTo = link.to;
        }
        case Tags.LINK_TRACE_STATE -> {
          stateFrom = link.from;
          stateTo = link.to;
        }
        case Tags.LINK_ATTRIBUTES -> indexer.add(index, buf, link.from, link.to);
        case Tags.LINK_DROPPED -> droppedAttributes = (int) link.value;
        case Tags.LINK_FLAGS -> flags = link.value;
        default -> {
          // Fields of later protocol versions.
        }
      }
    }
  }

  public int traceIdLength() {
    return traceIdTo - traceIdFrom;
  }

  /** 0 if the id is not 16 bytes long. */
  public long traceIdHi() {
    return traceIdLength() == 16 ? Wire.bigEndian(buf, traceIdFrom) : 0;
  }

  /** 0 if the id is not 16 bytes long. */
  public long traceIdLo() {
    return traceIdLength() == 16 ? Wire.bigEndian(buf, traceIdFrom + 8) : 0;
  }

  public int spanIdLength() {
    return spanIdTo - spanIdFrom;
  }

  /** 0 if the id is not 8 bytes long. */
  public long spanId() {
    return spanIdLength() == 8 ? Wire.bigEndian(buf, spanIdFrom) : 0;
  }

  public String traceState() {
    return pool.get(buf, stateFrom, stateTo - stateFrom);
  }

  /** Trace flags and the bits above them, as sent. */
  public int flags() {
    return (int) flags;
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
