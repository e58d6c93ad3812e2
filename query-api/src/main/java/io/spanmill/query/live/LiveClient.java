/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import io.spanmill.query.sql.Row;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One reader of the live tail: a bounded queue and a writer that never waits. What does not fit is
 * left out and told; a reader that takes nothing for a while is closed. Thread-safe.
 */
public final class LiveClient implements WriteListener {
  private static final byte[] GREETING = "retry: 2000\n\n".getBytes(StandardCharsets.US_ASCII);

  private final Predicate<Row> wanted;
  private final @Nullable String lastId;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Deque<Entry> queue = new ArrayDeque<>();
  private final int maxQueued;
  private final long openedNanos;
  private @Nullable ServletOutputStream out;
  private boolean unflushed;
  private long tookNanos;

  /** Something to send: bytes, or a notice that grows while it waits. */
  private static final class Entry {
    final byte @Nullable [] bytes;
    long dropped;
    boolean unknown;

    Entry(byte @Nullable [] bytes) {
      this.bytes = bytes;
    }

    byte[] toBytes() {
      return bytes != null
          ? bytes
          : ("event: dropped\ndata: {\"calls\":" + (unknown ? "null" : dropped) + "}\n\n")
              .getBytes(StandardCharsets.US_ASCII);
    }
  }

  /**
   * @param wanted which calls it may and wants to see
   * @param lastId the last event of an earlier connection, or null
   * @param maxQueued calls that may wait
   */
  public LiveClient(Predicate<Row> wanted, @Nullable String lastId, int maxQueued, long nowNanos) {
    this.wanted = wanted;
    this.lastId = lastId;
    this.maxQueued = maxQueued;
    this.openedNanos = nowNanos;
    this.tookNanos = nowNanos;
    queue.add(new Entry(GREETING));
  }

  /** Begins to write; the request must be asynchronous. */
  public synchronized void start(ServletOutputStream stream) {
    out = stream;
    stream.setWriteListener(this);
  }

  /** Completes when it is closed, whoever closed it. */
  public CompletableFuture<Void> done() {
    return done;
  }

  boolean wants(Row row) {
    return wanted.test(row);
  }

  @Nullable String lastId() {
    return lastId;
  }

  /** Sends an event if it fits, else counts it as left out. */
  synchronized void offer(byte[] event) {
    if (queue.size() >= maxQueued) {
      notice().dropped++;
    } else {
      queue.add(new Entry(event));
    }
  }

  /** Sends what it missed while it was away: kept anyway, so as much as there is. */
  synchronized void replay(byte[] event) {
    queue.add(new Entry(event));
  }

  /** Tells that calls were left out, nobody knows how many. */
  synchronized void missed() {
    notice().unknown = true;
  }

  /** Sends a sign of life unless calls are waiting anyway. */
  synchronized void ping(byte[] event) {
    if (queue.isEmpty()) {
      queue.add(new Entry(event));
    }
  }

  /** Writes what can be written without waiting. */
  synchronized void pump(long nowNanos) {
    ServletOutputStream stream = out;
    if (stream == null || done.isDone()) {
      return;
    }
    try {
      while (stream.isReady()) {
        Entry next = queue.poll();
        if (next != null) {
          stream.write(next.toBytes());
          unflushed = true;
        } else if (unflushed) {
          unflushed = false;
          stream.flush();
        } else {
          break;
        }
        tookNanos = nowNanos;
      }
      if (queue.isEmpty()) {
        tookNanos = nowNanos;
      }
    } catch (IOException | RuntimeException e) {
      close();
    }
  }

  synchronized boolean stuckSince(long nanos) {
    return tookNanos < nanos;
  }

  boolean openedBefore(long nanos) {
    return openedNanos < nanos;
  }

  void close() {
    done.complete(null);
  }

  @Override
  public void onWritePossible() {
    pump(System.nanoTime());
  }

  @Override
  public void onError(Throwable t) {
    // The reader is gone.
    close();
  }

  private Entry notice() {
    Entry last = queue.peekLast();
    if (last == null || last.bytes != null) {
      last = new Entry(null);
      queue.add(last);
    }
    return last;
  }
}
