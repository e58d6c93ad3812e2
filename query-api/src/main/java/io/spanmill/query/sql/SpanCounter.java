/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts the spans kept, each once, and how late they came. Thread-safe. */
public final class SpanCounter {
  private static final int LATENESS_SAMPLE = 20_000;
  private static final long LATENESS_MS = 60_000;
  private static final long LATENESS_AGE_MS = 2_000;
  private static final int LATENESS_KEPT = 64;
  private static final long HOURS_AGE_MS = 2_000;
  private static final int HOURS_KEPT = 64;

  /** How many of the newest hours are told minute by minute. */
  private static final long MINUTES_MS = 3 * WindowKind.HOUR.lengthMs();

  private final Database database;
  private final ResultCache cache;
  private final ProgressReader progress;
  private final SpanHours counts = new SpanHours();
  private final Map<Sampled, Sample> samples = SpanHours.latest(LATENESS_KEPT);
  private final Map<Set<String>, Hours> hoursRead = SpanHours.latest(HOURS_KEPT);
  private final Clock clock;
  private final long retentionMs;

  SpanCounter(
      Database database,
      ResultCache cache,
      ProgressReader progress,
      Settings settings,
      Clock clock) {
    this.clock = clock;
    this.retentionMs = TimeUnit.DAYS.toMillis(settings.integer(Keys.RETENTION_SPANS));
    this.database = database;
    this.cache = cache;
    this.progress = progress;
  }

  /** Arrival − span end, milliseconds. */
  public record Lateness(double p50Ms, double p99Ms) {}

  /**
   * Spans of two ranges.
   *
   * @param previous of the range before
   * @param completeThroughMs arrival time up to which all is counted, or null if it is not known
   */
  public record Counted(long current, long previous, @Nullable Long completeThroughMs) {}

  /**
   * What is told of the spans of a range.
   *
   * @param counted null where spans do not have the dimensions of the filters
   * @param lateness of the newest spans, whatever the filters; null without spans
   */
  public record Seen(@Nullable Counted counted, @Nullable Lateness lateness) {}

  /** When an hour was last written into, by the server's clock, and its newest span. */
  private record Hour(long writtenMs, long newestMs) {}

  /**
   * Hours with spans.
   *
   * @param byStart from {@code fromMs} on
   * @param minutes of the newest hours, when each was last written into, by the server's clock
   * @param readMs when this was read, by the server's clock
   * @param progress known before
   * @param atMs when this was read, by this clock
   */
  private record Hours(
      NavigableMap<Long, Hour> byStart,
      NavigableMap<Long, Long> minutes,
      long fromMs,
      long readMs,
      Progress progress,
      long atMs) {
    @Nullable Long completeThroughMs() {
      return progress.completeThrough(List.of(Progress.SPANS));
    }

    /** Those that have a part in the range. */
    NavigableMap<Long, Hour> in(TimeRange range) {
      return byStart.subMap(SpanHours.hourOf(range.fromMs()), true, range.toMs(), false);
    }

    long writtenMs(long hour, long unknown) {
      Hour of = byStart.get(hour);
      return of == null ? unknown : of.writtenMs();
    }

    boolean tellsMinutes(long hour) {
      return hour >= SpanHours.hourOf(readMs) - MINUTES_MS;
    }
  }

  /**
   * A part of an hour that is not known.
   *
   * @param writtenMs last write into it
   */
  private record Open(TimeRange stretch, long writtenMs) {}

  private record Sampled(Set<String> projects, TimeRange range) {}

  /**
   * @param writtenMs last write into the hours of the sample
   * @param readMs before the sample was read
   */
  private record Sample(Lateness lateness, long writtenMs, long readMs) {}

  /** Spans of a range and of the one before it, and how late the newest of the range came. */
  public Seen seen(LayerScope scope, Filters filters, TimeRange range) {
    TimeRange before = range.before();
    TimeRange whole = new TimeRange(before.fromMs(), range.toMs());
    Hours hours = hours(scope, whole.fromMs());
    Supplier<@Nullable Lateness> lateness = database.begin(() -> lateness(scope, range, hours));
    Counted counted = filters.fitSpans() ? count(scope, filters, range, whole, hours) : null;
    return new Seen(counted, lateness.get());
  }

  private Counted count(
      LayerScope scope, Filters filters, TimeRange range, TimeRange whole, Hours hours) {
    SpanHours.Asked asked = new SpanHours.Asked(Set.copyOf(scope.projects()), filters);
    long[] sums = new long[2];
    List<Open> openHours = new ArrayList<>();
    List<Open> openMinutes = new ArrayList<>();
    hours
        .in(whole)
        .forEach(
            (hour, of) -> {
              for (TimeRange stretch : stretches(hour, WindowKind.HOUR, whole, range)) {
                int side = stretch.fromMs() >= range.fromMs() ? 0 : 1;
                long kept = keeps(hour) ? counts.get(asked, stretch, of.writtenMs()) : -1;
                if (kept >= 0) {
                  sums[side] += kept;
                } else if (hours.tellsMinutes(hour)) {
                  sums[side] += ofMinutes(asked, hours, of, stretch, openMinutes);
                } else {
                  openHours.add(new Open(stretch, of.writtenMs()));
                }
              }
            });
    Long through = hours.completeThroughMs();
    for (WindowKind kind : List.of(WindowKind.HOUR, WindowKind.MINUTE)) {
      List<Open> open = kind == WindowKind.HOUR ? openHours : openMinutes;
      if (open.isEmpty()) {
        continue;
      }
      ResultCache.Read counted = count(scope, filters, kind, open, whole, range);
      Map<TimeRange, Long> found = new HashMap<>();
      for (Row row : counted.rows()) {
        boolean inRange = row.bool("in_range");
        for (TimeRange stretch : stretches(row.integer("start"), kind, whole, range)) {
          if (stretch.fromMs() >= range.fromMs() == inRange) {
            found.put(stretch, row.integer("n"));
          }
        }
      }
      for (Open of : open) {
        TimeRange stretch = of.stretch();
        long spans = found.getOrDefault(stretch, 0L);
        sums[stretch.fromMs() >= range.fromMs() ? 0 : 1] += spans;
        if (keeps(SpanHours.hourOf(stretch.fromMs()))) {
          counts.put(asked, stretch, of.writtenMs(), hours.readMs(), spans);
        }
      }
      Long spansThrough = counted.progress().completeThrough(List.of(Progress.SPANS));
      through =
          spansThrough == null || through == null
              ? null
              : Long.valueOf(Math.min(spansThrough, through));
    }
    return new Counted(sums[0], sums[1], through);
  }

  /**
   * Spans of the known minutes of a stretch of an hour; the others are added to those that are
   * open. If all are known and settled, so is the stretch.
   */
  private long ofMinutes(
      SpanHours.Asked asked, Hours hours, Hour of, TimeRange stretch, List<Open> open) {
    int before = open.size();
    long sum = 0;
    for (Map.Entry<Long, Long> minute :
        hours
            .minutes()
            .subMap(WindowKind.MINUTE.startOf(stretch.fromMs()), stretch.toMs())
            .entrySet()) {
      TimeRange part =
          new TimeRange(
              Math.max(minute.getKey(), stretch.fromMs()),
              Math.min(minute.getKey() + WindowKind.MINUTE.lengthMs(), stretch.toMs()));
      long kept = counts.get(asked, part, minute.getValue());
      if (kept < 0) {
        open.add(new Open(part, minute.getValue()));
      } else {
        sum += kept;
      }
    }
    if (open.size() == before) {
      counts.put(asked, stretch, of.writtenMs(), hours.readMs(), sum);
    }
    return sum;
  }

  /** Counts the hours or minutes that open stretches lie in. */
  private ResultCache.Read count(
      LayerScope scope,
      Filters filters,
      WindowKind kind,
      List<Open> open,
      TimeRange whole,
      TimeRange range) {
    TimeRange read =
        new TimeRange(
            open.stream().mapToLong(o -> o.stretch().fromMs()).min().orElseThrow(),
            open.stream().mapToLong(o -> o.stretch().toMs()).max().orElseThrow());
    String start = kind == WindowKind.HOUR ? "toStartOfHour(ts)" : "toStartOfMinute(ts)";
    Sql sql =
        new Sql()
            .add("SELECT toInt64(toUnixTimestamp(" + start + ")) * 1000 AS start,")
            .add(" toUnixTimestamp64Milli(ts) >= ")
            .bind(range.fromMs())
            .add(" AS in_range, count() AS n");
    where(sql, scope, filters, read, true);
    sql.add(" AND toUnixTimestamp(" + start + ") IN ")
        .bind(
            "Array(UInt32)",
            open.stream().map(o -> kind.startOf(o.stretch().fromMs()) / 1000).distinct().toList())
        .add(" GROUP BY start, in_range");
    return run(sql, whole);
  }

  /** What of a window lies in the range before and in the range, each if anything does. */
  private static List<TimeRange> stretches(
      long start, WindowKind kind, TimeRange whole, TimeRange range) {
    List<TimeRange> out = new ArrayList<>(2);
    long[] cuts = {whole.fromMs(), range.fromMs(), range.toMs()};
    for (int i = 0; i < 2; i++) {
      long from = Math.max(start, cuts[i]);
      long to = Math.min(start + kind.lengthMs(), cuts[i + 1]);
      if (from < to) {
        out.add(new TimeRange(from, to));
      }
    }
    return out;
  }

  /** Whether an hour is not about to be dropped as too old. */
  private boolean keeps(long hour) {
    return hour >= clock.millis() - retentionMs + WindowKind.DAY.lengthMs();
  }

  /** The hours that begin in the hour of this moment or later. */
  private Hours hours(LayerScope scope, long epochMs) {
    Set<String> projects = Set.copyOf(scope.projects());
    long fromMs = SpanHours.hourOf(epochMs);
    Progress known = progress.read();
    synchronized (hoursRead) {
      Hours last = hoursRead.get(projects);
      if (last != null && last.fromMs() <= fromMs && holds(last, known)) {
        return new Hours(
            last.byStart(), last.minutes(), last.fromMs(), last.readMs(), known, last.atMs());
      }
    }
    long atMs = clock.millis();
    Sql sql =
        new Sql()
            .add("SELECT true AS is_hour, toInt64(toUnixTimestamp(hour)) * 1000 AS start_ms,")
            .add(" toUnixTimestamp64Milli(written_at) AS written_ms,")
            .add(" toUnixTimestamp64Milli(newest) AS newest_ms,")
            .add(" toUnixTimestamp64Milli(now64(3)) AS read_ms FROM span_hours WHERE ")
            .in("project", projects)
            .add(" AND hour >= toDateTime(")
            .bind(fromMs / 1000)
            .add(", 'UTC') UNION ALL SELECT false, toInt64(toUnixTimestamp(minute)) * 1000,")
            .add(" toUnixTimestamp64Milli(written_at), 0, toUnixTimestamp64Milli(now64(3))")
            .add(" FROM span_minutes WHERE ")
            .in("project", projects)
            .add(" AND minute >= toDateTime(")
            .bind(fromMs / 1000)
            .add(", 'UTC') AND minute >= toStartOfHour(now('UTC')) - ")
            .bind((MINUTES_MS + WindowKind.HOUR.lengthMs()) / 1000);
    ResultCache.Read read =
        cache.get(sql, known, false, () -> database.query(sql, Database.ONE_THREAD));
    NavigableMap<Long, Hour> byStart = new TreeMap<>();
    NavigableMap<Long, Long> minutes = new TreeMap<>();
    long readMs = 0;
    for (Row row : read.rows()) {
      // Each has a row for each write that is not merged yet, and for each project.
      if (row.bool("is_hour")) {
        byStart.merge(
            row.integer("start_ms"),
            new Hour(row.integer("written_ms"), row.integer("newest_ms")),
            (a, b) ->
                new Hour(
                    Math.max(a.writtenMs(), b.writtenMs()), Math.max(a.newestMs(), b.newestMs())));
      } else {
        minutes.merge(row.integer("start_ms"), row.integer("written_ms"), Math::max);
      }
      readMs = row.integer("read_ms");
    }
    Hours hours = new Hours(byStart, minutes, fromMs, readMs, read.progress(), atMs);
    synchronized (hoursRead) {
      hoursRead.put(projects, hours);
    }
    return hours;
  }

  /** Whether nothing is visible that was not when they were read. */
  private boolean holds(Hours hours, Progress known) {
    return known.completeThrough(List.of(Progress.SPANS)) != null
        && hours.progress().version() == known.version()
        && clock.millis() - hours.atMs() < HOURS_AGE_MS;
  }

  /** Spans per step; steps without spans are missing. */
  public @Nullable Map<Long, Long> count(
      LayerScope scope, Filters filters, TimeRange range, Steps steps) {
    if (!filters.fitSpans()) {
      return null;
    }
    Sql sql = new Sql().add("SELECT ");
    if (steps.even()) {
      sql.add("intDiv(toUnixTimestamp64Milli(ts), ").bind(steps.nominalMs()).add(") * ");
      sql.bind(steps.nominalMs());
    } else {
      sql.add("roundDown(toUnixTimestamp64Milli(ts), ");
      sql.bind("Array(Int64)", steps.startsMs()).add(")");
    }
    sql.add(" AS bucket, count() AS n");
    where(sql, scope, filters, range, true);
    sql.add(" GROUP BY bucket");
    Map<Long, Long> out = new TreeMap<>();
    run(sql, range).rows().forEach(r -> out.put(r.integer("bucket"), r.integer("n")));
    return out;
  }

  /** Of the newest spans of the range, those of about a minute; null without spans. */
  private @Nullable Lateness lateness(LayerScope scope, TimeRange range, Hours hours) {
    long newest = -1;
    for (Hour hour : hours.in(range).values()) {
      newest = Math.max(newest, hour.newestMs());
    }
    // The newest of the last hour may lie past the range; then the hour's end in it is asked.
    long to = Math.min(range.toMs(), newest + 1);
    long from = Math.max(range.fromMs(), to - LATENESS_MS);
    if (from >= to) {
      return null;
    }
    Sampled minute = new Sampled(Set.copyOf(scope.projects()), new TimeRange(from, to));
    Lateness kept = kept(minute, hours);
    if (kept != null) {
      return kept;
    }
    Lateness found = lateness(scope, minute.range(), LATENESS_SAMPLE);
    if (found != null) {
      keep(minute, found, hours);
      return found;
    }
    for (long length : new long[] {WindowKind.HOUR.lengthMs(), range.lengthMs()}) {
      TimeRange wider = new TimeRange(Math.max(range.fromMs(), to - length), to);
      found = lateness(scope, wider, LATENESS_SAMPLE);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** A sample's lateness if nothing was written into its hours since, or just a moment ago. */
  private @Nullable Lateness kept(Sampled asked, Hours hours) {
    synchronized (samples) {
      Sample same = samples.get(asked);
      if (same != null
          && same.writtenMs() == writtenMs(asked.range(), hours)
          && SpanHours.isSettled(same.writtenMs(), same.readMs())) {
        return same.lateness();
      }
      for (Map.Entry<Sampled, Sample> e : samples.entrySet()) {
        // How late senders are does not change from one second to the next.
        if (e.getKey().projects().equals(asked.projects())
            && hours.readMs() - e.getValue().readMs() < LATENESS_AGE_MS
            && Math.abs(e.getKey().range().toMs() - asked.range().toMs()) < LATENESS_AGE_MS
            && e.getKey().range().lengthMs() == asked.range().lengthMs()) {
          return e.getValue().lateness();
        }
      }
    }
    return null;
  }

  private void keep(Sampled asked, Lateness found, Hours hours) {
    synchronized (samples) {
      samples.put(asked, new Sample(found, writtenMs(asked.range(), hours), hours.readMs()));
    }
  }

  private static long writtenMs(TimeRange range, Hours hours) {
    long written = 0;
    for (long hour = SpanHours.hourOf(range.fromMs());
        hour < range.toMs();
        hour += WindowKind.HOUR.lengthMs()) {
      written = Math.max(written, hours.writtenMs(hour, 0));
    }
    return written;
  }

  private @Nullable Lateness lateness(LayerScope scope, TimeRange range, int sample) {
    Sql sql =
        new Sql()
            .add("SELECT count() AS n, quantiles(0.5, 0.99)(late) AS q FROM (SELECT")
            .add(" toUnixTimestamp64Milli(arrival_time) - toUnixTimestamp64Milli(ts) AS late");
    where(sql, scope, Filters.NONE, range, false);
    sql.add(" ORDER BY ts DESC LIMIT ").bind(sample).add(")");
    Row row = run(sql, range).rows().get(0);
    if (row.integer("n") == 0) {
      return null;
    }
    List<?> q = row.list("q");
    return new Lateness(number(q.get(0)), number(q.get(1)));
  }

  private static double number(@Nullable Object v) {
    return v instanceof Number n ? Math.round(n.doubleValue() * 1000) / 1000.0 : 0;
  }

  private static void where(
      Sql sql, LayerScope scope, Filters filters, TimeRange range, boolean each) {
    sql.add(" FROM spans").add(each ? " FINAL" : "").add(" WHERE ").in("project", scope.projects());
    sql.add(" AND ").during("ts", range);
    filters.and(sql);
  }

  private ResultCache.Read run(Sql sql, TimeRange range) {
    Progress known = progress.read();
    boolean closed = range.toMs() <= known.closedThroughMs();
    return cache.get(sql, known, closed, () -> database.query(sql));
  }
}
