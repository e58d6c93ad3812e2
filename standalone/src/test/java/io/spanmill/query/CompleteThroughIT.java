/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.spanmill.aggregator.AggregatorService;
import io.spanmill.aggregator.HeldJob;
import io.spanmill.aggregator.progress.EndSampler;
import io.spanmill.aggregator.sink.CuttableProxy;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code completeThrough} on the real chain: at each moment everything acknowledged before it is in
 * the answer, whatever stands still, and it goes on as soon as nothing does.
 */
class CompleteThroughIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PARTITIONS = 3;
  private static final long HOUR_NANOS = 3_600_000_000_000L;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Random random = new Random(4711);
  private final List<Long> acknowledgedMs = new ArrayList<>();
  private final AtomicLong latest = new AtomicLong();
  private final AtomicLong answers = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> broken = new AtomicReference<>();
  private long ids;

  @Test
  void whatWasAcknowledgedBeforeIt_isInTheAnswer_whateverStandsStill() throws Exception {
    Settings direct = settings(Map.of());
    int clickHousePort = URI.create(servers.running().clickHouse().url()).getPort();
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
    try (CuttableProxy proxy = new CuttableProxy(clickHousePort);
        ClickHouse clickHouse = ClickHouse.open(direct);
        QueryService service = QueryService.start(direct);
        SentSpans sender = new SentSpans(servers.bootstrap(), PARTITIONS)) {
      Settings cuttable = settings(Map.of(Keys.CLICKHOUSE_URL, "http://127.0.0.1:" + proxy.port()));
      AggregatorService aggregator = AggregatorService.start(cuttable);
      // Goes on while the aggregator stands: that is when an end says more than is visible.
      EndSampler sampler =
          new EndSampler(
              consumer("read_committed"),
              consumer("read_uncommitted"),
              PARTITIONS,
              clickHouse,
              Clock.systemUTC());
      var sampling = timer.scheduleWithFixedDelay(sampler::sample, 0, 400, TimeUnit.MILLISECONDS);
      timer.scheduleWithFixedDelay(() -> check(service), 0, 60, TimeUnit.MILLISECONDS);
      try {
        // Two partitions stay empty.
        sendFor(sender, 4000, 0);
        awaitCompleteThrough(System.currentTimeMillis());
        // All are quiet: it goes on by itself.
        awaitCompleteThrough(System.currentTimeMillis());
        awaitCompleteThrough(System.currentTimeMillis());

        // No sink reaches ClickHouse, the job goes on.
        proxy.cut();
        long cutMs = System.currentTimeMillis();
        sendFor(sender, 5000, -1);
        assertThat(latest.get()).as("while the sinks stand").isLessThan(cutMs + 3000);
        proxy.mend();
        awaitCompleteThrough(System.currentTimeMillis());

        // One sink stands, the others go on: calls arrive, spans do not.
        refuseInserts(clickHouse, "spans", true);
        long refusedMs = System.currentTimeMillis();
        sendFor(sender, 4000, -1);
        assertThat(latest.get()).as("while one sink stands").isLessThan(refusedMs + 3000);
        await().untilAsserted(() -> assertThat(calls(service)).isGreaterThan(refusedMs + 1000));
        assertThat(latest.get()).as("spans are still missing").isLessThan(refusedMs + 3000);
        refuseInserts(clickHouse, "spans", false);
        awaitCompleteThrough(System.currentTimeMillis());

        // The job stands, the sinks go on: spans arrive, calls do not, and the status says which.
        try (HeldJob held = HeldJob.of(aggregator)) {
          long heldMs = System.currentTimeMillis();
          sendFor(sender, 4000, -1);
          assertStatusNamesTheJob(direct);
          assertThat(latest.get()).as("while the job stands").isLessThan(heldMs + 2000);
        }
        awaitCompleteThrough(System.currentTimeMillis());

        // Both stand.
        aggregator.close();
        long stoppedMs = System.currentTimeMillis();
        sendFor(sender, 4000, -1);
        assertThat(latest.get()).as("while the job stands").isLessThan(stoppedMs + 1000);
        aggregator = AggregatorService.start(cuttable);
        sendFor(sender, 2000, -1);
        awaitCompleteThrough(System.currentTimeMillis());
        long[] seen = overview(service);
        assertThat(seen[0]).as("calls").isEqualTo(acknowledged(Long.MAX_VALUE));
        assertThat(seen[1]).as("events").isEqualTo(acknowledged(Long.MAX_VALUE));
        assertThat(answers.get()).as("answers checked").isGreaterThan(50);
      } finally {
        sampling.cancel(false);
        timer.shutdown();
        timer.awaitTermination(20, TimeUnit.SECONDS);
        sampler.close();
        aggregator.close();
      }
      assertThat(broken.get()).isNull();
    }
  }

  /** An answer holds at least what was acknowledged before the time it gives. */
  private void check(QueryService service) {
    try {
      long[] seen = overview(service);
      long expected = acknowledged(seen[2]);
      assertThat(seen[0])
          .as("calls of what was acknowledged before")
          .isGreaterThanOrEqualTo(expected);
      assertThat(seen[1]).as("events").isGreaterThanOrEqualTo(expected);
      assertThat(seen[2]).as("not after now").isLessThanOrEqualTo(System.currentTimeMillis());
      latest.accumulateAndGet(seen[2], Math::max);
      answers.incrementAndGet();
    } catch (Exception | AssertionError e) {
      broken.compareAndSet(null, e);
    }
  }

  /** Calls, events, completeThrough (0: unknown). */
  private long[] overview(QueryService service) throws Exception {
    long now = System.currentTimeMillis();
    String path = "/api/v1/overview?from=" + (now - 3 * 3_600_000) + "&to=" + (now + 2 * 3_600_000);
    JsonNode json = get(service, path);
    JsonNode complete = json.get("completeThrough");
    return new long[] {
      json.at("/totals/calls").asLong(),
      json.at("/totals/events").asLong(),
      complete.isNull() ? 0 : Instant.parse(complete.asText()).toEpochMilli()
    };
  }

  /** completeThrough of what reads calls alone. */
  private long calls(QueryService service) throws Exception {
    String complete = get(service, "/api/v1/calls?limit=1").path("completeThrough").asText();
    return Instant.parse(complete).toEpochMilli();
  }

  private JsonNode get(QueryService service, String path) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + service.port() + path);
    HttpResponse<String> answer =
        http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  /** ClickHouse takes no more rows into this table than those that are there. */
  private static void refuseInserts(ClickHouse clickHouse, String table, boolean refuse) {
    clickHouse.execute(
        Sql.of(
            "ALTER TABLE "
                + table
                + (refuse
                    ? " MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1"
                    : " RESET SETTING parts_to_throw_insert, parts_to_delay_insert")));
  }

  /** As it looks a minute later: what stands for a moment only is no warning. */
  private void assertStatusNamesTheJob(Settings settings) throws Exception {
    Clock later = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1));
    try (QueryService service = QueryService.start(settings, later)) {
      await()
          .untilAsserted(
              () -> {
                JsonNode status = get(service, "/api/v1/status");
                assertThat(status.path("state").asText()).isEqualTo("degraded");
                assertThat(status.path("warnings").findValuesAsText("message"))
                    .anyMatch(m -> m.contains("the rollup job or the sink of calls is"))
                    .anyMatch(m -> m.contains("the rollup job or the sink of rollups is"))
                    .noneMatch(m -> m.contains("the sink of spans"));
                JsonNode readers = status.at("/topics/0/readers");
                assertThat(readers.findValuesAsText("reader"))
                    .containsExactly("sink-spans", "sink-calls", "sink-rollups");
                assertThat(readers.get(0).path("lagRecords").asLong()).isZero();
                assertThat(readers.get(1).path("lagRecords").asLong()).isPositive();
                assertThat(readers.get(1).path("lagMs").asLong()).isGreaterThan(60_000);
              });
    }
  }

  private void awaitCompleteThrough(long ms) {
    await().untilAsserted(() -> assertThat(latest.get()).isGreaterThan(ms));
  }

  private long acknowledged(long beforeMs) {
    synchronized (acknowledgedMs) {
      return acknowledgedMs.stream().filter(ms -> ms < beforeMs).count();
    }
  }

  /** Sends for so long, to one partition or to all. */
  private void sendFor(SentSpans sender, long ms, int partition) throws Exception {
    long until = System.nanoTime() + ms * 1_000_000;
    while (System.nanoTime() < until) {
      List<ResourceSpans> trace = List.of(call());
      while (partition >= 0 && sender.partition(trace) != partition) {
        trace = List.of(call());
      }
      sender.send(trace);
      synchronized (acknowledgedMs) {
        acknowledgedMs.add(System.currentTimeMillis());
      }
    }
  }

  /** One model call of a client whose clock may be wrong by most of an hour. */
  private ResourceSpans call() {
    long skew = random.nextInt(3) == 0 ? (long) (random.nextGaussian() * HOUR_NANOS / 4) : 0;
    long end =
        System.currentTimeMillis() * 1_000_000
            + Math.max(-2 * HOUR_NANOS, Math.min(HOUR_NANOS / 2, skew));
    ids++;
    return ResourceSpans.newBuilder()
        .addScopeSpans(
            ScopeSpans.newBuilder()
                .addSpans(
                    Span.newBuilder()
                        .setTraceId(
                            ByteString.copyFrom(
                                ByteBuffer.allocate(16).putLong(ids * 31).putLong(ids).flip()))
                        .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(ids).flip()))
                        .setName("chat gpt-4o")
                        .setKind(Span.SpanKind.SPAN_KIND_CLIENT)
                        .setStartTimeUnixNano(end - 400_000_000)
                        .setEndTimeUnixNano(end)
                        .addAttributes(text("gen_ai.operation.name", "chat"))
                        .addAttributes(text("gen_ai.system", "openai"))
                        .addAttributes(text("gen_ai.request.model", "gpt-4o"))
                        .addAttributes(text("gen_ai.response.id", "r" + ids))))
        .build();
  }

  private static KeyValue text(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String isolation) {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", servers.bootstrap(), "isolation.level", isolation),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private static Settings settings(Map<String, String> more) {
    Map<String, String> all = new java.util.HashMap<>(more);
    all.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    all.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    all.put(Keys.QUERY_RATE_LIMIT, "100000");
    return servers.settings(all);
  }

  private static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(120)).pollInterval(Duration.ofMillis(200));
  }
}
