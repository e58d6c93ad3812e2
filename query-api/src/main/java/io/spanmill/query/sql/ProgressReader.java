/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@link Progress} from the tables the aggregator keeps: which source offsets each sink has
 * made visible, and which end offsets the source had at which time. An answer may say an older
 * progress than there is, never a newer one. Thread-safe.
 */
public final class ProgressReader {
  private static final long MAX_AGE_MS = 120;
  private static final long PARTITIONS_MAX_AGE_MS = 10_000;
  private static final long RECENT_MS = 120_000;

  private final Database database;
  private final Clock clock;
  private final Remembered<Progress> latest;
  private final Remembered<Set<Integer>> partitions;

  public ProgressReader(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
    this.latest = new Remembered<>(this::load, MAX_AGE_MS, clock, database.background());
    this.partitions =
        new Remembered<>(this::loadPartitions, PARTITIONS_MAX_AGE_MS, clock, database.background());
  }

  /** Progress not older than {@value #MAX_AGE_MS} ms. */
  public Progress read() {
    return latest.get();
  }

  /** End offsets of a source partition that were sampled lately. */
  private record Samples(List<?> timesMs, List<?> ends) {
    /** Time of the newest sample whose end is visible; null if none of them is. */
    @Nullable Long newestWithin(long visible) {
      Long at = null;
      for (int i = 0; i < ends.size(); i++) {
        long timeMs = number(timesMs.get(i));
        if (number(ends.get(i)) <= visible && (at == null || timeMs > at)) {
          at = timeMs;
        }
      }
      return at;
    }

    private static long number(Object value) {
      return ((Number) value).longValue();
    }
  }

  private Progress load() {
    Set<Integer> sources = new TreeSet<>(partitions.get());
    Map<Integer, Samples> samples = new HashMap<>();
    List<Row> visible = new ArrayList<>();
    Sql sql =
        new Sql()
            .add(
                "SELECT kind, source_partition, min(source_offset) AS source_offset,"
                    + " count() AS sinks, min(tick_ms) AS tick_ms,"
                    + " emptyArrayInt64() AS times, emptyArrayInt64() AS ends"
                    + " FROM progress FINAL GROUP BY kind, source_partition"
                    + " UNION ALL SELECT '', source_partition, 0, 0, 0, groupArray(sampled_ms),"
                    + " groupArray(end_offset) FROM source_ends WHERE sampled_ms >= ")
            .bind(clock.millis() - RECENT_MS)
            .add(" GROUP BY source_partition");
    for (Row row : database.query(sql, Database.ONE_THREAD)) {
      if (row.text("kind").isEmpty()) {
        int partition = (int) row.integer("source_partition");
        sources.add(partition);
        samples.put(partition, new Samples(row.list("times"), row.list("ends")));
      } else {
        visible.add(row);
      }
    }
    Map<String, Map<Integer, Long>> offsets = new HashMap<>();
    long tick = Long.MAX_VALUE;
    for (Row row : visible) {
      String kind = row.text("kind");
      boolean rollups = kind.equals(Progress.ROLLUPS);
      // A rollup sink that has not yet told its vector may still lack everything.
      boolean told = !rollups || row.integer("sinks") >= sources.size();
      offsets
          .computeIfAbsent(kind, k -> new HashMap<>())
          .put((int) row.integer("source_partition"), told ? row.integer("source_offset") : 0L);
      if (rollups) {
        tick = Math.min(tick, told ? row.integer("tick_ms") : 0);
      }
    }
    Map<String, Long> complete = new HashMap<>();
    for (String kind : List.of(Progress.SPANS, Progress.CALLS, Progress.ROLLUPS)) {
      Long at = completeThrough(sources, offsets.getOrDefault(kind, Map.of()), samples);
      if (at != null) {
        complete.put(kind, at);
      }
    }
    return new Progress(
        complete, tick == Long.MAX_VALUE ? 0 : tick, Objects.hash(offsets.toString()));
  }

  private Set<Integer> loadPartitions() {
    Set<Integer> out = new TreeSet<>();
    for (Row row :
        database.query(new Sql().add("SELECT DISTINCT source_partition FROM source_ends"))) {
      out.add((int) row.integer("source_partition"));
    }
    return out;
  }

  /** Latest time at which each partition's end was at or before what is visible of it. */
  private @Nullable Long completeThrough(
      Set<Integer> sources, Map<Integer, Long> visible, Map<Integer, Samples> samples) {
    if (sources.isEmpty()) {
      return null;
    }
    long earliest = Long.MAX_VALUE;
    for (int partition : sources) {
      Samples recent = samples.get(partition);
      Long at = recent == null ? null : recent.newestWithin(visible.getOrDefault(partition, 0L));
      if (at == null) {
        // The whole table is read only when a sink stalls.
        return completeThrough(sources, visible);
      }
      earliest = Math.min(earliest, at);
    }
    return earliest;
  }

  private @Nullable Long completeThrough(Set<Integer> sources, Map<Integer, Long> visible) {
    Sql sql =
        new Sql()
            .add(
                "SELECT min(t) AS t, count() AS n FROM (SELECT source_partition, max(sampled_ms) AS t")
            .add(" FROM source_ends WHERE 0");
    for (int partition : sources) {
      sql.add(" OR (source_partition = ").bind(partition).add(" AND end_offset <= ");
      sql.bind(visible.getOrDefault(partition, 0L)).add(")");
    }
    sql.add(" GROUP BY source_partition)");
    Row row = database.query(sql).get(0);
    return row.integer("n") < sources.size() ? null : Long.valueOf(row.integer("t"));
  }
}
