/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.IngestService;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.standalone.embedded.SpanmillServers;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What was sent before changes nothing, whoever has the partitions now: after an aggregator joined,
 * after one left, after a restart, and after the job's group offsets expired.
 */
class OnceIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final int PARTITIONS = 4;

  @Test
  void sentAgain_afterRebalancesRestartsAndLostOffsets_changesNothing() throws Exception {
    Settings first = settings("a");
    long seed = Long.getLong("once.seed", System.nanoTime());
    System.out.println("once.seed=" + seed);
    try (ClickHouse clickHouse = ClickHouse.open(first);
        Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrap()));
        IngestService ingest = IngestService.start(first)) {
      CountedTraffic traffic =
          new CountedTraffic(
              seed,
              new OtlpClient(URI.create("http://127.0.0.1:" + ingest.httpPort()), null, false),
              PriceFiles.load(first.list(Keys.PRICES_PATHS)));
      try (AggregatorService a = AggregatorService.start(first)) {
        send(traffic, 40);
        try (AggregatorService b = AggregatorService.start(settings("b"))) {
          sendUntilReady(traffic, b);
          awaitTasksOf(b);
          send(traffic, 40);
          a.close();
          // What a had counted is b's to know now.
          send(traffic, 40);
          traffic.awaitTotals(clickHouse, admin, PARTITIONS);
        }
      }
      // Both are gone; a's state on disk is older than its changelog.
      admin.deleteConsumerGroups(List.of(StreamsSettings.APPLICATION_ID)).all().get();
      try (AggregatorService again = AggregatorService.start(first)) {
        send(traffic, 40);
        traffic.awaitTotals(clickHouse, admin, PARTITIONS);
      }
    }
  }

  private static void send(CountedTraffic traffic, int requests) throws InterruptedException {
    for (int i = 0; i < requests; i++) {
      traffic.send();
    }
    for (int i = 0; i < requests / 2; i++) {
      traffic.sendAgain();
    }
  }

  private static void sendUntilReady(CountedTraffic traffic, AggregatorService service)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!service.ready() && System.nanoTime() < deadline) {
      traffic.send();
    }
  }

  /** Streams gives a newcomer its tasks once their state is at hand. */
  private static void awaitTasksOf(AggregatorService service) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> service.ready() && service.tasks() > 0);
  }

  private static Settings settings(String instance) {
    Map<String, String> more = new HashMap<>();
    more.put(Keys.DATA_DIR, servers.dir().resolve(instance).toString());
    more.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    more.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    more.put(Keys.EMIT_HOUR_MS, "2000");
    more.put(Keys.EMIT_DAY_MS, "3000");
    return servers.settings(more);
  }
}
