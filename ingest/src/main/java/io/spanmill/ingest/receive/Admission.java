/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.receive;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds requests and their bytes, and shares both between projects: while others send, a project
 * holds at most its share; alone it may hold all but an eighth, so that a newcomer finds room.
 * Refuses instead of waiting, so it cannot lock up. Thread-safe.
 */
public final class Admission {
  private static final long ACTIVE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final long maxBytes;
  private final int maxRequests;
  private final double share;
  private final LongSupplier nanoTime;
  private final Map<String, Holding> holdings = new HashMap<>();
  private long bytes;
  private int requests;

  private static final class Holding {
    private long bytes;
    private int requests;
    private long seenNanos;
  }

  /** Bounds over all projects; {@code share} is one project's part of both, above 0 up to 1. */
  public Admission(long maxBytes, int maxRequests, double share, LongSupplier nanoTime) {
    this.maxBytes = maxBytes;
    this.maxRequests = maxRequests;
    this.share = share;
    this.nanoTime = nanoTime;
  }

  /**
   * Lets a request in.
   *
   * @throws RefusedException if there are too many
   */
  synchronized Ticket open(String project) throws RefusedException {
    Holding holding = holdings.computeIfAbsent(project, p -> new Holding());
    holding.seenNanos = nanoTime.getAsLong();
    if (requests >= maxRequests) {
      throw new RefusedException(Outcome.Kind.OVERLOADED, "too many requests at one time");
    }
    if (holding.requests >= limit(project, maxRequests)) {
      throw new RefusedException(
          Outcome.Kind.THROTTLED, "the project has too many requests at one time");
    }
    requests++;
    holding.requests++;
    return new Ticket(project, holding);
  }

  /** Bytes held now. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Requests held now. */
  public synchronized int requests() {
    return requests;
  }

  private long limit(String project, long all) {
    long now = nanoTime.getAsLong();
    for (Map.Entry<String, Holding> other : holdings.entrySet()) {
      if (!other.getKey().equals(project)
          && (other.getValue().requests > 0 || now - other.getValue().seenNanos < ACTIVE_NANOS)) {
        return Math.max(1, (long) (all * share));
      }
    }
    return all - all / 8;
  }

  /** The right of one request to be served and to hold bytes. Closing twice is harmless. */
  final class Ticket implements AutoCloseable {
    private final String project;
    private final Holding holding;
    private long held;
    private boolean closed;

    private Ticket(String project, Holding holding) {
      this.project = project;
      this.holding = holding;
    }

    /**
     * Takes bytes, before they are allocated.
     *
     * @throws RefusedException if they do not fit
     */
    void charge(long more) throws RefusedException {
      synchronized (Admission.this) {
        if (closed) {
          throw new RefusedException(Outcome.Kind.CANCELLED, "the request has ended");
        }
        if (bytes + more > maxBytes) {
          throw new RefusedException(
              Outcome.Kind.OVERLOADED, "too many bytes are being served at one time");
        }
        if (holding.bytes + more > limit(project, maxBytes)) {
          throw new RefusedException(
              Outcome.Kind.THROTTLED, "the project has too many bytes being served at one time");
        }
        bytes += more;
        holding.bytes += more;
        held += more;
      }
    }

    /** Gives bytes back early. */
    void release(long fewer) {
      synchronized (Admission.this) {
        long given = Math.min(fewer, held);
        bytes -= given;
        holding.bytes -= given;
        held -= given;
      }
    }

    @Override
    public void close() {
      synchronized (Admission.this) {
        if (!closed) {
          release(held);
          requests--;
          holding.requests--;
          closed = true;
        }
      }
    }
  }

  /**
   * A ticket, or null where a {@link RefusedException} would be thrown; for tests of the sharing.
   */
  synchronized @Nullable Ticket tryOpen(String project) {
    try {
      return open(project);
    } catch (RefusedException e) {
      return null;
    }
  }
}
