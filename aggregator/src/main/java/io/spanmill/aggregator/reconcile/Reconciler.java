/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Runs;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Edition;
import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Holds every rollup table against {@code calls}, {@code calls} against {@code spans}, and all time
 * against the days.
 *
 * <p>Compared are windows that ended a minute before the watermark, up to which everything
 * acknowledged is in all tables. Late calls may still be on their way into older windows: what
 * differs is looked at again once all that was visible at the first look has become visible
 * everywhere, and is reported only if nothing about it has changed.
 */
public final class Reconciler {
  /** Differences told singly. */
  private static final int MAX_DIFFERENCES = 1000;

  /** Looks at what differs, before it counts as moving. */
  private static final int LOOKS = 4;

  private static final long CLOSED_FOR_MS = 60_000;
  private static final long DAY_MS = WindowKind.DAY.lengthMs();

  /** Longest wait for the watermark to pass a look. */
  private static final long PATIENCE_MS = 30_000;

  private static final long POLL_MS = 250;

  /** All-time rows and open days are written in one go, but so rarely. */
  private static final long EMISSION_SLACK_MS = 3000;

  private final ClickHouse clickHouse;
  private final Tables tables;
  private final Watermark watermark;
  private final Editions editions;
  private final Runs runs;
  private final Resends resends;
  private final CubeSet cubes;
  private final Settings settings;
  private final Clock clock;

  public Reconciler(ClickHouse clickHouse, CubeSet cubes, Settings settings, Clock clock) {
    this.clickHouse = clickHouse;
    this.tables = new Tables(clickHouse);
    this.watermark = new Watermark(clickHouse);
    this.editions = new Editions(clickHouse);
    this.runs = new Runs(clickHouse);
    this.resends = new Resends(tables, settings.longValue(Keys.DEDUP_HORIZON_MS));
    this.cubes = cubes;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Compares a range of event time, as far as it is closed and kept.
   *
   * @param fromMs first instant; {@link Long#MIN_VALUE} for all that is kept
   * @param toMs instant after the last; {@link Long#MAX_VALUE} for all that is closed
   * @throws io.spanmill.clickhouse.ClickHouseFailure if the tables cannot be read
   * @throws InterruptedException if interrupted while waiting for what is in flight
   */
  public Report run(long fromMs, long toMs) throws InterruptedException {
    long startedNanos = System.nanoTime();
    Run run = new Run();
    long through = watermark.read();
    if (through == Watermark.UNKNOWN) {
      run.notes.add(
          "how far the tables are filled is not known: no aggregator has yet told (is one running?)");
      return run.report(Report.Outcome.UNKNOWN, new Range(0, 0), startedNanos);
    }
    long first = earliestMs();
    Range range = new Range(Math.max(fromMs, first), Math.min(toMs, through - CLOSED_FOR_MS));
    if (range.isEmpty()) {
      if (first == Long.MAX_VALUE) {
        run.notes.add("there are no calls yet");
        return run.report(Report.Outcome.SAME, new Range(0, 0), startedNanos);
      }
      run.notes.add(
          "nothing in the range is closed: everything is complete through "
              + Instant.ofEpochMilli(through)
              + ", and windows are compared a minute later");
      return run.report(Report.Outcome.UNKNOWN, range, startedNanos);
    }
    for (Runs.Run other : runs.list("reprice", Integer.MAX_VALUE)) {
      if (other.state().equals("applying")) {
        run.notes.add(
            Runs.describe(other)
                + " is only half applied, so calls and rollups differ until ./spanmill reprice"
                + " --resume, or the process at work, has finished it");
        return run.report(Report.Outcome.UNKNOWN, range, startedNanos);
      }
    }
    List<Check> checks = checks(range, run);
    run.compare(checks);
    return run.report(range, startedNanos);
  }

  private long earliestMs() {
    long least = Long.MAX_VALUE;
    List<String> firsts = new ArrayList<>();
    firsts.add("SELECT toUnixTimestamp64Milli(min(event_time)) AS t, count() AS n FROM calls");
    firsts.add("SELECT toUnixTimestamp64Milli(min(ts)) AS t, count() AS n FROM spans");
    for (Cube cube : cubes.cubes()) {
      if (cube.windows().contains(WindowKind.DAY)) {
        firsts.add(
            "SELECT toInt64(toUnixTimestamp(min(window_start))) * 1000 AS t, count() AS n FROM "
                + cube.table(WindowKind.DAY));
      }
    }
    for (String query : firsts) {
      for (var row : clickHouse.query(Sql.of(query))) {
        if (row.getBigInteger("n").signum() > 0) {
          least = Math.min(least, row.getLong("t"));
        }
      }
    }
    return least;
  }

  private List<Check> checks(Range range, Run run) {
    Edition edition = editions.active();
    String generations = " AND (" + edition.condition() + ")";
    List<Check> out = new ArrayList<>();
    Range spans = kept(range, Keys.RETENTION_SPANS, Keys.RETENTION_CALLS).inward(WindowKind.HOUR);
    for (Range piece : spans.pieces(DAY_MS)) {
      out.add(new SpanCheck(tables, piece));
    }
    for (Cube cube : cubes.cubes()) {
      Long filledFromMs = edition.filledFrom(cubes.shape(cube));
      if (filledFromMs == null) {
        run.notes.add(
            "cube " + cube.name() + " is not filled yet and is not compared: ./spanmill rebuild");
        continue;
      }
      for (WindowKind kind : WindowKind.values()) {
        if (kind == WindowKind.ALL || !cube.windows().contains(kind)) {
          continue;
        }
        Range kept = kept(range, retention(kind), Keys.RETENTION_CALLS);
        Range filled = new Range(Math.max(kept.fromMs(), filledFromMs), kept.toMs()).inward(kind);
        for (Range piece : filled.pieces(pieceMs(kind))) {
          out.add(new RollupCheck(tables, cube, kind, piece, generations));
        }
      }
      if (cube.windows().contains(WindowKind.ALL) && cube.windows().contains(WindowKind.DAY)) {
        addLedger(cube, filledFromMs, generations, out, run);
      }
    }
    return out;
  }

  /** Days and all time both reach back to the first call, or they are not compared. */
  private void addLedger(
      Cube cube, long filledFromMs, String generations, List<Check> out, Run run) {
    boolean daysKept = keptFrom(Keys.RETENTION_DAY) <= EARLIEST_CALL_MS;
    if (daysKept && filledFromMs == 0) {
      out.add(new LedgerCheck(tables, cube, generations));
    } else {
      run.notes.add(
          cube.table(WindowKind.ALL)
              + " is not compared: its days do not reach back to the first call");
    }
  }

  /** 2020-01-01T00:00:00Z: calls before count at their arrival. */
  private static final long EARLIEST_CALL_MS = 1_577_836_800_000L;

  private static long pieceMs(WindowKind kind) {
    return switch (kind) {
      case MINUTE -> DAY_MS;
      case HOUR -> 7 * DAY_MS;
      default -> 30 * DAY_MS;
    };
  }

  private static String retention(WindowKind kind) {
    return switch (kind) {
      case MINUTE -> Keys.RETENTION_MINUTE;
      case HOUR -> Keys.RETENTION_HOUR;
      default -> Keys.RETENTION_DAY;
    };
  }

  private Range kept(Range range, String... retentions) {
    long from = range.fromMs();
    for (String retention : retentions) {
      from = Math.max(from, keptFrom(retention));
    }
    return new Range(Math.min(from, range.toMs()), range.toMs());
  }

  private long keptFrom(String retention) {
    return clock.millis() - TimeUnit.DAYS.toMillis(settings.integer(retention));
  }

  /** What has been seen so far. */
  private final class Run {
    final List<String> notes = new ArrayList<>();
    final List<Difference> differences = new ArrayList<>();
    long more;
    long moving;
    long incomparable;
    long rowsRead;
    int comparisons;
    boolean stalled;

    private record Suspicion(Check check, Look look) {}

    void compare(List<Check> checks) throws InterruptedException {
      comparisons = checks.size();
      List<Suspicion> suspicions = new ArrayList<>();
      for (Check check : checks) {
        Look look = look(check);
        incomparable += look.incomparable();
        if (!look.same()) {
          suspicions.add(new Suspicion(check, look));
        }
      }
      for (int looks = 1; looks < LOOKS && !suspicions.isEmpty(); looks++) {
        if (!settle(suspicions.stream().anyMatch(s -> s.check().slow()))) {
          stalled = true;
          suspicions.forEach(s -> report(s.look().differences(), s.look().more()));
          return;
        }
        List<Suspicion> open = new ArrayList<>();
        for (Suspicion before : suspicions) {
          Look now = look(before.check());
          List<Difference> firm = unchanged(before.look(), now);
          boolean settled =
              firm.size() == now.differences().size()
                  && (now.more() == before.look().more() || now.more() == 0);
          if (settled) {
            report(firm, now.more());
          } else if (looks + 1 == LOOKS) {
            report(firm, 0);
            moving += now.differences().size() - firm.size() + now.more();
          } else {
            open.add(new Suspicion(before.check(), now));
          }
        }
        suspicions = open;
      }
    }

    private Look look(Check check) {
      Look look = check.look();
      rowsRead += look.rowsRead();
      return look;
    }

    private static List<Difference> unchanged(Look before, Look now) {
      Set<Difference> known = new HashSet<>(before.differences());
      return now.differences().stream().filter(known::contains).toList();
    }

    private void report(List<Difference> firm, long further) {
      more += further;
      for (Difference difference : firm) {
        if (differences.size() < MAX_DIFFERENCES) {
          differences.add(difference);
        } else {
          more++;
        }
      }
    }

    /** Waits until all that is visible now is visible everywhere; false if it stands still. */
    private boolean settle(boolean slow) throws InterruptedException {
      long now = clock.millis();
      long until = slow ? now + settings.longValue(Keys.EMIT_DAY_MS) + EMISSION_SLACK_MS : now;
      long deadline = until + PATIENCE_MS;
      while (clock.millis() < until || watermark.read() < now) {
        if (clock.millis() > deadline) {
          return false;
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      }
      return true;
    }

    Report report(Range range, long startedNanos) {
      if (stalled) {
        notes.add(
            "the tables stand still while records wait, so what differs may be on its way: is the"
                + " aggregator running?");
      }
      if (moving > 0) {
        notes.add(
            moving
                + " figures kept changing while they were compared, because late calls arrived: not"
                + " reported, try again");
      }
      if (incomparable > 0) {
        notes.add(
            incomparable
                + " spans were priced by another book than their calls, since prices changed between:"
                + " their cost is compared with rollups only");
      }
      List<Difference> explained = resends.explain(differences);
      differences.clear();
      differences.addAll(explained);
      Report.Outcome outcome =
          differences.isEmpty() && more == 0
              ? Report.Outcome.SAME
              : stalled ? Report.Outcome.UNKNOWN : Report.Outcome.DIFFERENT;
      return report(outcome, range, startedNanos);
    }

    Report report(Report.Outcome outcome, Range range, long startedNanos) {
      return new Report(
          outcome,
          range.fromMs(),
          range.toMs(),
          differences,
          more,
          moving,
          comparisons,
          rowsRead,
          Duration.ofNanos(System.nanoTime() - startedNanos),
          notes);
    }
  }
}
