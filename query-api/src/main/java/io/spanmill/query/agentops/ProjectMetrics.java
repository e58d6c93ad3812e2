/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.agentops;

import static io.spanmill.query.http.Json.object;

import io.javalin.http.Context;
import io.spanmill.model.WindowKind;
import io.spanmill.query.http.Caller;
import io.spanmill.query.sql.Metric;
import io.spanmill.query.sql.Queries;
import io.spanmill.query.sql.Question;
import io.spanmill.query.sql.RollupReader;
import io.spanmill.query.sql.Row;
import io.spanmill.query.sql.Steps;
import io.spanmill.query.sql.TimeRange;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v4/meterics/project/{project}}. Cost and tokens are those of {@code /api/v1/overview}
 * over the same range, traces those that began in it. Thread-safe.
 */
final class ProjectMetrics {
  /** Entries of the lists that have one per trace; past it a random sample speaks for all. */
  private static final int MAX_ENTRIES = 20_000;

  /** AgentOps cuts the numbers of spans into about as many buckets. */
  private static final int BUCKETS = 10;

  private static final Set<String> SUMS =
      Set.of(
          "cost",
          "input_tokens",
          "cache_read_tokens",
          "cache_write_tokens",
          "output_tokens",
          "reasoning_tokens");

  private final Queries queries;
  private final Traces traces;
  private final Doorkeeper door;
  private final long keptMs;

  ProjectMetrics(Queries queries, Traces traces, Doorkeeper door, int keptDays) {
    this.queries = queries;
    this.traces = traces;
    this.door = door;
    this.keptMs = keptDays * WindowKind.DAY.lengthMs();
  }

  Object answer(Context http, Caller caller, String nameOrId) {
    String project = door.project(caller, nameOrId);
    AskedValues asked = new AskedValues(http);
    Long start = asked.time("start_time");
    Long end = asked.time("end_time");
    asked.check();
    return of(project, range(project, start, end));
  }

  /** The range of an answer: snapped outward to the finest window kept, as everywhere. */
  Question range(String project, @Nullable Long start, @Nullable Long end) {
    Question asked = traces.question(project, start, end);
    TimeRange range = asked.range();
    long from = start == null ? Math.max(0, range.toMs() - keptMs) : range.fromMs();
    // The end belongs to the range as it is asked, but not the window it begins.
    long to = end == null ? range.toMs() : Math.max(from + 1, range.toMs() - 1);
    return asked.during(queries.snap(new TimeRange(from, to)));
  }

  Map<String, @Nullable Object> of(String project, Question q) {
    Row all = queries.agentOps().totals(q, MAX_ENTRIES);
    long count = all.integer("traces");
    Row spans = queries.agentOps().spanStates(q);
    long unknown = spans.integer("n") - spans.integer("success") - spans.integer("fail");
    RollupReader.Sums sums = queries.rollups().sums(q, SUMS, null, false);
    Row sum = sums.rows().get(0);
    BigDecimal cost = Objects.requireNonNullElse(sum.money("cost"), BigDecimal.ZERO);
    long prompt =
        sum.integer("input_tokens")
            + sum.integer("cache_read_tokens")
            + sum.integer("cache_write_tokens");
    long completion = sum.integer("output_tokens") + sum.integer("reasoning_tokens");
    List<Shown> sample = shown(all);
    List<Long> durations = new ArrayList<>(sample.stream().map(Shown::durationNs).toList());
    Collections.sort(durations);
    return object(
        "project_id", door.id(project),
        "trace_count", count,
        "span_count",
            object(
                "total", spans.integer("n"),
                "success", spans.integer("success"),
                "fail", spans.integer("fail"),
                "unknown", unknown,
                "indeterminate", unknown),
        "token_metrics",
            object(
                "total_cost", TokenSums.project(cost),
                "average_cost_per_session", TokenSums.project(TokenSums.average(cost, count)),
                "prompt_tokens", prompt,
                "completion_tokens", completion,
                "total_tokens",
                    object(
                        "all", prompt + completion,
                        "success", all.integer("success_tokens"),
                        "fail", all.integer("fail_tokens")),
                "avg_tokens",
                    object(
                        "all", perTrace(prompt + completion, count),
                        "success", perTrace(all.integer("success_tokens"), all.integer("success")),
                        "fail", perTrace(all.integer("fail_tokens"), all.integer("fail")))),
        "duration_metrics",
            object(
                "min_duration_ns", count == 0 ? null : all.integer("min_ns"),
                "max_duration_ns", count == 0 ? null : all.integer("max_ns"),
                "avg_duration_ns", count == 0 ? 0L : all.integer("sum_ns") / count,
                "total_duration_ns", count == 0 ? null : all.integer("sum_ns"),
                "trace_durations", durations),
        "success_datetime", began(sample, "success"),
        "fail_datetime", began(sample, "fail"),
        "indeterminate_datetime", began(sample, "indeterminate"),
        "spans_per_trace", spansPerTrace(all),
        "trace_durations", durations,
        "trace_cost_dates", costByDay(q),
        "start_time",
            IsoTime.ofNanos(count == 0 ? nanos(q.range().fromMs()) : all.integer("first_ns")),
        "end_time", IsoTime.ofNanos(count == 0 ? nanos(q.range().toMs()) : all.integer("last_ns")),
        "freeplan_truncated", false);
  }

  private record Shown(long startNs, long durationNs, String state) {}

  /** Newest first. */
  private static List<Shown> shown(Row all) {
    List<Shown> out = new ArrayList<>();
    for (Object one : all.list("shown")) {
      if (one instanceof List<?> l
          && l.get(0) instanceof Number start
          && l.get(1) instanceof Number duration) {
        out.add(new Shown(start.longValue(), duration.longValue(), String.valueOf(l.get(2))));
      }
    }
    out.sort(Comparator.comparingLong(Shown::startNs).reversed());
    return out;
  }

  private static Map<Long, Long> spansPerTrace(Row all) {
    Map<Long, Long> exact = new TreeMap<>();
    if (all.value("by_spans") instanceof Map<?, ?> map) {
      map.forEach(
          (spans, n) -> exact.put(Long.parseLong(String.valueOf(spans)), ((Number) n).longValue()));
    }
    Map<Long, Long> out = new TreeMap<>();
    long most = exact.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
    long width = Math.max(1, most / BUCKETS);
    exact.forEach((spans, n) -> out.merge(spans / width * width, n, Long::sum));
    return out;
  }

  /** Of all calls, those of failed traces too; days of UTC. */
  private Map<String, Object> costByDay(Question q) {
    Metric cost = Objects.requireNonNull(Metric.of("cost"));
    Steps days = Steps.of(q.range(), WindowKind.DAY.lengthMs(), ZoneOffset.UTC);
    Map<String, Object> out = new LinkedHashMap<>();
    for (RollupReader.Series series : queries.rollups().timeseries(q, cost, days, 1).series()) {
      new TreeMap<>(series.values())
          .forEach(
              (ms, usd) -> {
                if (usd instanceof BigDecimal money) {
                  String day =
                      Instant.ofEpochMilli(ms).atOffset(ZoneOffset.UTC).toLocalDate().toString();
                  out.put(day, TokenSums.number(money));
                }
              });
    }
    return out;
  }

  private static List<String> began(List<Shown> sample, String state) {
    return sample.stream()
        .filter(s -> s.state().equals(state))
        .map(s -> IsoTime.ofNanos(s.startNs()))
        .toList();
  }

  /** Two decimals, with a fraction as a float has. */
  private static BigDecimal perTrace(long tokens, long of) {
    return of == 0
        ? new BigDecimal("0.0")
        : TokenSums.number(
            BigDecimal.valueOf(tokens).divide(BigDecimal.valueOf(of), 2, RoundingMode.HALF_EVEN));
  }

  private static long nanos(long ms) {
    return ms * 1_000_000;
  }
}
