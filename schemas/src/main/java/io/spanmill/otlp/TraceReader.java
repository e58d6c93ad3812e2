/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads the spans of an {@code ExportTraceServiceRequest} without building messages.
 *
 * <pre>{@code
 * reader.reset(bytes, 0, bytes.length);
 * while (reader.next()) {
 *   String model = reader.attributes().string(MODEL);
 * }
 * }</pre>
 *
 * <p>The first {@link #next} checks all of the request, so a malformed one is refused before any of
 * its spans is seen and nothing after it can fail. What is accepted and what is read agree with
 * protobuf-java for every input.
 *
 * <p>Several requests one after another are one request: they read as the sum of their spans.
 *
 * <p>Reused from record to record, and then allocates only the strings it is asked for. Views and
 * cursors are the reader's own: valid until the next {@link #next} or {@link #reset}. Not
 * thread-safe. The array must not be changed while it is read.
 */
public final class TraceReader {
  private final RequestScanner scanner;
  private final StringPool pool = new StringPool();
  private final AttributeView attributes;
  private final AttributeView resource;
  private final AttributeView scope;
  private final EventCursor events;
  private final LinkCursor links;

  private byte[] input = new byte[0];
  private int inputOffset;
  private int inputLength;
  private boolean scanned;

  // Copies of the scanner's references, so that accessors need one load less.
  private byte[] buf = new byte[0];
  private int[] spans = new int[0];

  private int span;
  private int at;
  private boolean attributesBound;
  private int boundResource;
  private int boundScope;

  /** A reader that finds these keys by slot. */
  public TraceReader(KeyTable keys) {
    scanner = new RequestScanner(keys);
    attributes = new AttributeView(keys, pool);
    resource = new AttributeView(keys, pool);
    scope = new AttributeView(keys, pool);
    events = new EventCursor(keys, pool);
    links = new LinkCursor(keys, pool);
  }

  /** Checks a request as deeply as protobuf-java's parser, which accepts and rejects the same. */
  public static void validate(byte[] buf, int offset, int length) throws MalformedOtlpException {
    new RequestScanner(null).scan(buf, offset, length);
  }

  /** Starts on another request; nothing is read yet. */
  public void reset(byte[] bytes, int offset, int length) {
    input = bytes;
    inputOffset = offset;
    inputLength = length;
    scanned = false;
    span = -1;
    boundResource = -1;
    boundScope = -1;
  }

  /**
   * Moves to the next span; false after the last.
   *
   * @throws MalformedOtlpException on the first call only, if the bytes are no export request
   */
  public boolean next() throws MalformedOtlpException {
    if (!scanned) {
      scan();
      scanned = true;
    }
    if (span + 1 >= scanner.spanCount) {
      return false;
    }
    span++;
    at = span * RequestScanner.SPAN_STRIDE;
    attributesBound = false;
    return true;
  }

  private void scan() throws MalformedOtlpException {
    scanner.scan(input, inputOffset, inputLength);
    if (scanner.irregular) {
      byte[] merged = merged();
      scanner.scan(merged, 0, merged.length);
    }
    buf = scanner.buf;
    spans = scanner.spans;
  }

  /**
   * The request as protobuf-java writes it, with every message in one piece. Messages sent in
   * several pieces are legal, but no exporter sends them: they may cost a full parse.
   */
  private byte[] merged() {
    try {
      return ExportTraceServiceRequest.parseFrom(ByteBuffer.wrap(input, inputOffset, inputLength))
          .toByteArray();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the checked bytes do not parse", e);
    }
  }

  /** The number of spans in the request; known after the first {@link #next}. */
  public int spanCount() {
    return scanner.spanCount;
  }

  /** Upper eight bytes, big-endian; 0 if the id is not 16 bytes long. */
  public long traceIdHi() {
    return traceIdLength() == 16 ? Wire.bigEndian(buf, spans[at + RequestScanner.P_TRACE_ID]) : 0;
  }

  /** Lower eight bytes, big-endian; 0 if the id is not 16 bytes long. */
  public long traceIdLo() {
    return traceIdLength() == 16
        ? Wire.bigEndian(buf, spans[at + RequestScanner.P_TRACE_ID] + 8)
        : 0;
  }

  public int traceIdLength() {
    return spans[at + RequestScanner.P_TRACE_ID_LENGTH];
  }

  /** Big-endian; 0 if the id is not 8 bytes long. */
  public long spanId() {
    return spanIdLength() == 8 ? Wire.bigEndian(buf, spans[at + RequestScanner.P_SPAN_ID]) : 0;
  }

  public int spanIdLength() {
    return spans[at + RequestScanner.P_SPAN_ID_LENGTH];
  }

  /** Big-endian; 0 for a root span, or if the id is not 8 bytes long. */
  public long parentSpanId() {
    return spans[at + RequestScanner.P_PARENT_ID_LENGTH] == 8
        ? Wire.bigEndian(buf, spans[at + RequestScanner.P_PARENT_ID])
        : 0;
  }

  public int parentSpanIdLength() {
    return spans[at + RequestScanner.P_PARENT_ID_LENGTH];
  }

  /** Epoch nanoseconds, unsigned; 0 if not given. */
  public long startEpochNanos() {
    return scanner.times[span * 2];
  }

  /** Epoch nanoseconds, unsigned; 0 if not given. May lie before the start. */
  public long endEpochNanos() {
    return scanner.times[span * 2 + 1];
  }

  /**
   * The protocol's number: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer,
   * or a later one.
   */
  public int kind() {
    return spans[at + RequestScanner.P_KIND];
  }

  /** 0 unset, 1 ok, 2 error, or a later number. */
  public int statusCode() {
    return spans[at + RequestScanner.P_STATUS_CODE];
  }

  /** "" if there is none. */
  public String statusMessage() {
    return string(RequestScanner.P_STATUS_MESSAGE);
  }

  public String name() {
    return string(RequestScanner.P_NAME);
  }

  public boolean nameEquals(byte[] ascii) {
    int offset = spans[at + RequestScanner.P_NAME];
    int length = spans[at + RequestScanner.P_NAME_LENGTH];
    return Arrays.equals(buf, offset, offset + length, ascii, 0, ascii.length);
  }

  public boolean nameStartsWith(byte[] ascii) {
    int offset = spans[at + RequestScanner.P_NAME];
    int length = spans[at + RequestScanner.P_NAME_LENGTH];
    return length >= ascii.length
        && Arrays.equals(buf, offset, offset + ascii.length, ascii, 0, ascii.length);
  }

  /** "" if there is none. */
  public String traceState() {
    return string(RequestScanner.P_TRACE_STATE);
  }

  /** Trace flags and the bits above them, as sent. */
  public int flags() {
    return spans[at + RequestScanner.P_FLAGS];
  }

  /** Unsigned. */
  public int droppedAttributesCount() {
    return spans[at + RequestScanner.P_DROPPED_ATTRIBUTES];
  }

  /** Unsigned. */
  public int droppedEventsCount() {
    return spans[at + RequestScanner.P_DROPPED_EVENTS];
  }

  /** Unsigned. */
  public int droppedLinksCount() {
    return spans[at + RequestScanner.P_DROPPED_LINKS];
  }

  /** "" if the scope has no name or there is no scope. */
  public String scopeName() {
    int s = scopeBase();
    int[] scopes = scanner.scopes;
    return pool.get(
        buf, scopes[s + RequestScanner.S_NAME_OFFSET], scopes[s + RequestScanner.S_NAME_LENGTH]);
  }

  public boolean scopeNameEquals(byte[] ascii) {
    int s = scopeBase();
    int offset = scanner.scopes[s + RequestScanner.S_NAME_OFFSET];
    int length = scanner.scopes[s + RequestScanner.S_NAME_LENGTH];
    return Arrays.equals(buf, offset, offset + length, ascii, 0, ascii.length);
  }

  /** "" if the scope has no version or there is no scope. */
  public String scopeVersion() {
    int s = scopeBase();
    int[] scopes = scanner.scopes;
    return pool.get(
        buf,
        scopes[s + RequestScanner.S_VERSION_OFFSET],
        scopes[s + RequestScanner.S_VERSION_LENGTH]);
  }

  /** The span's own attributes. */
  public AttributeView attributes() {
    if (!attributesBound) {
      attributes.bind(
          buf,
          scanner.attributes,
          spans[at + RequestScanner.P_ATTRIBUTES_FROM],
          spans[at + RequestScanner.P_ATTRIBUTES_TO]);
      attributesBound = true;
    }
    return attributes;
  }

  /** The resource's attributes, the same for all spans of the group. */
  public AttributeView resource() {
    int group = resourceIndex();
    if (boundResource != group) {
      int r = group * RequestScanner.RESOURCE_STRIDE;
      int[] resources = scanner.resources;
      resource.bind(
          buf,
          scanner.attributes,
          resources[r + RequestScanner.R_ATTRIBUTES_FROM],
          resources[r + RequestScanner.R_ATTRIBUTES_TO]);
      boundResource = group;
    }
    return resource;
  }

  /** The instrumentation scope's attributes, the same for all spans of the group. */
  public AttributeView scope() {
    int group = scopeIndex();
    if (boundScope != group) {
      int s = group * RequestScanner.SCOPE_STRIDE;
      int[] scopes = scanner.scopes;
      scope.bind(
          buf,
          scanner.attributes,
          scopes[s + RequestScanner.S_ATTRIBUTES_FROM],
          scopes[s + RequestScanner.S_ATTRIBUTES_TO]);
      boundScope = group;
    }
    return scope;
  }

  /** Number of the current resource group, from 0: changes when {@link #resource} does. */
  public int resourceIndex() {
    return scanner.scopes[scopeBase() + RequestScanner.S_RESOURCE];
  }

  /** Number of the current scope group, from 0: changes when {@link #scope} does. */
  public int scopeIndex() {
    return spans[at + RequestScanner.P_SCOPE];
  }

  /** The span's events, from the first. */
  public EventCursor events() {
    boolean any = (spans[at + RequestScanner.P_MARKS] & RequestScanner.HAS_EVENTS) != 0;
    int end = spans[at + RequestScanner.P_END];
    events.over(buf, any ? spans[at + RequestScanner.P_OFFSET] : end, end);
    return events;
  }

  /** The span's links, from the first. */
  public LinkCursor links() {
    boolean any = (spans[at + RequestScanner.P_MARKS] & RequestScanner.HAS_LINKS) != 0;
    int end = spans[at + RequestScanner.P_END];
    links.over(buf, any ? spans[at + RequestScanner.P_OFFSET] : end, end);
    return links;
  }

  /**
   * The array that {@link #spanOffset} points into: the one given to {@link #reset}, or a rewritten
   * copy if that held messages in several pieces.
   */
  public byte[] buffer() {
    return buf;
  }

  /** Where the encoded span starts in {@link #buffer}. */
  public int spanOffset() {
    return spans[at + RequestScanner.P_OFFSET];
  }

  /** Length of the encoded span in bytes. */
  public int spanLength() {
    return spans[at + RequestScanner.P_END] - spans[at + RequestScanner.P_OFFSET];
  }

  private String string(int field) {
    return pool.get(buf, spans[at + field], spans[at + field + 1]);
  }

  private int scopeBase() {
    return spans[at + RequestScanner.P_SCOPE] * RequestScanner.SCOPE_STRIDE;
  }
}
