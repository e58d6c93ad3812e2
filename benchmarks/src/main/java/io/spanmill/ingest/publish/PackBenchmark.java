/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.otlp.SplitResult.Chunk;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Packing chunks of small requests into one record. In this package for the pack's sake. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PackBenchmark.SPANS)
public class PackBenchmark {
  static final int SPANS = 512;
  private static final int SPAN_BYTES = 1200;

  @Param({"1", "16", "512"})
  public int chunks;

  private final List<Chunk> all = new ArrayList<>();

  @Setup
  public void fill() {
    for (int i = 0; i < chunks; i++) {
      all.add(new Chunk(0, new byte[SPANS / chunks * SPAN_BYTES], SPANS / chunks));
    }
  }

  @Benchmark
  public byte[] pack() {
    Pack pack = new Pack(new Pack.Key(0, "default"), 0);
    for (Chunk chunk : all) {
      pack.add(new Submission("default", List.of(chunk), 0), chunk);
    }
    byte[] value = pack.takeValue();
    pack.finished(null);
    return value;
  }
}
