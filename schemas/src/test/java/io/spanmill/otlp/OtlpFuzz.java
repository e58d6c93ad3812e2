/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * For any bytes: reader and splitter accept them if and only if protobuf-java does, the reader
 * reads what protobuf-java built, and the splitter loses and adds no span. A target of Jazzer, and
 * called by tests.
 */
public final class OtlpFuzz {
  private static final int PARTITIONS = 4;
  private static final SplitLimits WIDE = new SplitLimits(1 << 20, 1_000_000);
  private static final SplitLimits NARROW = new SplitLimits(2_000, 1_200);

  private OtlpFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] request) throws Exception {
    check(request);
  }

  static void check(byte[] bytes) throws InvalidProtocolBufferException {
    ExportTraceServiceRequest expected = null;
    try {
      expected = ExportTraceServiceRequest.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      // Then the others must refuse it too.
    }
    TraceSplitter splitter = new TraceSplitter();
    TraceReader reader = new TraceReader(Contents.KEYS);
    try {
      reader.reset(bytes, 0, bytes.length);
      if (expected == null) {
        boolean more = reader.next();
        throw new AssertionError("the reader accepts what protobuf-java refuses: " + more);
      }
      Contents.assertSame(reader, expected);
      TraceSplitter.Parts parts = splitter.count(bytes, 0, bytes.length);
      List<TraceSplitterTest.Placed> placed = TraceSplitterTest.placed(expected);
      assertThat(parts.spans()).isEqualTo(placed.size());
      SplitResult wide = splitter.split(bytes, 0, bytes.length, PARTITIONS, WIDE);
      List<TraceSplitterTest.Placed> written = new ArrayList<>();
      for (SplitResult.Chunk chunk : wide.chunks()) {
        written.addAll(
            TraceSplitterTest.placed(ExportTraceServiceRequest.parseFrom(chunk.value())));
      }
      assertThat(written)
          .containsExactlyInAnyOrderElementsOf(
              placed.stream().filter(p -> TraceSplitterTest.isSound(p.span())).toList());
      int spans = 0;
      SplitResult narrow = splitter.split(bytes, 0, bytes.length, PARTITIONS, NARROW);
      for (SplitResult.Chunk chunk : narrow.chunks()) {
        assertThat(chunk.value().length).isLessThanOrEqualTo(NARROW.maxRecordBytes());
        spans +=
            TraceSplitterTest.placed(ExportTraceServiceRequest.parseFrom(chunk.value())).size();
      }
      assertThat(narrow.excessBytes() > 0 ? placed.size() : spans + narrow.rejectedSpans())
          .isEqualTo(placed.size());
    } catch (MalformedOtlpException e) {
      if (expected != null) {
        throw new AssertionError("refused what protobuf-java accepts", e);
      }
      requireRefused(splitter, bytes);
    }
  }

  private static void requireRefused(TraceSplitter splitter, byte[] bytes) {
    try {
      splitter.split(bytes, 0, bytes.length, PARTITIONS, WIDE);
    } catch (MalformedOtlpException e) {
      return;
    }
    throw new AssertionError("the splitter accepts what protobuf-java refuses");
  }
}
