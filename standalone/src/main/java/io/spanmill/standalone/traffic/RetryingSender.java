/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Sends a request until it is settled, as exporters do: after no answer, or one that invites it,
 * again after a pause that doubles. A request that had no answer may have been kept; only sending
 * it until there is one leaves no doubt.
 */
final class RetryingSender {
  private static final long FIRST_PAUSE_MS = 200;
  private static final long LONGEST_PAUSE_MS = 5_000;

  private final OtlpClient client;
  private final long patienceNanos;
  private final LongAdder retries = new LongAdder();

  /**
   * A sender.
   *
   * @param patience how long a request is tried for
   */
  RetryingSender(OtlpClient client, Duration patience) {
    this.client = client;
    this.patienceNanos = patience.toNanos();
  }

  /** What became of a request in the end. */
  record Settled(OtlpClient.Result result, long lastAnswerNanos, int attempts) {}

  /** Requests sent again so far. */
  long retries() {
    return retries.sum();
  }

  /** The last answer; fails with the last failure to get one when patience is over. */
  CompletableFuture<Settled> send(OtlpBody body) {
    CompletableFuture<Settled> settled = new CompletableFuture<>();
    attempt(body, settled, System.nanoTime(), FIRST_PAUSE_MS, 1);
    return settled;
  }

  private void attempt(
      OtlpBody body,
      CompletableFuture<Settled> settled,
      long firstNanos,
      long pauseMs,
      int attempt) {
    long sentNanos = System.nanoTime();
    var unused =
        client
            .send(body)
            .whenComplete(
                (result, failure) -> {
                  boolean open = failure != null || result.retryable();
                  if (open && System.nanoTime() - firstNanos < patienceNanos) {
                    retries.increment();
                    long wait = Math.max(pauseMs, result == null ? 0 : result.retryAfterMs());
                    after(wait)
                        .execute(
                            () ->
                                attempt(
                                    body,
                                    settled,
                                    firstNanos,
                                    Math.min(LONGEST_PAUSE_MS, pauseMs * 2),
                                    attempt + 1));
                  } else if (failure != null) {
                    settled.completeExceptionally(failure);
                  } else {
                    settled.complete(new Settled(result, System.nanoTime() - sentNanos, attempt));
                  }
                });
  }

  /** Not all at the same moment. */
  private static Executor after(long pauseMs) {
    long jittered = pauseMs / 2 + ThreadLocalRandom.current().nextLong(pauseMs / 2 + 1) + 1;
    return CompletableFuture.delayedExecutor(jittered, TimeUnit.MILLISECONDS);
  }
}
