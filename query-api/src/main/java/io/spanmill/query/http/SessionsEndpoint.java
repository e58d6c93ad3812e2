/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Cursor;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.SessionQuery;
import io.spanmill.query.sql.SessionsReader;
import java.util.ArrayList;
import java.util.HashMap;
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
  private final TraceRows traceRows;

  SessionsEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
    this.traceRows = new TraceRows(queries);
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
    SessionsReader.Matches matches = queries.sessions().list(q, query);
    List<Row> found = matches.sessions();
    boolean more = found.size() > query.limit();
    List<Row> page = more ? found.subList(0, query.limit()) : found;
    Map<String, Map<String, @Nullable Object>> traces = new HashMap<>();
    List<String> ids = page.stream().flatMap(r -> r.texts("trace_ids").stream()).toList();
    Supplier<Map<String, List<SessionsReader.Naming>>> namings =
        queries
            .database()
            .begin(() -> queries.sessions().namings(q.scope().projects(), ids, matches.places()));
    traceRows
        .of(q.scope(), ids, matches.places())
        .forEach(t -> traces.put(String.valueOf(t.get("traceId")), t));
    Map<String, @Nullable Object> out =
        Answers.range(q, new RollupReader.Origin("calls", complete), notCounted.get());
    out.put("rows", page.stream().map(r -> row(r, traces, namings.get())).toList());
    out.put("nextCursor", more ? cursor(sort, page.get(page.size() - 1)) : null);
    return out;
  }

  private static String cursor(Sort sort, Row last) {
    return new Cursor(
            sort.text(), List.of(last.text("sort_value"), last.text("project"), last.text("sid")))
        .encode();
  }

  private static Map<String, @Nullable Object> row(
      Row r,
      Map<String, Map<String, @Nullable Object>> traces,
      Map<String, List<SessionsReader.Naming>> namings) {
    List<Map<String, @Nullable Object>> mine = new ArrayList<>();
    for (String id : r.texts("trace_ids")) {
      Map<String, @Nullable Object> trace = traces.get(id);
      if (trace != null) {
        mine.add(trace);
      }
    }
    List<String> sources = sources(r.text("sid"), r.texts("trace_ids"), namings);
    return object(
        "sessionId", r.text("sid"),
        "kind", sources.isEmpty() ? "trace" : sources.get(0),
        "sources", sources,
        "project", r.text("project"),
        "name", mine.isEmpty() ? "" : mine.get(0).get("name"),
        "start", CallJson.ms(r.integer("start_ns")),
        "end", CallJson.ms(r.integer("end_ns")),
        "durationMs", CallJson.ms(r.integer("end_ns") - r.integer("start_ns")),
        "traceCount", r.integer("traces"),
        "callCount", r.integer("calls"),
        "errorCount", r.integer("errors"),
        "status", r.bool("failed") ? "error" : "ok",
        "tokens",
            object(
                "input", r.integer("input"),
                "cacheRead", r.integer("cache_read"),
                "cacheWrite", r.integer("cache_write"),
                "output", r.integer("output"),
                "reasoning", r.integer("reasoning"),
                "total", r.integer("tokens"),
                "saved", r.integer("saved")),
        "costUsd", r.integer("priced") == 0 ? null : Json.usd(r.money("cost")),
        "unpricedCalls", r.integer("unpriced"),
        "user", r.text("user"),
        "models", names(mine, "models"),
        "agents", names(mine, "agents"));
  }

  /**
   * Who named the session, over its traces, the first first. A trace without a name is a session by
   * AgentOps if its SDK opened it, else by nobody.
   */
  static List<String> sources(
      String id, List<String> traceIds, Map<String, List<SessionsReader.Naming>> namings) {
    Set<String> out = new LinkedHashSet<>();
    for (String trace : traceIds) {
      for (SessionsReader.Naming n : namings.getOrDefault(trace, List.of())) {
        if (n.session().equals(id) || (n.session().isEmpty() && trace.equals(id))) {
          out.add(n.kind());
        }
      }
    }
    return List.copyOf(out);
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
