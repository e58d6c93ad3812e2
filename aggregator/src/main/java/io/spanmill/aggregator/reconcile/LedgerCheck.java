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
 * The all-time rows of a cube against its days: the ledger and the corrections beside it are
 * together what the days sum up to. Both kinds of rows are written at the same time, but only about
 * every half minute.
 */
final class LedgerCheck implements Check {
  private final Tables tables;
  private final Cube cube;
  private final String generations;

  LedgerCheck(Tables tables, Cube cube, String generations) {
    this.tables = tables;
    this.cube = cube;
    this.generations = generations;
  }

  @Override
  public boolean slow() {
    return true;
  }

  @Override
  public Look look() {
    List<Difference> out = new ArrayList<>();
    long[] places = new long[2];
    long rowsRead =
        tables.read(
            Tables.over(new Range(0, 0), text()),
            row -> {
              places[0] = row.getLong("places");
              places[1]++;
              add(row, out);
            });
    return new Look(out, places[0] - places[1], rowsRead, 0);
  }

  private void add(GenericRecord row, List<Difference> out) {
    List<BigDecimal> days = Tables.figures(row, "ours");
    List<BigDecimal> ledger = Tables.figures(row, "theirs");
    for (int i = 0; i < days.size(); i++) {
      if (days.get(i).compareTo(ledger.get(i)) != 0) {
        out.add(
            new Difference(
                cube.table(WindowKind.ALL),
                WindowKind.ALL.label(),
                0,
                row.getString("project"),
                row.getString("layer"),
                row.getString("model"),
                Measure.ALL.get(i).name(),
                days.get(i),
                ledger.get(i),
                "days against all time"));
      }
    }
  }

  private String text() {
    int figures = Measure.ALL.size();
    return "SELECT p AS project, l AS layer, m AS model, toInt64(count() OVER ()) AS places, "
        + Measure.sums(0, figures)
        + " AS ours, "
        + Measure.sums(1, figures)
        + " AS theirs FROM ("
        + side(0, cube.table(WindowKind.DAY) + " FINAL WHERE 1" + generations)
        + " UNION ALL "
        + side(1, cube.table(WindowKind.ALL) + " FINAL WHERE 1")
        + " UNION ALL SELECT 1 AS side, toString(project) AS p, toString(layer) AS l, "
        + model()
        + " AS m, "
        + corrections()
        + " FROM correction_totals FINAL GROUP BY p, l, m"
        + ") GROUP BY p, l, m HAVING "
        + Measure.differ(figures)
        + " ORDER BY p, l, m LIMIT "
        + MAX_PLACES;
  }

  private String side(int side, String from) {
    return "SELECT "
        + side
        + " AS side, toString(project) AS p, toString(layer) AS l, "
        + model()
        + " AS m, "
        + Measure.rollupColumns()
        + " FROM "
        + from
        + " GROUP BY p, l, m";
  }

  /** What repricing changed, in the columns it can change. */
  private static String corrections() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < Measure.ALL.size(); i++) {
      String name = Measure.ALL.get(i).name();
      String of =
          switch (name) {
            case "cost", "computed_cost", "priced", "unpriced" -> "sum(" + name + ")";
            case "reported_cost" -> "toDecimal128(0, 12)";
            default -> "toInt64(0)";
          };
      out.append(i == 0 ? "" : ", ").append(of).append(" AS f").append(i);
    }
    return out.toString();
  }

  private String model() {
    if (!cube.dimensions().contains(Dimension.MODEL)) {
      return "''";
    }
    StringBuilder folded = new StringBuilder();
    for (WindowKind kind : new WindowKind[] {WindowKind.DAY, WindowKind.ALL}) {
      folded
          .append(folded.isEmpty() ? "" : " UNION ALL ")
          .append("SELECT project, layer FROM ")
          .append(cube.table(kind))
          .append(" WHERE model = '" + Cube.OTHER + "'");
    }
    return "if((project, layer) IN ("
        + folded
        + "), '"
        + RollupCheck.EVERY_MODEL
        + "', toString(model))";
  }
}
