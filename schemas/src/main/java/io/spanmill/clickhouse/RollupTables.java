/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import io.spanmill.model.WindowKind;

/** How rollup tables are kept on disk; all share the columns of the first one. */
public final class RollupTables {
  private RollupTables() {}

  /**
   * Engine, partitions and key of a rollup table of these windows, with the places of {@link
   * SqlScript}.
   */
  static String storage(WindowKind window) {
    String partition =
        switch (window) {
          case MINUTE -> "PARTITION BY toYYYYMMDD(window_start) ";
          case HOUR -> "PARTITION BY toYYYYMM(window_start) ";
          case DAY -> "PARTITION BY toYear(window_start) ";
          case ALL -> "";
        };
    return "ENGINE = {{engine:ReplacingMergeTree(version)}} "
        + partition
        + "ORDER BY (project, layer, window_start, series_hash, generation) "
        + "SETTINGS ttl_only_drop_parts = 1";
  }
}
