/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.sql;

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

/** Lists calls in order, page by page, with what comes first kept. Thread-safe. */
public final class CallsInOrder {
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
          CallsReader.TOKENS);

  private static final Map<String, String> SORT_TYPES =
      Map.of("start", "Int64", "duration", "Int64", "cost", "Decimal(38, 12)", "tokens", "Int64");

  /** What a row is ordered by in each of the orders, so that each can use it. */
  private static final String PLACES =
      SORTS.entrySet().stream()
          .map(e -> "toString(" + e.getValue() + ") AS sort_" + e.getKey() + ", ")
          .collect(Collectors.joining());

  /** Sort orders of the list. */
  public static final List<String> SORT_NAMES = List.of("start", "duration", "cost", "tokens");

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
  CallsInOrder(Database database, LongSupplier sureSinceMs) {
    this.database = database;
    this.kept = new KeptCalls(database, sureSinceMs);
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
      CallsReader.range(sql.add(" PREWHERE "), q);
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
        new Sql()
            .add(
                "SELECT "
                    + PLACES
                    + CallsReader.SHOWN
                    + ", toInt64(version) AS version FROM calls");
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

  private static void conditions(Sql sql, Question q, CallQuery query) {
    CallsReader.range(sql, q);
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
      sql.add(" AND " + CallsReader.COST_KIND + " = ").bind(query.costKind());
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
