/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;

/**
 * Up to which arrival time everything acknowledged is in all tables: calls, rollups and spans.
 * Thread-safe.
 */
final class Watermark {
  /** Nothing is known. */
  static final long UNKNOWN = -1;

  /**
   * Of each kind and source partition the offset before which all is visible; a rollup sink
   * partition that has not told may lack everything. Then the latest sample at which the source
   * ended there or before; the least of all.
   */
  private static final String QUERY =
      """
      SELECT if(count() = 0 OR min(t) = 0, -1, toInt64(min(t))) AS through FROM (
        SELECT k.kind AS kind, e.source_partition AS p,
          maxIf(e.sampled_ms, e.end_offset <= v.visible) AS t
        FROM (SELECT * FROM source_ends WHERE sampled_ms >= {since:Int64}) AS e
        CROSS JOIN (SELECT arrayJoin(['spans', 'calls', 'rollups']) AS kind) AS k
        LEFT JOIN (
          SELECT kind, source_partition,
            if(kind = 'rollups' AND count() <
                (SELECT uniqExact(source_partition) FROM source_ends), 0, min(source_offset))
              AS visible
          FROM progress FINAL GROUP BY kind, source_partition
        ) AS v ON v.kind = k.kind AND v.source_partition = e.source_partition
        GROUP BY kind, p)
      """;

  private final ClickHouse clickHouse;

  Watermark(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /** The time, or {@link #UNKNOWN}. */
  long read() {
    // The whole table is read only when a sink has stood still for long.
    for (long sinceMs : new long[] {System.currentTimeMillis() - 120_000, 0}) {
      for (GenericRecord row : clickHouse.query(Sql.of(QUERY).with("since", sinceMs))) {
        long through = row.getLong("through");
        if (through != UNKNOWN) {
          return through;
        }
      }
    }
    return UNKNOWN;
  }
}
