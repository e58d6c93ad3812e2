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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
  private static final int KEPT_EVENTS = 4096;
  private static final long PING_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Who is allowed what may have changed meanwhile: a reader asks again, and goes on. */
  private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);

  /** How long the table is read on after the last reader left. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Queries queries;
  private final Function<Row, byte[]> json;
  private final int maxClients;
  private final SecureRandom random = new SecureRandom();
  private final List<LiveClient> clients = new ArrayList<>();
  private final Deque<Event> kept = new ArrayDeque<>();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "live-feed");
            thread.setDaemon(true);
            return thread;
          });
  private LiveReader.@Nullable Position position;
  private long watchedNanos = System.nanoTime();
  private long pingedNanos = System.nanoTime();
  private boolean failing;

  /** A call as it was sent. Its id is drawn by lot: a counted one would tell of other projects. */
  private record Event(String id, Row row, byte[] bytes) {}

  /**
   * @param json a call as one line of JSON
   */
  public LiveFeed(Queries queries, Function<Row, byte[]> json, int maxClients) {
    this.queries = queries;
    this.json = json;
    this.maxClients = maxClients;
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
    String last = client.lastId();
    if (last != null) {
      boolean known = kept.stream().anyMatch(e -> e.id().equals(last));
      boolean after = false;
      for (Event e : kept) {
        if (after && client.wants(e.row())) {
          client.offer(e.bytes());
        }
        after |= known && e.id().equals(last);
      }
      if (!known) {
        client.missed();
      }
    }
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
    boolean ping = now - pingedNanos > PING_NANOS;
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
      Event event = event(row);
      kept.addLast(event);
      if (kept.size() > KEPT_EVENTS) {
        kept.removeFirst();
      }
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

  private Event event(Row row) {
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
    return new Event(hex, row, bytes);
  }
}
