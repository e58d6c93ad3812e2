/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.model.Dimension;
import io.spanmill.query.sql.Key;
import io.spanmill.query.sql.Metric;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/breakdown}: totals by dimensions, best first by a metric. */
final class BreakdownEndpoint implements Endpoint {
  private static final int MAX_DIMENSIONS = 4;
  private static final int DEFAULT_ROWS = 50;
  static final int MAX_ROWS = 1000;

  private final Queries queries;
  private final QuestionReader questions;

  BreakdownEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/breakdown";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with("groupBy", "sort", "limit");
  }

  @Override
  public String exports() {
    return "rows";
  }

  @Override
  public int maxRows() {
    return MAX_ROWS;
  }

  @Override
  public Described describes() {
    return new Described("Breakdown", "Totals by dimensions, best first by a metric.");
  }

  @Override
  public Object answer(Asked asked) {
    QuestionReader.Grouping grouping = questions.groupBy(asked.params(), MAX_DIMENSIONS);
    if (grouping.dimensions().isEmpty() && grouping.attributes().isEmpty()) {
      grouping = new QuestionReader.Grouping(List.of(Dimension.MODEL), List.of());
    }
    String sort = asked.params().text("sort", "-cost");
    boolean descending = sort.startsWith("-");
    Metric metric = Metric.of(descending ? sort.substring(1) : sort);
    if (metric == null || metric.ofEvents()) {
      throw ApiException.badParameter(
          "sort",
          "'"
              + sort
              + "' is not one of "
              + String.join(", ", Metric.names())
              + ", with or without a leading '-'");
    }
    int limit = asked.params().integer("limit", DEFAULT_ROWS, 1, MAX_ROWS);
    Question q = questions.question(asked, grouping);
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(q));
    RollupReader.Breakdown read = queries.rollups().breakdown(q, metric, descending, limit);
    Map<String, @Nullable Object> out = Answers.range(q, read.origin(), notCounted.get());
    out.put("groupBy", q.keys().stream().map(Key::apiName).toList());
    out.put("sort", sort);
    List<Object> rows = new ArrayList<>();
    for (RollupReader.Group group : read.rows()) {
      rows.add(row(q.keys(), group));
    }
    out.put("rows", rows);
    RollupReader.Group other = read.other();
    out.put(
        "other", other == null ? null : Answers.totals(null, other.counted(), other.requests()));
    return out;
  }

  private static Map<String, @Nullable Object> row(List<Key> keys, RollupReader.Group group) {
    Map<String, @Nullable Object> key = Json.object();
    List<String> values = group.key();
    for (int i = 0; i < keys.size() && values != null; i++) {
      key.put(keys.get(i).apiName(), values.get(i));
    }
    Map<String, @Nullable Object> out = Json.object("key", key);
    out.putAll(Answers.totals(null, group.counted(), group.requests()));
    return out;
  }
}
