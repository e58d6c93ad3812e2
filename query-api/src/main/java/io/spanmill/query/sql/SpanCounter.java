/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.WindowKind;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts the spans kept, each once, and how late they came. Thread-safe. */
public final class SpanCounter {
  private static final int LATENESS_SAMPLE = 20_000;
  private static final long LATENESS_MS = 60_000;

  private final Database database;
  private final ResultCache cache;
  private final ProgressReader progress;
  private final SpanHours counts = new SpanHours();
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
   * Hours of a range with spans.
   *
   * @param writtenMs by start of the hour: when it was last written into, by the server's clock
   * @param newestMs by start of the hour: the newest span of it
   * @param readMs when this was read, by the server's clock
   */
  private record Hours(
      Map<Long, Long> writtenMs,
      Map<Long, Long> newestMs,
      long readMs,
      @Nullable Long completeThroughMs) {}

  /**
   * Spans of a range and of the one before it.
   *
   * @return null where spans do not have the dimensions of the filters
   */
  public @Nullable Counted count(LayerScope scope, Filters filters, TimeRange range) {
    if (!filters.fitSpans()) {
      return null;
    }
    TimeRange before = range.before();
    TimeRange whole = new TimeRange(before.fromMs(), range.toMs());
    Hours hours = hours(scope, whole);
    SpanHours.Asked asked = new SpanHours.Asked(Set.copyOf(scope.projects()), filters);
    long[] sums = new long[2];
    TreeSet<Long> open = new TreeSet<>();
    hours
        .writtenMs()
        .forEach(
            (hour, written) -> {
              long kept = keeps(hour, whole, range) ? counts.get(asked, hour, written) : -1;
              if (kept < 0) {
                open.add(hour);
              } else {
                sums[hour >= range.fromMs() ? 0 : 1] += kept;
              }
            });
    if (open.isEmpty()) {
      return new Counted(sums[0], sums[1], hours.completeThroughMs());
    }
    TimeRange read =
        new TimeRange(
            Math.max(whole.fromMs(), open.first()),
            Math.min(whole.toMs(), open.last() + WindowKind.HOUR.lengthMs()));
    Sql sql =
        new Sql()
            .add("SELECT toInt64(toUnixTimestamp(toStartOfHour(ts))) * 1000 AS hour,")
            .add(" toUnixTimestamp64Milli(ts) >= ")
            .bind(range.fromMs())
            .add(" AS in_range, count() AS n");
    where(sql, scope, filters, read, true);
    sql.add(" AND toUnixTimestamp(toStartOfHour(ts)) IN ")
        .bind("Array(UInt32)", open.stream().map(ms -> ms / 1000).toList())
        .add(" GROUP BY hour, in_range");
    ResultCache.Read counted = run(sql, whole);
    Map<Long, Long> byHour = new HashMap<>();
    for (Row row : counted.rows()) {
      sums[row.bool("in_range") ? 0 : 1] += row.integer("n");
      byHour.merge(row.integer("hour"), row.integer("n"), Long::sum);
    }
    for (long hour : open) {
      if (keeps(hour, whole, range)) {
        counts.put(
            asked,
            hour,
            hours.writtenMs().getOrDefault(hour, Long.MAX_VALUE),
            hours.readMs(),
            byHour.getOrDefault(hour, 0L));
      }
    }
    Long spansThrough = counted.progress().completeThrough(List.of(Progress.SPANS));
    Long hoursThrough = hours.completeThroughMs();
    return new Counted(
        sums[0],
        sums[1],
        spansThrough == null || hoursThrough == null
            ? null
            : Long.valueOf(Math.min(spansThrough, hoursThrough)));
  }

  /**
   * Whether an hour lies wholly in one of the ranges, and is not about to be dropped as too old.
   */
  private boolean keeps(long hour, TimeRange whole, TimeRange range) {
    long end = hour + WindowKind.HOUR.lengthMs();
    return hour >= whole.fromMs()
        && end <= whole.toMs()
        && (hour >= range.fromMs() || end <= range.fromMs())
        && hour >= clock.millis() - retentionMs + WindowKind.DAY.lengthMs();
  }

  private Hours hours(LayerScope scope, TimeRange range) {
    Sql sql =
        new Sql()
            .add("SELECT toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms,")
            .add(" toUnixTimestamp64Milli(max(written_at)) AS written_ms,")
            .add(" toUnixTimestamp64Milli(max(newest)) AS newest_ms,")
            .add(" toUnixTimestamp64Milli(now64(3)) AS read_ms FROM span_hours WHERE ")
            .in("project", scope.projects());
    sql.add(" AND hour >= toDateTime(").bind(SpanHours.hourOf(range.fromMs()) / 1000);
    sql.add(", 'UTC') AND toUnixTimestamp(hour) * 1000 < ").bind(range.toMs());
    sql.add(" GROUP BY hour");
    ResultCache.Read read = run(sql, range);
    Map<Long, Long> written = new HashMap<>();
    Map<Long, Long> newest = new HashMap<>();
    long readMs = 0;
    for (Row row : read.rows()) {
      written.put(row.integer("hour_ms"), row.integer("written_ms"));
      newest.put(row.integer("hour_ms"), row.integer("newest_ms"));
      readMs = row.integer("read_ms");
    }
    return new Hours(
        written, newest, readMs, read.progress().completeThrough(List.of(Progress.SPANS)));
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
  public @Nullable Lateness lateness(LayerScope scope, TimeRange range) {
    Hours hours = hours(scope, range);
    long newest =
        hours.newestMs().values().stream().mapToLong(Long::longValue).max().orElse(-1) + 1;
    // The newest of the last hour may lie past the range; then the hour's end in it is asked.
    long to = Math.min(range.toMs(), newest);
    for (long length : new long[] {LATENESS_MS, WindowKind.HOUR.lengthMs(), range.lengthMs()}) {
      long from = Math.max(range.fromMs(), to - length);
      Lateness found = from < to ? lateness(scope, new TimeRange(from, to), LATENESS_SAMPLE) : null;
      if (found != null) {
        return found;
      }
    }
    return null;
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
    sql.add(" AND ts >= fromUnixTimestamp64Milli(").bind(range.fromMs());
    sql.add(", 'UTC') AND ts < fromUnixTimestamp64Milli(").bind(range.toMs()).add(", 'UTC')");
    filters.and(sql);
  }

  private ResultCache.Read run(Sql sql, TimeRange range) {
    Progress known = progress.read();
    boolean closed = range.toMs() <= known.closedThroughMs();
    return cache.get(sql, known, closed, () -> database.query(sql));
  }
}
