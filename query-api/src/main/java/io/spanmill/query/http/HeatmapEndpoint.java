/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.model.LatencySketch;
import io.spanmill.query.sql.LatencyKind;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.Steps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/latency/heatmap}: how many calls lay between which bounds, by step. The bounds are
 * every eighth of the sketch's own, so the counts are exact.
 */
final class HeatmapEndpoint implements Endpoint {
  private static final int SKETCH_BUCKETS = 8;
  private static final Map<String, LatencyKind> METRICS =
      Map.of("duration", LatencyKind.DURATION, "ttft", LatencyKind.TTFT, "tpot", LatencyKind.TPOT);

  private final Queries queries;
  private final QuestionReader questions;

  HeatmapEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/latency/heatmap";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with("metric", "step");
  }

  @Override
  public String exports() {
    return "columns";
  }

  @Override
  public Described describes() {
    return new Described(
        "Heatmap",
        "How many calls took how long, by step.",
        Map.of("metric", List.of("duration", "ttft", "tpot")));
  }

  @Override
  public Object answer(Asked asked) {
    String metric = asked.params().choice("metric", List.of("duration", "ttft", "tpot"));
    String column =
        METRICS.getOrDefault(metric, LatencyKind.DURATION).name().toLowerCase(Locale.ROOT)
            + "_sketch";
    Question q = questions.question(asked, List.of());
    Steps steps = StepReader.steps(asked.params(), q.range(), questions.zone(asked.params()));
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(q));
    RollupReader.Sums sums = queries.rollups().sums(q, Set.of(column), steps, false);
    Map<Long, Map<Integer, Long>> cells = new HashMap<>();
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (Row row : sums.rows()) {
      Map<Integer, Long> cellsOfStep =
          cells.computeIfAbsent(row.integer("bucket"), t -> new HashMap<>());
      LatencySketch sketch = row.sketch(column);
      for (int i = 0; i < sketch.size(); i++) {
        int cell = cell(sketch.indexAt(i));
        lowest = Math.min(lowest, cell);
        highest = Math.max(highest, cell);
        cellsOfStep.merge(cell, sketch.countAt(i), Long::sum);
      }
    }
    Map<String, @Nullable Object> out = Answers.range(q, sums.origin(), notCounted.get());
    out.put("metric", metric);
    out.put("step", steps.nominalMs());
    out.put("buckets", bounds(lowest, highest));
    out.put("columns", columns(steps, cells, lowest, highest));
    return out;
  }

  /** Number of the cell a sketch bucket lies in; zero counts in the first there is. */
  private static int cell(int index) {
    return index == LatencySketch.ZERO_INDEX
        ? cell(-10 * LatencySketch.BUCKETS_PER_DOUBLING)
        : Math.floorDiv(index, SKETCH_BUCKETS);
  }

  private static List<Double> bounds(int lowest, int highest) {
    List<Double> out = new ArrayList<>();
    for (int cell = lowest; cell <= highest; cell++) {
      double bound = LatencySketch.upperBoundMs((cell + 1) * SKETCH_BUCKETS - 1);
      out.add(Math.round(bound * 1e6) / 1e6);
    }
    return out;
  }

  private static List<Object> columns(
      Steps steps, Map<Long, Map<Integer, Long>> cells, int lowest, int highest) {
    List<Object> out = new ArrayList<>();
    for (long t : steps.startsMs()) {
      Map<Integer, Long> column = cells.getOrDefault(t, Map.of());
      List<Long> counts = new ArrayList<>();
      for (int cell = lowest; cell <= highest; cell++) {
        counts.add(column.getOrDefault(cell, 0L));
      }
      out.add(object("t", t, "counts", counts));
    }
    return out;
  }
}
