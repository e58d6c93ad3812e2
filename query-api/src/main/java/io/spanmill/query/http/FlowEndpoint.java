/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/flow}: the graph of agents, tools and models over the range or of one trace. */
final class FlowEndpoint implements Endpoint {
  private static final int MAX_SPANS = 50_000;

  private final Queries queries;
  private final QuestionReader questions;

  FlowEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/flow";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.with("traceId");
  }

  @Override
  public String exports() {
    return "edges";
  }

  @Override
  public Described describes() {
    return new Described("Flow", "Agents, tools and models, and which led to which.");
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.listQuestion(asked);
    String traceId = CallsEndpoint.traceId(asked.params().text("traceId"), "traceId");
    Long complete = queries.progress().read().completeThrough(List.of("spans", "calls"));
    List<Row> spans = queries.flow().spans(q, traceId, MAX_SPANS);
    List<Row> calls = queries.flow().calls(q, traceId, MAX_SPANS);
    FlowGraph graph = new FlowGraph(spans, calls);
    Map<String, @Nullable Object> out =
        Answers.range(
            q,
            new RollupReader.Origin("calls", complete),
            queries.rollups().notCounted(q.during(queries.snap(q.range()))));
    out.put("nodes", graph.nodes());
    out.put("edges", graph.edges());
    out.put("traceCount", graph.traceCount());
    out.put("truncated", spans.size() >= MAX_SPANS || calls.size() >= MAX_SPANS);
    return out;
  }
}
