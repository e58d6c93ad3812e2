/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.live;

import io.spanmill.query.sql.Row;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The newest events of the live tail, for readers that come back: whoever missed no more than
 * {@link #MOST} gets them all. Not thread-safe.
 */
final class KeptEvents {
  /** Events kept. */
  static final int MOST = 4096;

  private final Deque<Event> events = new ArrayDeque<>();

  /** The one before the oldest kept: whoever has that one has missed nothing that is gone. */
  private @Nullable String forgotten;

  /** A call as it was sent. */
  record Event(String id, Row row, byte[] bytes) {}

  void add(Event event) {
    events.addLast(event);
    if (events.size() > MOST) {
      forgotten = events.removeFirst().id();
    }
  }

  void clear() {
    events.clear();
    forgotten = null;
  }

  /**
   * Hands a reader that had an event before those that came after it; one whose event is not known
   * any more is told that it missed some.
   */
  void resume(LiveClient client) {
    String last = client.lastId();
    if (last == null) {
      return;
    }
    boolean after = last.equals(forgotten);
    for (Event event : events) {
      if (after && client.wants(event.row())) {
        client.replay(event.bytes());
      }
      after |= last.equals(event.id());
    }
    if (!after) {
      client.missed();
    }
  }
}
