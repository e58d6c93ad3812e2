/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the ledger: all-time rows of what was metered when it arrived, which no repricing touches;
 * and the newest minutes for gauges. Thread-safe.
 */
public final class LedgerReader {
  private static final Set<LatencyKind> KINDS =
      EnumSet.of(LatencyKind.DURATION, LatencyKind.TTFT, LatencyKind.TPOT);
  private static final String KEYS = "project, layer, provider, model, operation";

  private final Database database;
  private final EditionReader editions;

  LedgerReader(Database database, EditionReader editions) {
    this.database = database;
    this.editions = editions;
  }

  /** What a series is told apart by. */
  public record Labels(
      String project, String layer, String provider, String model, String operation) {}

  /**
   * One series and class of error.
   *
   * @param errorClass empty for calls that did not fail
   * @param opened offset that opened the series, for a stable order
   */
  public record Line(Labels labels, String errorClass, Figures figures, long opened) {}

  /**
   * Distributions of the newest minutes and the slowest call of them.
   *
   * @param slowestMicros -1 without a call
   * @param slowestMinuteMs start of the minute it ended in
   */
  public record Recent(
      Labels labels,
      Map<LatencyKind, Figures.Latency> latencies,
      long slowestMicros,
      String slowestTrace,
      long slowestMinuteMs) {}

  /** All lines of the ledger, oldest series first. */
  public List<Line> read() {
    Set<String> columns = RollupReader.totalColumns();
    List<String> sums = new ArrayList<>();
    columns.forEach(c -> sums.add(c + " AS m_" + c));
    Sql sql =
        new Sql()
            .add("SELECT " + KEYS + ", error_class, min(generation) AS opened, ")
            .add(RollupColumns.aggregates(columns))
            .add(" FROM (SELECT " + KEYS + ", error_class, generation, " + String.join(", ", sums))
            .add(" FROM rollup_model_all FINAL) GROUP BY " + KEYS + ", error_class")
            .add(" ORDER BY opened, " + KEYS + ", error_class");
    List<Line> out = new ArrayList<>();
    for (Row row : database.query(sql)) {
      Figures figures = new Figures();
      figures.add(row, KINDS);
      out.add(new Line(labels(row), row.text("error_class"), figures, row.integer("opened")));
    }
    return out;
  }

  /**
   * What repricing has changed of the ledger's cost, in USD: it stands beside the ledger and is
   * never part of it.
   */
  public Map<Labels, BigDecimal> corrections() {
    Map<Labels, BigDecimal> out = new LinkedHashMap<>();
    Sql sql =
        new Sql()
            .add("SELECT " + KEYS + ", sum(cost) AS usd FROM correction_totals FINAL")
            .add(" GROUP BY " + KEYS + " ORDER BY " + KEYS);
    for (Row row : database.query(sql)) {
      BigDecimal usd = row.money("usd");
      if (usd != null) {
        out.put(labels(row), usd);
      }
    }
    return out;
  }

  /** Distributions of the minute windows in the range. */
  public List<Recent> recent(TimeRange range) {
    Sql sql = new Sql().add("SELECT " + KEYS);
    for (LatencyKind kind : KINDS) {
      String p = kind.prefix();
      sql.add(
          ", sumMap("
              + p
              + "_sketch) AS "
              + p
              + "_sketch, max("
              + p
              + "_max_us) AS "
              + p
              + "_max_us");
    }
    sql.add(", max(slowest_us) AS slow_us,")
        .add(" lower(hex(max((slowest_us, slowest_trace)).2)) AS slow_trace,")
        .add(" toInt64(max((slowest_us, slowest_trace, toUnixTimestamp(window_start))).3) * 1000")
        .add(" AS slow_ms")
        .add(" FROM rollup_model_minute FINAL WHERE " + editions.read().condition())
        .add(" AND window_start >= toDateTime(");
    sql.bind(range.fromMs() / 1000).add(", 'UTC') AND window_start < toDateTime(");
    sql.bind(range.toMs() / 1000).add(", 'UTC') GROUP BY " + KEYS);
    List<Recent> out = new ArrayList<>();
    for (Row row : database.query(sql)) {
      Map<LatencyKind, Figures.Latency> latencies = new EnumMap<>(LatencyKind.class);
      for (LatencyKind kind : KINDS) {
        Figures.Latency latency = new Figures.Latency();
        latency.sketch.merge(row.sketch(kind.prefix() + "_sketch"));
        latency.maxMicros = row.integer(kind.prefix() + "_max_us");
        latencies.put(kind, latency);
      }
      out.add(
          new Recent(
              labels(row),
              latencies,
              row.integer("slow_us"),
              row.text("slow_trace"),
              row.integer("slow_ms")));
    }
    return out;
  }

  private static Labels labels(Row row) {
    return new Labels(
        row.text("project"),
        row.text("layer"),
        row.text("provider"),
        row.text("model"),
        row.text("operation"));
  }
}
