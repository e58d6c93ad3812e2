/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reprice;

import com.clickhouse.client.api.query.GenericRecord;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.model.Cube;
import io.spanmill.model.Dimension;
import io.spanmill.model.WindowKind;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the series of a rollup table that a call counts in: its own or, where the cardinality guard
 * folded values of the window into {@code __other__}, the one that the guard gave it. A value that
 * was admitted stands in some row of the window. Holds the series of one window at a time; to be
 * asked in the order of windows and projects. Not thread-safe.
 */
final class FoldedWindows {
  private final ClickHouse clickHouse;
  private final Cube cube;
  private final String table;
  private final List<String> columns;
  private final String generations;
  private final Set<Place> folded = new HashSet<>();
  private @Nullable Place at;
  private final Set<List<String>> series = new HashSet<>();
  private List<Set<String>> values = List.of();

  private record Place(String project, long startMs) {}

  /**
   * Looks where anything was folded.
   *
   * @param columns the cube's dimensions as expressions over the table, in its order
   * @param generations condition on the rows in force
   */
  FoldedWindows(
      ClickHouse clickHouse,
      Cube cube,
      WindowKind kind,
      List<String> columns,
      String generations,
      long fromMs,
      long toMs) {
    this.clickHouse = clickHouse;
    this.cube = cube;
    this.table = cube.table(kind);
    this.columns = columns;
    this.generations = generations;
    StringBuilder any = new StringBuilder("0");
    for (String column : columns) {
      any.append(" OR ").append(column).append(" = '" + Cube.OTHER + "'");
    }
    clickHouse.forEach(
        Sql.of(
                "SELECT DISTINCT toString(project) AS p,"
                    + " toInt64(toUnixTimestamp(window_start)) * 1000 AS start_ms FROM "
                    + table
                    + " WHERE window_start >= toDateTime(intDiv({from:Int64}, 1000), 'UTC')"
                    + " AND window_start < toDateTime(intDiv({to:Int64}, 1000), 'UTC')"
                    + generations
                    + " AND ("
                    + any
                    + ")")
            .with("from", fromMs)
            .with("to", toMs),
        row -> folded.add(new Place(row.getString("p"), row.getLong("start_ms"))));
  }

  /** The series of a call with these values; the array given if nothing of it was folded. */
  String[] seriesOf(long startMs, String[] dimensions) {
    Place place = new Place(dimensions[0], startMs);
    if (!folded.contains(place)) {
      return dimensions;
    }
    if (!place.equals(at)) {
      load(place);
    }
    if (series.contains(Arrays.asList(dimensions))) {
      return dimensions;
    }
    String[] some = dimensions.clone();
    String[] all = dimensions.clone();
    for (int i = 0; i < dimensions.length; i++) {
      boolean folds = i >= cube.dimensions().size() || cube.dimensions().get(i).folds();
      if (folds) {
        all[i] = Cube.OTHER;
        if (!dimensions[i].isEmpty() && !values.get(i).contains(dimensions[i])) {
          some[i] = Cube.OTHER;
        }
      }
    }
    if (series.contains(Arrays.asList(some)) || !series.contains(Arrays.asList(all))) {
      return some;
    }
    return all;
  }

  private void load(Place place) {
    at = place;
    series.clear();
    values = columns.stream().<Set<String>>map(c -> new HashSet<>()).toList();
    StringBuilder select = new StringBuilder();
    for (int i = 0; i < columns.size(); i++) {
      select.append(i == 0 ? "" : ", ").append("toString(" + columns.get(i) + ") AS d" + i);
    }
    clickHouse.forEach(
        Sql.of(
                "SELECT DISTINCT "
                    + select
                    + " FROM "
                    + table
                    + " WHERE project = {project:String}"
                    + " AND window_start = toDateTime(intDiv({start:Int64}, 1000), 'UTC')"
                    + generations)
            .with("project", place.project())
            .with("start", place.startMs()),
        this::add);
  }

  private void add(GenericRecord row) {
    String[] found = new String[columns.size()];
    for (int i = 0; i < found.length; i++) {
      found[i] = row.getString("d" + i);
      values.get(i).add(found[i]);
    }
    series.add(Arrays.asList(found));
  }

  /** The cube's dimensions as columns of {@code calls} and of its tables, attributes last. */
  static List<String> columns(Cube cube, List<String> attributeNames) {
    List<String> out =
        new java.util.ArrayList<>(cube.dimensions().stream().map(Dimension::column).toList());
    cube.attributes().forEach(i -> out.add("extra['" + attributeNames.get(i) + "']"));
    return List.copyOf(out);
  }
}
