/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

import io.spanmill.model.WindowKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads rows of {@code calls}: lists, the calls of traces, what is new. Thread-safe. */
public final class CallsReader {
  /** How a call came to its money. */
  static final String COST_KIND =
      "multiIf(priced = 'unpriced', 'unpriced', priced = 'none', 'none', cache_hit, 'cache_hit',"
          + " isNotNull(reported_cost), 'reported', 'computed')";

  /** The kinds of tokens that are not in another. */
  static final List<String> TOKEN_COLUMNS =
      List.of(
          "input_tokens",
          "cache_read_tokens",
          "cache_write_tokens",
          "output_tokens",
          "reasoning_tokens");

  static final String TOKENS =
      TOKEN_COLUMNS.stream().map(c -> "greatest(" + c + ", 0)").collect(Collectors.joining(" + "));

  private static final Map<String, String> SORTS =
      Map.of(
          // A call that says it began after it ended has its place by when it ended.
          "start",
          "least(toUnixTimestamp64Nano(start_time), "
              + "toUnixTimestamp64Milli(event_time) * 1000000 + 999999)",
          "duration",
          "duration_us",
          "cost",
          "ifNull(cost, toDecimal128(-1, 12))",
          "tokens",
          TOKENS);

  private static final Map<String, String> SORT_TYPES =
      Map.of("start", "Int64", "duration", "Int64", "cost", "Decimal(38, 12)", "tokens", "Int64");

  /** What a row is ordered by in each of the orders, so that each can use it. */
  private static final String PLACES =
      SORTS.entrySet().stream()
          .map(e -> "toString(" + e.getValue() + ") AS sort_" + e.getKey() + ", ")
          .collect(Collectors.joining());

  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES = List.of("start", "duration", "cost", "tokens");

  /** Columns of one call as lists show it: reading a few rows of each costs most of a list. */
  private static final String SHOWN =
      "lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,"
          + " lower(hex(parent_span_id)) AS parent, project, layer, name,"
          + " toUnixTimestamp64Nano(start_time) AS start_ns, duration_us, ttft_us, tpot_us, queue_us,"
          + " prefill_us, decode_us, provider, model, operation, service, environment, team, api_key,"
          + " user, session, failed, error_class, error_message, http_status, streaming,"
          + " cache_hit, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,"
          + " reasoning_tokens, saved_tokens, "
          + COST_KIND
          + " AS cost_kind, cost, reported_cost, computed_cost, price_book, price_entry,"
          + " toUnixTimestamp64Milli(event_time) AS event_ms";

  /** The same and what tells how calls belong together. */
  static final String COLUMNS =
      SHOWN + ", agent, call_id, response_id, toUnixTimestamp64Milli(arrival_time) AS arrival_ms";

  /** Columns of a call as rows of traces need them, of kinds of cost whether it is unpriced. */
  private static final String LISTED =
      "lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, project, layer,"
          + " toUnixTimestamp64Nano(start_time) AS start_ns, model, team, api_key, user, session,"
          + " failed, error_class, input_tokens, cache_read_tokens, cache_write_tokens,"
          + " output_tokens, reasoning_tokens, saved_tokens, cost,"
          + " if(priced = 'unpriced', 'unpriced', '') AS cost_kind,"
          + " toUnixTimestamp64Milli(event_time) AS event_ms";

  /** Top-k filtering makes sorts faster, but those of filtered rows slower. */
  private static final Map<String, String> FILTERED = Map.of("use_top_k_dynamic_filtering", "0");

  /** Candidates beyond the page, for rows that are there twice or in older versions. */
  private static final int SPARE = 16;

  private static final int GROWTH = 8;

  private final Database database;
  private final KeptCalls kept;

  /**
   * @param sureSinceMs when rows are certainly not deleted that ended since
   */
  CallsReader(Database database, LongSupplier sureSinceMs) {
    this.database = database;
    this.kept = new KeptCalls(database, sureSinceMs);
  }

  /**
   * What a call adds to what traces and sessions are sorted by.
   *
   * @param sort {@code cost} or {@code tokens}
   */
  static String valueOf(String sort) {
    return sort.equals("cost") ? "cost" : TOKENS;
  }

  /** Up to {@code limit + 1} calls, so that the caller sees whether there are more. */
  public List<Row> list(Question q, CallQuery query) {
    if (query.sort().equals("start") && query.descending()) {
      for (long since : Slices.before(Slices.newestMs(q.range(), query.after()), q.range())) {
        // A call that began since then ended since then: all of those are seen.
        List<Row> found = list(q.during(new TimeRange(since, q.range().toMs())), query, since);
        if (found.size() > query.limit()) {
          return found;
        }
      }
    }
    if (q.range().lengthMs() >= TraceBounds.SHORT_MS && query.traceId() == null) {
      List<Row> found = known(q, query);
      if (found != null) {
        return found;
      }
    }
    return list(q, query, 0);
  }

  /**
   * The first calls in order: candidates by few columns of all versions of rows, as they are in the
   * table, then the whole newest version of those. A candidate that is not the newest version of
   * its call has no place in the list, or another one, where that version is a candidate too.
   *
   * @param beganSinceMs leaves out calls that began before, and reads nothing if too few are left
   */
  private List<Row> list(Question q, CallQuery query, long beganSinceMs) {
    int wanted = query.limit() + 1;
    for (long count = (long) wanted + SPARE; ; count *= GROWTH) {
      List<KeptCalls.Version> candidates = candidates(q, query, Set.of(), beganSinceMs, count);
      if (beganSinceMs > 0 && candidates.size() < wanted) {
        return List.of();
      }
      List<Row> found =
          newestOf(query, candidates, wanted, calls -> byCall(newest(calls, within(q, query))));
      if (found.size() >= wanted || candidates.size() < count) {
        return found;
      }
    }
  }

  /**
   * The same where what comes first is kept.
   *
   * @return null if the page goes beyond that
   */
  private @Nullable List<Row> known(Question q, CallQuery query) {
    KeptBounds.Asked asked =
        new KeptBounds.Asked(
            query.first(),
            q.scope(),
            q.filters(),
            query.sort(),
            query.descending(),
            q.range().lengthMs());
    List<Row> found = known(q, query, asked);
    if (found == null && query.after() == null) {
      // What the list began with when it was read left the range since.
      kept.forget(asked);
      found = known(q, query, asked);
    }
    return found;
  }

  private @Nullable List<Row> known(Question q, CallQuery query, KeptBounds.Asked asked) {
    WrittenHours written = kept.written(q);
    Question around = q.during(q.range().aroundHours());
    List<KeptCalls.Version> first =
        kept.first(
            asked,
            q.range(),
            written,
            (hours, count) -> candidates(around, query.first(), hours, 0, count));
    List<KeptCalls.Version> candidates =
        first.stream()
            .filter(v -> q.range().contains(v.call().eventMs()) && isAfter(v, query))
            .toList();
    int wanted = query.limit() + 1;
    List<Row> found =
        newestOf(
            query,
            candidates,
            wanted,
            calls -> kept.newest(calls, written, missing -> newest(missing, new Sql())));
    return found.size() >= wanted || first.size() < KeptBounds.KEPT ? found : null;
  }

  /** Whether a row comes after the cursor. */
  private static boolean isAfter(KeptCalls.Version version, CallQuery query) {
    Cursor after = query.after();
    if (after == null) {
      return true;
    }
    List<String> at = after.values();
    int order = version.value().compareTo(new BigDecimal(at.get(0)));
    order = order != 0 ? order : version.call().trace().compareTo(at.get(1));
    order = order != 0 ? order : version.call().span().compareTo(at.get(2));
    order = order != 0 ? order : version.call().layer().compareTo(at.get(3));
    return query.descending() ? order < 0 : order > 0;
  }

  /** The first of these rows that have their place in the list, whole; no more are read. */
  private static List<Row> newestOf(
      CallQuery query,
      List<KeptCalls.Version> candidates,
      int wanted,
      Function<Collection<CallKey>, Map<CallKey, Row>> newest) {
    List<Row> out = new ArrayList<>();
    Set<KeptCalls.Version> next = new LinkedHashSet<>();
    Set<KeptCalls.Version> seen = new HashSet<>();
    for (KeptCalls.Version candidate : candidates) {
      if (seen.add(candidate)) {
        next.add(candidate);
      }
      if (next.size() >= Math.max(wanted - out.size(), SPARE)) {
        out.addAll(placed(query, next, newest));
        next.clear();
      }
      if (out.size() >= wanted) {
        return out.subList(0, wanted);
      }
    }
    out.addAll(placed(query, next, newest));
    return out.size() > wanted ? out.subList(0, wanted) : out;
  }

  /** Those of these rows that are the newest versions, and have the same place in order. */
  private static List<Row> placed(
      CallQuery query,
      Set<KeptCalls.Version> versions,
      Function<Collection<CallKey>, Map<CallKey, Row>> newest) {
    if (versions.isEmpty()) {
      return List.of();
    }
    Set<CallKey> calls = new LinkedHashSet<>();
    versions.forEach(v -> calls.add(v.call()));
    Map<CallKey, Row> rows = newest.apply(calls);
    List<Row> out = new ArrayList<>();
    for (KeptCalls.Version version : versions) {
      Row row = rows.get(version.call());
      if (row != null
          && row.integer("version") == version.number()
          && value(row, query.sort()).compareTo(version.value()) == 0) {
        out.add(row);
      }
    }
    return out;
  }

  private static BigDecimal value(Row row, String sort) {
    return new BigDecimal(row.text("sort_" + sort));
  }

  private static Map<CallKey, Row> byCall(List<Row> rows) {
    Map<CallKey, Row> out = new HashMap<>();
    rows.forEach(r -> out.put(CallKey.of(r), r));
    return out;
  }

  /**
   * @param hours only rows of these hours, epoch ms; empty for all
   */
  private List<KeptCalls.Version> candidates(
      Question q, CallQuery query, Set<Long> hours, long beganSinceMs, long count) {
    String sort = sortExpression(query);
    Sql sql =
        new Sql()
            .add("SELECT project, layer, toUnixTimestamp64Milli(event_time) AS event_ms,")
            .add(" lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span,")
            .add(" toInt64(version) AS number, toString(" + sort + ") AS sort_value FROM calls");
    boolean filtered =
        query.narrows() || query.after() != null || !q.filters().isEmpty() || !hours.isEmpty();
    if (!filtered) {
      range(sql.add(" PREWHERE "), q);
    }
    // Left to ClickHouse, conditions that few rows meet are looked at before other columns are.
    conditions(sql.add(" WHERE "), q, query);
    if (beganSinceMs > 0) {
      sql.add(" AND " + sort + " >= ").bind(beganSinceMs * 1_000_000);
    }
    if (!hours.isEmpty()) {
      TraceBounds.inHours(sql.add(" AND "), "toStartOfHour(event_time)", hours);
    }
    order(sql, query, sort);
    sql.add(" LIMIT ").bind(count);
    return database.query(sql, filtered ? FILTERED : Map.of()).stream()
        .map(
            r ->
                new KeptCalls.Version(
                    CallKey.of(r), r.integer("number"), new BigDecimal(r.text("sort_value"))))
        .toList();
  }

  private static Sql within(Question q, CallQuery query) {
    Sql sql = new Sql().add(" WHERE ");
    conditions(sql, q, query);
    return sql;
  }

  /** The newest versions of these calls, each once. */
  private List<Row> newest(Collection<CallKey> calls, Sql where) {
    Sql sql =
        new Sql().add("SELECT " + PLACES + SHOWN + ", toInt64(version) AS version FROM calls");
    sql.add(" FINAL PREWHERE ");
    CallKey.among(sql, calls);
    return database.query(sql.append(where));
  }

  private static void order(Sql sql, CallQuery query, String sort) {
    String direction = query.descending() ? " DESC" : " ASC";
    sql.add(" ORDER BY " + sort + direction + ", trace_id" + direction)
        .add(", span_id" + direction + ", layer" + direction);
  }

  /** The cursor after this row. */
  public Cursor cursorAt(CallQuery query, Row row) {
    return new Cursor(
        (query.descending() ? "-" : "") + query.sort(),
        List.of(
            row.text("sort_" + query.sort()),
            row.text("trace"),
            row.text("span"),
            row.text("layer")));
  }

  /** All rows of these traces, in any layer, each once. */
  public List<Row> ofTraces(Set<String> projects, List<String> traceIds, int limit) {
    return ofTraces(projects, traceIds, limit, COLUMNS, Places.ANYWHERE);
  }

  /** The same where it is known where they lie, with what lists of traces show of them. */
  public List<Row> ofListed(Set<String> projects, List<String> traceIds, int limit, Places places) {
    return ofTraces(projects, traceIds, limit, LISTED, places);
  }

  private List<Row> ofTraces(
      Set<String> projects, List<String> traceIds, int limit, String columns, Places places) {
    Sql sql = new Sql().add("SELECT " + columns + " FROM (SELECT * FROM calls WHERE ");
    sql.in("project", projects);
    sql.add(" AND trace_id IN ");
    traceIds(sql, traceIds);
    places.and(sql, "event_time");
    sql.add(" ORDER BY version DESC LIMIT 1 BY project, layer, trace_id, span_id)");
    sql.add(" ORDER BY start_ns, span LIMIT ").bind(limit);
    return database.query(sql);
  }

  /** Engine and gateway rows that share one of these response ids. */
  public List<Row> ofResponses(Set<String> projects, List<String> responseIds) {
    Sql sql = new Sql().add("SELECT " + COLUMNS + " FROM (SELECT * FROM calls WHERE ");
    sql.in("project", projects);
    sql.add(" AND layer = 'engine' AND ").in("response_id", responseIds);
    sql.add(" ORDER BY version DESC LIMIT 1 BY project, layer, trace_id, span_id) LIMIT 100");
    return database.query(sql);
  }

  /**
   * The newest failures of each class, at most so many a class.
   *
   * @param classes how many calls of each class failed in the range
   */
  public List<Row> latestFailures(Question q, int perClass, Map<String, Long> classes) {
    for (long since : Slices.before(q.range().toMs(), q.range())) {
      List<Row> found = latestFailures(q.during(new TimeRange(since, q.range().toMs())), perClass);
      Map<String, Long> seen = new HashMap<>();
      found.forEach(r -> seen.merge(r.text("error_class"), 1L, Long::sum));
      if (classes.keySet().stream()
          .allMatch(
              c -> seen.getOrDefault(c, 0L) >= Math.min(perClass, classes.getOrDefault(c, 0L)))) {
        return found;
      }
    }
    return latestFailures(q, perClass);
  }

  private List<Row> latestFailures(Question q, int perClass) {
    // Versions of a call differ in its price alone, so any of them tells how it failed.
    Sql sql =
        new Sql()
            .add("SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, error_class,")
            .add(" error_message, http_status, provider, model,")
            .add(" toUnixTimestamp64Milli(event_time) AS event_ms")
            .add(" FROM (SELECT * FROM calls PREWHERE ");
    range(sql, q);
    sql.add(" AND failed");
    q.filters().and(sql, " WHERE ");
    sql.add(" ORDER BY event_time DESC, span_id, trace_id, layer, project")
        .add(" LIMIT 1 BY project, layer, event_time, trace_id, span_id)")
        .add(" ORDER BY event_time DESC, span_id LIMIT ")
        .bind(perClass)
        .add(" BY error_class");
    return database.queryFacts(sql);
  }

  /** Per project, layer, provider and model what coverage tells, from facts. */
  public List<Row> coverage(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT project, layer, provider, model, count() AS calls,")
            .add(" countIf(priced = 'priced') AS priced_calls,")
            .add(" countIf(priced = 'unpriced') AS unpriced_calls,")
            .add(
                " countIf(input_tokens = -1 AND output_tokens = -1 AND saved_tokens = -1) AS no_usage,")
            .add(" countIf(cache_hit) AS hits, sum(greatest(input_tokens, 0)) AS input,")
            .add(" sum(greatest(cache_read_tokens, 0)) AS cache_read,")
            .add(" sum(greatest(cache_write_tokens, 0)) AS cache_write,")
            .add(" sum(greatest(output_tokens, 0)) AS output,")
            .add(" sum(greatest(reasoning_tokens, 0)) AS reasoning,")
            .add(" sum(greatest(saved_tokens, 0)) AS saved,")
            .add(" sumIf(" + TOKENS + ", priced = 'unpriced') AS unpriced_tokens,")
            .add(
                " sum(cost) AS cost, sum(reported_cost) AS reported, sum(computed_cost) AS computed,")
            .add(" countIf(isNotNull(reported_cost) AND isNotNull(computed_cost)) AS both_calls,")
            .add(" sumIf(reported_cost, isNotNull(computed_cost)) AS both_reported,")
            .add(" sumIf(computed_cost, isNotNull(reported_cost)) AS both_computed,")
            .add(
                " countIf(bitAnd(flags, 2) != 0) AS bad_cost, countIf(bitAnd(flags, 1) != 0) AS bad_time")
            .add(" FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    sql.add(" GROUP BY project, layer, provider, model");
    return database.queryFacts(sql);
  }

  /**
   * Of each engine model, over all projects: requests that ended in the range, their tokens, and
   * for how many microseconds of the range at least one of them ran.
   */
  public List<Row> engineUse(TimeRange range) {
    Sql sql = new Sql().add("SELECT m AS model, count() AS calls, sum(t) AS tokens, sum(");
    sql.add("greatest(0, least(ended, ").bind(range.toMs() * 1000);
    sql.add(") - greatest(began, ended_before, ").bind(range.fromMs() * 1000);
    sql.add("))) AS busy_us FROM (SELECT m, t, began, ended, max(ended) OVER (PARTITION BY m")
        .add(" ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)")
        .add(" AS ended_before FROM (SELECT toString(model) AS m, " + TOKENS + " AS t,")
        .add(" toUnixTimestamp64Micro(start_time) AS began, began + duration_us AS ended")
        .add(" FROM calls FINAL WHERE layer = 'engine'")
        .add(" AND ")
        .during("event_time", range)
        .add(")) GROUP BY m");
    return database.queryFacts(sql);
  }

  /** Engine calls without a model, by service. */
  public List<Row> enginesWithoutModel(Question q) {
    Sql sql = new Sql().add("SELECT service, count() AS calls FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    sql.add(" AND layer = 'engine' AND model IN ('', 'unknown')");
    sql.add(" GROUP BY service ORDER BY calls DESC LIMIT 100");
    return database.queryFacts(sql);
  }

  /** Client calls in whose trace the project saw no gateway call, by service. */
  public List<Row> clientsWithoutGateway(Question q) {
    Sql sql =
        new Sql()
            .add("SELECT service, count() AS calls, sum(cost) AS cost FROM calls FINAL WHERE ");
    range(sql, q);
    q.filters().and(sql);
    // A call at the range's edge may have its gateway call just outside.
    sql.add(" AND layer = 'client' AND (project, trace_id) NOT IN (SELECT project, trace_id")
        .add(" FROM calls WHERE ");
    sql.in("project", q.scope().projects());
    sql.add(" AND layer = 'gateway' AND event_time >= fromUnixTimestamp64Milli(");
    sql.bind(Math.max(0, q.range().fromMs() - WindowKind.HOUR.lengthMs()));
    sql.add(", 'UTC') AND event_time < fromUnixTimestamp64Milli(")
        .bind(q.range().toMs() + WindowKind.HOUR.lengthMs());
    sql.add(", 'UTC')) GROUP BY service ORDER BY calls DESC LIMIT 100");
    return database.queryFacts(sql);
  }

  static void traceIds(Sql sql, List<String> traceIds) {
    sql.add("(");
    selectTraceIds(sql, traceIds);
    sql.add(")");
  }

  static void selectTraceIds(Sql sql, List<String> traceIds) {
    sql.add("SELECT toFixedString(unhex(arrayJoin(").bindAll(traceIds).add(")), 16) AS trace_id");
  }

  static void range(Sql sql, Question q) {
    q.scope().condition(sql);
    sql.add(" AND ").during("event_time", q.range());
  }

  private static void conditions(Sql sql, Question q, CallQuery query) {
    range(sql, q);
    q.filters().and(sql);
    if (query.failed() != null) {
      sql.add(query.failed() ? " AND failed" : " AND NOT failed");
    }
    String text = query.text();
    if (text != null) {
      sql.add(" AND (");
      for (String column : List.of("name", "model", "user", "session", "error_message")) {
        sql.add("positionCaseInsensitiveUTF8(" + column + ", ").bind(text).add(") > 0 OR ");
      }
      sql.add("lower(hex(trace_id)) = ").bind(text.toLowerCase(Locale.ROOT)).add(")");
    }
    if (query.minDurationMs() != null) {
      sql.add(" AND duration_us >= ").bind(query.minDurationMs().movePointRight(3).longValue());
    }
    if (query.maxDurationMs() != null) {
      sql.add(" AND duration_us <= ").bind(query.maxDurationMs().movePointRight(3).longValue());
    }
    if (query.minCostUsd() != null) {
      sql.add(" AND cost >= ").bind("Decimal(38, 12)", query.minCostUsd().toPlainString());
    }
    if (query.costKind() != null) {
      sql.add(" AND " + COST_KIND + " = ").bind(query.costKind());
    }
    if (query.traceId() != null) {
      sql.add(" AND trace_id = toFixedString(unhex(").bind(query.traceId()).add("), 16)");
    }
    Cursor after = query.after();
    if (after != null) {
      sql.add(" AND (" + sortExpression(query) + ", trace_id, span_id, layer) ")
          .add(query.descending() ? "<" : ">")
          .add(" (");
      sql.bind(SORT_TYPES.getOrDefault(query.sort(), "Int64"), after.values().get(0));
      sql.add(", toFixedString(unhex(").bind(after.values().get(1)).add("), 16)");
      sql.add(", toFixedString(unhex(").bind(after.values().get(2)).add("), 8), ");
      sql.bind(after.values().get(3)).add(")");
    }
  }

  private static String sortExpression(CallQuery query) {
    String sort = SORTS.get(query.sort());
    if (sort == null) {
      throw new IllegalArgumentException("no order " + query.sort());
    }
    return sort;
  }
}
