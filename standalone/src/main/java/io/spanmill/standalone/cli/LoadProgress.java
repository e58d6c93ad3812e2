/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One line at the terminal that tells rate, share and time left; nothing in a pipe. */
final class LoadProgress implements AutoCloseable {
  private static final long EVERY_MS = 500;

  private final LongSupplier soFar;
  private final long whole;
  private final PrintWriter out;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "load-progress");
            thread.setDaemon(true);
            return thread;
          });
  private final long beganNanos = System.nanoTime();
  private final boolean terminal = System.console() != null;
  private long lastCount;
  private long lastNanos = beganNanos;

  private LoadProgress(LongSupplier soFar, long whole, PrintWriter out) {
    this.soFar = soFar;
    this.whole = whole;
    this.out = out;
  }

  static LoadProgress start(LongSupplier soFar, long whole, PrintWriter out) {
    LoadProgress progress = new LoadProgress(soFar, whole, out);
    if (progress.terminal) {
      var unused =
          progress.timer.scheduleAtFixedRate(
              progress::tell, EVERY_MS, EVERY_MS, TimeUnit.MILLISECONDS);
    }
    return progress;
  }

  private void tell() {
    long count = soFar.getAsLong();
    long now = System.nanoTime();
    double recent = (count - lastCount) / ((now - lastNanos) / 1e9);
    double average = count / ((now - beganNanos) / 1e9);
    lastCount = count;
    lastNanos = now;
    String left =
        average > 0
            ? String.format(Locale.ROOT, "%.0f s left", Math.max(0, whole - count) / average)
            : "no answer yet";
    out.printf(
        Locale.ROOT,
        "\r\033[K%,d spans, %,.0f/s, %d %%, %s",
        count,
        recent,
        Math.min(100, count * 100 / Math.max(1, whole)),
        left);
    out.flush();
  }

  @Override
  public void close() {
    timer.shutdownNow();
    if (terminal) {
      out.print("\r\033[K");
      out.flush();
    }
  }
}
