/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.query.sql.Cursor;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.TraceFinder;
import io.spanmill.query.sql.TraceQuery;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/traces}: traces that began in the range, sorted, searched, page by page. */
final class TracesEndpoint implements Endpoint {
  private static final int DEFAULT_ROWS = 50;
  private static final int MAX_ROWS = 200;

  private final Queries queries;
  private final QuestionReader questions;
  private final TraceRows traceRows;

  TracesEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
    this.traceRows = new TraceRows(queries);
  }

  @Override
  public String path() {
    return "/api/v1/traces";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with(
        "sort",
        "q",
        "status",
        "minDurationMs",
        "maxDurationMs",
        "minCostUsd",
        "costKind",
        "sessionId",
        "cursor",
        "limit");
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
    return new Described(
        "Traces",
        "Traces that began in the range, sorted, searched, page by page.",
        Map.of(
            "sort",
            Described.sorts(TraceFinder.SORT_NAMES),
            "costKind",
            CallsEndpoint.COST_KINDS,
            "status",
            List.of("ok", "error")));
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.listQuestion(asked);
    TraceQuery query = query(asked.params());
    Long complete = queries.progress().read().completeThroughMs().get("spans");
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries
            .database()
            .begin(() -> queries.rollups().notCounted(q.during(queries.snap(q.range()))));
    TraceFinder.Matches matches = queries.traceFinder().find(q, query);
    List<TraceFinder.Found> found = matches.traces();
    boolean more = found.size() > query.limit();
    List<TraceFinder.Found> page = more ? found.subList(0, query.limit()) : found;
    List<String> ids = page.stream().map(TraceFinder.Found::traceId).toList();
    List<Map<String, @Nullable Object>> rows = traceRows.of(q.scope(), ids, matches);
    Map<String, @Nullable Object> out =
        Answers.range(q, new RollupReader.Origin("calls", complete), notCounted.get());
    out.put("rows", rows);
    out.put("nextCursor", more ? cursorAt(query, page.get(page.size() - 1)) : null);
    out.put("total", more || query.after() != null ? null : (Object) found.size());
    return out;
  }

  private static String cursorAt(TraceQuery query, TraceFinder.Found last) {
    String sort = (query.descending() ? "-" : "") + query.sort();
    return new Cursor(sort, List.of(last.sortValue(), last.traceId())).encode();
  }

  private static TraceQuery query(Params params) {
    Sort sort = Sort.of(params, TraceFinder.SORT_NAMES);
    return new TraceQuery(
        sort.name(),
        sort.descending(),
        CallsEndpoint.status(params),
        params.text("q"),
        params.number("minDurationMs"),
        params.number("maxDurationMs"),
        params.number("minCostUsd"),
        CallsEndpoint.costKind(params),
        params.text("sessionId"),
        CallsEndpoint.cursor(params, sort, TraceQuery.CURSOR_SIZE),
        params.integer("limit", DEFAULT_ROWS, 1, MAX_ROWS));
  }
}
