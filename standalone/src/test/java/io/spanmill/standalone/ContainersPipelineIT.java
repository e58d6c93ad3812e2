/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.clickhouse.ClickHouseContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/** Over the images that compose names; skipped where no Docker engine runs. */
@Testcontainers(disabledWithoutDocker = true)
class ContainersPipelineIT extends ExamplesPipeline {
  @Container
  static final KafkaContainer kafka =
      new KafkaContainer(DockerImageName.parse("apache/kafka:4.3.1"))
          .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");

  @Container
  static final ClickHouseContainer clickHouse =
      new ClickHouseContainer(DockerImageName.parse("clickhouse/clickhouse-server:26.7"));

  @TempDir static Path state;

  @Override
  Settings settings() {
    return SpanmillServers.settings(
        Map.of(
            Keys.KAFKA_BOOTSTRAP,
            kafka.getBootstrapServers(),
            Keys.CLICKHOUSE_URL,
            clickHouse.getHttpUrl(),
            Keys.CLICKHOUSE_USER,
            clickHouse.getUsername(),
            Keys.CLICKHOUSE_PASSWORD,
            clickHouse.getPassword()),
        state,
        Map.of());
  }
}
