/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets how the tables' parts are merged, where a table has it otherwise: tables of configured cubes
 * and of earlier versions too. Merging costs several times what inserting does, and it counts how
 * often a row is merged until it lies in a large part.
 */
final class MergePolicy {
  private static final Logger LOG = LoggerFactory.getLogger(MergePolicy.class);

  private static final Map<String, String> WANTED = new LinkedHashMap<>();

  static {
    // Many small parts at once instead of few: ClickHouse's own 5 merges a row about twice as often
    // by the time an hour has been written. Never the second without the first, or parts that are
    // small beside one large one are merged into it again and again.
    WANTED.put("merge_selector_base", "20");
    WANTED.put("min_parts_to_merge_at_once", "10");
    // One file for all columns of a fresh part, not two or three for each of sixty.
    WANTED.put("min_bytes_for_wide_part", "104857600");
  }

  /** Those written to all the time, beside the cubes'. */
  private static final List<String> TABLES =
      List.of(
          "calls",
          "duplicates",
          "spans",
          "span_content",
          "span_hours",
          "span_minutes",
          "call_hours",
          "trace_bounds",
          "session_traces",
          "span_texts",
          "progress",
          "source_ends",
          "status");

  private final ClickHouse clickHouse;
  private final String cluster;

  MergePolicy(ClickHouse clickHouse, Settings settings) {
    this.clickHouse = clickHouse;
    this.cluster = settings.string(Keys.CLICKHOUSE_CLUSTER);
  }

  void apply(List<Cube> cubes) {
    Set<String> ours = new HashSet<>(TABLES);
    cubes.forEach(cube -> cube.windows().forEach(window -> ours.add(cube.table(window))));
    for (GenericRecord row :
        clickHouse.query(
            Sql.of("SELECT name, engine_full FROM system.tables WHERE database = {db:String}")
                .with("db", clickHouse.database()))) {
      String table = row.getString("name");
      String missing = missing(row.getString("engine_full"));
      if (ours.contains(table) && !missing.isEmpty()) {
        clickHouse.execute(
            Sql.of(
                "ALTER TABLE "
                    + table
                    + (cluster.isEmpty() ? "" : " ON CLUSTER '" + cluster + "'")
                    + " MODIFY SETTING "
                    + missing));
        LOG.debug("table {} is merged by {}", table, missing);
      }
    }
  }

  private static String missing(String engine) {
    StringJoiner missing = new StringJoiner(", ");
    WANTED.forEach(
        (name, value) -> {
          String setting = name + " = " + value;
          if (!(engine + ",").contains(" " + setting + ",")) {
            missing.add(setting);
          }
        });
    return missing.toString();
  }
}
