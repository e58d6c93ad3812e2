/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/** From when on the rows of each window are certainly still there. */
final class Retention {
  private final Clock clock;
  private final long minuteMs;
  private final long hourMs;
  private final long dayMs;

  /** Nothing before it is there, whatever is kept. */
  private final long sinceMs;

  Retention(Clock clock, Settings settings) {
    this(
        clock,
        TimeUnit.DAYS.toMillis(settings.integer(Keys.RETENTION_MINUTE)),
        TimeUnit.DAYS.toMillis(settings.integer(Keys.RETENTION_HOUR)),
        TimeUnit.DAYS.toMillis(settings.integer(Keys.RETENTION_DAY)));
  }

  Retention(Clock clock, long minuteMs, long hourMs, long dayMs) {
    this(clock, minuteMs, hourMs, dayMs, 0);
  }

  private Retention(Clock clock, long minuteMs, long hourMs, long dayMs, long sinceMs) {
    this.clock = clock;
    this.minuteMs = minuteMs;
    this.hourMs = hourMs;
    this.dayMs = dayMs;
    this.sinceMs = sinceMs;
  }

  /** The same for rows that there are from a moment on only. */
  Retention since(long epochMs) {
    return new Retention(clock, minuteMs, hourMs, dayMs, epochMs);
  }

  /** First window start that is kept; what began before may be deleted any time. */
  long fromMs(WindowKind kind) {
    long kept =
        switch (kind) {
          case MINUTE -> minuteMs;
          case HOUR -> hourMs;
          case DAY -> dayMs;
          case ALL -> Long.MAX_VALUE;
        };
    return Math.max(sinceMs, clock.millis() - Math.min(kept, clock.millis()));
  }

  /** The finest window of those that is kept at this time. */
  WindowKind finestAt(long epochMs) {
    for (WindowKind kind : new WindowKind[] {WindowKind.MINUTE, WindowKind.HOUR}) {
      if (epochMs >= fromMs(kind)) {
        return kind;
      }
    }
    return WindowKind.DAY;
  }

  /** Both ends moved outward to the finest window kept there. */
  TimeRange snap(long fromMs, long toMs) {
    long from = finestAt(fromMs).startOf(fromMs);
    WindowKind kind = finestAt(toMs);
    long rest = toMs % kind.lengthMs();
    return new TimeRange(from, rest == 0 ? toMs : toMs + kind.lengthMs() - rest);
  }
}
