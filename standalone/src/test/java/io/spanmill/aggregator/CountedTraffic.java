/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.query.GenericRecord;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.spanmill.aggregator.dedup.BatchStore;
import io.spanmill.aggregator.dedup.Deduplicator;
import io.spanmill.aggregator.dedup.Verdict;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.topology.CallBounds;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.codec.Topics;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.pricing.Pricer;
import io.spanmill.standalone.traffic.ExampleTraces;
import io.spanmill.standalone.traffic.OtlpBody;
import io.spanmill.standalone.traffic.OtlpClient;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;

/**
 * Traffic that is sent until ingest acknowledges it, some of it again and in other batches, and
 * what an aggregator that nothing ever happens to would have counted of it. Sends from one thread.
 */
final class CountedTraffic {
  private static final Duration LIMIT = Duration.ofSeconds(180);

  private final Random random;
  private final ExampleTraces traces;
  private final OtlpClient client;
  private final Pricer prices;
  private final List<byte[]> sent = new ArrayList<>();
  private final Map<String, List<Object>> expected = new TreeMap<>();

  /** A trace lies in one partition and its spans are sent in this order: one log will do. */
  private final Deduplicator seen = new Deduplicator(86_400_000L, 10_000_000, new NoStore());

  private long records;
  private long retries;

  CountedTraffic(long seed, OtlpClient client, Pricer prices) {
    this.random = new Random(seed);
    this.traces = new ExampleTraces(seed, "counted");
    this.client = client;
    this.prices = prices;
  }

  /** Sends one request, a new one or one time in six something sent before. */
  void send() throws InterruptedException {
    if (!sent.isEmpty() && random.nextInt(6) == 0) {
      sendAgain();
      return;
    }
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    for (int i = random.nextInt(4); i >= 0; i--) {
      request.addAllResourceSpans(traces.next(System.currentTimeMillis() * 1_000_000L));
    }
    byte[] body = request.build().toByteArray();
    sent.add(body);
    deliver(body);
  }

  /** What two replicas of a Collector would make of it: two requests sent before, in one. */
  void sendAgain() throws InterruptedException {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(sent.get(random.nextInt(sent.size())));
    both.writeBytes(sent.get(random.nextInt(sent.size())));
    deliver(both.toByteArray());
  }

  /** Requests sent, and how many attempts failed before they were acknowledged. */
  String summary() {
    return records + " requests, " + retries + " retries, " + expected;
  }

  private void deliver(byte[] body) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!isAcknowledged(body)) {
      retries++;
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("not acknowledged within " + LIMIT);
      }
      Thread.sleep(100);
    }
    count(body);
  }

  private boolean isAcknowledged(byte[] body) {
    try {
      OtlpClient.Result result = client.send(new OtlpBody(body, false)).join();
      if (!result.accepted() && !result.retryable()) {
        throw new IllegalStateException("status " + result.status() + ": " + result.message());
      }
      return result.accepted();
    } catch (CompletionException noAnswer) {
      return false;
    }
  }

  private void count(byte[] body) {
    NormalizedSource source = new NormalizedSource(NormalizerConfig.defaults());
    source.reset(body);
    seen.begin(records++, 0, List.of());
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
        add(span.layer.label(), span, true);
      }
      if (verdict != Verdict.RESENT
          && span.alsoGatewayRequest
          && seen.offerRequest(span) == Verdict.NEW) {
        add("gateway_request", span, false);
      }
    }
    seen.end();
  }

  private void add(String layer, NormalizedSpan call, boolean withUsage) {
    List<Object> before = expected.getOrDefault(layer, List.of(0L, 0L, 0L, BigDecimal.ZERO));
    long tokens = withUsage ? Math.max(0, call.inputTokens) + Math.max(0, call.outputTokens) : 0;
    BigDecimal usd =
        withUsage && call.costPicoUsd != Long.MIN_VALUE
            ? BigDecimal.valueOf(call.costPicoUsd, 12)
            : BigDecimal.ZERO;
    expected.put(
        layer,
        List.of(
            (Long) before.get(0) + 1,
            (Long) before.get(1) + (call.failed ? 1 : 0),
            (Long) before.get(2) + tokens,
            ((BigDecimal) before.get(3)).add(usd).stripTrailingZeros()));
  }

  /** Waits until all that was acknowledged is visible, then wants every total to be as expected. */
  void awaitTotals(ClickHouse clickHouse, Admin admin, int partitions) {
    Awaitility.await()
        .alias("all visible")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(300))
        .ignoreExceptions()
        .until(() -> isAllVisible(clickHouse, admin, partitions));
    // Day and all-time rows follow within seconds; a call counted twice would stay.
    Awaitility.await()
        .atMost(LIMIT)
        .during(Duration.ofSeconds(1))
        .pollInterval(Duration.ofMillis(300))
        .untilAsserted(
            () -> {
              assertThat(totals(clickHouse, CALLS)).as("calls").isEqualTo(expected);
              for (String table :
                  List.of(
                      "rollup_summary_minute",
                      "rollup_model_hour",
                      "rollup_traffic_minute",
                      "rollup_usage_day",
                      "rollup_summary_all")) {
                assertThat(totals(clickHouse, rollups(table))).as(table).isEqualTo(expected);
              }
            });
  }

  private static boolean isAllVisible(ClickHouse clickHouse, Admin admin, int partitions)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    for (int p = 0; p < partitions; p++) {
      latest.put(new TopicPartition(Topics.SPANS, p), OffsetSpec.latest());
    }
    for (var end : admin.listOffsets(latest).all().get().entrySet()) {
      for (String kind : List.of("spans", "calls", "rollups")) {
        long visible =
            clickHouse.number(
                Sql.of(
                        "SELECT toUInt64(if(count() = 0, 0, min(source_offset))) FROM progress FINAL"
                            + " WHERE kind = {kind:String} AND source_partition = {p:Int32}")
                    .with("kind", kind)
                    .with("p", end.getKey().partition()));
        if (visible < end.getValue().offset()) {
          return false;
        }
      }
    }
    return true;
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

  private static final class NoStore implements BatchStore {
    @Override
    public void put(long offset, byte[] batch) {}

    @Override
    public void delete(long offset) {}

    @Override
    public void forEach(Visitor visitor) {}
  }
}
