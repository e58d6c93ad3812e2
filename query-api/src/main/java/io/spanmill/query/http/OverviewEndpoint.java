/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static io.spanmill.query.http.Json.object;

import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.SpanCounter;
import io.spanmill.query.sql.TimeRange;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/overview}: the totals of a range beside those of the one before. */
final class OverviewEndpoint implements Endpoint {
  private final Queries queries;
  private final QuestionReader questions;

  OverviewEndpoint(Queries queries, QuestionReader questions) {
    this.queries = queries;
    this.questions = questions;
  }

  @Override
  public String path() {
    return "/api/v1/overview";
  }

  @Override
  public Set<String> parameters() {
    return QuestionReader.COMMON;
  }

  @Override
  public Described describes() {
    return new Described("Overview", "Totals of a range beside those of the range before.");
  }

  @Override
  public Object answer(Asked asked) {
    Question q = questions.question(asked, List.of());
    Supplier<SpanCounter.Seen> seen =
        queries.database().begin(() -> queries.spans().seen(q.scope(), q.filters(), q.range()));
    RollupReader.Overview overview = queries.rollups().overview(q);
    TimeRange before = q.range().before();
    SpanCounter.Counted spans = seen.get().counted();
    SpanCounter.Lateness lateness = seen.get().lateness();
    RollupReader.Totals now = overview.current();
    RollupReader.Totals then = overview.previous();
    RollupReader.Origin origin =
        spans == null ? overview.origin() : overview.origin().and(spans.completeThroughMs());
    Map<String, @Nullable Object> out = Answers.range(q, origin, now.notCounted());
    out.put(
        "totals",
        Answers.totals(
            spans == null ? null : Long.valueOf(spans.current()), now.counted(), now.requests()));
    Map<String, @Nullable Object> previous =
        object("from", Json.iso(before.fromMs()), "to", Json.iso(before.toMs()));
    previous.putAll(
        Answers.totals(
            spans == null ? null : Long.valueOf(spans.previous()),
            then.counted(),
            then.requests()));
    out.put("previous", previous);
    out.put(
        "lateness",
        lateness == null ? null : object("p50Ms", lateness.p50Ms(), "p99Ms", lateness.p99Ms()));
    return out;
  }
}
