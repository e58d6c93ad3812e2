/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.standalone.embedded.Ports;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Starts the Collector that {@code benchmarks/collector/build.sh} made. */
final class Collectors {
  private Collectors() {}

  /**
   * A Collector in a process of its own.
   *
   * @param configuration a file of {@code benchmarks/collector}, without {@code .yaml}; also the
   *     name of the process
   */
  static void start(Stage stage, String configuration, Map<String, String> environment)
      throws IOException {
    stage.run(
        configuration,
        List.of(
            stage.home().resolve(".tools/collector/otelcol").toString(),
            "--config",
            stage.home().resolve("benchmarks/collector/" + configuration + ".yaml").toString()),
        environment);
  }

  /**
   * One that makes metrics of what ingest wrote: {@code spanmetrics}, {@code spanmetrics-traffic}.
   */
  static void spanmetrics(Stage stage, String configuration) throws IOException {
    start(
        stage,
        configuration,
        Map.of(
            "KAFKA_BOOTSTRAP",
            stage.setting("kafka.bootstrap"),
            "TRACES_TOPIC",
            "otlp_spans",
            "PROMETHEUS",
            "127.0.0.1:" + Ports.free()));
  }
}
