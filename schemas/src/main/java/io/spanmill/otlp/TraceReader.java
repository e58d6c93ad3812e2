/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks the spans of an ExportTraceServiceRequest without decoding what nobody asks for. Reused
 * over requests and spans; allocates only the strings that are asked for; not thread-safe.
 *
 * <p>Field numbers are those of opentelemetry-proto 1.11; tests hold them against the generated
 * classes.
 */
public final class TraceReader {
  private final AttributeView resource;
  private final AttributeView scope;
  private final AttributeView attributes;
  private final EventCursor events;
  private final LinkCursor links;

  private byte[] buf = new byte[0];
  private int end;

  // Position of the next ResourceSpans, ScopeSpans and Span.
  private int pos;
  private int groupPos;
  private int groupEnd;
  private int spanPos;
  private int spansEnd;

  private int scopeNameAt;
  private int scopeNameEnd;
  private int scopeVersionAt;
  private int scopeVersionEnd;

  // The current span.
  private int spanStart;
  private int spanEnd;
  private int traceIdAt;
  private int traceIdLength;
  private int spanIdAt;
  private int spanIdLength;
  private int parentAt;
  private int parentLength;
  private int nameAt;
  private int nameEnd;
  private int stateAt;
  private int stateEnd;
  private int messageAt;
  private int messageEnd;
  private long startNanos;
  private long endNanos;
  private int kind;
  private int statusCode;
  private int flags;
  private int droppedAttributes;

  public TraceReader(KeyTable keys) {
    resource = new AttributeView(keys);
    scope = new AttributeView(keys);
    attributes = new AttributeView(keys);
    events = new EventCursor(keys);
    links = new LinkCursor(keys);
  }

  /** Starts on a request; its bytes must not change until the next one. */
  public void reset(byte[] buffer, int offset, int length) {
    buf = buffer;
    pos = offset;
    end = offset + length;
    groupPos = groupEnd = spanPos = spansEnd = 0;
  }

  /**
   * Moves to the next span.
   *
   * @return false at the end
   * @throws MalformedOtlpException if the bytes end early or make no sense
   */
  public boolean next() throws MalformedOtlpException {
    while (true) {
      if (nextSpan()) {
        return true;
      }
      if (!nextScope() && !nextResource()) {
        return false;
      }
    }
  }

  /** Reads the one span in this range, for callers that walk the messages around it themselves. */
  void readSpanAt(byte[] buffer, int from, int to) throws MalformedOtlpException {
    buf = buffer;
    spanStart = from;
    spanEnd = to;
    readSpan();
  }

  private boolean nextSpan() throws MalformedOtlpException {
    while (spanPos < spansEnd) {
      int n = Wire.varintLength(buf, spanPos, spansEnd);
      int tag = Wire.tag(buf, spanPos, n);
      int value = spanPos + n;
      spanPos = Wire.skip(buf, value, spansEnd, tag, 0);
      if (tag == (2 << 3 | Wire.LEN)) {
        spanStart = value + Wire.varintLength(buf, value, spanPos);
        spanEnd = spanPos;
        readSpan();
        return true;
      }
    }
    return false;
  }

  /**
   * Moves to the next ScopeSpans; its scope may stand behind its spans, so it is looked for first.
   */
  private boolean nextScope() throws MalformedOtlpException {
    while (groupPos < groupEnd) {
      int n = Wire.varintLength(buf, groupPos, groupEnd);
      int tag = Wire.tag(buf, groupPos, n);
      int value = groupPos + n;
      groupPos = Wire.skip(buf, value, groupEnd, tag, 0);
      if (tag == (2 << 3 | Wire.LEN)) {
        spanPos = value + Wire.varintLength(buf, value, groupPos);
        spansEnd = groupPos;
        readScope();
        return true;
      }
    }
    return false;
  }

  private boolean nextResource() throws MalformedOtlpException {
    while (pos < end) {
      int n = Wire.varintLength(buf, pos, end);
      int tag = Wire.tag(buf, pos, n);
      int value = pos + n;
      pos = Wire.skip(buf, value, end, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        groupPos = value + Wire.varintLength(buf, value, pos);
        groupEnd = pos;
        collect(resource, groupPos, groupEnd);
        return true;
      }
    }
    return false;
  }

  /** Gathers the message in field 1 (resource or scope), which may come in several pieces. */
  private void collect(AttributeView view, int from, int to) throws MalformedOtlpException {
    view.reset(buf, view == scope ? 3 : 1);
    for (int p = from; p < to; ) {
      int n = Wire.varintLength(buf, p, to);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, to, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        int start = value + Wire.varintLength(buf, value, p);
        view.addRange(start, p);
        if (view == scope) {
          readScopeNames(start, p);
        }
      }
    }
  }

  private void readScope() throws MalformedOtlpException {
    scopeNameAt = scopeNameEnd = scopeVersionAt = scopeVersionEnd = 0;
    collect(scope, spanPos, spansEnd);
  }

  private void readScopeNames(int from, int to) throws MalformedOtlpException {
    for (int p = from; p < to; ) {
      int n = Wire.varintLength(buf, p, to);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, to, tag, 0);
      if (tag == (1 << 3 | Wire.LEN)) {
        scopeNameAt = value + Wire.varintLength(buf, value, p);
        scopeNameEnd = p;
      } else if (tag == (2 << 3 | Wire.LEN)) {
        scopeVersionAt = value + Wire.varintLength(buf, value, p);
        scopeVersionEnd = p;
      }
    }
  }

  private void readSpan() throws MalformedOtlpException {
    traceIdLength = spanIdLength = parentLength = 0;
    nameAt = nameEnd = stateAt = stateEnd = messageAt = messageEnd = 0;
    startNanos = endNanos = 0;
    kind = statusCode = flags = droppedAttributes = 0;
    attributes.reset(buf, 9);
    attributes.addRange(spanStart, spanEnd);
    for (int p = spanStart; p < spanEnd; ) {
      int n = Wire.varintLength(buf, p, spanEnd);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, spanEnd, tag, 0);
      int content = (tag & 7) == Wire.LEN ? value + Wire.varintLength(buf, value, p) : value;
      switch (tag) {
        case 1 << 3 | Wire.LEN -> {
          traceIdAt = content;
          traceIdLength = p - content;
        }
        case 2 << 3 | Wire.LEN -> {
          spanIdAt = content;
          spanIdLength = p - content;
        }
        case 3 << 3 | Wire.LEN -> {
          stateAt = content;
          stateEnd = p;
        }
        case 4 << 3 | Wire.LEN -> {
          parentAt = content;
          parentLength = p - content;
        }
        case 5 << 3 | Wire.LEN -> {
          nameAt = content;
          nameEnd = p;
        }
        case 6 << 3 | Wire.VARINT -> kind = (int) Wire.varint(buf, value);
        case 7 << 3 | Wire.FIXED64 -> startNanos = Wire.fixed64(buf, value);
        case 8 << 3 | Wire.FIXED64 -> endNanos = Wire.fixed64(buf, value);
        case 10 << 3 | Wire.VARINT -> droppedAttributes = (int) Wire.varint(buf, value);
        case 15 << 3 | Wire.LEN -> readStatus(content, p);
        case 16 << 3 | Wire.FIXED32 -> flags = Wire.fixed32(buf, value);
        default -> {}
      }
    }
  }

  private void readStatus(int from, int to) throws MalformedOtlpException {
    for (int p = from; p < to; ) {
      int n = Wire.varintLength(buf, p, to);
      int tag = Wire.tag(buf, p, n);
      int value = p + n;
      p = Wire.skip(buf, value, to, tag, 0);
      if (tag == (2 << 3 | Wire.LEN)) {
        messageAt = value + Wire.varintLength(buf, value, p);
        messageEnd = p;
      } else if (tag == (3 << 3 | Wire.VARINT)) {
        statusCode = (int) Wire.varint(buf, value);
      }
    }
  }

  /** Number of bytes in the trace id; anything but 16 makes the span invalid. */
  public int traceIdLength() {
    return traceIdLength;
  }

  /** Number of bytes in the span id; anything but 8 makes the span invalid. */
  public int spanIdLength() {
    return spanIdLength;
  }

  /** First half of the trace id, big-endian; 0 if its length is wrong. */
  public long traceIdHi() {
    return traceIdLength == 16 ? bigEndian(traceIdAt) : 0;
  }

  public long traceIdLo() {
    return traceIdLength == 16 ? bigEndian(traceIdAt + 8) : 0;
  }

  public long spanId() {
    return spanIdLength == 8 ? bigEndian(spanIdAt) : 0;
  }

  /** 0 at a root. */
  public long parentSpanId() {
    return parentLength == 8 ? bigEndian(parentAt) : 0;
  }

  public long startEpochNanos() {
    return startNanos;
  }

  public long endEpochNanos() {
    return endNanos;
  }

  public int kind() {
    return kind;
  }

  /** 0 unset, 1 ok, 2 error. */
  public int statusCode() {
    return statusCode;
  }

  public String statusMessage() {
    return text(messageAt, messageEnd);
  }

  public String name() {
    return text(nameAt, nameEnd);
  }

  public boolean nameEquals(byte[] ascii) {
    return Arrays.equals(buf, nameAt, nameEnd, ascii, 0, ascii.length);
  }

  public boolean nameStartsWith(byte[] ascii) {
    return nameEnd - nameAt >= ascii.length
        && Arrays.equals(buf, nameAt, nameAt + ascii.length, ascii, 0, ascii.length);
  }

  public String scopeName() {
    return text(scopeNameAt, scopeNameEnd);
  }

  public boolean scopeNameEquals(byte[] ascii) {
    return Arrays.equals(buf, scopeNameAt, scopeNameEnd, ascii, 0, ascii.length);
  }

  public String scopeVersion() {
    return text(scopeVersionAt, scopeVersionEnd);
  }

  /** Trace flags and the bits above them, as sent. */
  public int flags() {
    return flags;
  }

  public String traceState() {
    return text(stateAt, stateEnd);
  }

  public int droppedAttributesCount() {
    return droppedAttributes;
  }

  /** Where the current span's message begins. */
  public int spanOffset() {
    return spanStart;
  }

  public int spanLength() {
    return spanEnd - spanStart;
  }

  public AttributeView attributes() {
    return attributes;
  }

  public AttributeView resource() {
    return resource;
  }

  public AttributeView scope() {
    return scope;
  }

  /** The span's events from the first on. */
  public EventCursor events() {
    events.reset(buf, spanStart, spanEnd);
    return events;
  }

  /** The span's links from the first on. */
  public LinkCursor links() {
    links.reset(buf, spanStart, spanEnd);
    return links;
  }

  private String text(int from, int to) {
    return from == to ? "" : new String(buf, from, to - from, StandardCharsets.UTF_8);
  }

  private long bigEndian(int at) {
    return Long.reverseBytes(Wire.fixed64(buf, at));
  }
}
