/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.otlp.TracePartitioner;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * So many distinct users within an hour stay within the aggregator's memory, sums unchanged: {@code
 * -Dmany.users=1000000}. What the guard itself holds is for {@code RollupTableTest}.
 */
@EnabledIfSystemProperty(named = "many.users", matches = "\\d+")
class ManyUsersIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final int PARTITIONS = 4;
  private static final int SPANS_PER_RECORD = 500;
  private static final long MEMORY_BAR_KIB = 1536 * 1024;

  @Test
  void distinctUsers_foldPastTheLimit_andMemoryStaysWithinTheBar() throws Exception {
    int users = Integer.getInteger("many.users");
    Map<String, String> settings = new HashMap<>(servers.running().settings());
    settings.put(Keys.DATA_DIR, servers.dir().toString());
    settings.put(Keys.AGGREGATOR_PORT, "0");
    settings.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    settings.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    Settings own = Settings.of(settings);
    ChildAggregator child =
        ChildAggregator.start(settings, servers.dir().resolve("child.log"), "-Xmx768m");
    try (ClickHouse clickHouse = ClickHouse.open(own);
        Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()))) {
      Migrations.apply(clickHouse, own);
      Topics.ensure(admin, own);
      send(users);
      Awaitility.await()
          .atMost(Duration.ofMinutes(10))
          .pollInterval(Duration.ofSeconds(2))
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                assertThat(child.isAlive()).isTrue();
                assertThat(number(clickHouse, "SELECT count() FROM calls FINAL")).isEqualTo(users);
                for (String table : List.of("usage_hour", "usage_day", "model_minute")) {
                  assertThat(
                          number(
                              clickHouse,
                              "SELECT toUInt64(sum(calls)) FROM rollup_" + table + " FINAL"))
                      .as(table)
                      .isEqualTo(users);
                }
              });
      long named =
          number(
              clickHouse,
              "SELECT uniqExact(user) FROM rollup_usage_hour FINAL WHERE user != '__other__'");
      long peakKib = peakKib(child.pid());
      System.out.printf(
          "%,d users: %,d named, aggregator's peak RSS %,d MiB (-Xmx768m)%n",
          users, named, peakKib / 1024);
      assertThat(named)
          .isLessThanOrEqualTo((long) own.integer(Keys.CARDINALITY_LIMIT) * PARTITIONS);
      assertThat(peakKib).isLessThan(MEMORY_BAR_KIB);
      if (users > named) {
        assertThat(
                clickHouse
                    .query(Sql.of("SELECT value FROM status FINAL WHERE name = 'folded'"))
                    .get(0)
                    .getString("value"))
            .contains("\"dimension\":\"user\"");
      }
    } finally {
      child.kill();
    }
  }

  private static long number(ClickHouse clickHouse, String sql) {
    return clickHouse.number(Sql.of(sql));
  }

  private static long peakKib(long pid) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  private static void send(int users) {
    long nowNanos = System.currentTimeMillis() * 1_000_000L;
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers.bootstrap(), "acks", "all", "linger.ms", 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      ScopeSpans.Builder[] open = new ScopeSpans.Builder[PARTITIONS];
      for (int user = 0; user < users; user++) {
        int partition = TracePartitioner.partition(5, user + 1L, PARTITIONS);
        if (open[partition] == null) {
          open[partition] = ScopeSpans.newBuilder();
        }
        open[partition].addSpans(span(user, nowNanos));
        if (open[partition].getSpansCount() == SPANS_PER_RECORD) {
          send(producer, partition, open[partition]);
          open[partition] = null;
        }
      }
      for (int partition = 0; partition < PARTITIONS; partition++) {
        if (open[partition] != null) {
          send(producer, partition, open[partition]);
        }
      }
    }
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, int partition, ScopeSpans.Builder spans) {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    request.addResourceSpansBuilder().addScopeSpans(spans);
    var unused =
        producer.send(
            new ProducerRecord<>(Topics.SPANS, partition, null, request.build().toByteArray()));
  }

  private static Span span(int user, long nowNanos) {
    return Span.newBuilder()
        .setTraceId(
            ByteString.copyFrom(ByteBuffer.allocate(16).putLong(5).putLong(user + 1L).array()))
        .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(user + 1L).array()))
        .setName("chat")
        .setStartTimeUnixNano(nowNanos - 1_000_000_000L)
        .setEndTimeUnixNano(nowNanos)
        .addAttributes(text("gen_ai.operation.name", "chat"))
        .addAttributes(text("gen_ai.provider.name", "openai"))
        .addAttributes(text("gen_ai.request.model", "gpt-4o-mini"))
        .addAttributes(text("user.id", "user-number-" + user))
        .addAttributes(
            KeyValue.newBuilder()
                .setKey("gen_ai.usage.input_tokens")
                .setValue(AnyValue.newBuilder().setIntValue(10)))
        .build();
  }

  private static KeyValue text(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }
}
