/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import io.spanmill.query.sql.LiveReader;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.QueryFailure;
import io.spanmill.query.sql.Row;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads new calls while somebody watches and hands them to every reader that wants them. What was
 * sent last is kept for a while, so that a reader that comes back misses nothing. Thread-safe.
 */
public final class LiveFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveFeed.class);
  private static final long TICK_MS = 500;
  private static final int ROWS_PER_TICK = 5000;
  private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Who is allowed what may have changed meanwhile: a reader asks again, and goes on. */
  private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);

  /** How long the table is read on after the last reader left. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Queries queries;
  private final Function<Row, byte[]> json;
  private final int maxClients;
  private final long pingNanos;
  private final SecureRandom random = new SecureRandom();
  private final List<LiveClient> clients = new ArrayList<>();
  private final KeptEvents kept = new KeptEvents();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "live-feed");
            thread.setDaemon(true);
            return thread;
          });
  private LiveReader.@Nullable Position position;
  private long watchedNanos = System.nanoTime() - LINGER_NANOS - 1;
  private long pingedNanos = System.nanoTime();
  private boolean failing;

  /**
   * @param json a call as one line of JSON
   * @param pingMs how often a reader to whom nothing is sent gets a sign of life
   */
  public LiveFeed(Queries queries, Function<Row, byte[]> json, int maxClients, long pingMs) {
    this.queries = queries;
    this.json = json;
    this.maxClients = maxClients;
    this.pingNanos = TimeUnit.MILLISECONDS.toNanos(pingMs);
    var unused = ticker.scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Adds a reader, with what it missed first.
   *
   * @return false if there are as many as may be
   */
  public synchronized boolean add(LiveClient client) {
    clients.removeIf(c -> c.done().isDone());
    if (clients.size() >= maxClients) {
      return false;
    }
    kept.resume(client);
    clients.add(client);
    return true;
  }

  /** Readers at this moment. */
  public synchronized int readers() {
    return clients.size();
  }

  @Override
  public void close() {
    ticker.shutdownNow();
    synchronized (this) {
      clients.forEach(LiveClient::close);
      clients.clear();
    }
  }

  private void tick() {
    try {
      long now = System.nanoTime();
      tend(now);
      if (idle(now)) {
        return;
      }
      LiveReader.Position from = position;
      LiveReader.Position to = queries.live().visible();
      if (from != null && !to.offsets().equals(from.offsets())) {
        List<Row> rows = queries.live().between(from, to, ROWS_PER_TICK);
        publish(rows);
      }
      position = to;
      failing = false;
    } catch (QueryFailure e) {
      // Nothing is lost: the next tick goes on from the same position.
      if (!failing) {
        LOG.warn("the live tail cannot read calls, tries again: {}", e.getMessage());
      }
      failing = true;
    } catch (RuntimeException e) {
      LOG.error("the live tail failed", e);
    }
  }

  private synchronized boolean idle(long now) {
    if (!clients.isEmpty()) {
      watchedNanos = now;
    } else if (now - watchedNanos > LINGER_NANOS) {
      position = null;
      kept.clear();
      return true;
    }
    return false;
  }

  private synchronized void tend(long now) {
    clients.removeIf(c -> c.done().isDone());
    boolean ping = now - pingedNanos > pingNanos;
    byte[] sign = ping ? sign() : new byte[0];
    for (LiveClient client : clients) {
      if (ping) {
        client.ping(sign);
      }
      client.pump(now);
      if (client.stuckSince(now - STUCK_NANOS) || client.openedBefore(now - LONGEST_NANOS)) {
        client.close();
      }
    }
    pingedNanos = ping ? now : pingedNanos;
  }

  private byte[] sign() {
    Long complete = queries.progress().read().completeThroughMs().get("calls");
    String at = complete == null ? "null" : "\"" + Instant.ofEpochMilli(complete) + "\"";
    return ("event: ping\ndata: {\"completeThrough\":" + at + "}\n\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private synchronized void publish(List<Row> rows) {
    boolean more = rows.size() > ROWS_PER_TICK;
    for (Row row : more ? rows.subList(0, ROWS_PER_TICK) : rows) {
      KeptEvents.Event event = event(row);
      kept.add(event);
      for (LiveClient client : clients) {
        if (client.wants(row)) {
          client.offer(event.bytes());
        }
      }
    }
    long now = System.nanoTime();
    for (LiveClient client : clients) {
      if (more) {
        // Going on from here: an old call is no news.
        client.missed();
      }
      client.pump(now);
    }
  }

  /** Its id is drawn by lot: a counted one would tell of other projects. */
  private KeptEvents.Event event(Row row) {
    byte[] id = new byte[8];
    random.nextBytes(id);
    String hex = HexFormat.of().formatHex(id);
    byte[] head = ("id: " + hex + "\nevent: call\ndata: ").getBytes(StandardCharsets.US_ASCII);
    byte[] body = json.apply(row);
    byte[] bytes = new byte[head.length + body.length + 2];
    System.arraycopy(head, 0, bytes, 0, head.length);
    System.arraycopy(body, 0, bytes, head.length, body.length);
    bytes[bytes.length - 2] = '\n';
    bytes[bytes.length - 1] = '\n';
    return new KeptEvents.Event(hex, row, bytes);
  }
}
