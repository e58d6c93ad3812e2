/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Cursor;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Session;
import io.spanmill.query.sql.SessionQuery;
import io.spanmill.query.sql.SessionsReader;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/sessions}: sessions with spans in the range, sorted, searched, page by page. */
final class SessionsEndpoint implements Endpoint {
  private static final int DEFAULT_ROWS = 50;
  private static final int MAX_ROWS = 200;
  private static final int MAX_NAMES = 5;

  private final Queries queries;
  private final QuestionReader questions;

  SessionsEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/sessions";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with("sort", "q", "cursor", "limit");
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
        "Sessions",
        "Sessions with spans in the range, sorted, searched, page by page.",
        Map.of("sort", Described.sorts(SessionsReader.SORT_NAMES)));
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.listQuestion(asked);
    Sort sort = Sort.of(asked.params(), SessionsReader.SORT_NAMES);
    SessionQuery query =
        new SessionQuery(
            sort.name(),
            sort.descending(),
            asked.params().text("q"),
            CallsEndpoint.cursor(asked.params(), sort, SessionQuery.CURSOR_SIZE),
            asked.params().integer("limit", DEFAULT_ROWS, 1, MAX_ROWS));
    Long complete = queries.progress().read().completeThrough(List.of("spans", "calls"));
    Supplier<Map<String, RollupReader.Beside>> notCounted =
        queries
            .database()
            .begin(() -> queries.rollups().notCounted(q.during(queries.snap(q.range()))));
    List<Session> found = queries.sessions().list(q, query);
    boolean more = found.size() > query.limit();
    List<Session> page = more ? found.subList(0, query.limit()) : found;
    Map<String, @Nullable Object> out =
        Answers.range(q, new RollupReader.Origin("calls", complete), notCounted.get());
    out.put("rows", page.stream().map(SessionsEndpoint::row).toList());
    out.put("nextCursor", more ? cursor(sort, page.get(page.size() - 1)) : null);
    return out;
  }

  private static String cursor(Sort sort, Session last) {
    return new Cursor(sort.text(), List.of(last.sortText(sort.name()), last.project(), last.id()))
        .encode();
  }

  private static Map<String, @Nullable Object> row(Session s) {
    Session.Tokens tokens = s.tokens();
    List<String> sources = s.shown().sources();
    return object(
        "sessionId", s.id(),
        "kind", sources.isEmpty() ? "trace" : sources.get(0),
        "sources", sources,
        "project", s.project(),
        "name", s.shown().name(),
        "start", CallJson.ms(s.startNs()),
        "end", CallJson.ms(s.endNs()),
        "durationMs", CallJson.ms(s.endNs() - s.startNs()),
        "traceCount", s.traces(),
        "callCount", s.calls(),
        "errorCount", s.errors(),
        "status", s.failed() ? "error" : "ok",
        "tokens",
            object(
                "input", tokens.input(),
                "cacheRead", tokens.cacheRead(),
                "cacheWrite", tokens.cacheWrite(),
                "output", tokens.output(),
                "reasoning", tokens.reasoning(),
                "total", tokens.total(),
                "saved", tokens.saved()),
        "costUsd", s.priced() == 0 ? null : Json.usd(s.cost()),
        "unpricedCalls", s.unpriced(),
        "user", s.user(),
        "models", s.shown().models(),
        "agents", s.shown().agents());
  }

  /** Distinct names over the traces, by first appearance. */
  static List<String> names(List<Map<String, @Nullable Object>> traces, String field) {
    Set<String> out = new LinkedHashSet<>();
    for (Map<String, @Nullable Object> t : traces) {
      if (t.get(field) instanceof List<?> list) {
        list.forEach(v -> out.add(String.valueOf(v)));
      }
    }
    return out.stream().limit(MAX_NAMES).toList();
  }
}
