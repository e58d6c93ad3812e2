/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What each process takes as a run goes on: per interval the spans the job took up, how many it is
 * behind ingest, and CPU seconds per million of the spans it took up. So a run shows whether it
 * lags, and whether a span costs more the more are kept. One thread of its own.
 */
final class Intervals implements AutoCloseable {
  private final long everyMs;
  private final Api ingest;
  private final Api aggregator;
  private final List<Watched> watched;
  private final PrintStream out;
  private final Thread thread = new Thread(this::run, "intervals");
  private volatile boolean stop;

  Intervals(Stage stage, int everySeconds, List<Watched> watched, PrintStream out) {
    this.everyMs = everySeconds * 1000L;
    this.ingest = new Api(stage.port("ingest.http.port"));
    this.aggregator = new Api(stage.port("aggregator.port"));
    this.watched = watched;
    this.out = out;
  }

  void start() {
    List<String> names = new ArrayList<>();
    watched.forEach(process -> names.add(String.format("%10s", process.name())));
    out.printf(
        "%8s %12s %10s %10s %s   (CPU s per million spans taken up)%n",
        "seconds", "spans kept", "spans/s", "behind", String.join("", names));
    thread.start();
  }

  private void run() {
    long begun = System.nanoTime();
    double[] before = new double[watched.size()];
    double spansBefore = 0;
    double secondsBefore = 0;
    try {
      for (int i = 0; i < before.length; i++) {
        before[i] = watched.get(i).cpuSeconds();
      }
      while (!stop) {
        Thread.sleep(everyMs);
        double seconds = (System.nanoTime() - begun) / 1e9;
        double accepted = ingest.metric("spanmill_ingest_spans_produced_total");
        double spans = aggregator.metric("spanmill_aggregator_spans_total");
        StringBuilder line = new StringBuilder();
        line.append(
            String.format(
                Locale.ROOT,
                "%8.0f %,12.0f %,10.0f %,10.0f ",
                seconds,
                spans,
                (spans - spansBefore) / (seconds - secondsBefore),
                Math.max(0, accepted - spans)));
        for (int i = 0; i < before.length; i++) {
          double cpu = watched.get(i).cpuSeconds();
          line.append(
              String.format(
                  Locale.ROOT, "%10.1f", (cpu - before[i]) / ((spans - spansBefore) / 1e6)));
          before[i] = cpu;
        }
        out.println(line);
        spansBefore = spans;
        secondsBefore = seconds;
      }
    } catch (IOException e) {
      out.println("no more intervals: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws InterruptedException {
    stop = true;
    thread.interrupt();
    thread.join();
  }
}
