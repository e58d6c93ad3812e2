/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@link Progress} from the tables the aggregator keeps: which source offsets each sink has
 * made visible, and which end offsets the source had at which time. An answer may say an older
 * progress than there is, never a newer one. Thread-safe.
 */
public final class ProgressReader {
  private static final long MAX_AGE_MS = 250;

  private final Database database;
  private final Clock clock;
  private volatile Progress latest = Progress.UNKNOWN;
  private volatile long readAtMs = Long.MIN_VALUE / 2;

  public ProgressReader(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Progress not older than a quarter of a second. */
  public Progress read() {
    if (clock.millis() - readAtMs <= MAX_AGE_MS) {
      return latest;
    }
    synchronized (this) {
      long now = clock.millis();
      if (now - readAtMs > MAX_AGE_MS) {
        latest = load();
        readAtMs = now;
      }
      return latest;
    }
  }

  private Progress load() {
    List<Row> visible =
        database.query(
            new Sql()
                .add(
                    "SELECT kind, source_partition, min(source_offset) AS source_offset,"
                        + " count() AS sinks, min(tick_ms) AS tick_ms"
                        + " FROM progress FINAL GROUP BY kind, source_partition"));
    List<Row> partitions =
        database.query(new Sql().add("SELECT DISTINCT source_partition FROM source_ends"));
    Map<String, Map<Integer, Long>> offsets = new HashMap<>();
    long tick = Long.MAX_VALUE;
    for (Row row : visible) {
      String kind = row.text("kind");
      boolean rollups = kind.equals(Progress.ROLLUPS);
      // A rollup sink that has not yet told its vector may still lack everything.
      boolean told = !rollups || row.integer("sinks") >= partitions.size();
      offsets
          .computeIfAbsent(kind, k -> new HashMap<>())
          .put((int) row.integer("source_partition"), told ? row.integer("source_offset") : 0L);
      if (rollups) {
        tick = Math.min(tick, told ? row.integer("tick_ms") : 0);
      }
    }
    Map<String, Long> complete = new HashMap<>();
    for (String kind : List.of(Progress.SPANS, Progress.CALLS, Progress.ROLLUPS)) {
      Long at = completeThrough(partitions, offsets.getOrDefault(kind, Map.of()));
      if (at != null) {
        complete.put(kind, at);
      }
    }
    return new Progress(
        complete, tick == Long.MAX_VALUE ? 0 : tick, Objects.hash(offsets.toString()));
  }

  /** Latest time at which each partition's end was at or before what is visible of it. */
  private @Nullable Long completeThrough(List<Row> partitions, Map<Integer, Long> visible) {
    if (partitions.isEmpty()) {
      return null;
    }
    // The newest samples nearly always hold the answer; the whole table is read only when a sink
    // stalls.
    Long recent = completeThrough(partitions, visible, clock.millis() - 120_000);
    return recent != null ? recent : completeThrough(partitions, visible, 0);
  }

  private @Nullable Long completeThrough(
      List<Row> partitions, Map<Integer, Long> visible, long sinceMs) {
    Sql sql =
        new Sql()
            .add(
                "SELECT min(t) AS t, count() AS n FROM (SELECT source_partition, max(sampled_ms) AS t")
            .add(" FROM source_ends WHERE sampled_ms >= ")
            .bind(sinceMs)
            .add(" AND (");
    String or = "";
    for (Row row : partitions) {
      int partition = (int) row.integer("source_partition");
      sql.add(or).add("(source_partition = ").bind(partition).add(" AND end_offset <= ");
      sql.bind(visible.getOrDefault(partition, 0L)).add(")");
      or = " OR ";
    }
    sql.add(") GROUP BY source_partition)");
    Row row = database.query(sql).get(0);
    return row.integer("n") < partitions.size() ? null : Long.valueOf(row.integer("t"));
  }
}
