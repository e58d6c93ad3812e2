/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.reconcile;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.spanmill.aggregator.AggregatorService;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.standalone.cli.SpanmillCommand;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.ExampleTraces;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;

/** A running aggregator with a price book of the test's own, and traffic for it. */
final class LedgerRig implements AutoCloseable {
  static final long HORIZON_MS = 4000;
  private static final int PARTITIONS = 2;
  private static final Duration LIMIT = Duration.ofSeconds(120);

  final Settings settings;
  final ClickHouse clickHouse;
  private final Map<String, String> given = new HashMap<>();
  private final Path book;
  private final AggregatorService aggregator;
  private final KafkaProducer<byte[], byte[]> producer;
  private final ExampleTraces traces;

  LedgerRig(SpanmillServers servers, long seed, String prices) throws Exception {
    book = servers.dir().resolve("book.yaml");
    Files.writeString(book, prices);
    given.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    given.put(Keys.PRICES_PATHS, book.toString());
    given.put(Keys.PRICES_RELOAD_MS, "1000");
    Path engines = servers.dir().resolve("engines.yaml");
    Files.writeString(
        engines,
        "engines: [{service: vllm-qwen3-32b, model: qwen3-32b, gpus: 2, gpuHourUsd: \"2.10\"}]");
    given.put(Keys.ENGINES_FILE, engines.toString());
    given.put(Keys.EMIT_HOUR_MS, "500");
    given.put(Keys.EMIT_DAY_MS, "500");
    given.put(Keys.RECONCILE_INTERVAL_MS, "0");
    given.put(Keys.DEDUP_HORIZON_MS, Long.toString(HORIZON_MS));
    // Users and keys fold, models do not.
    given.put(Keys.CARDINALITY_LIMIT, "10");
    // A rebuild waits as long as a query may still read the edition before.
    given.put(Keys.QUERY_TIMEOUT_MS, "1000");
    settings = servers.settings(given);
    given.putAll(servers.running().settings());
    given.put(Keys.DATA_DIR, servers.dir().resolve("nowhere").toString());
    aggregator = AggregatorService.start(settings);
    clickHouse = ClickHouse.open(settings);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap(), "acks", "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    traces = new ExampleTraces(seed, "ledger");
  }

  /** One request as OTLP, all its spans ended by then. */
  byte[] trace(long endMs) {
    List<ResourceSpans> trace = traces.next(endMs * 1_000_000L);
    return ExportTraceServiceRequest.newBuilder().addAllResourceSpans(trace).build().toByteArray();
  }

  void send(byte[] value) throws Exception {
    ByteBuffer id =
        ExportTraceServiceRequest.parseFrom(value)
            .getResourceSpans(0)
            .getScopeSpans(0)
            .getSpans(0)
            .getTraceId()
            .asReadOnlyByteBuffer();
    int partition = TracePartitioner.partition(id.getLong(), id.getLong(), PARTITIONS);
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topics.SPANS, partition, null, value);
    record.headers().add(Topics.PROJECT_HEADER, "default".getBytes(StandardCharsets.UTF_8));
    producer.send(record).get(60, TimeUnit.SECONDS);
  }

  /** Sends that many requests, evenly over the range; every fifth twice. */
  void send(int requests, long fromMs, long toMs) throws Exception {
    for (int i = 0; i < requests; i++) {
      byte[] value = trace(fromMs + (toMs - fromMs) * i / requests);
      send(value);
      if (i % 5 == 0) {
        send(value);
      }
    }
  }

  /** Until all that was acknowledged is in every table. */
  void settle() {
    long now = System.currentTimeMillis();
    Watermark watermark = new Watermark(clickHouse);
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> watermark.read() > now);
  }

  void prices(String yaml) throws Exception {
    Files.writeString(book, yaml);
  }

  Report reconcile() throws InterruptedException {
    return new Reconciler(clickHouse, CubeSet.BUILT_IN, settings, Clock.systemUTC())
        .run(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  int command(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    given.forEach(
        (key, value) -> {
          all.add("--set");
          all.add(key + "=" + value);
        });
    return SpanmillCommand.run(all.toArray(String[]::new));
  }

  void execute(String sql) {
    clickHouse.execute(Sql.of(sql));
  }

  /** The first row's columns as text. */
  String text(String sql) {
    return clickHouse.query(Sql.of(sql)).get(0).getString(1);
  }

  int metricsPort() {
    return aggregator.port();
  }

  @Override
  public void close() {
    producer.close();
    aggregator.close();
    clickHouse.close();
  }
}
