/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.topology.JobMetrics;
import io.spanmill.aggregator.topology.RollupTopology;
import io.spanmill.aggregator.topology.TopologyConfig;
import io.spanmill.benchmarks.Options;
import io.spanmill.codec.Topics;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.PriceFiles;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The rollup job as a process, without sinks, sampler and ClickHouse. Prints {@code ready}, and
 * {@code calls N M} for each line it is given, how many calls it counted and how many partials it
 * folded; runs until it is ended.
 */
public final class JobAlone {
  private JobAlone() {}

  /** Arguments: {@code key=value} settings. */
  public static void main(String[] args) throws Exception {
    Settings settings = Settings.of(Options.of(List.of(args)));
    CubeSet cubes = CubesFile.cubes(settings);
    NormalizerConfig normalizer = NormalizerConfig.of(settings, cubes.attributeKeys());
    int partitions;
    try (Admin admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                settings.string(Keys.KAFKA_BOOTSTRAP)))) {
      partitions = Topics.ensure(admin, settings);
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    TopologyConfig topology =
        new TopologyConfig(
            cubes,
            partitions,
            () -> new NormalizedSource(normalizer),
            PriceFiles.load(settings.list(Keys.PRICES_PATHS)),
            "alone",
            TopologyConfig.Limits.of(settings, partitions),
            TopologyConfig.Timing.of(settings),
            new JobMetrics(registry),
            () -> 0);
    try (RocksMemory memory = new RocksMemory();
        KafkaStreams streams =
            new KafkaStreams(
                new RollupTopology(topology).get(), StreamsSettings.of(settings, memory))) {
      streams.setUncaughtExceptionHandler(new JobFailures());
      streams.start();
      while (streams.state() != KafkaStreams.State.RUNNING) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
      System.out.println("ready");
      while (System.in.read() >= 0) {
        System.out.printf("calls %d %d%n", count(registry, "calls"), count(registry, "partials"));
      }
    }
  }

  private static long count(PrometheusMeterRegistry registry, String name) {
    return (long) registry.get("spanmill.aggregator." + name).counter().count();
  }
}
