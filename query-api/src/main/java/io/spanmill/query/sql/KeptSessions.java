/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that were read, kept for as long as nothing is written into the hours that their traces
 * have spans in. A range that holds all those hours whole changes nothing about them, so that every
 * order and page of every such range can use them. Thread-safe.
 */
final class KeptSessions {
  private static final int MAX_SESSIONS = 5000;

  private final Map<Asked, Kept> kept = SpanHours.latest(MAX_SESSIONS);

  private record Asked(LayerScope scope, Filters filters, SessionTraces.Key session) {}

  /** Reads sessions that are not kept. */
  interface Source {
    /** Those of these sessions that have spans in the range, with what is shown of them. */
    List<Session> read(SessionTraces.Found found, Collection<SessionTraces.Key> sessions);
  }

  /**
   * @param session null if no trace belongs to it
   * @param hours epoch ms, of all its traces
   * @param readMs before it was read, by the server's clock
   */
  private record Kept(@Nullable Session session, Set<Long> hours, long readMs) {}

  /**
   * Those of these sessions that have spans in the range, in no order.
   *
   * @param written when spans or calls were written into hours of the range, read before {@code
   *     found}
   */
  List<Session> read(
      Question q,
      SessionTraces.Found found,
      Collection<SessionTraces.Key> asked,
      WrittenHours written,
      Source source) {
    TimeRange whole = q.range().wholeHours();
    List<Session> out = new ArrayList<>();
    Map<SessionTraces.Key, Set<Long>> missing = new HashMap<>();
    for (SessionTraces.Key key : asked) {
      Set<Long> hours = found.hours(key);
      Kept known;
      synchronized (kept) {
        known = kept.get(new Asked(q.scope(), q.filters(), key));
      }
      if (known == null
          || !known.hours().equals(hours)
          || !holds(hours, whole, written, known.readMs())) {
        missing.put(key, hours);
      } else if (known.session() != null) {
        out.add(known.session());
      }
    }
    Map<SessionTraces.Key, Session> read = new HashMap<>();
    source
        .read(found.of(missing.keySet()), missing.keySet())
        .forEach(s -> read.put(new SessionTraces.Key(s.project(), s.id()), s));
    missing.forEach(
        (key, hours) -> {
          if (holds(hours, whole, written, written.readMs())) {
            synchronized (kept) {
              kept.put(
                  new Asked(q.scope(), q.filters(), key),
                  new Kept(read.get(key), hours, written.readMs()));
            }
          }
        });
    out.addAll(read.values());
    return out;
  }

  /** Whether all hours lie in the range and are what they were when they were read. */
  private static boolean holds(
      Set<Long> hours, TimeRange whole, WrittenHours written, long readMs) {
    for (long hour : hours) {
      if (hour < whole.fromMs()
          || hour + WindowKind.HOUR.lengthMs() > whole.toMs()
          || !written.isSettled(hour, readMs)) {
        return false;
      }
    }
    return true;
  }
}
