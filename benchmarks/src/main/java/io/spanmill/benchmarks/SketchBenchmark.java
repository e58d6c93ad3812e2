/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.model.LatencySketch;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Adding durations to a sketch, merging sketches, asking for a quantile. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SketchBenchmark {
  private static final int VALUES = 1024;
  private static final int SKETCHES = 64;

  private final long[] micros = new long[VALUES];
  private final LatencySketch[] sketches = new LatencySketch[SKETCHES];
  private final LatencySketch into = new LatencySketch();
  private final LatencySketch full = new LatencySketch();

  @Setup
  public void fill() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < VALUES; i++) {
      micros[i] = (long) (1_500_000 * Math.exp(0.7 * random.nextGaussian()));
      full.add(micros[i]);
    }
    for (int i = 0; i < SKETCHES; i++) {
      sketches[i] = new LatencySketch();
      for (int n = 0; n < 20; n++) {
        sketches[i].add(micros[random.nextInt(VALUES)]);
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(VALUES)
  public LatencySketch add() {
    into.clear();
    for (long value : micros) {
      into.add(value);
    }
    return into;
  }

  /** Sketches of 20 values each. */
  @Benchmark
  @OperationsPerInvocation(SKETCHES)
  public LatencySketch merge() {
    into.clear();
    for (LatencySketch sketch : sketches) {
      into.merge(sketch);
    }
    return into;
  }

  @Benchmark
  public double quantile() {
    return full.quantileMs(0.99);
  }
}
