/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.SplitLimits;
import io.spanmill.otlp.SplitResult;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.otlp.TraceSplitter;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Checking a request and splitting it by trace, as ingest does, and as protobuf-java would. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Requests.SPANS)
public class SplitBenchmark {
  private static final int RECORDS = 16;
  private static final SplitLimits LIMITS = new SplitLimits(1_000_000, 900_000);

  @Param({"1", "4", "16"})
  public int partitions;

  private final byte[][] records = Requests.bytes(RECORDS, 2);
  private final TraceSplitter splitter = new TraceSplitter();
  private int next;

  private byte[] record() {
    next = (next + 1) % RECORDS;
    return records[next];
  }

  @Benchmark
  public SplitResult split() throws MalformedOtlpException {
    byte[] record = record();
    return splitter.split(record, 0, record.length, partitions, LIMITS);
  }

  /** The same by messages: parse, sort spans into requests by trace, write them out. */
  @Benchmark
  public void protobufSplit(Blackhole hole) throws InvalidProtocolBufferException {
    ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(record());
    ExportTraceServiceRequest.Builder[] out = new ExportTraceServiceRequest.Builder[partitions];
    for (ResourceSpans resource : request.getResourceSpansList()) {
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        ScopeSpans.Builder[] of = new ScopeSpans.Builder[partitions];
        for (Span span : scope.getSpansList()) {
          ByteBuffer id = span.getTraceId().asReadOnlyByteBuffer();
          int partition = TracePartitioner.partition(id.getLong(), id.getLong(), partitions);
          if (of[partition] == null) {
            of[partition] = scope.toBuilder().clearSpans();
          }
          of[partition].addSpans(span);
        }
        for (int p = 0; p < partitions; p++) {
          if (of[p] != null) {
            if (out[p] == null) {
              out[p] = ExportTraceServiceRequest.newBuilder();
            }
            out[p].addResourceSpans(resource.toBuilder().clearScopeSpans().addScopeSpans(of[p]));
          }
        }
      }
    }
    for (ExportTraceServiceRequest.Builder builder : out) {
      if (builder != null) {
        hole.consume(builder.build().toByteArray());
      }
    }
  }
}
