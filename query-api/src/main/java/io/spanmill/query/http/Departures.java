/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;

/**
 * Notices that the asker of a long request is gone, which over HTTP/1.1 nobody is told: while a
 * request is served its connection is not read, so it is looked at from here. Thread-safe.
 */
final class Departures implements AutoCloseable {
  private static final long LOOK_MS = 200;

  private final Consumer<Thread> whenGone;
  private final Map<Thread, Served> served = new ConcurrentHashMap<>();
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "departures");
            thread.setDaemon(true);
            return thread;
          });

  private static final class Served {
    final SocketChannel channel;
    final long sinceNanos = System.nanoTime();
    boolean gone;

    /** More came meanwhile and part of it was taken: the connection cannot be used again. */
    volatile boolean spoilt;

    Served(SocketChannel channel) {
      this.channel = channel;
    }
  }

  /**
   * @param whenGone is given the thread that serves somebody who is gone
   */
  Departures(Consumer<Thread> whenGone) {
    this.whenGone = whenGone;
    var unused =
        watcher.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  /** This thread begins to serve; {@link #end} must follow. */
  void begin(Context http) {
    Object transport =
        ServletContextRequest.getServletContextRequest(http.req())
            .getConnectionMetaData()
            .getConnection()
            .getEndPoint()
            .getTransport();
    if (transport instanceof SocketChannel channel) {
      served.put(Thread.currentThread(), new Served(channel));
    }
  }

  void end(Context http) {
    Served mine = served.remove(Thread.currentThread());
    if (mine != null && mine.spoilt) {
      http.header("Connection", "close");
    }
  }

  @Override
  public void close() {
    watcher.shutdownNow();
  }

  private void look() {
    long now = System.nanoTime();
    served.forEach(
        (thread, s) -> {
          if (!s.gone && now - s.sinceNanos > TimeUnit.MILLISECONDS.toNanos(LOOK_MS)) {
            s.gone = isGone(s);
            if (s.gone) {
              whenGone.accept(thread);
            }
          }
        });
  }

  private static boolean isGone(Served s) {
    if (s.spoilt) {
      return false;
    }
    try {
      int n = s.channel.read(ByteBuffer.allocate(1));
      if (n > 0) {
        // A request behind this one; its sender asks it again when the connection closes.
        s.spoilt = true;
      }
      return n < 0;
    } catch (IOException e) {
      return true;
    }
  }
}
