/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.IngestService;
import io.spanmill.pricing.PriceFiles;
import io.spanmill.standalone.embedded.KillableServers;
import io.spanmill.standalone.traffic.OtlpClient;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 of the aggregator, the broker and ClickHouse at random moments under load changes no
 * total. Each once by default; {@code -Dcrash.kills=N} kills each N times, {@code -Dcrash.seed=N}
 * repeats a run's choices.
 */
class CrashIT {
  private static final int PARTITIONS = 2;
  private static final int KILLS_OF_EACH = Integer.getInteger("crash.kills", 1);

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path dir;

  private enum Victim {
    AGGREGATOR,
    BROKER,
    CLICKHOUSE
  }

  @Test
  void killedAtRandomMoments_everythingAcknowledgedCountsOnce() throws Exception {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed + " in " + dir);
    Random random = new Random(seed);
    try (KillableServers servers = new KillableServers(dir)) {
      servers.startKafka();
      servers.startClickHouse();
      Map<String, String> settings = settings(servers);
      ChildAggregator child = ChildAggregator.start(settings, dir.resolve("aggregator.log"));
      try (IngestService ingest = IngestService.start(Settings.of(settings))) {
        CountedTraffic traffic =
            new CountedTraffic(
                seed,
                new OtlpClient(URI.create("http://127.0.0.1:" + ingest.httpPort()), null, false),
                PriceFiles.load(List.of(settings.get(Keys.PRICES_PATHS))));
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> load(traffic, enough));
        for (Victim victim : victims(random)) {
          // From before the job has its partitions to well within its work.
          Thread.sleep(random.nextInt(1500, 6000));
          System.out.println("kill " + victim);
          switch (victim) {
            case AGGREGATOR -> child.kill();
            case BROKER -> servers.killKafka();
            case CLICKHOUSE -> servers.killClickHouse();
          }
          Thread.sleep(random.nextInt(0, 1500));
          switch (victim) {
            case BROKER -> servers.startKafka();
            case CLICKHOUSE -> servers.startClickHouse();
            default -> {}
          }
          // As a supervisor would: one that finds a server missing at its start ends.
          if (!child.isAlive()) {
            child = ChildAggregator.start(settings, dir.resolve("aggregator.log"));
          }
          assertThat(load).isNotDone();
        }
        Thread.sleep(random.nextInt(1000, 3000));
        enough.set(true);
        load.join();
        if (!child.isAlive()) {
          child = ChildAggregator.start(settings, dir.resolve("aggregator.log"));
        }
        System.out.println(traffic.summary());
        try (ClickHouse clickHouse = ClickHouse.open(Settings.of(settings));
            Admin admin =
                Admin.create(Map.of("bootstrap.servers", settings.get(Keys.KAFKA_BOOTSTRAP)))) {
          traffic.awaitTotals(clickHouse, admin, PARTITIONS);
        }
        assertThat(child.isAlive()).isTrue();
      } finally {
        child.kill();
      }
    }
  }

  private static List<Victim> victims(Random random) {
    List<Victim> victims = new ArrayList<>();
    for (Victim victim : Victim.values()) {
      victims.addAll(Collections.nCopies(KILLS_OF_EACH, victim));
    }
    Collections.shuffle(victims, random);
    return victims;
  }

  private static void load(CountedTraffic traffic, AtomicBoolean enough) {
    try {
      while (!enough.get()) {
        traffic.send();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Map<String, String> settings(KillableServers servers) {
    Map<String, String> settings = new HashMap<>(servers.settings());
    settings.put(Keys.DATA_DIR, dir.toString());
    settings.put(Keys.AGGREGATOR_PORT, "0");
    settings.put(Keys.INGEST_HTTP_PORT, "0");
    settings.put(Keys.INGEST_GRPC_PORT, "0");
    settings.put(Keys.KAFKA_PARTITIONS, Integer.toString(PARTITIONS));
    settings.put(Keys.PRICES_PATHS, Path.of("..", "config", "prices").toString());
    settings.put(Keys.EMIT_HOUR_MS, "2000");
    settings.put(Keys.EMIT_DAY_MS, "3000");
    return settings;
  }
}
