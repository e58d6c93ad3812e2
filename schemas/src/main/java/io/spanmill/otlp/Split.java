/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import io.spanmill.otlp.SplitResult.Chunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The split of one checked request: spans sorted by partition, then measured and copied. */
final class Split {
  /** A tag byte and the longest length: what a message in a message costs at most. */
  private static final int MAX_HEADER = 6;

  private static final int REASONS_TOLD = 5;

  private final RequestScanner scan;
  private final byte[] buf;
  private final int[] spans;
  private final SplitLimits limits;
  private final int[] partitionOf;
  private final int[] order;

  /** Sizes of groups, at most one scope and one resource a span. */
  private int[] sizes = new int[16];

  private final int[] counts;
  private final Map<Integer, byte[]> cutSpans = new HashMap<>();
  private final Map<String, Integer> rejections = new TreeMap<>();

  private long chunkBytes;

  // The chunk being written.
  private byte[] out = new byte[0];
  private int pos;

  Split(RequestScanner scan, int partitions, SplitLimits limits) {
    this.scan = scan;
    this.limits = limits;
    buf = scan.buf;
    spans = scan.spans;
    partitionOf = new int[scan.spanCount];
    order = new int[scan.spanCount];
    counts = new int[partitions];
  }

  SplitResult run(byte[] body, int offset, int length) {
    int received = scan.spanCount;
    int kept = assign();
    List<Chunk> chunks;
    long excess = 0;
    if (kept == 0) {
      chunks = List.of();
    } else if (kept == received
        && cutSpans.isEmpty()
        && length <= limits.maxRecordBytes()
        && counts[partitionOf[0]] == kept) {
      byte[] whole =
          offset == 0 && length == body.length
              ? body
              : Arrays.copyOfRange(body, offset, offset + length);
      chunks = List.of(new Chunk(partitionOf[0], whole, kept));
    } else {
      sort();
      long total = plan();
      excess = total > 2L * length + (long) counts.length * limits.maxRecordBytes() ? total : 0;
      chunks = excess > 0 ? List.of() : chunks();
    }
    return new SplitResult(
        chunks,
        received,
        received - kept,
        rejection(received, received - kept),
        cutSpans.size(),
        excess);
  }

  private String rejection(int received, int rejected) {
    StringBuilder told = new StringBuilder();
    rejections.entrySet().stream()
        .limit(REASONS_TOLD)
        .forEach(
            e ->
                told.append(told.isEmpty() ? "" : "; ")
                    .append(e.getValue())
                    .append(" with ")
                    .append(e.getKey()));
    return rejected == 0 ? "" : "rejected " + rejected + " of " + received + " spans: " + told;
  }

  /** Finds each span's partition, -1 for a rejected one; returns the number kept. */
  private int assign() {
    int kept = 0;
    long previousHi = 0;
    long previousLo = 0;
    int previousPartition = -1;
    for (int i = 0; i < scan.spanCount; i++) {
      int at = i * RequestScanner.SPAN_STRIDE;
      String problem = problemOfIds(at);
      if (problem == null) {
        problem = fit(i);
      }
      if (problem != null) {
        rejections.merge(problem, 1, Integer::sum);
        partitionOf[i] = -1;
        continue;
      }
      long hi = Wire.bigEndian(buf, spans[at + RequestScanner.P_TRACE_ID]);
      long lo = Wire.bigEndian(buf, spans[at + RequestScanner.P_TRACE_ID] + 8);
      // Spans of one trace usually stand together.
      if (previousPartition < 0 || hi != previousHi || lo != previousLo) {
        previousPartition = TracePartitioner.partition(hi, lo, counts.length);
        previousHi = hi;
        previousLo = lo;
      }
      partitionOf[i] = previousPartition;
      counts[previousPartition]++;
      kept++;
    }
    return kept;
  }

  private @Nullable String problemOfIds(int at) {
    int traceIdLength = spans[at + RequestScanner.P_TRACE_ID_LENGTH];
    if (traceIdLength != 16) {
      return "trace id of " + traceIdLength + " bytes, 16 needed";
    }
    int spanIdLength = spans[at + RequestScanner.P_SPAN_ID_LENGTH];
    if (spanIdLength != 8) {
      return "span id of " + spanIdLength + " bytes, 8 needed";
    }
    int traceId = spans[at + RequestScanner.P_TRACE_ID];
    if ((Wire.bigEndian(buf, traceId) | Wire.bigEndian(buf, traceId + 8)) == 0) {
      return "trace id of zeros";
    }
    if (Wire.bigEndian(buf, spans[at + RequestScanner.P_SPAN_ID]) == 0) {
      return "span id of zeros";
    }
    // A Collector that reads the record would refuse all of it for one such id.
    int parentLength = spans[at + RequestScanner.P_PARENT_ID_LENGTH];
    if (parentLength != 0 && parentLength != 8) {
      return "parent span id of " + parentLength + " bytes, 8 or none needed";
    }
    return (spans[at + RequestScanner.P_MARKS] & RequestScanner.BAD_LINK_ID) != 0
        ? "link to an id of the wrong length"
        : null;
  }

  /** Makes a span fit a record of its own with its resource and scope; says so if it cannot. */
  private @Nullable String fit(int span) {
    int at = span * RequestScanner.SPAN_STRIDE;
    int from = spans[at + RequestScanner.P_OFFSET];
    int to = spans[at + RequestScanner.P_END];
    int scope = spans[at + RequestScanner.P_SCOPE];
    long around = newResource(scope) + newScope(scope) + MAX_HEADER;
    int most = (int) Math.min(limits.maxSpanBytes(), limits.maxRecordBytes() - around);
    if (to - from <= most) {
      return null;
    }
    if (most < SplitLimits.FRAMING_BYTES) {
      return "resource and scope that alone take " + around + " bytes";
    }
    byte[] cut = SpanCutter.cut(buf, from, to, most);
    if (cut == null) {
      return "span of " + (to - from) + " bytes that cannot be cut to " + most;
    }
    cutSpans.put(span, cut);
    return null;
  }

  private long newScope(int scope) {
    return MAX_HEADER
        + (long) scan.scopes[scope * RequestScanner.SCOPE_STRIDE + RequestScanner.S_ENVELOPE_BYTES];
  }

  private long newResource(int scope) {
    int resource = resourceOf(scope);
    return MAX_HEADER
        + (long)
            scan.resources[
                resource * RequestScanner.RESOURCE_STRIDE + RequestScanner.R_ENVELOPE_BYTES];
  }

  /** Orders the kept spans by partition, within a partition as they came; counts become ends. */
  private void sort() {
    int sum = 0;
    for (int p = 0; p < counts.length; p++) {
      int count = counts[p];
      counts[p] = sum;
      sum += count;
    }
    for (int i = 0; i < scan.spanCount; i++) {
      int partition = partitionOf[i];
      if (partition >= 0) {
        order[counts[partition]++] = i;
      }
    }
  }

  /**
   * What all chunks take at most: a small request of large resources can make thousands of them.
   */
  private long plan() {
    long total = 0;
    int from = 0;
    for (int end : counts) {
      while (from < end) {
        from = chunkEnd(from, end);
        total += chunkBytes;
      }
    }
    return total;
  }

  private List<Chunk> chunks() {
    List<Chunk> chunks = new ArrayList<>(counts.length);
    int from = 0;
    for (int partition = 0; partition < counts.length; partition++) {
      int end = counts[partition];
      while (from < end) {
        int to = chunkEnd(from, end);
        chunks.add(new Chunk(partition, write(from, to), to - from));
        from = to;
      }
    }
    return chunks;
  }

  /**
   * How far one record reaches: at least one span, which {@link #fit} has made small enough. Leaves
   * its size at most in {@link #chunkBytes}.
   */
  private int chunkEnd(int from, int end) {
    long bytes = 0;
    chunkBytes = 0;
    int scope = -1;
    int resource = -1;
    for (int i = from; i < end; i++) {
      int spanScope = scopeOf(order[i]);
      if (spanScope != scope) {
        scope = spanScope;
        bytes += newScope(scope);
        int spanResource = resourceOf(scope);
        if (spanResource != resource) {
          resource = spanResource;
          bytes += newResource(scope);
        }
      }
      bytes += MAX_HEADER + spanLength(order[i]);
      if (bytes > limits.maxRecordBytes() && i > from) {
        return i;
      }
      chunkBytes = bytes;
    }
    return end;
  }

  private byte[] write(int from, int to) {
    int total = measure(from, to);
    out = new byte[total];
    pos = 0;
    int size = 0;
    int i = from;
    while (i < to) {
      int resource = resourceOf(scopeOf(order[i]));
      header(Tags.REQUEST_RESOURCE_SPANS, sizes[size++]);
      int r = resource * RequestScanner.RESOURCE_STRIDE;
      segments(
          scan.resourceSegments,
          scan.resources[r + RequestScanner.R_SEGMENTS_FROM],
          scan.resources[r + RequestScanner.R_SEGMENTS_TO]);
      while (i < to) {
        int scope = scopeOf(order[i]);
        if (resourceOf(scope) != resource) {
          break;
        }
        header(Tags.RESOURCE_SPANS_SCOPE_SPANS, sizes[size++]);
        int s = scope * RequestScanner.SCOPE_STRIDE;
        segments(
            scan.scopeSegments,
            scan.scopes[s + RequestScanner.S_SEGMENTS_FROM],
            scan.scopes[s + RequestScanner.S_SEGMENTS_TO]);
        for (; i < to && scopeOf(order[i]) == scope; i++) {
          span(order[i]);
        }
      }
    }
    if (pos != total) {
      throw new IllegalStateException("measured " + total + " bytes, wrote " + pos);
    }
    return out;
  }

  /**
   * Sizes of the resource and scope groups in the order they are written; returns the sum of all.
   */
  private int measure(int from, int to) {
    if (sizes.length < (to - from) * 2) {
      sizes = new int[(to - from) * 2];
    }
    int total = 0;
    int size = 0;
    int i = from;
    while (i < to) {
      int resource = resourceOf(scopeOf(order[i]));
      int resourceAt = size++;
      int resourceBytes =
          scan.resources[
              resource * RequestScanner.RESOURCE_STRIDE + RequestScanner.R_ENVELOPE_BYTES];
      while (i < to) {
        int scope = scopeOf(order[i]);
        if (resourceOf(scope) != resource) {
          break;
        }
        int scopeAt = size++;
        int scopeBytes =
            scan.scopes[scope * RequestScanner.SCOPE_STRIDE + RequestScanner.S_ENVELOPE_BYTES];
        for (; i < to && scopeOf(order[i]) == scope; i++) {
          scopeBytes += withHeader(spanLength(order[i]));
        }
        sizes[scopeAt] = scopeBytes;
        resourceBytes += withHeader(scopeBytes);
      }
      sizes[resourceAt] = resourceBytes;
      total += withHeader(resourceBytes);
    }
    return total;
  }

  private void span(int span) {
    byte[] cut = cutSpans.isEmpty() ? null : cutSpans.get(span);
    if (cut != null) {
      header(Tags.SCOPE_SPANS_SPANS, cut.length);
      copy(cut, 0, cut.length);
      return;
    }
    int at = span * RequestScanner.SPAN_STRIDE;
    int from = spans[at + RequestScanner.P_OFFSET];
    int length = spans[at + RequestScanner.P_END] - from;
    header(Tags.SCOPE_SPANS_SPANS, length);
    copy(buf, from, length);
  }

  private void segments(int[] segments, int from, int to) {
    for (int i = from; i < to; i++) {
      copy(buf, segments[i * 2], segments[i * 2 + 1] - segments[i * 2]);
    }
  }

  private void copy(byte[] bytes, int offset, int length) {
    System.arraycopy(bytes, offset, out, pos, length);
    pos += length;
  }

  private void header(int tag, int length) {
    out[pos++] = (byte) tag;
    int rest = length;
    while (rest >= 0x80) {
      out[pos++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    out[pos++] = (byte) rest;
  }

  private static int withHeader(int length) {
    int bits = 32 - Integer.numberOfLeadingZeros(length | 1);
    return 1 + (bits + 6) / 7 + length;
  }

  private int spanLength(int span) {
    byte[] cut = cutSpans.isEmpty() ? null : cutSpans.get(span);
    if (cut != null) {
      return cut.length;
    }
    int at = span * RequestScanner.SPAN_STRIDE;
    return spans[at + RequestScanner.P_END] - spans[at + RequestScanner.P_OFFSET];
  }

  private int scopeOf(int span) {
    return spans[span * RequestScanner.SPAN_STRIDE + RequestScanner.P_SCOPE];
  }

  private int resourceOf(int scope) {
    return scan.scopes[scope * RequestScanner.SCOPE_STRIDE + RequestScanner.S_RESOURCE];
  }
}
