/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.query.GenericRecord;
import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.CallBatchWriter;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsWriter;
import io.spanmill.codec.SeriesHasher;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.PricedState;
import io.spanmill.model.Role;
import io.spanmill.model.WindowKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SinkIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final long NOW = 1_795_000_000_000L;
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private Settings settings;
  private ClickHouse clickHouse;
  private SinkRunner sinks;
  private KafkaProducer<byte[], byte[]> producer;

  @BeforeEach
  void start() throws Exception {
    settings = servers.settings(Map.of(Keys.KAFKA_PARTITIONS, "2"));
    clickHouse = ClickHouse.open(settings);
    Migrations.apply(clickHouse, settings);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      Topics.ensure(admin, settings);
    }
    producer = producer();
    sinks = startSinks(settings);
  }

  @AfterEach
  void stop() {
    sinks.close();
    clickHouse.close();
    producer.close();
  }

  @Test
  void callsAndMarkers_areVisible_onlyOnceCommitted() {
    producer.beginTransaction();
    send(Topics.CALLS, 0, calls(0, 40, call(1, 5), call(2, 7)));
    producer.abortTransaction();
    producer.beginTransaction();
    send(Topics.CALLS, 0, calls(0, 41, call(3, 11)));
    send(Topics.CALLS, 0, ProgressMarker.of(NOW, 0, 42, NOW - 5).encode());
    producer.commitTransaction();

    awaitProgress("calls", 0, 0, 42);
    assertThat(
            row(
                "SELECT toUInt64(count()) AS n, sum(input_tokens) AS t,"
                    + " toString(sum(cost)) AS cost, any(priced) AS p, any(extra['tier']) AS tier"
                    + " FROM calls FINAL WHERE span_id IN (unhex('0000000000000001'),"
                    + " unhex('0000000000000003'))"))
        .satisfies(
            r -> {
              assertThat(r.getLong("n")).isEqualTo(1);
              assertThat(r.getLong("t")).isEqualTo(11);
              assertThat(r.getString("cost")).isEqualTo("0.000000000011");
              assertThat(r.getString("p")).isEqualTo("priced");
              assertThat(r.getString("tier")).isEqualTo("gold");
            });
  }

  @Test
  void ofCumulativeRows_theNewestCounts_andGenerationsAdd() {
    producer.beginTransaction();
    send(Topics.ROLLUPS, 1, rows(row(100, 100, 3), row(100, 101, 8), row(100, 99, 1)));
    send(Topics.ROLLUPS, 1, rows(row(100, 102, 9), row(200, 200, 2)));
    send(Topics.ROLLUPS, 1, ProgressMarker.of(NOW, new long[] {7, 9}, new long[] {1, 2}).encode());
    producer.commitTransaction();

    awaitProgress("rollups", 1, 0, 7);
    awaitProgress("rollups", 1, 1, 9);
    assertThat(
            row(
                "SELECT sum(calls) AS c, toUInt64(count()) AS n,"
                    + " sum(arraySum(mapValues(duration_sketch))) AS s, any(project) AS p"
                    + " FROM rollup_summary_hour FINAL"))
        .satisfies(
            r -> {
              assertThat(r.getLong("c")).isEqualTo(11);
              assertThat(r.getLong("n")).isEqualTo(2);
              assertThat(r.getBigInteger("s").longValue()).isEqualTo(11);
              assertThat(r.getString("p")).isEqualTo("rollup-test");
            });
  }

  @Test
  void spans_keepEverything_butContentApart() {
    producer.beginTransaction();
    send(Topics.SPANS, 0, "spans-a", request(span(11, "call"), span(12, "other")));
    producer.commitTransaction();

    awaitCount("SELECT count() FROM spans FINAL WHERE project = 'spans-a'", 2);
    assertThat(
            row(
                "SELECT attributes['tokens'] AS tokens, mapContains(attributes, 'input.value') AS"
                    + " inside, resource['service.name'] AS service, event_names[1] AS event,"
                    + " event_attributes[1]['k'] AS ek, lower(hex(link_span_ids[1])) AS link,"
                    + " has_content AS content, layer, input_tokens AS it FROM spans FINAL"
                    + " WHERE project = 'spans-a' AND name = 'call'"))
        .satisfies(
            r -> {
              assertThat(r.getString("tokens")).isEqualTo("13");
              assertThat(r.getInteger("inside")).isZero();
              assertThat(r.getString("service")).isEqualTo("shop");
              assertThat(r.getString("event")).isEqualTo("something");
              assertThat(r.getString("ek")).isEqualTo("v");
              assertThat(r.getString("link")).isEqualTo("000000000000000b");
              assertThat(r.getBoolean("content")).isTrue();
              assertThat(r.getString("layer")).isEqualTo("client");
              assertThat(r.getLong("it")).isEqualTo(13);
            });
    assertThat(
            row("SELECT content['input.value'] AS c FROM span_content FINAL WHERE project ="
                    + " 'spans-a' AND span_id = unhex('000000000000000B')")
                .getString("c"))
        .isEqualTo("what is said");
  }

  @Test
  void contentAndInfrastructure_areLeftOut_whereSetSo() {
    sinks.close();
    sinks =
        startSinks(
            settings.with(Map.of(Keys.CONTENT_STORAGE, "redact", Keys.SPANS_INFRA, "false")));
    producer.beginTransaction();
    send(Topics.SPANS, 0, "spans-b", request(span(21, "call"), span(22, "redis")));
    producer.commitTransaction();
    awaitCount("SELECT count() FROM span_content FINAL WHERE project = 'spans-b'", 1);
    awaitCount("SELECT count() FROM spans FINAL WHERE project = 'spans-b'", 1);
    assertThat(
            row("SELECT content['input.value'] AS c FROM span_content WHERE project = 'spans-b'")
                .getString("c"))
        .startsWith("[redacted: 12 bytes, sha256 ");

    sinks.close();
    sinks = startSinks(settings.with(Map.of(Keys.CONTENT_STORAGE, "off")));
    producer.beginTransaction();
    send(Topics.SPANS, 0, "spans-c", request(span(31, "call")));
    producer.commitTransaction();
    awaitCount("SELECT count() FROM spans FINAL WHERE project = 'spans-c'", 1);
    awaitCount("SELECT count() FROM spans FINAL WHERE project = 'spans-c' AND has_content", 0);
    awaitCount("SELECT count() FROM span_content WHERE project = 'spans-c'", 0);
  }

  @Test
  void aRecordThatCannotBeStored_isSetAsideWhole_withItsCoordinates() {
    producer.beginTransaction();
    send(Topics.SPANS, 1, "spans-d", request(span(41, "call"), span(42, "incomprehensible")));
    send(Topics.SPANS, 1, "spans-d", request(span(43, "call")));
    producer.commitTransaction();
    awaitCount("SELECT count() FROM spans FINAL WHERE project = 'spans-d'", 1);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      TopicPartition partition = new TopicPartition(Topics.DEAD_LETTERS, 1);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      ConsumerRecord<byte[], byte[]> letter =
          consumer.poll(Duration.ofSeconds(60)).records(partition).get(0);
      assertThat(header(letter, LetterHeaders.TOPIC)).isEqualTo(Topics.SPANS);
      assertThat(header(letter, LetterHeaders.REASON)).contains("incomprehensible");
      assertThat(header(letter, Topics.PROJECT_HEADER)).isEqualTo("spans-d");
      assertThat(letter.value()).isEqualTo(request(span(41, "call"), span(42, "incomprehensible")));
    }
  }

  @Test
  void whileClickHouseIsAway_sinksWait_andThenWriteAll() throws Exception {
    sinks.close();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (CuttableProxy proxy = new CuttableProxy(servers.running().clickHouse().port());
        ClickHouse cuttable =
            ClickHouse.open(
                settings.with(Map.of(Keys.CLICKHOUSE_URL, "http://127.0.0.1:" + proxy.port())))) {
      sinks = startSinks(settings, cuttable, registry);
      Awaitility.await().atMost(LIMIT).until(sinks::ready);
      proxy.cut();
      producer.beginTransaction();
      for (int i = 0; i < 50; i++) {
        send(Topics.CALLS, i % 2, calls(i % 2, 100 + i, call(600 + i, 1)));
      }
      producer.commitTransaction();
      Awaitility.await()
          .atMost(LIMIT)
          .until(
              () -> registry.find("spanmill.sink.failures").tag("sink", "calls").counter() != null);
      assertThat(callsOf600()).isZero();
      proxy.mend();
      Awaitility.await().atMost(LIMIT).untilAsserted(() -> assertThat(callsOf600()).isEqualTo(50));
      assertThat(sinks.ready()).isTrue();
      sinks.close();
    }
  }

  private long callsOf600() {
    return clickHouse.number(
        Sql.of(
            "SELECT count() FROM calls FINAL WHERE"
                + " reinterpretAsUInt64(reverse(span_id)) BETWEEN 600 AND 649"));
  }

  @Test
  void lostGroupOffsets_recountNothing_andGoOnWhereClickHouseKnows() throws Exception {
    producer.beginTransaction();
    send(Topics.CALLS, 1, calls(1, 1, lost(51, 1)));
    send(Topics.CALLS, 1, ProgressMarker.of(NOW, 1, 2, NOW).encode());
    producer.commitTransaction();
    awaitProgress("calls", 1, 1, 2);
    sinks.close();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      admin
          .deleteConsumerGroups(
              List.of("spanmill-sink-calls", "spanmill-sink-spans", "spanmill-sink-rollups"))
          .all()
          .get();
    }
    clickHouse.execute(Sql.of("TRUNCATE TABLE calls"));
    producer.beginTransaction();
    send(Topics.CALLS, 1, calls(1, 2, lost(52, 2)));
    send(Topics.CALLS, 1, ProgressMarker.of(NOW, 1, 3, NOW).encode());
    producer.commitTransaction();
    sinks = startSinks(settings);
    awaitProgress("calls", 1, 1, 3);
    // The first call was not read again: its row is gone with the table.
    assertThat(
            clickHouse
                .query(
                    Sql.of(
                        "SELECT DISTINCT toInt64(input_tokens) AS t FROM calls WHERE model ="
                            + " 'lost'"))
                .stream()
                .map(r -> r.getLong("t")))
        .containsExactly(2L);
  }

  private SinkRunner startSinks(Settings own) {
    return startSinks(own, clickHouse, new SimpleMeterRegistry());
  }

  private static SinkRunner startSinks(
      Settings own, ClickHouse target, SimpleMeterRegistry registry) {
    return SinkRunner.start(
        new SinkRunner.Config(
            own,
            target,
            Cube.BUILT_IN,
            List.of("tier"),
            new PlainInterpreter(),
            registry,
            Clock.systemUTC()));
  }

  private static NormalizedSpan call(long spanId, long tokens) {
    NormalizedSpan call = new NormalizedSpan();
    call.project = "default";
    call.layer = Layer.GATEWAY;
    call.role = Role.GATEWAY_CALL;
    call.traceIdHi = 1;
    call.traceIdLo = spanId;
    call.spanId = spanId;
    call.startEpochNanos = NOW * 1_000_000;
    call.endEpochNanos = call.startEpochNanos + 2_000_000;
    call.eventTimeMs = NOW + 2;
    call.durationMicros = 2000;
    call.model = "gpt-4o-mini";
    call.extra = new String[] {"gold"};
    call.inputTokens = tokens;
    call.costPicoUsd = tokens;
    call.reportedPicoUsd = tokens;
    call.priced = PricedState.PRICED;
    return call;
  }

  private static NormalizedSpan lost(long spanId, long tokens) {
    NormalizedSpan call = call(spanId, tokens);
    call.model = "lost";
    return call;
  }

  private static byte[] calls(int partition, long offset, NormalizedSpan... calls) {
    CallBatchWriter writer = new CallBatchWriter();
    writer.begin(partition, offset, NOW + 10);
    for (NormalizedSpan call : calls) {
      writer.add(call);
    }
    return writer.finish();
  }

  private static RollupRow row(long generation, long version, int calls) {
    RollupRow row = new RollupRow();
    row.cube = Cube.SUMMARY.name();
    row.window = WindowKind.HOUR;
    row.windowStartMs = WindowKind.HOUR.startOf(NOW);
    row.dimensions = new String[] {"rollup-test", "gateway"};
    SeriesHasher hasher = new SeriesHasher();
    hasher.hash(row.dimensions);
    row.seriesHashHi = hasher.hi();
    row.seriesHashLo = hasher.lo();
    row.generation = generation;
    row.version = version;
    for (int i = 0; i < calls; i++) {
      row.rollup.add(call(i, 1));
    }
    return row;
  }

  private static byte[] rows(RollupRow... rows) {
    RollupRowsWriter writer = new RollupRowsWriter();
    writer.begin();
    for (RollupRow row : rows) {
      writer.add(row);
    }
    return writer.finish();
  }

  private static Span span(long id, String name) {
    return Span.newBuilder()
        .setTraceId(id(5, id))
        .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(id).array()))
        .setName(name)
        .setStartTimeUnixNano(NOW * 1_000_000)
        .setEndTimeUnixNano(NOW * 1_000_000 + 5_000_000)
        .addAttributes(attribute("tokens", AnyValue.newBuilder().setIntValue(13)))
        .addAttributes(
            attribute("input.value", AnyValue.newBuilder().setStringValue("what is said")))
        .addEvents(
            Span.Event.newBuilder()
                .setName("something")
                .setTimeUnixNano(NOW * 1_000_000 + 1)
                .addAttributes(attribute("k", AnyValue.newBuilder().setStringValue("v"))))
        .addLinks(
            Span.Link.newBuilder()
                .setTraceId(id(5, id))
                .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(id).array())))
        .build();
  }

  private static byte[] request(Span... spans) {
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .setResource(
                    Resource.newBuilder()
                        .addAttributes(
                            attribute(
                                "service.name", AnyValue.newBuilder().setStringValue("shop"))))
                .addScopeSpans(ScopeSpans.newBuilder().addAllSpans(List.of(spans))))
        .build()
        .toByteArray();
  }

  private static KeyValue attribute(String key, AnyValue.Builder value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  private static ByteString id(long high, long low) {
    return ByteString.copyFrom(ByteBuffer.allocate(16).putLong(high).putLong(low).array());
  }

  private void send(String topic, int partition, byte[] value) {
    send(topic, partition, "default", value);
  }

  private void send(String topic, int partition, String project, byte[] value) {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, null, value);
    record.headers().add(Topics.PROJECT_HEADER, project.getBytes(StandardCharsets.UTF_8));
    producer.send(record);
  }

  private void awaitProgress(String kind, int sink, int source, long offset) {
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        clickHouse
                            .query(
                                Sql.of(
                                        "SELECT source_offset AS o FROM progress FINAL WHERE kind"
                                            + " = {kind:String} AND sink_partition = {sink:Int32}"
                                            + " AND source_partition = {source:Int32}")
                                    .with("kind", kind)
                                    .with("sink", sink)
                                    .with("source", source))
                            .stream()
                            .map(r -> r.getLong("o")))
                    .containsExactly(offset));
  }

  private void awaitCount(String sql, long count) {
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(clickHouse.number(Sql.of(sql))).isEqualTo(count));
  }

  private GenericRecord row(String sql) {
    return clickHouse.query(Sql.of(sql)).get(0);
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static KafkaProducer<byte[], byte[]> producer() {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", servers.bootstrap());
    config.put("transactional.id", "sink-it");
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }

  private static KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", servers.bootstrap()),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }
}
