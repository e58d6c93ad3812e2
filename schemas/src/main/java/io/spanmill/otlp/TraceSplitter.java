/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import io.spanmill.otlp.SplitResult.Chunk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Splits an ExportTraceServiceRequest by trace into requests of one partition each, byte by byte:
 * spans are moved whole, resource and scope are repeated around them, nothing is decoded. Two
 * requests laid end to end are one valid request, so chunks of several requests may be joined.
 *
 * <p>Accepts exactly what protobuf-java accepts. Thread-safe.
 */
public final class TraceSplitter {
  private static final int RESOURCE_SPANS = 1 << 3 | Wire.LEN;
  private static final int SCOPE_SPANS = 2 << 3 | Wire.LEN;
  private static final int SPAN = 2 << 3 | Wire.LEN;

  /** Counts the spans of a request, valid ids or not. */
  public int countSpans(byte[] body, int offset, int length) throws MalformedOtlpException {
    TraceReader reader = new TraceReader(KeyTable.of());
    reader.reset(body, offset, length);
    int spans = 0;
    while (reader.next()) {
      spans++;
    }
    return spans;
  }

  /**
   * Splits.
   *
   * @throws MalformedOtlpException if the bytes are no request; then nothing of it is taken
   */
  public SplitResult split(byte[] body, int offset, int length, int partitions, SplitLimits limits)
      throws MalformedOtlpException {
    TraceValidator.validate(body, offset, length);
    SplitResult whole = wholeIfPossible(body, offset, length, partitions, limits);
    return whole != null ? whole : new Split(body, offset, length, partitions, limits).run();
  }

  /** The request as it is, if all of it goes to one partition untouched; else null. */
  private static @Nullable SplitResult wholeIfPossible(
      byte[] body, int offset, int length, int partitions, SplitLimits limits)
      throws MalformedOtlpException {
    if (length > limits.maxRecordBytes()) {
      return null;
    }
    TraceReader reader = new TraceReader(KeyTable.of());
    reader.reset(body, offset, length);
    int partition = -1;
    int spans = 0;
    while (reader.next()) {
      spans++;
      if (problemOfIds(reader) != null || reader.spanLength() > limits.maxSpanBytes()) {
        return null;
      }
      int p = TracePartitioner.partition(reader.traceIdHi(), reader.traceIdLo(), partitions);
      if (partition >= 0 && p != partition) {
        return null;
      }
      partition = p;
    }
    if (spans == 0) {
      return new SplitResult(List.of(), 0, 0, "", 0);
    }
    byte[] value =
        offset == 0 && length == body.length
            ? body
            : java.util.Arrays.copyOfRange(body, offset, offset + length);
    return new SplitResult(List.of(new Chunk(partition, value, spans)), spans, 0, "", 0);
  }

  private static @Nullable String problemOfIds(TraceReader span) {
    if (span.traceIdLength() != 16) {
      return "trace id of " + span.traceIdLength() + " bytes, 16 needed";
    }
    if (span.spanIdLength() != 8) {
      return "span id of " + span.spanIdLength() + " bytes, 8 needed";
    }
    if (span.traceIdHi() == 0 && span.traceIdLo() == 0) {
      return "trace id of zeros";
    }
    return span.spanId() == 0 ? "span id of zeros" : null;
  }

  /** The work on one request. */
  private static final class Split {
    private final byte[] b;
    private final int offset;
    private final int end;
    private final int partitions;
    private final SplitLimits limits;
    private final TraceReader reader = new TraceReader(KeyTable.of());
    private final Map<Integer, Target> targets = new TreeMap<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private final Map<String, Integer> rejections = new TreeMap<>();
    private final Bytes resource = new Bytes();
    private final Bytes scope = new Bytes();
    private int resourceNumber;
    private int scopeNumber;
    private int spans;
    private int rejected;
    private int cut;

    Split(byte[] body, int offset, int length, int partitions, SplitLimits limits) {
      this.b = body;
      this.offset = offset;
      this.end = offset + length;
      this.partitions = partitions;
      this.limits = limits;
    }

    SplitResult run() throws MalformedOtlpException {
      for (int p = offset; p < end; ) {
        int n = Wire.varintLength(b, p, end);
        int tag = Wire.tag(b, p, n);
        int value = p + n;
        p = Wire.skip(b, value, end, tag, 0);
        if (tag == RESOURCE_SPANS) {
          resourceSpans(value + Wire.varintLength(b, value, p), p);
        }
      }
      targets.forEach((partition, target) -> target.flush());
      return new SplitResult(chunks, spans, rejected, rejection(), cut);
    }

    private void resourceSpans(int from, int to) throws MalformedOtlpException {
      resourceNumber++;
      envelope(resource, from, to, SCOPE_SPANS);
      for (int p = from; p < to; ) {
        int n = Wire.varintLength(b, p, to);
        int tag = Wire.tag(b, p, n);
        int value = p + n;
        p = Wire.skip(b, value, to, tag, 0);
        if (tag == SCOPE_SPANS) {
          scopeSpans(value + Wire.varintLength(b, value, p), p);
        }
      }
    }

    private void scopeSpans(int from, int to) throws MalformedOtlpException {
      scopeNumber++;
      envelope(scope, from, to, SPAN);
      for (int p = from; p < to; ) {
        int n = Wire.varintLength(b, p, to);
        int tag = Wire.tag(b, p, n);
        int value = p + n;
        p = Wire.skip(b, value, to, tag, 0);
        if (tag == SPAN) {
          span(value + Wire.varintLength(b, value, p), p);
        }
      }
    }

    /** All fields of a message but one: what stands around its children. */
    private void envelope(Bytes into, int from, int to, int except) throws MalformedOtlpException {
      into.clear();
      for (int p = from; p < to; ) {
        int start = p;
        int n = Wire.varintLength(b, p, to);
        int tag = Wire.tag(b, p, n);
        p = Wire.skip(b, p + n, to, tag, 0);
        if (tag != except) {
          into.add(b, start, p);
        }
      }
    }

    private void span(int from, int to) throws MalformedOtlpException {
      spans++;
      reader.readSpanAt(b, from, to);
      String problem = problemOfIds(reader);
      byte[] source = b;
      int start = from;
      int stop = to;
      if (problem == null && to - from > limits.maxSpanBytes()) {
        byte[] shorter = SpanCutter.cut(b, from, to, limits.maxSpanBytes());
        if (shorter == null) {
          problem =
              "span of " + (to - from) + " bytes that cannot be cut to " + limits.maxSpanBytes();
        } else {
          cut++;
          source = shorter;
          start = 0;
          stop = shorter.length;
        }
      }
      if (problem == null
          && resource.size() + scope.size() + (stop - start) + SplitLimits.FRAMING_BYTES
              > limits.maxRecordBytes()) {
        problem =
            "span whose resource and scope alone take "
                + (resource.size() + scope.size())
                + " bytes";
      }
      if (problem != null) {
        rejected++;
        rejections.merge(problem, 1, Integer::sum);
        return;
      }
      int partition =
          TracePartitioner.partition(reader.traceIdHi(), reader.traceIdLo(), partitions);
      targets.computeIfAbsent(partition, Target::new).add(source, start, stop);
    }

    private String rejection() {
      StringBuilder out = new StringBuilder();
      rejections.entrySet().stream()
          .limit(5)
          .forEach(
              e ->
                  out.append(out.isEmpty() ? "" : "; ")
                      .append(e.getValue())
                      .append(" with ")
                      .append(e.getKey()));
      return out.isEmpty() ? "" : "rejected " + rejected + " of " + spans + " spans: " + out;
    }

    /** The chunk in the making for one partition. */
    private final class Target {
      private final int partition;
      private final Bytes done = new Bytes();
      private final Bytes resourceOpen = new Bytes();
      private final Bytes scopeOpen = new Bytes();
      private int inResource = -1;
      private int inScope = -1;
      private int count;

      Target(int partition) {
        this.partition = partition;
      }

      void add(byte[] source, int from, int to) {
        int room =
            done.size()
                + resourceOpen.size()
                + scopeOpen.size()
                + (to - from)
                + SplitLimits.FRAMING_BYTES;
        room +=
            (inResource == resourceNumber ? 0 : resource.size())
                + (inScope == scopeNumber ? 0 : scope.size());
        if (count > 0 && room > limits.maxRecordBytes()) {
          flush();
        }
        if (inResource != resourceNumber) {
          closeResource();
          inResource = resourceNumber;
          resourceOpen.add(resource);
        }
        if (inScope != scopeNumber) {
          closeScope();
          inScope = scopeNumber;
          scopeOpen.add(scope);
        }
        scopeOpen.message(SPAN, source, from, to);
        count++;
      }

      void flush() {
        closeResource();
        if (count > 0) {
          chunks.add(new Chunk(partition, done.toArray(), count));
        }
        done.clear();
        count = 0;
      }

      private void closeScope() {
        if (inScope >= 0) {
          resourceOpen.message(SCOPE_SPANS, scopeOpen);
          scopeOpen.clear();
          inScope = -1;
        }
      }

      private void closeResource() {
        closeScope();
        if (inResource >= 0) {
          done.message(RESOURCE_SPANS, resourceOpen);
          resourceOpen.clear();
          inResource = -1;
        }
      }
    }
  }
}
