/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads calls in the order they became visible: between two positions in the source, of which all
 * is in the table. Thread-safe.
 */
public final class LiveReader {
  private static final long SLACK_MS = 5_000;

  private final Database database;

  LiveReader(Database database) {
    this.database = database;
  }

  /**
   * How far calls are visible.
   *
   * @param offsets by source partition: all of the source before it is in the table
   * @param arrivalMs arrival of the last record before the offsets, the earliest of the partitions;
   *     0 if none is known
   */
  public record Position(Map<Integer, Long> offsets, long arrivalMs) {}

  public Position visible() {
    Map<Integer, Long> offsets = new TreeMap<>();
    long arrival = Long.MAX_VALUE;
    for (Row row :
        database.query(
            new Sql()
                .add("SELECT source_partition, min(source_offset) AS source_offset,")
                .add(" min(arrival_ms) AS arrival_ms FROM progress FINAL WHERE kind = ")
                .bind(Progress.CALLS)
                .add(" GROUP BY source_partition"))) {
      offsets.put((int) row.integer("source_partition"), row.integer("source_offset"));
      arrival = Math.min(arrival, row.integer("arrival_ms"));
    }
    return new Position(offsets, arrival == Long.MAX_VALUE ? 0 : arrival);
  }

  /**
   * Calls of the source from one position up to another, by arrival, each once.
   *
   * @return up to {@code limit + 1}, so that the caller sees whether there are more
   */
  public List<Row> between(Position from, Position to, int limit) {
    Sql sql =
        new Sql().add("SELECT " + CallsReader.COLUMNS + ", source_offset, extra FROM calls WHERE ");
    sql.add("arrival_time >= fromUnixTimestamp64Milli(");
    sql.bind(Math.max(0, from.arrivalMs() - SLACK_MS)).add(", 'UTC') AND (0");
    to.offsets()
        .forEach(
            (partition, end) -> {
              long begin = from.offsets().getOrDefault(partition, 0L);
              if (begin < end) {
                sql.add(" OR (source_partition = ").bind(partition);
                sql.add(" AND source_offset >= ").bind(begin);
                sql.add(" AND source_offset < ").bind(end).add(")");
              }
            });
    sql.add(") ORDER BY arrival_ms, source_partition, source_offset, trace, span, layer");
    sql.add(" LIMIT 1 BY project, layer, trace, span LIMIT ").bind(limit + 1L);
    return database.queryFacts(sql);
  }
}
