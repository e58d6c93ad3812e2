/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/runs}: what reconcile, rebuild and reprice did, newest first. Their figures are of
 * all projects together, so a key of one project sees none of them.
 */
final class RunsEndpoint implements Endpoint {
  private static final List<String> KINDS = List.of("all", "reconcile", "rebuild", "reprice");
  private static final int DEFAULT_ROWS = 50;
  private static final int MAX_ROWS = 1000;

  private final Queries queries;

  RunsEndpoint(Queries queries) {
    this.queries = queries;
  }

  @Override
  public String path() {
    return "/api/v1/runs";
  }

  @Override
  public Set<String> parameters() {
    return Set.of("kind", "limit");
  }

  @Override
  public int maxRows() {
    return MAX_ROWS;
  }

  @Override
  public Described describes() {
    return new Described(
        "Runs", "What reconcile, rebuild and reprice did, newest first.", Map.of("kind", KINDS));
  }

  @Override
  public Object answer(Asked asked) {
    String kind = asked.params().choice("kind", KINDS);
    int limit = asked.params().integer("limit", DEFAULT_ROWS, 1, MAX_ROWS);
    List<Object> rows = new ArrayList<>();
    if (asked.caller().project().equals(Caller.ALL_PROJECTS)) {
      for (Row row : queries.status().runs(kind.equals(KINDS.get(0)) ? null : kind, limit)) {
        rows.add(run(row));
      }
    }
    return object("rows", rows);
  }

  private static Map<String, @Nullable Object> run(Row row) {
    long finished = row.integer("finished_ms");
    return object(
        "kind", row.text("kind"),
        "id", row.integer("id"),
        "name", row.text("name"),
        "state", row.text("state"),
        "startedAt", Json.iso(row.integer("started_ms")),
        "finishedAt", finished == 0 ? null : Json.iso(finished),
        "heardAt", Json.iso(row.integer("updated_ms")),
        "figures", figures(row));
  }

  private static JsonNode figures(Row row) {
    try {
      return Json.MAPPER.readTree(row.text("detail"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "table runs, " + row.text("kind") + " " + row.text("id") + ": detail is no JSON", e);
    }
  }
}
