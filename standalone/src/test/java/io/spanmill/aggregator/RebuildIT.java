/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.clickhouse.client.api.query.GenericRecord;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.spanmill.aggregator.rebuild.Rebuild;
import io.spanmill.aggregator.rebuild.RebuildException;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Runs;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.WindowKind;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.query.QueryService;
import io.spanmill.standalone.cli.SpanmillCommand;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.ExampleTraces;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Rebuilds under traffic, late data among it, with aggregators killed in the middle, a cube added
 * and one rebuild that fails: every window equals the calls, and no reader ever sees less than
 * before.
 */
class RebuildIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final int PARTITIONS = 2;
  private static final long DAY_MS = 86_400_000L;
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final boolean LONG = Boolean.getBoolean("rebuild.long");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final long seed = seed();
  private final Random random = new Random(seed);
  private final Map<Integer, AtomicLong> ends = new HashMap<>();
  private final CountDownLatch stopTraffic = new CountDownLatch(1);
  private final CountDownLatch stopReading = new CountDownLatch(1);
  private Path log;
  private CubeSet cubes = CubeSet.BUILT_IN;

  @Test
  void rebuildUnderTraffic_equalsTheCalls_andNeverShowsLess() throws Exception {
    log = servers.dir().resolve("child.log");
    Path cubesFile = servers.dir().resolve("cubes.yaml");
    Files.writeString(
        cubesFile,
        """
        attributes:
          origin: service.name
        cubes:
          - name: origin
            dimensions: [origin, model]
        """);
    Map<String, String> plain = childSettings(Map.of());
    Map<String, String> withCube = childSettings(Map.of(Keys.CUBES_FILE, cubesFile.toString()));
    try (ClickHouse clickHouse = ClickHouse.open(servers.settings(Map.of()));
        KafkaProducer<byte[], byte[]> producer = producer()) {
      Migrations.apply(clickHouse, servers.settings(Map.of()));
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
        Topics.ensure(admin, servers.settings(Map.of(Keys.KAFKA_PARTITIONS, "" + PARTITIONS)));
      }
      ChildAggregator[] child = {ChildAggregator.start(plain, log)};
      CompletableFuture<Void> traffic = CompletableFuture.runAsync(() -> traffic(producer));
      CompletableFuture<Long> reading = CompletableFuture.supplyAsync(() -> reading(clickHouse));
      try {
        awaitCalls(clickHouse, 300);

        child[0].kill();
        child[0] = ChildAggregator.start(withCube, log);
        Settings settings = servers.settings(withCube);
        cubes = CubesFile.cubes(settings);
        assertThatThrownBy(() -> rebuild(clickHouse, settings, what -> fail(what, "folding")))
            .hasMessage("stopped on purpose");
        assertThat(new Editions(clickHouse).active().number()).isZero();
        long before = awaitCalls(clickHouse, 500);

        // The next one's job dies before it can go over, in the long form also while it folds.
        Rebuild.Result result =
            rebuild(
                clickHouse,
                settings,
                what -> {
                  if (what.startsWith("asking") || (LONG && what.startsWith("folding"))) {
                    child[0].kill();
                    child[0] = ChildAggregator.start(withCube, log);
                  }
                  if (what.startsWith("folding")) {
                    assertThatThrownBy(() -> rebuild(clickHouse, settings, again -> {}))
                        .isInstanceOf(RebuildException.class)
                        .hasMessageContaining("is at work");
                  }
                });
        assertThat(result.edition()).isEqualTo(2);
        assertThat(result.calls()).isGreaterThanOrEqualTo(before);
        assertThat(result.keptBeforeMs()).isZero();

        awaitCalls(clickHouse, result.calls() + 200);
        stopTraffic.countDown();
        traffic.join();
        awaitEverything(clickHouse);
        assertThat(reading.isDone()).isFalse();
        stopReading.countDown();
        assertThat(reading.join()).isPositive();
        assertEqualsCalls(clickHouse, 0);
        assertThat(
                clickHouse.number(
                    Sql.of(
                        "SELECT count() FROM rollup_model_hour WHERE generation < " + (1L << 40))))
            .isZero();
        answersFromTheNewCube(settings);
        windowsBeforeTheOldestCallsAreKept(clickHouse, withCube);
      } catch (AssertionError | Exception e) {
        System.out.println(Files.readString(log));
        throw e;
      } finally {
        stopTraffic.countDown();
        stopReading.countDown();
        child[0].kill();
      }
    }
  }

  private void answersFromTheNewCube(Settings settings) throws Exception {
    // The short limit is the swap's, which waits for readers that long.
    try (QueryService service =
        QueryService.start(settings.with(Map.of(Keys.QUERY_TIMEOUT_MS, "60000")))) {
      String range = "from=now-3d&to=now%2B1d";
      JsonNode byOrigin = get(service, "/api/v1/breakdown?groupBy=origin,model&" + range);
      assertThat(byOrigin.get("source").asText()).isEqualTo("windows");
      assertThat(byOrigin.get("rows")).isNotEmpty();
      String origin = byOrigin.at("/rows/0/key/origin").asText();
      assertThat(origin).isNotEmpty();
      long calls = 0;
      for (JsonNode row : byOrigin.get("rows")) {
        if (row.at("/key/origin").asText().equals(origin)) {
          calls += row.get("calls").asLong();
        }
      }
      JsonNode one = get(service, "/api/v1/overview?origin=" + origin + "&" + range);
      assertThat(one.get("source").asText()).isEqualTo("windows");
      assertThat(one.at("/totals/calls").asLong()).isEqualTo(calls);
      // A dimension the cube does not have sends the same question to the calls.
      JsonNode facts = get(service, "/api/v1/breakdown?groupBy=origin,user&" + range);
      assertThat(facts.get("source").asText()).isEqualTo("calls");
      assertThat(get(service, "/api/v1/traces?origin=" + origin + "&from=now-3d").get("rows"))
          .isNotEmpty();
      assertThat(get(service, "/api/v1/traces?origin=nobody&from=now-3d").get("rows")).isEmpty();
      assertThat(get(service, "/api/v1/overview?colour=red").at("/error/field").asText())
          .isEqualTo("colour");
    }
  }

  private void windowsBeforeTheOldestCallsAreKept(
      ClickHouse clickHouse, Map<String, String> withCube) throws Exception {
    long today = WindowKind.DAY.startOf(System.currentTimeMillis());
    List<String> older = rollups(clickHouse, Cube.MODEL, WindowKind.HOUR, 0, today);
    assertThat(older).isNotEmpty();
    clickHouse.execute(
        Sql.of("DELETE FROM calls WHERE event_time < fromUnixTimestamp64Milli({t:Int64}, 'UTC')")
            .with("t", today));
    List<String> command = new ArrayList<>(List.of("rebuild", "--name", "kept"));
    withCube.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
    assertThat(SpanmillCommand.run(command.toArray(String[]::new))).isZero();
    Runs.Run run = new Runs(clickHouse).list(Rebuild.KIND, 1).get(0);
    assertThat(run.name()).isEqualTo("kept");
    assertThat(run.state()).isEqualTo("done");
    JsonNode detail = JSON.readTree(run.detail());
    assertThat(detail.get("edition").asInt()).isEqualTo(3);
    assertThat(detail.get("keptBeforeMs").asLong()).isEqualTo(today);
    assertThat(rollups(clickHouse, Cube.MODEL, WindowKind.HOUR, 0, today)).isEqualTo(older);
    assertEqualsCalls(clickHouse, today);
  }

  private Rebuild.Result rebuild(ClickHouse clickHouse, Settings settings, Step step)
      throws RebuildException, InterruptedException {
    return Rebuild.run(
        clickHouse,
        settings,
        cubes,
        "test",
        60_000,
        new Rebuild.Listener() {
          @Override
          public void step(String what) {
            try {
              step.at(what);
            } catch (IOException | InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }

          @Override
          public void folded(long calls, long of) {
            assertThat(calls).isLessThanOrEqualTo(of);
          }
        });
  }

  @FunctionalInterface
  private interface Step {
    void at(String what) throws IOException, InterruptedException;
  }

  private static void fail(String what, String begins) {
    if (what.startsWith(begins)) {
      throw new IllegalStateException("stopped on purpose");
    }
  }

  /** Sends new and late traces until told to stop. */
  private void traffic(KafkaProducer<byte[], byte[]> producer) {
    ExampleTraces traces = new ExampleTraces(seed, "rebuild");
    try {
      while (stopTraffic.getCount() > 0) {
        long age =
            switch (random.nextInt(8)) {
              case 0 -> random.nextLong(3 * DAY_MS);
              case 1 -> random.nextLong(3 * 3_600_000L);
              default -> 0;
            };
        send(producer, traces.next((System.currentTimeMillis() - age) * 1_000_000L));
        LockSupport.parkNanos(8_000_000);
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, List<ResourceSpans> trace)
      throws Exception {
    ByteBuffer id = trace.get(0).getScopeSpans(0).getSpans(0).getTraceId().asReadOnlyByteBuffer();
    int partition = TracePartitioner.partition(id.getLong(), id.getLong(), PARTITIONS);
    byte[] value =
        ExportTraceServiceRequest.newBuilder().addAllResourceSpans(trace).build().toByteArray();
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topics.SPANS, partition, null, value);
    record.headers().add(Topics.PROJECT_HEADER, "default".getBytes(StandardCharsets.UTF_8));
    long offset = producer.send(record).get(60, TimeUnit.SECONDS).offset();
    ends.get(partition).set(offset + 1);
  }

  /** Reads as the query API does, again and again; the sum must never shrink. */
  private long reading(ClickHouse clickHouse) {
    Editions editions = new Editions(clickHouse);
    long reads = 0;
    long calls = 0;
    while (stopReading.getCount() > 0) {
      String condition = editions.active().condition();
      for (int i = 0; i < 5; i++) {
        long now =
            clickHouse.number(
                Sql.of(
                    "SELECT toInt64(sum(calls)) FROM rollup_model_minute FINAL WHERE "
                        + condition));
        assertThat(now).as("read %d by %s", reads, condition).isGreaterThanOrEqualTo(calls);
        calls = now;
        reads++;
        LockSupport.parkNanos(20_000_000);
      }
    }
    return reads;
  }

  private long awaitCalls(ClickHouse clickHouse, long atLeast) {
    Awaitility.await().atMost(LIMIT).until(() -> countCalls(clickHouse) >= atLeast);
    return countCalls(clickHouse);
  }

  private static long countCalls(ClickHouse clickHouse) {
    return clickHouse.number(Sql.of("SELECT count() FROM calls FINAL"));
  }

  /** Waits until both sinks have what was sent, and the slowest windows were emitted after it. */
  private void awaitEverything(ClickHouse clickHouse) {
    for (String kind : List.of("calls", "rollups")) {
      Awaitility.await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> {
                for (GenericRecord row :
                    clickHouse.query(
                        Sql.of(
                                "SELECT source_partition, min(source_offset) AS reached FROM"
                                    + " progress FINAL WHERE kind = {kind:String}"
                                    + " GROUP BY source_partition")
                            .with("kind", kind))) {
                  assertThat(row.getLong("reached"))
                      .isEqualTo(ends.get(row.getInteger("source_partition")).get());
                }
              });
    }
  }

  private void assertEqualsCalls(ClickHouse clickHouse, long fromMs) {
    for (Cube cube : cubes.cubes()) {
      for (WindowKind kind : cube.windows()) {
        long from = kind == WindowKind.ALL ? 0 : fromMs;
        if (kind == WindowKind.ALL && fromMs > 0) {
          continue;
        }
        Awaitility.await()
            .atMost(LIMIT)
            .untilAsserted(
                () ->
                    assertThat(rollups(clickHouse, cube, kind, from, Long.MAX_VALUE))
                        .as(cube.table(kind))
                        .isNotEmpty()
                        .isEqualTo(calls(clickHouse, cube, kind, from)));
      }
    }
  }

  private List<String> rollups(
      ClickHouse clickHouse, Cube cube, WindowKind kind, long fromMs, long toMs) {
    String condition = kind == WindowKind.ALL ? "1" : new Editions(clickHouse).active().condition();
    return lines(
        clickHouse,
        "toInt64(toUnixTimestamp(window_start))",
        keys(cube),
        "sum(calls), sum(errors), sum(input_tokens), sum(output_tokens), sum(saved_tokens),"
            + " sum(without_usage), toString(sum(cost)), toString(sum(computed_cost)), sum(priced),"
            + " sum(unpriced), sum(duration_sum_us), min(duration_min_us), max(duration_max_us),"
            + " sumMap(duration_sketch), sum(ttft_count), sum(ttft_sum_us), sumMap(ttft_sketch),"
            + " hex(max((slowest_us, slowest_trace)).2)",
        cube.table(kind)
            + " FINAL WHERE "
            + condition
            + " AND toUnixTimestamp(window_start) >= "
            + fromMs / 1000
            + (toMs == Long.MAX_VALUE
                ? ""
                : " AND toUnixTimestamp(window_start) < " + toMs / 1000));
  }

  private List<String> calls(ClickHouse clickHouse, Cube cube, WindowKind kind, long fromMs) {
    String window =
        kind == WindowKind.ALL
            ? "toInt64(0)"
            : "intDiv(toUnixTimestamp64Milli(event_time), "
                + kind.lengthMs()
                + ") * "
                + kind.lengthMs() / 1000;
    return lines(
        clickHouse,
        window,
        keys(cube),
        "toInt64(count()), toInt64(countIf(failed)), sum(greatest(input_tokens, 0)),"
            + " sum(greatest(output_tokens, 0)), sum(greatest(saved_tokens, 0)),"
            + " toInt64(countIf(input_tokens = -1 AND output_tokens = -1 AND saved_tokens = -1)),"
            + " toString(sum(ifNull(cost, toDecimal128(0, 12)))),"
            + " toString(sum(ifNull(computed_cost, toDecimal128(0, 12)))),"
            + " toInt64(countIf(priced = 'priced')), toInt64(countIf(priced = 'unpriced')),"
            + " sum(duration_us), min(duration_us), max(duration_us),"
            + " sumMap(map("
            + bucket("duration_us")
            + ", toUInt64(1))), toInt64(countIf(ttft_us >= 0)), sum(greatest(ttft_us, 0)),"
            + " sumMap(if(ttft_us >= 0, map("
            + bucket("ttft_us")
            + ", toUInt64(1)), map())), hex(max((duration_us, trace_id)).2)",
        "calls FINAL WHERE toUnixTimestamp64Milli(event_time) >= " + fromMs);
  }

  private String keys(Cube cube) {
    List<String> keys = new ArrayList<>();
    cube.dimensions().forEach(d -> keys.add("toString(" + d.column() + ")"));
    cube.attributes().forEach(i -> keys.add("extra['" + cubes.attributeNames().get(i) + "']"));
    return String.join(", ", keys);
  }

  private static String bucket(String us) {
    return "if(" + us + " <= 0, toInt16(-32768), toInt16(ceil(log2(" + us + " / 1000.) * 32) - 1))";
  }

  private static List<String> lines(
      ClickHouse clickHouse, String window, String keys, String figures, String from) {
    String sql =
        "SELECT toString(("
            + window
            + " AS w, "
            + keys
            + ", "
            + figures
            + ")) AS line FROM "
            + from;
    return clickHouse.query(Sql.of(sql + " GROUP BY w, " + keys + " ORDER BY line")).stream()
        .map(row -> row.getString("line"))
        .toList();
  }

  private static JsonNode get(QueryService service, String path) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    return JSON.readTree(answer.body());
  }

  private Map<String, String> childSettings(Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(servers.running().settings());
    settings.put(Keys.DATA_DIR, servers.dir().toString());
    settings.put(Keys.AGGREGATOR_PORT, "0");
    settings.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    settings.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    settings.put(Keys.EMIT_HOUR_MS, "1000");
    settings.put(Keys.EMIT_DAY_MS, "1500");
    settings.put(Keys.QUERY_TIMEOUT_MS, "1000");
    settings.putAll(more);
    for (int p = 0; p < PARTITIONS; p++) {
      ends.putIfAbsent(p, new AtomicLong());
    }
    return settings;
  }

  private static KafkaProducer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", servers.bootstrap(), "acks", "all"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private static long seed() {
    long seed = Long.getLong("rebuild.seed", Instant.now().getEpochSecond());
    System.out.println("rebuild.seed=" + seed);
    return seed;
  }
}
