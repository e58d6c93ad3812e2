/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.clickhouse;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.WindowKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets each table's TTL from the settings, where it differs from what the table has. */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  /** As ClickHouse writes a TTL of ours. */
  private static final Pattern DAYS = Pattern.compile("TTL .*?toIntervalDay\\((\\d+)\\)");

  private final ClickHouse clickHouse;
  private final Settings settings;

  Retention(ClickHouse clickHouse, Settings settings) {
    this.clickHouse = clickHouse;
    this.settings = settings;
  }

  void apply(List<Cube> cubes) {
    Map<String, Integer> now = inForce();
    set("calls", "event_time", Keys.RETENTION_CALLS, now);
    set("duplicates", "event_time", Keys.RETENTION_CALLS, now);
    set("corrections", "event_time", Keys.RETENTION_CALLS, now);
    set("call_hours", "hour", Keys.RETENTION_CALLS, now);
    set("spans", "ts", Keys.RETENTION_SPANS, now);
    set("span_hours", "hour", Keys.RETENTION_SPANS, now);
    set("trace_bounds", "hour", Keys.RETENTION_SPANS, now);
    set("session_traces", "hour", Keys.RETENTION_SPANS, now);
    // A day ends a day after it begins, and not everywhere at once.
    set("span_texts", "day + 2", Keys.RETENTION_SPANS, now);
    set("span_content", "ts", Keys.RETENTION_CONTENT, now);
    set("uploads", "uploaded_at", Keys.RETENTION_UPLOADS, now);
    for (Cube cube : cubes) {
      for (WindowKind window : cube.windows()) {
        switch (window) {
          case MINUTE -> set(cube.table(window), "window_start", Keys.RETENTION_MINUTE, now);
          case HOUR -> set(cube.table(window), "window_start", Keys.RETENTION_HOUR, now);
          case DAY -> set(cube.table(window), "window_start", Keys.RETENTION_DAY, now);
          case ALL -> {
            // The ledger is kept for ever.
          }
        }
      }
    }
  }

  private Map<String, Integer> inForce() {
    Map<String, Integer> days = new HashMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of("SELECT name, engine_full FROM system.tables WHERE database = {db:String}")
                .with("db", clickHouse.database()))) {
      Matcher ttl = DAYS.matcher(row.getString("engine_full"));
      if (ttl.find()) {
        days.put(row.getString("name"), Integer.parseInt(ttl.group(1)));
      }
    }
    return days;
  }

  private void set(String table, String timeColumn, String key, Map<String, Integer> now) {
    Integer days = settings.integer(key);
    if (days.equals(now.get(table))) {
      return;
    }
    String cluster = settings.string(Keys.CLICKHOUSE_CLUSTER);
    clickHouse.execute(
        Sql.of(
            "ALTER TABLE "
                + table
                + (cluster.isEmpty() ? "" : " ON CLUSTER '" + cluster + "'")
                + " MODIFY TTL toDateTime("
                + timeColumn
                + ") + toIntervalDay("
                + days
                + ")"));
    if (now.containsKey(table)) {
      LOG.info("table {} keeps {} days from now on ({})", table, days, key);
    }
  }
}
