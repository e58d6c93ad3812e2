/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.clickhouse.client.api.query.GenericRecord;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spanmill.aggregator.reprice.Preview;
import io.spanmill.aggregator.reprice.RepriceRefusedException;
import io.spanmill.aggregator.reprice.Repricer;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.PicoUsd;
import io.spanmill.model.WindowKind;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.query.QueryService;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Repricing against brute force over the calls as they were metered. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RepriceIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long HOUR_MS = 3_600_000L;
  private static final Repricer.Progress QUIET = (phase, days, ofDays) -> {};

  /** USD per million tokens in and out. */
  private record Price(String in, String out) {}

  private static final Map<String, Price> METERED =
      Map.of(
          "gpt-4o", new Price("2.5", "10"),
          "gpt-4o-mini", new Price("0.15", "0.6"),
          "qwen3-32b", new Price("0.08", "0.29"));

  private final Random random = new Random(seed());
  private LedgerRig rig;
  private QueryService query;
  private long fromMs;
  private long toMs;
  private Map<String, Double> countersBefore;
  private long expectedNewlyPriced;
  private long expectedNoLongerPriced;

  @BeforeAll
  void traffic() throws Exception {
    rig = new LedgerRig(servers, seed(), yaml(METERED));
    query =
        QueryService.start(
            servers.settings(
                Map.of(
                    Keys.ENGINES_FILE,
                    rig.settings.string(Keys.ENGINES_FILE),
                    // Counters are read once before and once after: none may still stand at 0.
                    Keys.METRICS_ZERO_MS,
                    "0")));
    long now = System.currentTimeMillis();
    rig.send(160, now - 40 * HOUR_MS, now - 10 * 60_000);
    rig.settle();
    // Neither end on a window's edge.
    fromMs = now - 38 * HOUR_MS - 12_345;
    toMs = now - 2 * HOUR_MS + 777;
    countersBefore = counters();
    rig.execute("CREATE TABLE metered AS calls");
    rig.execute("INSERT INTO metered SELECT * FROM calls FINAL");
  }

  @AfterAll
  void stop() {
    query.close();
    rig.close();
  }

  private static long seed() {
    long seed = Long.getLong("reprice.seed", 11);
    System.out.println("reprice.seed=" + seed);
    return seed;
  }

  @Test
  @Order(0)
  void coverage_spreadsGpuHoursOverWhatTheEngineServed() throws Exception {
    JsonNode engine =
        new ObjectMapper()
            .readTree(get("/api/v1/coverage?from=" + fromMs + "&to=" + toMs))
            .path("engines")
            .path(0);
    assertThat(engine.path("model").asText()).isEqualTo("qwen3-32b");
    double hours = engine.path("hours").asDouble();
    assertThat(hours).isBetween(36.0, 37.1);
    BigDecimal cost = new BigDecimal(engine.path("costUsd").asText());
    assertThat(cost.doubleValue()).isCloseTo(hours * 2 * 2.10, within(1e-6));
    long tokens = 0;
    long end = 0;
    long busy = 0;
    for (GenericRecord row :
        rig.clickHouse.query(
            Sql.of(
                    "SELECT greatest(input_tokens, 0) + greatest(cache_read_tokens, 0)"
                        + " + greatest(output_tokens, 0) AS t,"
                        + " toUnixTimestamp64Micro(start_time) AS s, duration_us AS d FROM metered"
                        + " WHERE layer = 'engine' AND model = 'qwen3-32b'"
                        + " AND event_time >= fromUnixTimestamp64Milli({from:Int64})"
                        + " AND event_time < fromUnixTimestamp64Milli({to:Int64})"
                        + " ORDER BY start_time")
                .with("from", fromMs - fromMs % 60_000)
                .with("to", toMs - toMs % 60_000 + 60_000))) {
      tokens += row.getLong("t");
      long starts = Math.max(row.getLong("s"), end);
      end = Math.max(end, row.getLong("s") + row.getLong("d"));
      busy += Math.max(0, end - starts);
    }
    assertThat(engine.path("tokens").asLong()).isEqualTo(tokens).isPositive();
    assertThat(engine.path("busyHours").asDouble()).isCloseTo(busy / 3.6e9, within(1e-6));
    assertThat(engine.path("idleShare").asDouble())
        .isCloseTo(1 - busy / 3.6e9 / hours, within(1e-6));
    assertThat(new BigDecimal(engine.path("usdPerMillionTokens").asText()).doubleValue())
        .isCloseTo(cost.doubleValue() * 1e6 / tokens, within(1e-5));
    // 0.08 and 0.29 USD a million, by the price book.
    assertThat(new BigDecimal(engine.path("listPrice").path("usdPerMillionTokens").asText()))
        .isBetween(new BigDecimal("0.08"), new BigDecimal("0.29"));
  }

  @Test
  @Order(1)
  void preview_isBruteForce_andChangesNothing() throws Exception {
    Map<String, Price> book =
        Map.of(
            "gpt-4o", new Price("3.1", "11.7"),
            "gpt-4o-mini", new Price("0.15", "0.6"),
            "claude-sonnet-4-5", new Price("3", "15.000001"));
    rig.prices(yaml(book));
    Repricer repricer = repricer();
    Repricer.Planned planned = repricer.plan("look", fromMs, toMs, List.of("b"), QUIET);

    assertThatThrownBy(() -> repricer().plan("second", fromMs, toMs, List.of(), QUIET))
        .isInstanceOf(RepriceRefusedException.class)
        .hasMessageContaining("\"look\"");
    Map<Preview.Key, BigDecimal> differences = new TreeMap<>(BY_TEXT);
    planned
        .preview()
        .lines()
        .forEach(
            e -> differences.put(e.getKey(), usd(e.getValue().differencePicoUsd().toString())));
    assertThat(differences).isEqualTo(expectedDifferences(book));
    long newly = 0;
    long noLonger = 0;
    for (Preview.Line line : planned.preview().layers().values()) {
      newly += line.newlyPriced();
      noLonger += line.noLongerPriced();
    }
    assertThat(newly).isEqualTo(expectedNewlyPriced).isPositive();
    assertThat(noLonger).isEqualTo(expectedNoLongerPriced).isPositive();
    repricer.decline(planned);
    planned.close();

    assertThat(rig.reconcile().outcome()).isEqualTo(Report.Outcome.SAME);
    assertThat(counters()).isEqualTo(countersBefore);
    assertThat(number("SELECT toInt64(count()) FROM corrections FINAL")).isZero();
    assertCallsAre(METERED, METERED);
  }

  @Test
  @Order(2)
  void applied_isBruteForceEverywhere_andBesideTheLedger() throws Exception {
    Map<String, Price> book =
        Map.of(
            "gpt-4o", new Price("3.1", "11.7"), "claude-sonnet-4-5", new Price("3", "15.000001"));
    rig.prices(yaml(book));
    int code =
        rig.command(
            "reprice", "--from", "" + fromMs, "--to", "" + toMs, "--yes", "--name", "new prices");

    assertThat(code).isZero();
    assertEverywhere(book);
    // A replay of the topic writes the calls as they were metered once more.
    rig.execute("INSERT INTO calls SELECT * FROM metered");
    assertEverywhere(book);
    assertThat(rig.command("reprice", "--list")).isZero();
    assertThat(rig.text("SELECT name FROM runs FINAL WHERE kind = 'reprice' AND state = 'done'"))
        .isEqualTo("new prices");
    assertThat(breakdownCost()).isEqualByComparingTo(sum("calls", "cost", "layer = 'gateway'"));
  }

  @Test
  @Order(3)
  void diedWhileApplied_isFinished_andNotDoubled() throws Exception {
    Map<String, Price> book = randomBook();
    rig.prices(yaml(book));
    for (String phase : List.of("correcting rollups", "correcting calls")) {
      diesIn(phase, "dies in " + phase);
      assertThat(rig.reconcile().outcome()).isEqualTo(Report.Outcome.UNKNOWN);
      assertThatThrownBy(() -> repricer().plan("next", fromMs, toMs, List.of(), QUIET))
          .isInstanceOf(RepriceRefusedException.class)
          .hasMessageContaining("being applied right now");
      ageRuns();
      assertThatThrownBy(() -> repricer().plan("next", fromMs, toMs, List.of(), QUIET))
          .hasMessageContaining("--resume");

      assertThat(rig.command("reprice", "--resume")).isZero();

      assertEverywhere(book);
      book = randomBook();
      rig.prices(yaml(book));
    }
  }

  private void diesIn(String phase, String name) throws Exception {
    Repricer repricer = repricer();
    try (Repricer.Planned planned = repricer.plan(name, fromMs, toMs, List.of(), QUIET)) {
      assertThatThrownBy(
              () ->
                  repricer.apply(
                      planned,
                      (at, day, of) -> {
                        if (at.equals(phase)) {
                          throw new IllegalStateException("killed");
                        }
                      }))
          .hasMessage("killed");
    }
  }

  @Test
  @Order(4)
  void randomBooks_areBruteForceEachTime() throws Exception {
    for (int i = 0; i < 3; i++) {
      Map<String, Price> book = randomBook();
      rig.prices(yaml(book));
      Repricer repricer = repricer();
      try (Repricer.Planned planned =
          repricer.plan("random " + i, fromMs, toMs, List.of(), QUIET)) {
        repricer.apply(planned, QUIET);
      }
      assertEverywhere(book);
    }
  }

  @Test
  @Order(5)
  void rebuilt_takesTheCorrectionsAlong_andTheNextRunStillAdds() throws Exception {
    Map<String, Price> book = randomBook();
    rig.prices(yaml(book));
    diesIn("correcting calls", "before a rebuild");
    ageRuns();
    // A rebuild that began at the same moment gave up, its edition stays asked for.
    Editions editions = new Editions(rig.clickHouse);
    editions.want(editions.active().number() + 1);
    assertThat(rig.command("rebuild")).isEqualTo(1);
    assertThat(rig.command("reprice", "--resume")).isZero();
    assertEverywhere(book);
    assertThat(rig.command("rebuild", "--name", "no time", "--wait", "0")).isEqualTo(1);
    assertThatThrownBy(() -> repricer().plan("next", fromMs, toMs, List.of(), QUIET))
        .isInstanceOf(RepriceRefusedException.class)
        .hasMessageContaining("\"no time\"")
        .hasMessageContaining("did not complete (failed)")
        .hasMessageContaining("./spanmill rebuild completes that; then reprice again");
    assertThat(rig.command("rebuild")).isZero();
    assertEverywhere(book);

    book = randomBook();
    rig.prices(yaml(book));
    try (Repricer.Planned planned =
        repricer().plan("after a rebuild", fromMs, toMs, List.of(), QUIET)) {
      repricer().apply(planned, QUIET);
    }
    assertEverywhere(book);
  }

  /** Last: the calls of before are not all there are any more. */
  @Test
  @Order(6)
  void callsThatArriveAfterwards_addToTheSameWindows() throws Exception {
    rig.prices(yaml(METERED));
    rig.send(80, fromMs, toMs);
    rig.settle();

    Report report = rig.reconcile();

    assertThat(report.differences()).isEmpty();
    assertThat(report.outcome()).isEqualTo(Report.Outcome.SAME);
    assertThat(sum("rollup_summary_hour", "cost", "layer = 'gateway'"))
        .isEqualByComparingTo(sum("calls", "cost", "layer = 'gateway'"));
  }

  private void assertEverywhere(Map<String, Price> book) throws Exception {
    assertCallsAre(book, METERED);
    for (Cube cube : Cube.BUILT_IN) {
      for (WindowKind kind : cube.windows()) {
        if (kind != WindowKind.ALL) {
          for (String column : List.of("cost", "computed_cost")) {
            assertThat(sum(cube.table(kind), column, "1"))
                .as(cube.table(kind) + " " + column)
                .isEqualByComparingTo(sum("calls", column, "1"));
          }
        }
      }
    }
    Report report = rig.reconcile();
    assertThat(report.differences()).isEmpty();
    assertThat(report.outcome()).isEqualTo(Report.Outcome.SAME);
    Map<String, Double> counters = counters();
    Map<String, Double> corrections = new TreeMap<>();
    counters.forEach(
        (name, value) -> {
          if (name.startsWith("llm_cost_correction_usd")) {
            corrections.put(name, value);
          }
        });
    counters.keySet().removeAll(corrections.keySet());
    assertThat(counters).isEqualTo(countersBefore);
    double difference =
        sum("calls", "cost", "1").subtract(sum("metered", "cost", "1")).doubleValue();
    assertThat(corrections.values().stream().mapToDouble(Double::doubleValue).sum())
        .isCloseTo(difference, within(1e-9));
  }

  /** What a price depends on; kinds without a price of their own cost as input or output. */
  private static final String PRICED_BY =
      "toString(model) AS model, failed, cache_hit,"
          + " greatest(input_tokens, 0) + greatest(cache_read_tokens, 0)"
          + " + greatest(cache_write_tokens, 0) AS tokens_in,"
          + " greatest(output_tokens, 0) + greatest(reasoning_tokens, 0) AS tokens_out,"
          + " (input_tokens != -1 OR output_tokens != -1) AS told";

  /** Every call costs what the formula says: in the range by one book, outside by another. */
  private void assertCallsAre(Map<String, Price> inside, Map<String, Price> outside) {
    int seen = 0;
    for (GenericRecord row :
        rig.clickHouse.query(
            Sql.of(
                "SELECT "
                    + PRICED_BY
                    + ", toString(layer) AS layer, reported_cost, computed_cost, cost,"
                    + " toString(priced) AS priced, toUnixTimestamp64Milli(event_time) AS at"
                    + " FROM calls FINAL WHERE layer IN ('gateway', 'client')"))) {
      long at = row.getLong("at");
      BigDecimal computed = computed(row, at >= fromMs && at < toMs ? inside : outside);
      BigDecimal reported = row.getBigDecimal("reported_cost");
      BigDecimal cost = reported != null ? reported : computed;
      assertThat(same(row.getBigDecimal("computed_cost"), computed)).isTrue();
      assertThat(same(row.getBigDecimal("cost"), cost)).isTrue();
      assertThat(row.getString("priced"))
          .isEqualTo(
              cost != null
                  ? "priced"
                  : row.getBoolean("failed")
                          && row.getLong("tokens_in") + row.getLong("tokens_out") == 0
                      ? "none"
                      : "unpriced");
      seen++;
    }
    assertThat(seen).isGreaterThan(100);
  }

  private static boolean same(BigDecimal a, BigDecimal b) {
    return a == null || b == null ? a == b : a.compareTo(b) == 0;
  }

  private static BigDecimal computed(GenericRecord row, Map<String, Price> book) {
    if (row.getBoolean("cache_hit")) {
      return BigDecimal.ZERO;
    }
    Price price = book.get(row.getString("model"));
    long in = row.getLong("tokens_in");
    long out = row.getLong("tokens_out");
    if (price == null || !row.getBoolean("told") || (row.getBoolean("failed") && in + out == 0)) {
      return null;
    }
    BigDecimal micro =
        new BigDecimal(price.in())
            .multiply(BigDecimal.valueOf(in))
            .add(new BigDecimal(price.out()).multiply(BigDecimal.valueOf(out)));
    return micro.movePointLeft(6);
  }

  private static final java.util.Comparator<Preview.Key> BY_TEXT =
      java.util.Comparator.comparing(Preview.Key::toString);

  private Map<Preview.Key, BigDecimal> expectedDifferences(Map<String, Price> book) {
    Map<Preview.Key, BigDecimal> out = new TreeMap<>(BY_TEXT);
    for (GenericRecord row :
        rig.clickHouse.query(
            Sql.of(
                    "SELECT "
                        + PRICED_BY
                        + ", toString(layer) AS layer, toString(team) AS team, reported_cost,"
                        + " computed_cost, cost FROM metered WHERE layer IN ('gateway', 'client')"
                        + " AND event_time >= fromUnixTimestamp64Milli({from:Int64})"
                        + " AND event_time < fromUnixTimestamp64Milli({to:Int64})")
                .with("from", fromMs)
                .with("to", toMs))) {
      BigDecimal before = row.getBigDecimal("computed_cost");
      BigDecimal after = computed(row, book);
      if (same(before, after)) {
        continue;
      }
      BigDecimal reported = row.getBigDecimal("reported_cost");
      expectedNewlyPriced += reported == null && before == null ? 1 : 0;
      expectedNoLongerPriced += reported == null && after == null ? 1 : 0;
      BigDecimal difference =
          reported != null ? BigDecimal.ZERO : zero(after).subtract(zero(before));
      out.merge(
          new Preview.Key(row.getString("layer"), row.getString("model"), row.getString("team")),
          difference,
          BigDecimal::add);
    }
    out.replaceAll((k, v) -> usd(v.movePointRight(12).toBigIntegerExact().toString()));
    return out;
  }

  private static BigDecimal zero(BigDecimal v) {
    return v == null ? BigDecimal.ZERO : v;
  }

  private static BigDecimal usd(String pico) {
    return new BigDecimal(pico).movePointLeft(PicoUsd.SCALE).stripTrailingZeros();
  }

  private Repricer repricer() throws Exception {
    return new Repricer(
        rig.clickHouse,
        CubeSet.BUILT_IN,
        rig.settings,
        PriceFiles.load(rig.settings.list(Keys.PRICES_PATHS)));
  }

  private Map<String, Price> randomBook() {
    Map<String, Price> book = new TreeMap<>();
    for (String model : List.of("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "qwen3-32b")) {
      if (random.nextInt(4) > 0) {
        book.put(
            model,
            new Price(
                BigDecimal.valueOf(random.nextInt(20_000_000), 6).toPlainString(),
                BigDecimal.valueOf(random.nextInt(20_000_000), 6).toPlainString()));
      }
    }
    if (book.isEmpty()) {
      book.put("gpt-4o", new Price("1", "2"));
    }
    System.out.println("reprice book " + book);
    return book;
  }

  private static String yaml(Map<String, Price> book) {
    StringBuilder out = new StringBuilder("entries:\n");
    book.forEach(
        (model, price) ->
            out.append("  - {model: ")
                .append(model)
                .append(", usdPerMillion: {input: ")
                .append(price.in())
                .append(", output: ")
                .append(price.out())
                .append("}}\n"));
    return out.toString();
  }

  /** Makes the run that was interrupted look dead. */
  private void ageRuns() {
    rig.execute("DROP TABLE IF EXISTS aged");
    rig.execute("CREATE TABLE aged AS runs");
    rig.execute(
        "INSERT INTO aged SELECT * REPLACE (now64(3) - INTERVAL 5 MINUTE AS updated_at)"
            + " FROM runs FINAL WHERE state = 'applying'");
    rig.execute("DELETE FROM runs WHERE (kind, id) IN (SELECT kind, id FROM aged)");
    rig.execute("INSERT INTO runs SELECT * FROM aged");
  }

  private BigDecimal sum(String table, String column, String where) {
    return new BigDecimal(
        rig.text(
            "SELECT toString(sum(ifNull("
                + column
                + ", toDecimal128(0, 12)))) FROM "
                + table
                + (table.equals("metered") ? "" : " FINAL")
                + " WHERE "
                + where
                + (table.startsWith("rollup_") ? " AND (" + inForce() + ")" : "")));
  }

  private String inForce() {
    return new Editions(rig.clickHouse).active().condition();
  }

  private long number(String sql) {
    return rig.clickHouse.number(Sql.of(sql).with("from", fromMs).with("to", toMs));
  }

  private BigDecimal breakdownCost() throws Exception {
    JsonNode json =
        new ObjectMapper()
            .readTree(
                get(
                    "/api/v1/breakdown?groupBy=model,team&layer=gateway&limit=100&from=now-3d&to=now"));
    BigDecimal sum = BigDecimal.ZERO;
    for (JsonNode row : json.path("rows")) {
      JsonNode usd = row.path("cost").path("usd");
      sum = sum.add(usd.isNull() ? BigDecimal.ZERO : new BigDecimal(usd.asText()));
    }
    return sum;
  }

  /** Counters and corrections by name and labels. */
  private Map<String, Double> counters() throws Exception {
    Map<String, Double> out = new TreeMap<>();
    for (String line : get("/metrics").split("\n", -1)) {
      if (line.startsWith("llm_") && (line.contains("_total{") || line.contains("correction"))) {
        int at = line.lastIndexOf(' ');
        out.put(line.substring(0, at), Double.parseDouble(line.substring(at + 1)));
      }
    }
    assertThat(out).isNotEmpty();
    return out;
  }

  private String get(String path) throws Exception {
    // A second: that is how old what /metrics shows may be.
    long untilNanos = System.nanoTime() + 1_100_000_000L;
    while (path.equals("/metrics") && System.nanoTime() < untilNanos) {
      Thread.onSpinWait();
    }
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + query.port() + path))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }
}
