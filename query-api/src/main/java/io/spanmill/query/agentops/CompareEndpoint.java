/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import com.fasterxml.jackson.databind.JsonNode;
import io.spanmill.query.http.ApiException;
import io.spanmill.query.http.Asked;
import io.spanmill.query.http.Described;
import io.spanmill.query.http.Endpoint;
import io.spanmill.query.http.Json;
import io.spanmill.query.http.QuestionReader;
import io.spanmill.query.sql.AgentOpsReader;
import io.spanmill.query.sql.Filters;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.TimeRange;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/compare/agentops}: this program's figures beside those of the configured AgentOps
 * over one range. Each figure comes a third time, worked out from the spans kept here by AgentOps'
 * definition where spans alone tell it: what lies between ours and that is the definition, what
 * lies between that and theirs is other data.
 */
final class CompareEndpoint implements Endpoint {
  private final Queries queries;
  private final QuestionReader questions;
  private final @Nullable Upstream upstream;

  CompareEndpoint(Queries queries, QuestionReader questions, @Nullable Upstream upstream) {
    this.queries = queries;
    this.questions = questions;
    this.upstream = upstream;
  }

  @Override
  public String path() {
    return "/api/v1/compare/agentops";
  }

  @Override
  public Set<String> parameters() {
    return Set.of("from", "to", "project");
  }

  @Override
  public Described describes() {
    return new Described(null, "Our figures beside those of agentops.upstream.url, explained.");
  }

  @Override
  public Object answer(Asked asked) {
    Upstream there = upstream;
    if (there == null) {
      throw new ApiException(
          404,
          "not_configured",
          "there is nothing to compare with: set agentops.upstream.url",
          null);
    }
    String project = asked.params().text("project", there.project());
    if (!project.equals(there.project())) {
      throw ApiException.badParameter(
          "project", "agentops.upstream.url is set beside project " + there.project() + " alone");
    }
    if (!asked.caller().mayRead(project)) {
      throw ApiException.forbidden("no access to project " + project, "project");
    }
    TimeRange range = queries.snap(questions.exactRange(asked.params()));
    Question q =
        new Question(range, queries.layers().auto(Set.of(project)), Filters.NONE, List.of());
    JsonNode theirs;
    try {
      theirs = there.metrics(parameters(range));
    } catch (Upstream.Unavailable e) {
      throw new ApiException(502, "upstream_failed", String.valueOf(e.getMessage()), null);
    }
    return object(
        "from", Json.iso(range.fromMs()),
        "to", Json.iso(range.toMs()),
        "project", project,
        "agentops", object("url", there.url(), "projectId", theirs.path("project_id").asText()),
        "layers", object("counted", q.scope().layers()),
        "figures", figures(q, theirs).stream().map(Figure::json).toList());
  }

  /** Theirs takes both ends in. */
  private static Map<String, List<String>> parameters(TimeRange range) {
    return Map.of(
        "start_time", List.of(IsoTime.ofNanos(range.fromMs() * 1_000_000)),
        "end_time", List.of(IsoTime.ofNanos(range.toMs() * 1_000_000 - 1000)));
  }

  /**
   * One figure.
   *
   * @param byTheirs ours by their definition, or null where spans alone do not tell it
   */
  private record Figure(
      String name,
      @Nullable BigDecimal ours,
      @Nullable BigDecimal byTheirs,
      @Nullable BigDecimal theirs,
      String ourDefinition,
      String theirDefinition) {
    Map<String, @Nullable Object> json() {
      return object(
          "figure", name,
          "spanmill", text(ours),
          "byAgentOpsDefinition", text(byTheirs),
          "agentops", text(theirs),
          "byDefinition", text(minus(ours, byTheirs)),
          "byData", text(minus(byTheirs, theirs)),
          "definitions", object("spanmill", ourDefinition, "agentops", theirDefinition));
    }

    private static @Nullable BigDecimal minus(@Nullable BigDecimal a, @Nullable BigDecimal b) {
      return a == null || b == null ? null : a.subtract(b);
    }

    private static @Nullable String text(@Nullable BigDecimal v) {
      return Json.usd(v);
    }
  }

  private List<Figure> figures(Question q, JsonNode theirs) {
    AgentOpsReader reader = queries.agentOps();
    Row ours = reader.totals(q, 0);
    Row by = reader.byTheirDefinitions(q);
    Row calls = reader.calls(q);
    Row spans = reader.spanStates(q);
    BigDecimal failedCost = decimal(reader.costOfFailed(q));
    BigDecimal cost = decimal(calls.text("cost"));
    long counted = calls.integer("calls");
    BigDecimal beside =
        queries.rollups().notCounted(q).values().stream()
            .map(RollupReader.Beside::cost)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    JsonNode tokens = theirs.path("token_metrics");
    long theirTraces = theirs.path("trace_count").asLong();
    long success = theirs.path("success_datetime").size();
    long fail = theirs.path("fail_datetime").size();
    List<Figure> out = new ArrayList<>();
    out.add(
        new Figure(
            "traces",
            number(ours.integer("traces")),
            number(by.integer("traces")),
            number(theirTraces),
            "traces whose first span began in the range",
            "traces with any span that began in the range: one that reaches into it counts with the part inside"));
    out.add(
        new Figure(
            "spans",
            number(spans.integer("n")),
            number(by.integer("span_count")),
            number(theirs.path("span_count").path("total").asLong()),
            "spans that ended in the range, each once however often it was sent",
            "rows of spans that began in the range; a span sent twice is two"));
    out.add(
        new Figure(
            "failRate.attempts",
            share(calls.integer("failed"), counted),
            share(by.integer("fail"), by.integer("success") + by.integer("fail")),
            share(fail, success + fail),
            "share of model calls that failed, each attempt one: retries that failed count though the request went well",
            "there is no rate of attempts, only of traces"));
    out.add(
        new Figure(
            "failRate.traces",
            share(ours.integer("fail"), ours.integer("traces")),
            share(by.integer("fail"), by.integer("success") + by.integer("fail")),
            share(fail, success + fail),
            "share of all traces whose root or gateway request failed; lacking both, whose last call failed",
            "ERROR against OK of the span that began last, whatever it is; traces whose last span has status UNSET are left out"));
    out.add(
        new Figure(
            "traces.unset",
            number(ours.integer("indeterminate")),
            number(by.integer("unset")),
            number(theirs.path("indeterminate_datetime").size()),
            "traces that say they do not know how they ended, or of which neither root nor call is there; UNSET means that no error was seen",
            "traces whose last begun span has status UNSET, which most instrumentation leaves"));
    out.add(
        new Figure(
            "cost.total",
            cost,
            null,
            decimal(tokens.path("total_cost").asText()),
            "reported cost, else the price book's, of each call once: layers that see the same calls are not added ("
                + Json.usd(beside)
                + " USD stand beside), cached and reasoning tokens at their prices",
            "prompt and completion tokens of every span at input and output price; no price for cache; unknown models cost 0"));
    out.add(
        new Figure(
            "cost.byDay",
            cost,
            cost.subtract(failedCost),
            sum(theirs.path("trace_cost_dates")),
            "the days' costs are of all traces and add up to the total",
            "the days' costs leave out traces that failed or are UNSET (here: those that failed)"));
    out.add(
        new Figure(
            "cost.failedTraces",
            failedCost,
            BigDecimal.ZERO,
            null,
            "what failed traces cost: paid all the same",
            "not shown"));
    out.add(
        new Figure(
            "calls.unpriced",
            number(calls.integer("unpriced")),
            BigDecimal.ZERO,
            null,
            "calls with usage that no price is known for, shown as unpriced ("
                + calls.integer("unpriced_tokens")
                + " tokens)",
            "a model without a price costs 0, as if it were free"));
    out.add(
        new Figure(
            "duration.averageMs",
            millis(ours.integer("sum_ns"), ours.integer("traces")),
            millis(by.integer("nested_ns"), by.integer("traces")),
            theirAverage(theirs),
            "from the first span's start to the last span's end",
            "in metrics the sum of all spans, so nested time counts again at each level"));
    out.add(
        new Figure(
            "duration.inListAverageMs",
            millis(ours.integer("sum_ns"), ours.integer("traces")),
            millis(by.integer("last_start_ns"), by.integer("traces")),
            null,
            "from the first span's start to the last span's end",
            "in the list from the first span's start to the last span's start: the last span's own time is lost"));
    out.add(
        new Figure(
            "tokens.total",
            number(calls.integer("tokens")),
            number(by.integer("tokens")),
            number(tokens.path("total_tokens").path("all").asLong()),
            "input, cache, output and reasoning of each counted call, each token once",
            "gen_ai.usage.total_tokens of every span, or the sum of prompt, completion, cache and reasoning, which are parts of one another"));
    out.add(
        new Figure(
            "tokens.cacheReadAndReasoning",
            number(calls.integer("cache_read") + calls.integer("reasoning")),
            null,
            null,
            "tokens that are part of prompt and completion",
            "added to prompt and completion once more where a span has no total"));
    out.add(
        new Figure(
            "calls.counted",
            number(counted),
            number(by.integer("token_spans")),
            null,
            "model calls, one per attempt: of the spans of SDK, gateway and engine one layer counts, and "
                + reader.duplicates(q).integer("spans")
                + " spans of attempts already counted are left out",
            "every span that carries tokens"));
    return out;
  }

  private static BigDecimal number(long n) {
    return BigDecimal.valueOf(n);
  }

  private static BigDecimal decimal(String text) {
    try {
      return text.isEmpty() ? BigDecimal.ZERO : new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new ApiException(
          502, "upstream_failed", "AgentOps answered a cost that is no number", null);
    }
  }

  private static @Nullable BigDecimal share(long part, long whole) {
    return whole == 0
        ? null
        : BigDecimal.valueOf(part).divide(BigDecimal.valueOf(whole), 6, RoundingMode.HALF_EVEN);
  }

  private static @Nullable BigDecimal millis(long nanos, long of) {
    return of == 0
        ? null
        : BigDecimal.valueOf(nanos, 6).divide(BigDecimal.valueOf(of), 3, RoundingMode.HALF_EVEN);
  }

  private static @Nullable BigDecimal theirAverage(JsonNode theirs) {
    JsonNode durations = theirs.path("trace_durations");
    long sum = 0;
    for (JsonNode ns : durations) {
      sum += ns.asLong();
    }
    return millis(sum, durations.size());
  }

  private static BigDecimal sum(JsonNode byDay) {
    BigDecimal out = BigDecimal.ZERO;
    for (JsonNode usd : byDay) {
      out = out.add(usd.decimalValue());
    }
    return out;
  }
}
