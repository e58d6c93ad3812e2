/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Fills a database with a month of traffic: dense rollups of so many series, calls and spans. The
 * rows are made by ClickHouse itself. Hours and days of one cube add up to those of the smaller
 * ones; minutes, calls and spans stand beside them with figures of their own.
 */
public final class QueryFixture {
  private static final long MINUTE_MS = 60_000;
  private static final int HOURS_OF_DAY = 24;
  private static final int MINUTES_OF_MODEL = 2 * 1440;
  private static final int MINUTES_OF_TRAFFIC = 90;

  /** A statement must end before the client takes the server for dead. */
  private static final long STEP_CALLS = 2_000_000;

  /**
   * Dimensions of series {@code s}: each a function of it, so that a series is one row a window.
   */
  private static final String SERIES =
      """
      if(intDiv(s, 10) % 10 = 0, 'other', 'default') AS project,
      multiIf(s % 10 < 6, 'gateway', s % 10 = 6, 'direct', s % 10 = 7, 'client', s % 10 = 8, 'engine',
        'gateway_request') AS layer,
      ['openai', 'anthropic', 'azure', 'bedrock', 'vllm'][s % 5 + 1] AS provider,
      concat('model-', toString(s % 25)) AS model,
      if(intDiv(s, 50) % 2 = 0, 'chat', 'embeddings') AS operation,
      if(intDiv(s, 100) % 10 = 0,
        ['rate_limit', 'timeout', 'upstream_5xx', 'auth', 'context_length'][intDiv(s, 1000) % 5 + 1], '')
        AS error_class,
      concat('svc-', toString(intDiv(s, 7) % 8)) AS service,
      if(intDiv(s, 3) % 4 = 0, 'staging', 'prod') AS environment,
      concat('team-', toString(intDiv(s, 50) % 20)) AS team,
      concat('key-', toString(intDiv(s, 11) % 100)) AS api_key,
      concat('user-', toString(intDiv(s, 2) % 2000)) AS user
      """;

  private static final String FINE =
      "project, layer, provider, model, operation, error_class, service, environment, team, api_key";
  private static final String MODEL = "project, layer, provider, model, operation, error_class";
  private static final String USAGE = "project, layer, provider, model, team, api_key, user";

  private static final String[] COUNTERS = {
    "calls",
    "errors",
    "streaming",
    "cache_hits",
    "without_usage",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "saved_tokens",
    "cost",
    "reported_cost",
    "computed_cost",
    "priced",
    "unpriced"
  };
  private static final String[] LATENCIES = {
    "duration", "ttft", "tpot", "queue", "prefill", "decode"
  };

  private final ClickHouse clickHouse;
  private final long endMs;
  private final int days;
  private final int series;

  /** Tables that had rows before their first step here. */
  private final Map<String, Boolean> filled = new HashMap<>();

  /**
   * For an empty database with its tables.
   *
   * @param endMs end of the traffic, a whole minute
   */
  public QueryFixture(ClickHouse clickHouse, long endMs, int days, int series) {
    this.clickHouse = clickHouse;
    this.endMs = endMs - endMs % MINUTE_MS;
    this.days = days;
    this.series = series;
  }

  /** Fills every table of calls, spans and rollups; takes some minutes. */
  public void fill(long calls, long spans) {
    run("hours of traffic", dense("rollup_traffic_hour", FINE, 3600, days * HOURS_OF_DAY));
    run("minutes of traffic", dense("rollup_traffic_minute", FINE, 60, MINUTES_OF_TRAFFIC));
    run("days of usage", dense("rollup_usage_day", USAGE, 86_400, days));
    run("hours of usage", dense("rollup_usage_hour", USAGE, 3600, 2 * HOURS_OF_DAY));
    for (int day = 0; day < days; day++) {
      // Day by day, so that no step needs much memory.
      run("hours of models", folded("rollup_traffic_hour", "rollup_model_hour", MODEL, 3600, day));
      run(
          "days of traffic",
          folded("rollup_traffic_hour", "rollup_traffic_day", FINE, 86_400, day));
    }
    for (int day = 0; day < days; day++) {
      run("days of models", folded("rollup_model_hour", "rollup_model_day", MODEL, 86_400, day));
      run("hours", folded("rollup_model_hour", "rollup_summary_hour", "project, layer", 3600, day));
    }
    for (int day = 0; day < days; day++) {
      run(
          "days",
          folded("rollup_summary_hour", "rollup_summary_day", "project, layer", 86_400, day));
    }
    run("minutes of models", minutesOfModels());
    for (int day = days - 2; day < days; day++) {
      run(
          "minutes",
          folded("rollup_model_minute", "rollup_summary_minute", "project, layer", 60, day));
    }
    run("all time", folded("rollup_model_day", "rollup_model_all", MODEL, 0, -1));
    run("all time", folded("rollup_summary_day", "rollup_summary_all", "project, layer", 0, -1));
    long perTrace = spans / calls;
    for (long from = begun("calls"); from < calls; from += STEP_CALLS) {
      step("calls", calls(calls, from));
    }
    for (long from = begun("spans"); from < calls; from += STEP_CALLS) {
      step("spans", spans(calls, from, perTrace));
    }
  }

  /** The first call of the step that a run was stopped in; done again, its rows are the same. */
  private long begun(String table) {
    long call = clickHouse.number(Sql.of("SELECT max(source_offset) FROM " + table));
    return call / STEP_CALLS * STEP_CALLS;
  }

  /** Says that all of it is visible: what the aggregator would say if it had brought it. */
  void complete() {
    clickHouse.execute(
        Sql.of(
                "INSERT INTO progress (kind, sink_partition, source_partition, source_offset, tick_ms)"
                    + " SELECT arrayJoin(['spans', 'calls', 'rollups']), 0, 0, 100, {tick:Int64}")
            .with("tick", endMs));
    clickHouse.execute(
        Sql.of("INSERT INTO source_ends VALUES (0, {at:Int64}, 100)").with("at", endMs));
  }

  private void run(String what, String sql) {
    String table = sql.split(" ", 4)[2];
    if (filled.computeIfAbsent(
        table, t -> clickHouse.number(Sql.of("SELECT count() FROM " + t)) > 0)) {
      // From a run that was stopped.
      return;
    }
    step(what, sql);
  }

  private void step(String what, String sql) {
    long begin = System.nanoTime();
    clickHouse.execute(
        Sql.of(sql)
            .setting("max_partitions_per_insert_block", 0)
            .setting("max_insert_threads", 2)
            .setting("max_execution_time", 0)
            .setting("async_insert", 0));
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (seconds > 2) {
      System.out.printf(Locale.ROOT, "  %s: %.1f s%n", what, seconds);
    }
  }

  private static String target(String table, String dimensions) {
    StringBuilder sql =
        new StringBuilder("INSERT INTO ").append(table).append(" (").append(dimensions);
    sql.append(", window_start, series_hash, generation, version");
    for (String c : COUNTERS) {
      sql.append(", ").append(c);
    }
    sql.append(", duration_min_us");
    for (String l : LATENCIES) {
      for (String part : new String[] {"_count", "_sum_us", "_max_us", "_sketch"}) {
        sql.append(", ").append(l).append(part);
      }
    }
    return sql.append(", slowest_us, slowest_trace, latest_error_ms, latest_error_trace) ")
        .toString();
  }

  /** A row of every series in each window, with sketches of 8 and 4 buckets. */
  private String dense(String table, String dimensions, long seconds, int windows) {
    long first = endMs / 1000 / seconds - windows + 1;
    return target(table, dimensions)
        + "SELECT "
        + dimensions
        + ", toDateTime(("
        + first
        + " + w) * "
        + seconds
        + ", 'UTC'), toUInt128(s), 0, 1, "
        + measures()
        + " FROM (SELECT "
        + SERIES
        + ", s, w, r, toInt64(8 + r % 13) AS n, layer = 'engine' AS engine FROM (SELECT number % "
        + series
        + " AS s, intDiv(number, "
        + series
        + ") AS w, cityHash64(number) AS r FROM numbers("
        + (long) series * windows
        + ")))";
  }

  private String minutesOfModels() {
    long first = endMs / MINUTE_MS - MINUTES_OF_MODEL + 1;
    return target("rollup_model_minute", MODEL)
        + "SELECT "
        + MODEL
        + ", toDateTime(("
        + first
        + " + w) * 60, 'UTC'), toUInt128(cityHash64("
        + MODEL
        + ")), 0, 1, "
        + measures()
        + " FROM (SELECT m.*, minutes.w AS w, cityHash64("
        + MODEL
        + ", w) AS r, toInt64(8 + r % 13) AS n, layer = 'engine' AS engine FROM (SELECT DISTINCT "
        + MODEL
        + " FROM rollup_model_day) AS m CROSS JOIN (SELECT number AS w FROM numbers("
        + MINUTES_OF_MODEL
        + ")) AS minutes)";
  }

  /** Measures of a window with {@code n} calls and the random number {@code r}. */
  private static String measures() {
    String usd = "toDecimal128(n * toInt64(r % 5000000), 3) * toDecimal128('0.000000001', 9)";
    String client =
        "if(engine, toInt64(0), n), if(engine, 0, n * 400000), if(engine, -1, 900000), ";
    String parts = "if(engine, n, toInt64(0)), if(engine, n * 30000, 0), if(engine, 90000, -1), ";
    String empty = "CAST(map(), 'Map(Int16, UInt64)')";
    return "n, if(error_class = '', 0, n), intDiv(n, 2), intDiv(n, 9), intDiv(n, 20), n * 900, n * 300,"
        + " n * 10, n * 250, n * 40, n * 20, "
        + usd
        + ", "
        + usd
        + ", "
        + usd
        + ", intDiv(n * 9, 10), n - intDiv(n * 9, 10), toInt64(20000), n, n * 1200000, toInt64(9000000), "
        + sketch(300, 8)
        + ", "
        + client
        + "if(engine, "
        + empty
        + ", "
        + sketch(240, 4)
        + "), "
        + client
        + "if(engine, "
        + empty
        + ", "
        + sketch(120, 4)
        + "), "
        + parts
        + "if(engine, "
        + sketch(60, 4)
        + ", "
        + empty
        + "), "
        + parts
        + "if(engine, "
        + sketch(200, 4)
        + ", "
        + empty
        + "), "
        + parts
        + "if(engine, "
        + sketch(280, 4)
        + ", "
        + empty
        + "), toInt64(9000000), toFixedString(unhex(hex(r)), 16), toInt64(-1),"
        + " toFixedString('', 16)";
  }

  /** So many different buckets above the lowest, all calls in them. */
  private static String sketch(int lowest, int buckets) {
    String keys =
        "arrayMap(i -> toInt16("
            + lowest
            + " + i * 12 + bitShiftRight(r, i * 4) % 12), range("
            + buckets
            + "))";
    String counts =
        "arrayMap(i -> toUInt64(if(i = 0, n - " + (buckets - 1) + ", 1)), range(" + buckets + "))";
    return "mapFromArrays(" + keys + ", " + counts + ")";
  }

  /** Rows of a smaller cube or of longer windows, from others; of one day, or of all. */
  private String folded(String from, String to, String dimensions, long seconds, int day) {
    StringBuilder sql = new StringBuilder(target(to, dimensions));
    String window =
        seconds == 0
            ? "toDateTime(0, 'UTC')"
            : "toDateTime(intDiv(toUnixTimestamp(window_start), "
                + seconds
                + ") * "
                + seconds
                + ", 'UTC')";
    sql.append("SELECT ").append(dimensions).append(", ").append(window).append(" AS w");
    sql.append(", toUInt128(cityHash64(").append(dimensions).append(")), 0, 1");
    for (String c : COUNTERS) {
      sql.append(", sum(").append(c).append(")");
    }
    sql.append(", min(duration_min_us)");
    for (String l : LATENCIES) {
      sql.append(", sum(" + l + "_count), sum(" + l + "_sum_us), max(" + l + "_max_us), sumMap(")
          .append(l)
          .append("_sketch)");
    }
    sql.append(
        ", max(slowest_us), max(slowest_trace), max(latest_error_ms), max(latest_error_trace)");
    sql.append(" FROM ").append(from);
    if (day >= 0) {
      long begin = endMs / 86_400_000 - days + 1 + day;
      sql.append(" WHERE window_start >= toDateTime(" + begin * 86_400 + ", 'UTC')");
      sql.append(" AND window_start < toDateTime(" + (begin + 1) * 86_400 + ", 'UTC')");
    }
    return sql.append(" GROUP BY ").append(dimensions).append(", w").toString();
  }

  private String time(long count) {
    long length = days * 86_400_000L;
    return "fromUnixTimestamp64Milli(toInt64("
        + (endMs - length)
        + " + intDiv(i * "
        + length
        + ", "
        + count
        + ") + r % 1000), 'UTC')";
  }

  private String calls(long count, long from) {
    return "INSERT INTO calls (project, layer, provider, model, operation, error_class, service,"
        + " environment, team, api_key, user, event_time, trace_id, span_id, parent_span_id,"
        + " arrival_time, source_offset, role, dialect, name, start_time, duration_us, session,"
        + " streaming, cache_hit, failed, error_message, http_status, input_tokens,"
        + " cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, saved_tokens,"
        + " ttft_us, tpot_us, queue_us, prefill_us, decode_us, cost, reported_cost, computed_cost,"
        + " priced, price_book, price_entry, response_id) SELECT project, layer, provider, model, operation, error_class, service,"
        + " environment, team, api_key, user, t, toFixedString(MD5(toString(i)), 16),"
        + " toFixedString(substring(MD5(concat(toString(i), '/1')), 1, 8), 8), toFixedString('', 8),"
        + " t, i, 'gateway_call', 'litellm-v1', 'litellm_request', t, toInt64(200000 + r % 3000000),"
        + " if(i % 2 = 0, concat('session-', toString(intDiv(i, 40))), ''), i % 2 = 0, i % 9 = 0,"
        + " error_class != '', if(error_class = '', '', concat('the provider said no, request ', toString(r))),"
        + " if(error_class = '', 200, 429), 500 + r % 4000, r % 700, -1, 100 + r % 900, -1, -1,"
        + " 100000 + r % 900000, 9000 + r % 50000, -1, -1, -1,"
        + " toDecimal128(toInt64(r % 90000000), 12) / 1000000000, NULL,"
        + " toDecimal128(toInt64(r % 90000000), 12) / 1000000000, 'priced', 'embedded', model, concat('resp-', toString(r))"
        + " FROM (SELECT "
        + SERIES
        + ", i, r, "
        + time(count)
        + " AS t FROM (SELECT number AS i, cityHash64(number) AS r, cityHash64(number, 1) % "
        + series
        + " AS s FROM numbers("
        + from
        + ", "
        + Math.min(STEP_CALLS, count - from)
        + ")))";
  }

  /** The spans of the calls' traces: as many of each trace, the second of them the call. */
  private String spans(long calls, long from, long perTrace) {
    return "INSERT INTO spans (project, layer, provider, model, operation, error_class, service, environment,"
        + " user, ts, trace_id, span_id, parent_span_id, arrival_time, source_offset, name, kind, role,"
        + " start_time, end_time, failed, input_tokens, output_tokens, cost, session, agent,"
        + " attributes, resource) SELECT project, if(n = 1, layer, ''), if(n = 1, provider, ''),"
        + " if(n = 1, model, ''), if(n = 1, operation, ''), error_class, service, environment, user,"
        + " fromUnixTimestamp64Milli(toUnixTimestamp64Milli(t) + toInt64(n) * 7, 'UTC') AS at,"
        + " toFixedString(MD5(toString(i)), 16),"
        + " toFixedString(substring(MD5(concat(toString(i), '/', toString(n))), 1, 8), 8),"
        + " if(n = 0, toFixedString('', 8), toFixedString(substring(MD5(concat(toString(i), '/0')), 1, 8), 8)),"
        + " fromUnixTimestamp64Milli(toUnixTimestamp64Milli(at) + toInt64(r % 900), 'UTC'), i, concat('step-', toString(n)), 3,"
        + " ['workflow', 'gateway_call', 'agent', 'tool', 'other'][n + 1], t, at, error_class != '' AND n < 2,"
        + " if(n = 1, 500 + toInt64(r % 4000), -1), -1, NULL, if(i % 2 = 0, concat('session-', toString(intDiv(i, 40))), ''),"
        + " if(n = 2, concat('agent-', toString(r % 12)), ''),"
        + " map('gen_ai.request.model', model, 'gen_ai.system', provider, 'llm.user', user,"
        + " 'metadata.request', toString(r), 'http.route', '/v1/chat/completions', 'team', team,"
        + " 'key', api_key, 'attempt', toString(n)),"
        + " map('service.name', service, 'deployment.environment', environment, 'host.name', concat('node-', toString(r % 30)))"
        + " FROM (SELECT "
        + SERIES
        + ", i, n, r, "
        + time(calls)
        + " AS t FROM (SELECT intDiv(number, "
        + perTrace
        + ") AS i, number % "
        + perTrace
        + " AS n, cityHash64(i) AS r, cityHash64(i, 1) % "
        + series
        + " AS s FROM numbers("
        + from * perTrace
        + ", "
        + Math.min(STEP_CALLS, calls - from) * perTrace
        + ")))";
  }
}
