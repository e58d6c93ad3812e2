/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what is known of the state of the pipeline. Thread-safe. */
public final class StatusReader {
  private final Database database;

  StatusReader(Database database) {
    this.database = database;
  }

  /** The newest source offsets and what of them each kind of sink shows. */
  public record Lag(int partitions, long endOffsets, Map<String, Long> lagByKind) {}

  /** Rows of table {@code status} by name, newest first. */
  public Map<String, List<Row>> facts() {
    Map<String, List<Row>> out = new HashMap<>();
    Sql sql =
        new Sql()
            .add("SELECT source, name, value, toUnixTimestamp64Milli(updated_at) AS updated_ms")
            .add(" FROM status FINAL ORDER BY updated_ms DESC LIMIT 1000");
    for (Row row : database.query(sql)) {
      out.computeIfAbsent(row.text("name"), n -> new ArrayList<>()).add(row);
    }
    return out;
  }

  /** Rows, bytes and last write of each table. */
  public List<Row> tables() {
    return database.query(
        new Sql()
            .add("SELECT t.name AS name, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes,")
            .add(" if(count(p.name) = 0 OR sum(p.rows) = 0, 0,")
            .add(" toInt64(toUnixTimestamp(max(p.modification_time))) * 1000) AS written_ms")
            .add(
                " FROM system.tables AS t LEFT JOIN (SELECT * FROM system.parts WHERE active AND database = ")
            .bind(database.name())
            .add(") AS p ON p.table = t.name WHERE t.database = ")
            .bind(database.name())
            // A view that fills a table keeps nothing itself.
            .add(" AND t.engine != 'MaterializedView' GROUP BY name ORDER BY name"));
  }

  /** How many records of the source are not yet visible, by kind of sink. */
  public Lag lag() {
    Map<Long, Long> ends = new HashMap<>();
    for (Row row :
        database.query(
            new Sql()
                .add("SELECT source_partition, argMax(end_offset, sampled_ms) AS end_offset")
                .add(" FROM source_ends GROUP BY source_partition"))) {
      ends.put(row.integer("source_partition"), row.integer("end_offset"));
    }
    Map<String, Long> lag = new HashMap<>();
    for (String kind : List.of(Progress.SPANS, Progress.CALLS, Progress.ROLLUPS)) {
      lag.put(kind, ends.values().stream().mapToLong(Long::longValue).sum());
    }
    for (Row row :
        database.query(
            new Sql()
                .add("SELECT kind, source_partition, min(source_offset) AS source_offset")
                .add(" FROM progress FINAL GROUP BY kind, source_partition"))) {
      Long end = ends.get(row.integer("source_partition"));
      if (end != null) {
        lag.merge(row.text("kind"), -Math.min(end, row.integer("source_offset")), Long::sum);
      }
    }
    return new Lag(ends.size(), ends.values().stream().mapToLong(Long::longValue).sum(), lag);
  }

  /** The newest rows of table {@code runs}, of one kind or of all. */
  public List<Row> runs(@Nullable String kind, int limit) {
    Sql sql =
        new Sql()
            .add("SELECT kind, id, name, state, detail,")
            .add(" toUnixTimestamp64Milli(started_at) AS started_ms,")
            .add(" ifNull(toUnixTimestamp64Milli(finished_at), 0) AS finished_ms,")
            .add(" toUnixTimestamp64Milli(updated_at) AS updated_ms FROM runs FINAL");
    if (kind != null) {
      sql.add(" WHERE kind = ").bind(kind);
    }
    return database.query(
        sql.add(" ORDER BY started_ms DESC, kind, id DESC LIMIT ").bind((long) limit));
  }

  /** ClickHouse's own version. */
  public String serverVersion() {
    return database.query(new Sql().add("SELECT version() AS v")).get(0).text("v");
  }
}
