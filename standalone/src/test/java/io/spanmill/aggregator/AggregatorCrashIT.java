/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.query.GenericRecord;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.spanmill.aggregator.dedup.BatchStore;
import io.spanmill.aggregator.dedup.Deduplicator;
import io.spanmill.aggregator.dedup.Verdict;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.topology.CallBounds;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.pricing.Pricer;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.ExampleTraces;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * kill -9 of the aggregator at random moments under load changes no total. Short by default; {@code
 * -Dcrash.long=true} kills it twenty times.
 */
class AggregatorCrashIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final int PARTITIONS = 2;
  private static final boolean LONG = Boolean.getBoolean("crash.long");
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final Random random = new Random(seed());
  private final Totals expected = new Totals();
  private final List<byte[]> sent = new ArrayList<>();
  private final List<Integer> sentTo = new ArrayList<>();
  private final Map<Integer, Deduplicator> dedup = new HashMap<>();
  private long records;

  @Test
  void killedAtRandomMoments_countsEverythingOnce() throws Exception {
    Map<String, String> settings = childSettings();
    Pricer prices = PriceFiles.load(List.of(settings.get(Keys.PRICES_PATHS)));
    Path log = servers.dir().resolve("child.log");
    try (ClickHouse clickHouse = ClickHouse.open(servers.settings(Map.of()));
        KafkaProducer<byte[], byte[]> producer = producer()) {
      Migrations.apply(clickHouse, servers.settings(Map.of()));
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
        Topics.ensure(admin, servers.settings(Map.of(Keys.KAFKA_PARTITIONS, "" + PARTITIONS)));
      }
      ExampleTraces traces = new ExampleTraces(seed(), "crash");
      ChildAggregator child = ChildAggregator.start(settings, log);
      try {
        for (int kill = 0; kill < (LONG ? 20 : 2); kill++) {
          // From before the job has its partitions to well within its work.
          long until = System.nanoTime() + random.nextLong(3_000, 12_000) * 1_000_000L;
          while (System.nanoTime() < until) {
            send(producer, traces, prices);
            LockSupport.parkNanos(5_000_000);
          }
          child.kill();
          child = ChildAggregator.start(settings, log);
        }
        for (int i = 0; i < 200; i++) {
          send(producer, traces, prices);
        }
        producer.flush();
        ChildAggregator last = child;
        Awaitility.await()
            .atMost(LIMIT)
            .pollInterval(Duration.ofMillis(500))
            .untilAsserted(
                () -> {
                  assertThat(last.isAlive()).isTrue();
                  assertThat(totals(clickHouse, CALLS)).isEqualTo(expected.byLayer);
                  assertThat(totals(clickHouse, rollups("rollup_summary_minute")))
                      .isEqualTo(expected.byLayer);
                  assertThat(totals(clickHouse, rollups("rollup_model_hour")))
                      .isEqualTo(expected.byLayer);
                  assertThat(totals(clickHouse, rollups("rollup_usage_day")))
                      .isEqualTo(expected.byLayer);
                  assertThat(totals(clickHouse, rollups("rollup_summary_all")))
                      .isEqualTo(expected.byLayer);
                });
      } finally {
        child.kill();
      }
    }
  }

  private static final String CALLS =
      "SELECT layer, toInt64(count()) AS calls, toInt64(countIf(failed)) AS errors,"
          + " toInt64(sum(greatest(input_tokens, 0) + greatest(output_tokens, 0))) AS tokens,"
          + " toString(ifNull(sum(cost), toDecimal128(0, 12))) AS usd"
          + " FROM calls FINAL GROUP BY layer";

  private static String rollups(String table) {
    return "SELECT layer, toInt64(sum(calls)) AS calls, toInt64(sum(errors)) AS errors,"
        + " toInt64(sum(input_tokens + output_tokens)) AS tokens, toString(sum(cost)) AS usd"
        + " FROM "
        + table
        + " FINAL GROUP BY layer";
  }

  private static Map<String, List<Object>> totals(ClickHouse clickHouse, String query) {
    Map<String, List<Object>> out = new TreeMap<>();
    for (GenericRecord row : clickHouse.query(Sql.of(query))) {
      out.put(
          row.getString("layer"),
          List.of(
              row.getLong("calls"),
              row.getLong("errors"),
              row.getLong("tokens"),
              new BigDecimal(row.getString("usd")).stripTrailingZeros()));
    }
    return out;
  }

  /**
   * Sends a new record or, one time in six, one that was sent before; adds up what it must count.
   */
  private void send(KafkaProducer<byte[], byte[]> producer, ExampleTraces traces, Pricer prices)
      throws Exception {
    byte[] value;
    int partition;
    if (!sent.isEmpty() && random.nextInt(6) == 0) {
      int again = random.nextInt(sent.size());
      value = sent.get(again);
      partition = sentTo.get(again);
    } else {
      List<ResourceSpans> trace = traces.next(System.currentTimeMillis() * 1_000_000L);
      ByteBuffer id = trace.get(0).getScopeSpans(0).getSpans(0).getTraceId().asReadOnlyByteBuffer();
      partition = TracePartitioner.partition(id.getLong(), id.getLong(), PARTITIONS);
      value =
          ExportTraceServiceRequest.newBuilder().addAllResourceSpans(trace).build().toByteArray();
      sent.add(value);
      sentTo.add(partition);
    }
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topics.SPANS, partition, null, value);
    record.headers().add(Topics.PROJECT_HEADER, "default".getBytes(StandardCharsets.UTF_8));
    // Acknowledged before it is expected.
    producer.send(record).get(30, TimeUnit.SECONDS);
    count(partition, value, prices);
  }

  private void count(int partition, byte[] value, Pricer prices) {
    Deduplicator seen =
        dedup.computeIfAbsent(
            partition, p -> new Deduplicator(86_400_000L, 10_000_000, new NoStore()));
    NormalizedSource source = new NormalizedSource(NormalizerConfig.defaults());
    source.reset(value);
    seen.begin(records++, 0);
    while (true) {
      NormalizedSpan span = new NormalizedSpan();
      span.project = "default";
      span.arrivalMs = System.currentTimeMillis();
      if (!source.next(span)) {
        break;
      }
      if (span.layer == null) {
        continue;
      }
      CallBounds.apply(span);
      prices.price(span);
      Verdict verdict = seen.offer(span);
      if (verdict == Verdict.NEW) {
        expected.add(span.layer.label(), span, true);
      }
      if (verdict != Verdict.RESENT
          && span.alsoGatewayRequest
          && seen.offerRequest(span) == Verdict.NEW) {
        expected.add("gateway_request", span, false);
      }
    }
    seen.end();
  }

  private Map<String, String> childSettings() {
    Map<String, String> settings = new HashMap<>(servers.running().settings());
    settings.put(Keys.DATA_DIR, servers.dir().toString());
    settings.put(Keys.AGGREGATOR_PORT, "0");
    settings.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    settings.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    settings.put(Keys.EMIT_HOUR_MS, "2000");
    settings.put(Keys.EMIT_DAY_MS, "3000");
    return settings;
  }

  private static KafkaProducer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", servers.bootstrap(), "acks", "all"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private static long seed() {
    long seed = Long.getLong("crash.seed", 20260101L);
    System.out.println("crash.seed=" + seed);
    return seed;
  }

  /** What an aggregator that never dies would have counted. */
  private static final class Totals {
    final Map<String, List<Object>> byLayer = new TreeMap<>();

    void add(String layer, NormalizedSpan call, boolean withUsage) {
      List<Object> before = byLayer.getOrDefault(layer, List.of(0L, 0L, 0L, BigDecimal.ZERO));
      long tokens = withUsage ? Math.max(0, call.inputTokens) + Math.max(0, call.outputTokens) : 0;
      BigDecimal usd =
          withUsage && call.costPicoUsd != Long.MIN_VALUE
              ? BigDecimal.valueOf(call.costPicoUsd, 12)
              : BigDecimal.ZERO;
      byLayer.put(
          layer,
          List.of(
              (Long) before.get(0) + 1,
              (Long) before.get(1) + (call.failed ? 1 : 0),
              (Long) before.get(2) + tokens,
              ((BigDecimal) before.get(3)).add(usd).stripTrailingZeros()));
    }
  }

  private static final class NoStore implements BatchStore {
    @Override
    public void put(long offset, byte[] batch) {}

    @Override
    public void delete(long offset) {}

    @Override
    public void forEach(Visitor visitor) {}
  }
}
