/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.query.QueryService;
import io.spanmill.standalone.embedded.EmbeddedClickHouse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Measures every endpoint of the query API over a month of traffic: {@code fill DIR} makes the
 * data, {@code measure DIR OUT} times each question with the result cache off, {@code dashboards
 * DIR OUT} lets fifty dashboards refresh. {@code OUT} is a folder for tables and plot.
 */
public final class QueryBenchmark {
  private static final int DAYS = 30;
  private static final int SERIES = 10_000;
  private static final long CALLS = 2_000_000;
  private static final long SPANS = 10_000_000;
  private static final long FILL_MEMORY_BYTES = 6L << 30;
  private static final long MINUTE_MS = 60_000;
  private static final int MIN_RUNS = 5;

  /** Before a question counts: what it alone runs is compiled too, or interpreted no more. */
  private static final int WARM_ASKS = 6;

  private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(65);
  private static final double LONG_ENOUGH_MS = 4000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private QueryBenchmark() {}

  public static void main(String[] args) throws Exception {
    if (args.length < 2) {
      System.err.println(
          "fill DIR [CALLS SPANS] | measure DIR OUT [RUNS] | dashboards DIR OUT [SECONDS]");
      System.exit(2);
    }
    Path dir = Path.of(args[1]).toAbsolutePath();
    switch (args[0]) {
      case "fill" ->
          fill(
              dir,
              args.length > 3 ? Long.parseLong(args[2]) : CALLS,
              args.length > 3 ? Long.parseLong(args[3]) : SPANS);
      case "measure" ->
          measure(
              dir,
              Path.of(args[2]),
              args.length > 3 ? Integer.parseInt(args[3]) : 20,
              args.length > 4 ? args[4] : "");
      case "dashboards" ->
          dashboards(dir, Path.of(args[2]), args.length > 3 ? Integer.parseInt(args[3]) : 60);
      default -> throw new IllegalArgumentException("unknown command " + args[0]);
    }
    System.exit(0);
  }

  private static void fill(Path dir, long calls, long spans) throws IOException {
    long begin = System.nanoTime();
    try (EmbeddedClickHouse server =
            EmbeddedClickHouse.start(dir, 0, FILL_MEMORY_BYTES, why -> {});
        ClickHouse clickHouse = ClickHouse.open(settings(server, Map.of()))) {
      Migrations.apply(clickHouse, settings(server, Map.of()));
      long endMs = System.currentTimeMillis() / MINUTE_MS * MINUTE_MS;
      QueryFixture fixture = new QueryFixture(clickHouse, endMs, DAYS, SERIES);
      fixture.fill(calls, spans);
      fixture.complete();
      Files.writeString(dir.resolve("end-ms"), Long.toString(endMs));
    }
    System.out.printf(Locale.ROOT, "filled in %.0f s%n", (System.nanoTime() - begin) / 1e9);
  }

  /** Long retentions: the data must not run out while they are measured. */
  private static Settings settings(EmbeddedClickHouse server, Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put(Keys.CLICKHOUSE_URL, server.url());
    all.put(Keys.CLICKHOUSE_USER, server.user());
    all.put(Keys.CLICKHOUSE_PASSWORD, server.password());
    all.put(Keys.QUERY_PORT, "0");
    all.put(Keys.QUERY_RATE_LIMIT, "1000000");
    all.put(Keys.RETENTION_SPANS, "90");
    all.putAll(more);
    return Settings.of(all);
  }

  private static void measure(Path dir, Path out, int runs, String only) throws Exception {
    long endMs = Long.parseLong(Files.readString(dir.resolve("end-ms")));
    List<Measured> measured = new ArrayList<>();
    try (EmbeddedClickHouse server = EmbeddedClickHouse.start(dir, 0, memory(), why -> {});
        ClickHouse clickHouse = ClickHouse.open(settings(server, Map.of()));
        QueryService service =
            QueryService.start(settings(server, Map.of(Keys.QUERY_CACHE_BYTES, "0")))) {
      HttpClient http = HttpClient.newHttpClient();
      long callsRead = rowsOfCalls(clickHouse, endMs);
      ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
      var sampling =
          timer.scheduleAtFixedRate(() -> advance(clickHouse, endMs), 0, 1, TimeUnit.SECONDS);
      List<Asked> all = Asked.all(endMs, DAYS, ids(service, http, endMs));
      warmUp(all.get(0), service, http);
      for (Asked asked : all) {
        if (Stream.of(only.split(",", -1)).noneMatch(asked.name()::startsWith)) {
          continue;
        }
        Measured one = measure(asked, service, http, clickHouse, runs);
        measured.add(one);
        System.out.print(Report.row(one));
      }
      String memory = Report.memory();
      List<Asked> first =
          Asked.first().stream()
              .filter(a -> Stream.of(only.split(",", -1)).anyMatch(a.name()::startsWith))
              .toList();
      for (Measured one : first(first, server, http, clickHouse)) {
        measured.add(one);
        System.out.print(Report.row(one));
      }
      sampling.cancel(false);
      timer.shutdown();
      timer.awaitTermination(10, TimeUnit.SECONDS);
      String table = Report.endpoints(measured, callsRead, clickHouse) + memory;
      Files.createDirectories(out);
      Files.writeString(out.resolve("query-latency.md"), table);
      Files.writeString(out.resolve("query-latency.svg"), Report.plot(measured));
      System.out.println(table);
    }
  }

  /** Something new became visible, all of it: what the aggregator writes each second. */
  static void advance(ClickHouse clickHouse, long endMs) {
    long offset = System.currentTimeMillis();
    clickHouse.execute(
        Sql.of(
                "INSERT INTO progress (kind, sink_partition, source_partition, source_offset,"
                    + " arrival_ms, tick_ms) SELECT arrayJoin(['spans', 'calls', 'rollups']), 0, 0,"
                    + " {offset:Int64}, {offset:Int64}, {tick:Int64}")
            .with("offset", offset)
            .with("tick", endMs));
    clickHouse.execute(
        Sql.of("INSERT INTO source_ends VALUES (0, {at:Int64}, {offset:Int64})")
            .with("at", offset)
            .with("offset", offset));
  }

  private static long memory() {
    return Settings.of(Map.of()).longValue(Keys.CLICKHOUSE_MEMORY_MAX);
  }

  /** Rows that the overview of the whole range would read from {@code calls}. */
  private static long rowsOfCalls(ClickHouse clickHouse, long endMs) {
    return clickHouse.number(
        Sql.of("SELECT count() FROM calls WHERE event_time < fromUnixTimestamp64Milli({end:Int64})")
            .with("end", endMs));
  }

  /** A trace and a session that exist. */
  private static Map<String, String> ids(QueryService service, HttpClient http, long endMs)
      throws Exception {
    String range = "?from=" + (endMs - 3_600_000) + "&to=" + endMs + "&limit=1";
    JsonNode trace = JSON.readTree(get(service, http, "/api/v1/traces" + range));
    JsonNode session = JSON.readTree(get(service, http, "/api/v1/sessions" + range));
    JsonNode calls = JSON.readTree(get(service, http, "/api/v1/calls" + range));
    return Map.of(
        "trace",
        trace.findValue("traceId").asText(),
        "session",
        session.findValue("sessionId").asText(),
        "cursor",
        calls.path("nextCursor").asText(""));
  }

  /** The JIT compiler's work on what all questions share is not what is measured. */
  private static void warmUp(Asked asked, QueryService service, HttpClient http) throws Exception {
    long until = System.nanoTime() + WARM_UP_NANOS;
    while (System.nanoTime() < until) {
      get(service, http, asked.path(0));
    }
  }

  /** Asks until there are {@code runs} times, or {@link #MIN_RUNS} and they took long enough. */
  private static Measured measure(
      Asked asked, QueryService service, HttpClient http, ClickHouse clickHouse, int runs)
      throws Exception {
    for (int i = 0; i < WARM_ASKS; i++) {
      HttpResponse<String> answer = ask(service, http, asked.path(i));
      if (answer.statusCode() == 400) {
        // A limit of the API is a result too.
        String code = JSON.readTree(answer.body()).at("/error/code").asText();
        return new Measured(asked, code, 0, 0, 0, 0, 0, 0);
      }
    }
    long[] before = reads(clickHouse);
    List<Double> ms = new ArrayList<>();
    long bytes = 0;
    double sum = 0;
    while (ms.size() < runs && (ms.size() < MIN_RUNS || sum < LONG_ENOUGH_MS)) {
      long begin = System.nanoTime();
      bytes = get(service, http, asked.path(WARM_ASKS + ms.size())).length();
      ms.add((System.nanoTime() - begin) / 1e6);
      sum += ms.get(ms.size() - 1);
    }
    long[] after = reads(clickHouse);
    Collections.sort(ms);
    return new Measured(
        asked,
        "",
        ms.size(),
        ms.get(ms.size() / 2),
        ms.get((int) Math.ceil(ms.size() * 0.95) - 1),
        (after[0] - before[0]) / ms.size(),
        (after[1] - before[1]) / ms.size(),
        bytes);
  }

  /** Asks services that were just started, once each has asked its own first questions. */
  private static List<Measured> first(
      List<Asked> all, EmbeddedClickHouse server, HttpClient http, ClickHouse clickHouse)
      throws Exception {
    Map<Asked, List<Double>> ms = new LinkedHashMap<>();
    Map<Asked, long[]> sums = new HashMap<>();
    for (int i = 0; i < MIN_RUNS && !all.isEmpty(); i++) {
      long started = System.nanoTime();
      try (QueryService service =
          QueryService.start(settings(server, Map.of(Keys.QUERY_CACHE_BYTES, "0")))) {
        awaitFirstQuestions();
        System.out.printf(
            Locale.ROOT,
            "started, its own questions asked: %.1f s%n",
            (System.nanoTime() - started) / 1e9);
        for (Asked asked : all) {
          long[] before = reads(clickHouse);
          long begin = System.nanoTime();
          int bytes = get(service, http, asked.path(0)).length();
          double took = (System.nanoTime() - begin) / 1e6;
          ms.computeIfAbsent(asked, a -> new ArrayList<>()).add(took);
          long[] after = reads(clickHouse);
          long[] sum = sums.computeIfAbsent(asked, a -> new long[3]);
          sum[0] += after[0] - before[0];
          sum[1] += after[1] - before[1];
          sum[2] = bytes;
        }
      }
    }
    List<Measured> out = new ArrayList<>();
    ms.forEach(
        (asked, times) -> {
          Collections.sort(times);
          long[] sum = sums.getOrDefault(asked, new long[3]);
          out.add(
              new Measured(
                  asked,
                  "",
                  times.size(),
                  times.get(times.size() / 2),
                  times.get(times.size() - 1),
                  sum[0] / times.size(),
                  sum[1] / times.size(),
                  sum[2]));
        });
    return out;
  }

  private static void awaitFirstQuestions() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("first-questions")) {
        thread.join();
      }
    }
  }

  /** Rows and bytes that queries have read since the server began; this query reads neither. */
  private static long[] reads(ClickHouse clickHouse) {
    return new long[] {event(clickHouse, "SelectedRows"), event(clickHouse, "SelectedBytes")};
  }

  private static long event(ClickHouse clickHouse, String name) {
    return clickHouse.number(
        Sql.of("SELECT toUInt64(sum(value)) FROM system.events WHERE event = {event:String}")
            .with("event", name));
  }

  static String get(QueryService service, HttpClient http, String path) throws Exception {
    HttpResponse<String> answer = ask(service, http, path);
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  private static HttpResponse<String> ask(QueryService service, HttpClient http, String path)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static void dashboards(Path dir, Path out, int seconds) throws Exception {
    long endMs = Long.parseLong(Files.readString(dir.resolve("end-ms")));
    StringBuilder table = new StringBuilder();
    try (EmbeddedClickHouse server = EmbeddedClickHouse.start(dir, 0, memory(), why -> {});
        ClickHouse clickHouse = ClickHouse.open(settings(server, Map.of()))) {
      for (String cache : List.of("0", "67108864")) {
        try (QueryService service =
            QueryService.start(settings(server, Map.of(Keys.QUERY_CACHE_BYTES, cache)))) {
          Dashboards run = new Dashboards(service, clickHouse, server.pid(), endMs, DAYS);
          table.append(run.run(cache.equals("0") ? "off" : "64 MiB", seconds));
        }
      }
    }
    Files.createDirectories(out);
    Files.writeString(out.resolve("query-dashboards.md"), Dashboards.HEAD + table);
    System.out.println(Dashboards.HEAD + table);
  }

  /** The moment of a run, as documents tell it. */
  static String today() {
    return Instant.now().toString().substring(0, 10);
  }
}
