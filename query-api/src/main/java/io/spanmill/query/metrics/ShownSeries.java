/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.metrics;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.LowCardinalityColumn;
import io.spanmill.clickhouse.NativeBlock;
import io.spanmill.clickhouse.Sql;
import io.spanmill.query.sql.LedgerReader.Labels;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Since when each series of {@code /metrics} is shown. It stands in ClickHouse, so that replicas
 * and restarts agree which series are new and which were admitted under the limit. Not thread-safe.
 */
final class ShownSeries {
  private static final String TABLE = "metric_series";

  private final ClickHouse clickHouse;
  private final NativeBlock block = new NativeBlock();
  private final LowCardinalityColumn project = block.label("project");
  private final LowCardinalityColumn layer = block.label("layer");
  private final LowCardinalityColumn provider = block.label("provider");
  private final LowCardinalityColumn model = block.label("model");
  private final LowCardinalityColumn operation = block.label("operation");
  private final LowCardinalityColumn part = block.label("part");
  private final FixedColumn firstMs = block.int64("first_ms");

  ShownSeries(ClickHouse clickHouse) {
    this.clickHouse = clickHouse;
  }

  /**
   * A label set, or what of it appears apart.
   *
   * @param part empty for the set itself
   */
  record Series(Labels labels, String part) {}

  /** First time each was shown by any replica, epoch milliseconds. */
  Map<Series, Long> read() {
    Map<Series, Long> out = new HashMap<>();
    for (GenericRecord row :
        clickHouse.query(
            Sql.of(
                "SELECT project, layer, provider, model, operation, part, min(first_ms) AS first"
                    + " FROM metric_series GROUP BY ALL"))) {
      Labels labels =
          new Labels(
              row.getString("project"),
              row.getString("layer"),
              row.getString("provider"),
              row.getString("model"),
              row.getString("operation"));
      out.put(new Series(labels, row.getString("part")), row.getLong("first"));
    }
    return out;
  }

  /** Notes that these are shown from now on. */
  void add(Collection<Series> series, long nowMs) {
    block.clear();
    for (Series s : series) {
      project.add(s.labels().project());
      layer.add(s.labels().layer());
      provider.add(s.labels().provider());
      model.add(s.labels().model());
      operation.add(s.labels().operation());
      part.add(s.part());
      firstMs.add(nowMs);
      block.endRow();
    }
    clickHouse.insertNative(TABLE, block);
  }
}
