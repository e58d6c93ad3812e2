/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets so many through at one time, as each holds tens of megabytes; the others wait a little and
 * are then told to come again. Thread-safe.
 */
final class Turnstile {
  private final Semaphore places;
  private final Duration patience;

  Turnstile(int atOnce, Duration patience) {
    this.places = new Semaphore(atOnce, true);
    this.patience = patience;
  }

  /**
   * Does this work when there is a place.
   *
   * @throws AgentOpsError 503
   */
  <T> T through(Supplier<T> work) {
    if (!entered()) {
      throw AgentOpsError.detail(503, "Too many large requests at one time, try again in a second");
    }
    try {
      return work.get();
    } finally {
      places.release();
    }
  }

  private boolean entered() {
    try {
      return places.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
