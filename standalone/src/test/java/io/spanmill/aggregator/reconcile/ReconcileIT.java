/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.model.CubeSet;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real traffic agrees everywhere; whatever is damaged afterwards is named, and nothing else. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReconcileIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long HOUR_MS = 3_600_000L;
  private static final String PICO = "toDecimal128('0.000000000001', 12)";
  private static final String PRICES =
      """
      entries:
        - {model: gpt-4o, usdPerMillion: {input: 2.5, output: 10}}
        - {model: gpt-4o-mini, usdPerMillion: {input: 0.15, output: 0.6}}
        - {model: qwen3-32b, usdPerMillion: {input: 0.08, output: 0.29}}
      """;

  private LedgerRig rig;

  @BeforeAll
  void traffic() throws Exception {
    long seed = Long.getLong("reconcile.seed", 7);
    System.out.println("reconcile.seed=" + seed);
    rig = new LedgerRig(servers, seed, PRICES);
    long now = System.currentTimeMillis();
    rig.send(120, now - 30 * HOUR_MS, now - HOUR_MS);
    rig.send(60, now - HOUR_MS, now - 5 * 60_000);
    rig.settle();
  }

  @AfterAll
  void stop() {
    rig.close();
  }

  @Test
  @Order(1)
  void undamaged_agrees() throws Exception {
    Report report = rig.reconcile();

    assertThat(report.differences()).isEmpty();
    assertThat(report.outcome()).isEqualTo(Report.Outcome.SAME);
    assertThat(report.rowsRead()).isPositive();
    assertThat(report.comparisons()).isGreaterThan(12);
    assertThat(rig.text("SELECT toString(count()) FROM rollup_usage_hour WHERE user = '__other__'"))
        .isNotEqualTo("0");
    assertThat(rig.command("reconcile")).isZero();
  }

  @Test
  @Order(2)
  void aRollupRowOffByOnePicodollar_isNamedAlone() throws Exception {
    String row =
        rig.text(
            "SELECT toString(tuple(layer, series_hash, window_start, generation))"
                + " FROM rollup_model_hour FINAL WHERE model = 'gpt-4o' AND cost > 0"
                + " ORDER BY window_start LIMIT 1");
    String pick =
        " FROM rollup_model_hour FINAL WHERE toString(tuple(layer, series_hash, window_start,"
            + " generation)) = '"
            + row.replace("'", "\\'")
            + "'";
    String change =
        "INSERT INTO rollup_model_hour SELECT * REPLACE (cost %s "
            + PICO
            + " AS cost, version + 1 AS version)"
            + pick;
    rig.execute(change.formatted("+"));
    int exitCode = rig.command("reconcile");

    Report report = damaged(List.of(), List.of(change.formatted("-")));

    assertThat(exitCode).isEqualTo(1);

    assertThat(report.outcome()).isEqualTo(Report.Outcome.DIFFERENT);
    assertThat(report.differences())
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.check()).isEqualTo("rollup_model_hour");
              assertThat(d.window()).isEqualTo("hour");
              assertThat(d.model()).isEqualTo("gpt-4o");
              assertThat(d.figure()).isEqualTo("cost");
              assertThat(d.difference()).isEqualByComparingTo("0.000000000001");
            });
    assertAgreed();
  }

  @Test
  @Order(3)
  void aSketchThatLostAValue_isNamed() throws Exception {
    String change =
        "INSERT INTO rollup_summary_hour SELECT * REPLACE (mapUpdate(ttft_sketch,"
            + " map(mapKeys(ttft_sketch)[1], toUInt64(mapValues(ttft_sketch)[1] %s 3)))"
            + " AS ttft_sketch, version + 1 AS version) FROM rollup_summary_hour FINAL"
            + " WHERE layer = 'engine' ORDER BY window_start LIMIT 1";

    assertThat(
            damaged(List.of(change.formatted("+")), List.of(change.formatted("-"))).differences())
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.check()).isEqualTo("rollup_summary_hour");
              assertThat(d.layer()).isEqualTo("engine");
              assertThat(d.figure()).isEqualTo("ttft_sketch");
              assertThat(d.difference()).isEqualByComparingTo("3");
            });
    assertAgreed();
  }

  @Test
  @Order(4)
  void aCallDeleted_isNamedBySpanAndInEveryRollup() throws Exception {
    String call = anyCall("layer = 'gateway' AND NOT failed");
    rig.execute("CREATE TABLE kept_calls AS calls");
    rig.execute("INSERT INTO kept_calls SELECT * FROM calls FINAL WHERE " + call);

    Report report =
        damaged(
            List.of("DELETE FROM calls WHERE " + call),
            List.of("INSERT INTO calls SELECT * FROM kept_calls"));

    assertThat(report.outcome()).isEqualTo(Report.Outcome.DIFFERENT);
    List<Difference> calls =
        report.differences().stream().filter(d -> d.figure().equals("calls")).toList();
    assertThat(calls)
        .filteredOn(d -> d.check().equals("calls"))
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.expected()).isEqualByComparingTo("1");
              assertThat(d.found()).isEqualByComparingTo("0");
              assertThat(call).contains(d.note().split(" ")[1]).contains(d.note().split(" ")[3]);
            });
    // Minute, hour and day of each cube count one call more than there is.
    assertThat(calls)
        .filteredOn(d -> d.check().startsWith("rollup_"))
        .hasSize(11)
        .allSatisfy(d -> assertThat(d.difference()).isEqualByComparingTo("1"));
    assertAgreed();
  }

  @Test
  @Order(5)
  void aSpanMissing_isNamedAlone() throws Exception {
    String span = anyCall("layer = 'engine'");
    rig.execute("CREATE TABLE kept_spans AS spans");
    rig.execute("INSERT INTO kept_spans SELECT * FROM spans FINAL WHERE " + span);

    Report report =
        damaged(
            List.of("DELETE FROM spans WHERE " + span),
            List.of("INSERT INTO spans SELECT * FROM kept_spans"));

    assertThat(report.differences())
        .isNotEmpty()
        .allSatisfy(
            d -> {
              assertThat(d.check()).isEqualTo("calls");
              assertThat(d.layer()).isEqualTo("engine");
              assertThat(span).contains(d.note().split(" ")[1]);
            });
    assertThat(report.differences())
        .filteredOn(d -> d.figure().equals("calls"))
        .singleElement()
        .satisfies(d -> assertThat(d.difference()).isEqualByComparingTo(BigDecimal.ONE));
    assertAgreed();
  }

  @Test
  @Order(6)
  void aCallOffByOnePicodollar_isNamedAgainstSpansAndRollups() throws Exception {
    String call = anyCall("layer = 'client' AND cost > 0");
    String change =
        "INSERT INTO calls SELECT * REPLACE (cost %s "
            + PICO
            + " AS cost) FROM calls FINAL WHERE "
            + call;

    Report report = damaged(List.of(change.formatted("+")), List.of(change.formatted("-")));

    assertThat(report.differences())
        .hasSize(12)
        .allSatisfy(d -> assertThat(d.figure()).isEqualTo("cost"))
        .allSatisfy(d -> assertThat(d.difference().abs()).isEqualByComparingTo("0.000000000001"));
    assertThat(report.differences()).filteredOn(d -> d.check().equals("calls")).hasSize(1);
    assertAgreed();
  }

  @Test
  @Order(7)
  void theLedgerOffByOneCall_isNamedAlone() throws Exception {
    String change =
        "INSERT INTO rollup_summary_all SELECT * REPLACE (calls %s 1 AS calls, version + 1 AS"
            + " version) FROM rollup_summary_all FINAL WHERE layer = 'gateway'";

    assertThat(
            damaged(List.of(change.formatted("+")), List.of(change.formatted("-"))).differences())
        .singleElement()
        .satisfies(
            d -> {
              assertThat(d.check()).isEqualTo("rollup_summary_all");
              assertThat(d.window()).isEqualTo("all");
              assertThat(d.figure()).isEqualTo("calls");
              assertThat(d.difference()).isEqualByComparingTo(BigDecimal.ONE);
            });
    assertAgreed();
  }

  @Test
  @Order(8)
  void theJob_tellsStatusRunsAndMetrics() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Reconciler reconciler =
        new Reconciler(rig.clickHouse, CubeSet.BUILT_IN, rig.settings, Clock.systemUTC());
    ReconcileJob job =
        new ReconcileJob(
            rig.clickHouse, reconciler, 1000 * HOUR_MS, 48 * HOUR_MS, registry, Clock.systemUTC());

    job.runIfDue();
    job.runIfDue();

    assertThat(registry.get("spanmill.reconcile.differences").gauge().value()).isZero();
    assertThat(registry.get("spanmill.reconcile.last.run.timestamp.seconds").gauge().value())
        .isPositive();
    assertThat(rig.text("SELECT toString(count()) FROM runs FINAL WHERE kind = 'reconcile'"))
        .isEqualTo("1");
    assertThat(rig.text("SELECT state FROM runs FINAL WHERE kind = 'reconcile'")).isEqualTo("same");
    assertThat(rig.text("SELECT value FROM status FINAL WHERE name = 'reconcile'"))
        .contains("\"differences\":0");
  }

  @Test
  @Order(9)
  void callsThatArriveMeanwhile_areNoDifference() throws Exception {
    Thread sender =
        new Thread(
            () -> {
              try {
                long now = System.currentTimeMillis();
                rig.send(300, now - 20 * HOUR_MS, now - 5 * 60_000);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    sender.start();
    Report report = rig.reconcile();
    sender.join();

    assertThat(report.differences()).isEmpty();
    rig.settle();
    assertAgreed();
  }

  /** Last: what is counted twice stays so. */
  @Test
  @Order(10)
  void aTraceSentAgainAfterTheHorizon_isNamedAsSuch() throws Exception {
    byte[] trace = rig.trace(System.currentTimeMillis() - 7 * HOUR_MS);
    rig.send(trace);
    long sentNanos = System.nanoTime();
    Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .until(() -> System.nanoTime() - sentNanos > (LedgerRig.HORIZON_MS + 2000) * 1_000_000L);
    rig.send(trace);
    rig.settle();

    Report report = rig.reconcile();

    assertThat(report.outcome()).isEqualTo(Report.Outcome.DIFFERENT);
    assertThat(report.differences())
        .isNotEmpty()
        .allSatisfy(d -> assertThat(d.check()).startsWith("rollup_"))
        .allSatisfy(d -> assertThat(d.note()).contains("sent again after dedup.horizon.ms"));
  }

  /** What reconcile says of the damage; afterwards it is made good. */
  private Report damaged(List<String> damage, List<String> repair) throws InterruptedException {
    try {
      damage.forEach(rig::execute);
      return rig.reconcile();
    } finally {
      repair.forEach(rig::execute);
    }
  }

  private void assertAgreed() throws InterruptedException {
    assertThat(rig.reconcile().differences()).isEmpty();
  }

  /** A condition that picks one call, by trace and span. */
  private String anyCall(String where) {
    return rig.text(
        "SELECT concat('layer = \\'', layer, '\\' AND trace_id = unhex(\\'', lower(hex(trace_id)),"
            + " '\\') AND span_id = unhex(\\'', lower(hex(span_id)), '\\')')"
            + " FROM calls FINAL WHERE event_time < toStartOfDay(now()) AND "
            + where
            + " ORDER BY trace_id LIMIT 1");
  }
}
