/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.spanmill.aggregator.normalize.Normalizer;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.normalize.SpanNormalizer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What the rollup job does to get at a record's spans, beside protobuf-java's parse of the same.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Requests.SPANS)
public class DecodeBenchmark {
  private static final int RECORDS = 16;

  private final byte[][] records = Requests.bytes(RECORDS, 1);
  private final TraceReader reader =
      new TraceReader(new Normalizer(NormalizerConfig.defaults()).keys());
  private final SpanNormalizer normalizer = new SpanNormalizer(NormalizerConfig.defaults());
  private final NormalizedSpan span = new NormalizedSpan();
  private int next;

  private byte[] record() {
    next = (next + 1) % RECORDS;
    return records[next];
  }

  /** The baseline: every message of the request built. */
  @Benchmark
  public int protobufParse() throws InvalidProtocolBufferException {
    ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(record());
    int spans = 0;
    for (ResourceSpans resource : request.getResourceSpansList()) {
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        spans += scope.getSpansCount();
      }
    }
    return spans;
  }

  /** The lazy scan: all checked, every attribute the normaliser knows found by its slot. */
  @Benchmark
  public int lazyScan() throws MalformedOtlpException {
    byte[] record = record();
    reader.reset(record, 0, record.length);
    int found = 0;
    while (reader.next()) {
      found += reader.attributes().has(0) ? 2 : 1;
    }
    return found;
  }

  /** The scan and all of its meaning: roles, figures, cost, failure; strings of what counts. */
  @Benchmark
  public long normalise() {
    normalizer.reset(record());
    long tokens = 0;
    span.clear();
    while (normalizer.next(span)) {
      tokens += span.layer == null ? 0 : span.totalTokens();
      span.clear();
    }
    return tokens;
  }
}
