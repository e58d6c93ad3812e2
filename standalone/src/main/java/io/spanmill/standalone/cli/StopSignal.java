/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.cli;

import io.spanmill.standalone.Logging;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Makes SIGINT and SIGTERM end a command in order: the command's thread is told, closes what it
 * opened, and only then the process ends, with exit code 0.
 */
final class StopSignal {
  private static final Duration LIMIT = Duration.ofMillis(9500);

  private final CompletableFuture<String> end = new CompletableFuture<>();
  private final CountDownLatch finished = new CountDownLatch(1);

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(new Thread(signal::onShutdown, "stop"));
    return signal;
  }

  /** Ends the command for a reason of its own. */
  void fail(String why) {
    end.complete(why);
  }

  boolean ended() {
    return end.isDone();
  }

  /** Waits for the end; the reason is empty if a signal asked for it. */
  String await() {
    return end.join();
  }

  /** To be called when all is closed: the process may go. */
  void finished() {
    finished.countDown();
  }

  private void onShutdown() {
    if (finished.getCount() == 0) {
      return;
    }
    end.complete("");
    boolean inTime = false;
    try {
      inTime = finished.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!inTime) {
      System.err.println(
          "spanmill: not stopped after "
              + LIMIT.toSeconds()
              + " s; ended all the same, nothing acknowledged is lost");
    }
    Logging.end();
    // The command's thread waits in System.exit, which this hook would wait for.
    Runtime.getRuntime().halt(inTime ? ExitCode.OK : ExitCode.FAILED);
  }
}
