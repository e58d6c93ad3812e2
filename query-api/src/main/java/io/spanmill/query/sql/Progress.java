/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far everything was visible at one moment. What is read afterwards holds at least that much.
 *
 * @param completeThroughMs per kind ({@code spans}, {@code calls}, {@code rollups}): arrival time
 *     up to which all that was acknowledged is visible; kinds about which nothing is known are
 *     missing
 * @param closedThroughMs wall time up to which rows of closed windows are final; 0 if unknown
 * @param version changes whenever something new became visible
 */
public record Progress(Map<String, Long> completeThroughMs, long closedThroughMs, long version) {
  public static final String SPANS = "spans";
  public static final String CALLS = "calls";
  public static final String ROLLUPS = "rollups";

  static final Progress UNKNOWN = new Progress(Map.of(), 0, 0);

  public Progress {
    completeThroughMs = Map.copyOf(completeThroughMs);
  }

  /** What was visible at both moments. */
  Progress earliest(Progress other) {
    Map<String, Long> complete = new HashMap<>();
    completeThroughMs.forEach(
        (kind, at) -> {
          Long otherAt = other.completeThroughMs.get(kind);
          if (otherAt != null) {
            complete.put(kind, Math.min(at, otherAt));
          }
        });
    return new Progress(complete, Math.min(closedThroughMs, other.closedThroughMs), version);
  }

  /** The earliest of these kinds, or null if one is unknown. */
  public @Nullable Long completeThrough(Iterable<String> kinds) {
    Long out = null;
    for (String kind : kinds) {
      Long at = completeThroughMs.get(kind);
      if (at == null) {
        return null;
      }
      out = out == null ? at : Long.valueOf(Math.min(out, at));
    }
    return out;
  }
}
