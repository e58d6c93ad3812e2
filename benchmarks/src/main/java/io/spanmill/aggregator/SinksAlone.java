/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spanmill.aggregator.normalize.NormalizerConfig;
import io.spanmill.aggregator.progress.EndSampler;
import io.spanmill.aggregator.sink.SinkRunner;
import io.spanmill.benchmarks.Options;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Editions;
import io.spanmill.clickhouse.Migrations;
import io.spanmill.codec.Topics;
import io.spanmill.config.CubesFile;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.CubeSet;
import io.spanmill.pricing.PriceFiles;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The aggregator's sinks and sampler as a process, without the job: whoever fills the topics stands
 * in for it. Prints {@code ready}; runs until it is ended.
 */
public final class SinksAlone {
  private SinksAlone() {}

  /** Arguments: {@code key=value} settings. */
  public static void main(String[] args) throws Exception {
    Settings settings = Settings.of(Options.of(List.of(args)));
    CubeSet cubes = CubesFile.cubes(settings);
    PriceFiles prices = PriceFiles.load(settings.list(Keys.PRICES_PATHS));
    NormalizerConfig normalizer = NormalizerConfig.of(settings, cubes.attributeKeys());
    try (ClickHouse clickHouse = ClickHouse.open(settings)) {
      clickHouse.awaitReady(Duration.ofSeconds(60));
      Migrations.apply(clickHouse, settings, cubes.cubes());
      new Editions(clickHouse).begin(cubes);
      int partitions;
      try (Admin admin = Admin.create(kafka(settings))) {
        partitions = Topics.ensure(admin, settings);
      }
      SinkRunner.Config config =
          new SinkRunner.Config(
              settings,
              clickHouse,
              cubes.cubes(),
              cubes.attributeNames(),
              new JobInterpreter(normalizer, prices),
              new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
              Clock.systemUTC());
      try (SinkRunner sinks = SinkRunner.start(config);
          EndSampler sampler =
              new EndSampler(
                  consumer(settings, "read_committed"),
                  consumer(settings, "read_uncommitted"),
                  partitions,
                  clickHouse,
                  Clock.systemUTC())) {
        while (!sinks.ready()) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
        System.out.println("ready");
        while (true) {
          sampler.sample();
          TimeUnit.SECONDS.sleep(1);
        }
      }
    }
  }

  private static Map<String, Object> kafka(Settings settings) {
    return new HashMap<>(
        Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP)));
  }

  private static KafkaConsumer<byte[], byte[]> consumer(Settings settings, String isolation) {
    Map<String, Object> config = kafka(settings);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
