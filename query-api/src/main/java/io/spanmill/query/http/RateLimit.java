/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A token bucket per asker, refilled with a second's worth and holding two. Askers seen longest ago
 * are forgotten, full again. Thread-safe.
 */
public final class RateLimit {
  private static final int MAX_ASKERS = 10_000;
  private static final double BURST_SECONDS = 2;

  private final int perSecond;
  private final String what;
  private final LongSupplier nanoTime;
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MAX_ASKERS;
        }
      };

  private static final class Bucket {
    double tokens;
    long atNanos;
  }

  /**
   * @param what is limited, and by which setting if by one
   */
  public RateLimit(int perSecond, String what, LongSupplier nanoTime) {
    this.perSecond = perSecond;
    this.what = what;
    this.nanoTime = nanoTime;
  }

  /**
   * Takes one request off the asker's bucket.
   *
   * @throws ApiException 429 if it is empty
   */
  public synchronized void take(String asker) {
    long now = nanoTime.getAsLong();
    Bucket bucket =
        buckets.computeIfAbsent(
            asker,
            a -> {
              Bucket b = new Bucket();
              b.tokens = perSecond * BURST_SECONDS;
              b.atNanos = now;
              return b;
            });
    double earned = (now - bucket.atNanos) / 1e9 * perSecond;
    bucket.tokens = Math.min(perSecond * BURST_SECONDS, bucket.tokens + earned);
    bucket.atNanos = now;
    if (bucket.tokens < 1) {
      throw new ApiException(
          429,
          "rate_limited",
          "more than " + perSecond + " " + what + ": ask again in a second",
          null);
    }
    bucket.tokens -= 1;
  }
}
