/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.query.sql.CallQuery;
import io.spanmill.query.sql.CallsInOrder;
import io.spanmill.query.sql.Cursor;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/calls}: counted calls, sorted, searched, page by page. */
final class CallsEndpoint implements Endpoint {
  static final List<String> COST_KINDS =
      List.of("reported", "computed", "cache_hit", "unpriced", "none");
  private static final int DEFAULT_ROWS = 50;
  private static final int MAX_ROWS = 500;

  private final Queries queries;
  private final QuestionReader questions;

  CallsEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/calls";
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
        "traceId",
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
        "Calls",
        "Counted calls, sorted, searched, page by page.",
        Map.of(
            "sort",
            Described.sorts(CallsInOrder.SORT_NAMES),
            "costKind",
            COST_KINDS,
            "status",
            List.of("ok", "error")));
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.listQuestion(asked);
    CallQuery query = query(asked.params());
    // Before the rows: they hold at least what was visible then.
    Long complete = queries.progress().read().completeThroughMs().get("calls");
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries.database().begin(() -> queries.rollups().notCounted(wide(q)));
    List<Row> found = queries.callsInOrder().list(q, query);
    boolean more = found.size() > query.limit();
    List<Row> rows = more ? found.subList(0, query.limit()) : found;
    Map<String, @Nullable Object> out =
        Answers.range(q, new RollupReader.Origin("calls", complete), notCounted.get());
    out.put("rows", rows.stream().map(CallJson::row).toList());
    out.put(
        "nextCursor",
        more ? queries.callsInOrder().cursorAt(query, rows.get(rows.size() - 1)).encode() : null);
    return out;
  }

  /** Snapped to windows, so that layers beside are not counted from facts. */
  private Question wide(Question q) {
    return q.during(queries.snap(q.range()));
  }

  private static CallQuery query(Params params) {
    Sort sort = Sort.of(params, CallsInOrder.SORT_NAMES);
    return new CallQuery(
        sort.name(),
        sort.descending(),
        status(params),
        params.text("q"),
        params.number("minDurationMs"),
        params.number("maxDurationMs"),
        params.number("minCostUsd"),
        costKind(params),
        traceId(params.text("traceId"), "traceId"),
        cursor(params, sort, CallQuery.CURSOR_SIZE),
        params.integer("limit", DEFAULT_ROWS, 1, MAX_ROWS));
  }

  static @Nullable String costKind(Params params) {
    return params.has("costKind") ? params.choice("costKind", COST_KINDS) : null;
  }

  static @Nullable Boolean status(Params params) {
    if (!params.has("status")) {
      return null;
    }
    return params.choice("status", List.of("ok", "error")).equals("error");
  }

  static @Nullable Cursor cursor(Params params, Sort sort, int size) {
    String text = params.text("cursor");
    if (text == null) {
      return null;
    }
    String wrong = "not a cursor of this list";
    try {
      Cursor cursor = Cursor.decode(text, sort.text(), size);
      if (cursor.startsWithNumber(sort.name().equals("cost"))) {
        return cursor;
      }
    } catch (IllegalArgumentException e) {
      wrong = e.getMessage();
    }
    throw ApiException.badParameter(
        "cursor", wrong + ": take nextCursor of the page before, with the same sort");
  }

  static @Nullable String traceId(@Nullable String text, String field) {
    if (text == null) {
      return null;
    }
    if (!text.matches("[0-9a-fA-F]{32}")) {
      throw ApiException.badParameter(field, "must be 32 hex digits");
    }
    return text.toLowerCase(Locale.ROOT);
  }
}
