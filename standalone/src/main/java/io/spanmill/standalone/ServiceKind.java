/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.aggregator.AggregatorService;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.IngestService;
import io.spanmill.query.QueryService;
import java.util.List;
import java.util.Map;

/** The services: their names, the settings of their ports, and how each is started. */
public enum ServiceKind {
  INGEST("ingest", List.of(Keys.INGEST_HTTP_PORT, Keys.INGEST_GRPC_PORT), ServiceKind::ingest),
  AGGREGATOR("aggregator", List.of(Keys.AGGREGATOR_PORT), ServiceKind::aggregator),
  QUERY_API("query-api", List.of(Keys.QUERY_PORT), ServiceKind::queryApi);

  /** Starts one service; may wait for the servers it needs. */
  @FunctionalInterface
  private interface Starter {
    Part start(Settings settings) throws InterruptedException;
  }

  private final String commandName;
  private final List<String> portKeys;
  private final Starter starter;

  ServiceKind(String commandName, List<String> portKeys, Starter starter) {
    this.commandName = commandName;
    this.portKeys = portKeys;
    this.starter = starter;
  }

  /** As on the command line. */
  public String commandName() {
    return commandName;
  }

  List<String> portKeys() {
    return portKeys;
  }

  Part start(Settings settings) {
    try {
      return starter.start(settings);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(commandName + " was interrupted while it started", e);
    }
  }

  private static Part ingest(Settings settings) throws InterruptedException {
    IngestService service = IngestService.start(settings);
    return new Part(
        "ingest",
        service::ready,
        Map.of(
            Keys.INGEST_HTTP_PORT, service.httpPort(), Keys.INGEST_GRPC_PORT, service.grpcPort()),
        service);
  }

  private static Part aggregator(Settings settings) throws InterruptedException {
    AggregatorService service = AggregatorService.start(settings);
    return new Part(
        "aggregator", service::ready, Map.of(Keys.AGGREGATOR_PORT, service.port()), service);
  }

  private static Part queryApi(Settings settings) {
    QueryService service = QueryService.start(settings);
    return new Part("query-api", service::ready, Map.of(Keys.QUERY_PORT, service.port()), service);
  }
}
