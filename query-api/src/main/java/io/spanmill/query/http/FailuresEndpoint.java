/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.model.Dimension;
import io.spanmill.query.sql.Progress;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/failures}: failed calls by class, with the newest of each. */
final class FailuresEndpoint implements Endpoint {
  private static final int MAX_TRACES = 10;
  private static final int MAX_MODELS = 5;
  private static final int LATEST_READ = 50;

  private final Queries queries;
  private final QuestionReader questions;

  FailuresEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/failures";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.COMMON;
  }

  @Override
  public String exports() {
    return "rows";
  }

  @Override
  public Described describes() {
    return new Described("Failures", "Failed calls by class, with the newest of each.");
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.question(asked, List.of(Dimension.ERROR_CLASS, Dimension.MODEL));
    Long calls = queries.progress().read().completeThrough(List.of(Progress.CALLS));
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(q));
    RollupReader.Sums sums = queries.rollups().sums(q, Set.of("errors"), null, false);
    Map<String, Map<String, Long>> byClass = new HashMap<>();
    long total = 0;
    for (Row row : sums.rows()) {
      long errors = row.integer("errors");
      if (errors > 0) {
        total += errors;
        byClass
            .computeIfAbsent(row.text("k_error_class"), c -> new HashMap<>())
            .merge(row.text("k_model"), errors, Long::sum);
      }
    }
    Map<String, List<Row>> latest = new HashMap<>();
    Map<String, Long> counts = new HashMap<>();
    byClass.forEach(
        (c, models) -> counts.put(c, models.values().stream().mapToLong(Long::longValue).sum()));
    for (Row row : queries.calls().latestFailures(q, LATEST_READ, counts)) {
      latest.computeIfAbsent(row.text("error_class"), c -> new ArrayList<>()).add(row);
    }
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (Map.Entry<String, Map<String, Long>> e : byClass.entrySet()) {
      List<Row> newest = latest.getOrDefault(e.getKey(), List.of());
      // Rollups and calls come by different ways; a class is shown once both have it.
      if (!newest.isEmpty()) {
        rows.add(row(e.getKey(), e.getValue(), newest, total));
      }
    }
    rows.sort(Comparator.comparingLong(r -> -(Long) Objects.requireNonNull(r.get("count"))));
    Map<String, @Nullable Object> out =
        Answers.range(q, sums.origin().and(calls), notCounted.get());
    out.put("rows", rows);
    out.put("total", total);
    return out;
  }

  private static Map<String, @Nullable Object> row(
      String errorClass, Map<String, Long> models, List<Row> newest, long total) {
    long count = models.values().stream().mapToLong(Long::longValue).sum();
    Row last = newest.get(0);
    long status = last.integer("http_status");
    return object(
        "errorClass", errorClass,
        "count", count,
        "share", Json.ratio(count, total),
        "lastSeen", last.integer("event_ms"),
        "latest",
            object(
                "message", Json.shortened(last.text("error_message"), 500),
                "httpStatus", status == 0 ? null : status,
                "provider", last.text("provider"),
                "model", last.text("model"),
                "traceId", last.text("trace"),
                "spanId", last.text("span")),
        "traceIds", newest.stream().map(r -> r.text("trace")).distinct().limit(MAX_TRACES).toList(),
        "models",
            models.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MAX_MODELS)
                .map(m -> object("model", m.getKey(), "count", m.getValue()))
                .toList());
  }
}
