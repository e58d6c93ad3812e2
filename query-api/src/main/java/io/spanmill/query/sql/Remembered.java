/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value that may be a little old. It is read anew in the background when half its time is over,
 * so that under steady questions none waits for it; past its time it is waited for. Thread-safe.
 */
final class Remembered<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Remembered.class);

  private final Supplier<T> load;
  private final long maxAgeMs;
  private final Clock clock;
  private final Executor background;
  private final AtomicBoolean ahead = new AtomicBoolean();
  private volatile @Nullable Known<T> known;

  /**
   * @param atMs when reading it began
   */
  private record Known<T>(T value, long atMs) {}

  /**
   * @param maxAgeMs how old an answer may be
   */
  Remembered(Supplier<T> load, long maxAgeMs, Clock clock, Executor background) {
    this.load = load;
    this.maxAgeMs = maxAgeMs;
    this.clock = clock;
    this.background = background;
  }

  /**
   * The value, not older than its time.
   *
   * @throws QueryFailure if it has to be read and cannot be
   */
  T get() {
    Known<T> now = known;
    if (now == null || ageMs(now) > maxAgeMs) {
      return waited();
    }
    if (ageMs(now) > maxAgeMs / 2 && ahead.compareAndSet(false, true)) {
      background.execute(this::refresh);
    }
    return now.value();
  }

  private synchronized T waited() {
    Known<T> now = known;
    if (now == null || ageMs(now) > maxAgeMs) {
      now = read();
      known = now;
    }
    return now.value();
  }

  /** The value read now, however old the known one is. */
  synchronized T anew() {
    Known<T> next = read();
    known = next;
    return next.value();
  }

  private void refresh() {
    try {
      Known<T> next = read();
      synchronized (this) {
        Known<T> now = known;
        if (now == null || now.atMs() < next.atMs()) {
          known = next;
        }
      }
    } catch (QueryFailure e) {
      // Who asks once it is too old reads it again and is told.
      LOG.debug("not refreshed ahead of time", e);
    } finally {
      ahead.set(false);
    }
  }

  private Known<T> read() {
    long atMs = clock.millis();
    return new Known<>(load.get(), atMs);
  }

  private long ageMs(Known<T> of) {
    return clock.millis() - of.atMs();
  }
}
