/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * Windows of one rollup table against {@code calls}, by project, layer and model. In a window where
 * models are folded into {@code __other__} only their sum is compared.
 */
final class RollupCheck implements Check {
  /** Model of a sum over all of a window's models. */
  static final String EVERY_MODEL = "*";

  private final Tables tables;
  private final Cube cube;
  private final WindowKind kind;
  private final Range range;
  private final String generations;

  /**
   * @param range whole windows of that kind
   * @param generations condition on the rollup rows in force
   */
  RollupCheck(Tables tables, Cube cube, WindowKind kind, Range range, String generations) {
    this.tables = tables;
    this.cube = cube;
    this.kind = kind;
    this.range = range;
    this.generations = generations;
  }

  @Override
  public Look look() {
    List<Difference> out = new ArrayList<>();
    long[] places = new long[2];
    long rowsRead =
        tables.read(
            Tables.over(range, text()),
            row -> {
              places[0] = row.getLong("places");
              places[1]++;
              add(row, out);
            });
    return new Look(out, places[0] - places[1], rowsRead, 0);
  }

  private void add(GenericRecord row, List<Difference> out) {
    List<BigDecimal> calls = Tables.figures(row, "ours");
    List<BigDecimal> rollups = Tables.figures(row, "theirs");
    for (int i = 0; i < calls.size(); i++) {
      if (calls.get(i).compareTo(rollups.get(i)) != 0) {
        out.add(
            new Difference(
                cube.table(kind),
                kind.label(),
                row.getLong("start_ms"),
                row.getString("project"),
                row.getString("layer"),
                row.getString("model"),
                Measure.ALL.get(i).name(),
                calls.get(i),
                rollups.get(i),
                ""));
      }
    }
  }

  private String text() {
    int figures = Measure.ALL.size();
    String start =
        switch (kind) {
          case MINUTE -> "toStartOfMinute(event_time)";
          case HOUR -> "toStartOfHour(event_time)";
          case DAY -> "toDateTime(toStartOfDay(event_time), 'UTC')";
          case ALL -> throw new IllegalStateException("all time has no windows to compare");
        };
    return "SELECT p AS project, l AS layer, toInt64(toUnixTimestamp(w)) * 1000 AS start_ms,"
        + " m AS model, toInt64(count() OVER ()) AS places, "
        + Measure.sums(0, figures)
        + " AS ours, "
        + Measure.sums(1, figures)
        + " AS theirs FROM (SELECT 0 AS side, toString(project) AS p, toString(layer) AS l, "
        + start
        + " AS w, "
        + model(start)
        + " AS m, "
        + Measure.callColumns()
        + " FROM calls FINAL WHERE "
        + Tables.within("event_time")
        + " GROUP BY p, l, w, m UNION ALL SELECT 1 AS side, toString(project) AS p,"
        + " toString(layer) AS l, window_start AS w, "
        + model("window_start")
        + " AS m, "
        + Measure.rollupColumns()
        + " FROM "
        + cube.table(kind)
        + " FINAL WHERE "
        + Tables.windowWithin("window_start")
        + generations
        + " GROUP BY p, l, w, m) GROUP BY p, l, w, m HAVING "
        + Measure.differ(figures)
        + " ORDER BY w, p, l, m LIMIT "
        + MAX_PLACES;
  }

  private String model(String start) {
    if (!cube.dimensions().contains(Dimension.MODEL)) {
      return "''";
    }
    return "if((project, layer, "
        + start
        + ") IN (SELECT project, layer, window_start FROM "
        + cube.table(kind)
        + " WHERE "
        + Tables.windowWithin("window_start")
        + generations
        + " AND model = '"
        + Cube.OTHER
        + "'), '"
        + EVERY_MODEL
        + "', toString(model))";
  }
}
