/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code events} of an overview counts each span once, over any range: counts of hours and of the
 * newest minutes are kept, and what is written into them later, twice or not, is counted too.
 * {@code -Dcounts.seed} takes another seed.
 */
class SpanCountsIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SEED = Long.getLong("counts.seed", 20261126L);
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;
  private static final long BEGIN = System.currentTimeMillis();
  private static final Random random = new Random(SEED);
  private static final HttpClient http = HttpClient.newHttpClient();

  private static ClickHouse clickHouse;
  private static QueryService service;

  @BeforeAll
  static void start() {
    System.out.println("counts.seed=" + SEED);
    // Answers are kept until a sink tells of something new, and none is at work here.
    Settings settings =
        servers.settings(Map.of(Keys.QUERY_RATE_LIMIT, "100000", Keys.QUERY_CACHE_BYTES, "0"));
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    clickHouse.execute(Sql.of("SYSTEM STOP MERGES"));
    clickHouse.execute(
        Sql.of(
            "INSERT INTO rollup_summary_all (project, layer, series_hash, calls) VALUES"
                + " ('alpha', 'gateway', 1, 1)"));
    service = QueryService.start(settings);
  }

  @AfterAll
  static void close() {
    service.close();
    clickHouse.close();
  }

  @Test
  void events_areCountedOnce_overAnyRange_whateverComesLater() throws Exception {
    write(0, 3_000, 30 * HOUR);
    write(0, 700, 30 * HOUR);
    settle();
    checkRanges();

    for (int round = 1; round <= 4; round++) {
      // Some anew, some again; into the last minutes and into hours long settled.
      write(10_000L * round, 200, 10 * MINUTE);
      write(10_000L * round, 50, 10 * MINUTE);
      write(10_000L * round + 1_000, 300, 30 * HOUR);
      write(0, 100, 30 * HOUR);
      checkRanges();
    }
  }

  /** Ranges that end anywhere, each asked twice: what the first kept must serve the second. */
  private static void checkRanges() throws Exception {
    long now = System.currentTimeMillis();
    for (int i = 0; i < 25; i++) {
      long length = MINUTE * (1 + random.nextInt(random.nextBoolean() ? 90 : 20 * 60));
      long to = now + MINUTE - MINUTE * random.nextInt(random.nextBoolean() ? 10 : 5 * 60);
      String filter = random.nextInt(3) == 0 ? "&service=a" : "";
      for (int again = 0; again < 2; again++) {
        JsonNode answer = get("from=" + (to - length) + "&to=" + to + filter);
        check(answer, answer.path("totals"), filter);
        check(answer.path("previous"), answer.path("previous"), filter);
      }
    }
  }

  private static void check(JsonNode range, JsonNode totals, String filter) {
    long from = Instant.parse(range.path("from").asText()).toEpochMilli();
    long to = Instant.parse(range.path("to").asText()).toEpochMilli();
    long expected =
        clickHouse
            .query(
                Sql.of(
                        "SELECT toInt64(uniqExact(trace_id, span_id)) AS n FROM spans WHERE"
                            + " toUnixTimestamp64Milli(ts) >= {from:Int64} AND"
                            + " toUnixTimestamp64Milli(ts) < {to:Int64}"
                            + (filter.isEmpty() ? "" : " AND service = 'a'"))
                    .with("from", from)
                    .with("to", to))
            .get(0)
            .getLong("n");
    assertThat(totals.path("events").asLong())
        .as("events from %s to %s %s", range.path("from"), range.path("to"), filter)
        .isEqualTo(expected);
  }

  /**
   * Spans by number, always the same ones: their times spread over as long before the present, as
   * it was when the first was written.
   */
  private static void write(long first, int count, long spreadMs) {
    clickHouse.execute(
        Sql.of(
                "INSERT INTO spans (project, ts, start_time, end_time, arrival_time, trace_id,"
                    + " span_id, service) SELECT 'alpha', fromUnixTimestamp64Milli({begin:Int64} -"
                    + " toInt64(sipHash64(number) % {spread:UInt64})) AS ts, ts, ts, ts,"
                    + " reinterpretAsFixedString(toUInt128(number + 1)),"
                    + " reinterpretAsFixedString(toUInt64(number + 1)), if(number % 3 = 0, 'a',"
                    + " 'b') FROM numbers({first:UInt64}, {count:UInt64})")
            .with("begin", BEGIN)
            .with("spread", spreadMs)
            .with("first", first)
            .with("count", count)
            .setting("max_partitions_per_insert_block", "0"));
  }

  /** As if all had been written an hour ago: only then are counts kept. */
  private static void settle() {
    for (String table : new String[] {"span_hours", "span_minutes"}) {
      boolean hours = table.equals("span_hours");
      String start = hours ? "toStartOfHour(ts)" : "toStartOfMinute(ts)";
      clickHouse.execute(Sql.of("TRUNCATE TABLE " + table));
      clickHouse.execute(
          Sql.of(
                  "INSERT INTO "
                      + table
                      + " SELECT project, "
                      + start
                      + ", now64(3) - INTERVAL 1 HOUR"
                      + (hours ? ", max(ts)" : "")
                      + " FROM spans GROUP BY project, "
                      + start)
              .setting("max_partitions_per_insert_block", "0"));
    }
  }

  private static JsonNode get(String query) throws Exception {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + service.port() + "/api/v1/overview?" + query))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }
}
