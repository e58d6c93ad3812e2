/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Metric;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Steps;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/timeseries}: one metric by step and, where asked, by dimensions. */
final class TimeseriesEndpoint implements Endpoint {
  static final int MAX_SERIES = 50;
  private static final int MAX_DIMENSIONS = 4;
  private final Queries queries;
  private final QuestionReader questions;

  TimeseriesEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/timeseries";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with("metric", "groupBy", "step");
  }

  @Override
  public String exports() {
    return "series";
  }

  @Override
  public Described describes() {
    return new Described(
        "Timeseries",
        "One metric by step, grouped where asked; at most 1,000 points and 50 series.",
        Map.of("metric", List.copyOf(Metric.names())));
  }

  @Override
  public Object answer(Asked asked) {
    Metric metric = metric(asked.params().text("metric", "calls"));
    Question q = questions.question(asked, questions.groupBy(asked.params(), MAX_DIMENSIONS));
    Steps steps = StepReader.steps(asked.params(), q.range(), questions.zone(asked.params()));
    if (metric.ofEvents()) {
      return events(q, metric, steps);
    }
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(q));
    RollupReader.Timeseries read = queries.rollups().timeseries(q, metric, steps, MAX_SERIES);
    Map<String, @Nullable Object> out = Answers.range(q, read.origin(), notCounted.get());
    out.put("metric", metric.name());
    out.put("step", steps.nominalMs());
    List<Object> series = new ArrayList<>();
    for (RollupReader.Series s : read.series()) {
      series.add(series(q, metric, steps, s));
    }
    if (series.isEmpty() && q.keys().isEmpty()) {
      series.add(
          series(
              q,
              metric,
              steps,
              new RollupReader.Series(List.of(), new TreeMap<>(), new TreeMap<>())));
    }
    out.put("series", series);
    return out;
  }

  private Object events(Question q, Metric metric, Steps steps) {
    if (!q.keys().isEmpty()) {
      throw ApiException.badParameter("groupBy", "events are spans and cannot be grouped");
    }
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(q));
    Map<Long, Long> counts = queries.spans().count(q.scope(), q.filters(), q.range(), steps);
    if (counts == null) {
      throw ApiException.badParameter("metric", "spans do not have the dimensions of the filters");
    }
    RollupReader.Origin origin =
        new RollupReader.Origin(
            "calls", queries.progress().read().completeThroughMs().get("spans"));
    Map<String, @Nullable Object> out = Answers.range(q, origin, notCounted.get());
    out.put("metric", metric.name());
    out.put("step", steps.nominalMs());
    List<List<Object>> points = new ArrayList<>();
    steps.startsMs().forEach(t -> points.add(List.of(t, counts.getOrDefault(t, 0L))));
    out.put("series", List.of(object("key", Map.of(), "points", points)));
    return out;
  }

  private static Map<String, @Nullable Object> series(
      Question q, Metric metric, Steps steps, RollupReader.Series s) {
    Map<String, @Nullable Object> key = object();
    for (int i = 0; i < q.keys().size(); i++) {
      key.put(q.keys().get(i).apiName(), s.key().get(i));
    }
    List<List<@Nullable Object>> points = new ArrayList<>();
    List<@Nullable String> exemplars = new ArrayList<>();
    for (long t : steps.startsMs()) {
      Object v = s.values().containsKey(t) ? s.values().get(t) : metric.empty();
      points.add(Arrays.asList(t, v instanceof BigDecimal usd ? Json.usd(usd) : v));
      exemplars.add(s.exemplars().get(t));
    }
    Map<String, @Nullable Object> out = object("key", key, "points", points);
    if (metric.exemplar() != null) {
      out.put("exemplars", exemplars);
    }
    return out;
  }

  static Metric metric(String name) {
    Metric metric = Metric.of(name);
    if (metric == null) {
      throw ApiException.badParameter(
          "metric", "'" + name + "' is not one of " + String.join(", ", Metric.names()));
    }
    return metric;
  }
}
