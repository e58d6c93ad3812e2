/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.model.Layer;
import io.spanmill.standalone.Composition;
import io.spanmill.standalone.ServiceKind;
import io.spanmill.standalone.embedded.SpanmillServers;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Realistic traffic through all of Spanmill, against the figures its maker knows. */
class LoadIT {
  @RegisterExtension static final SpanmillServers servers = new SpanmillServers();

  private static final int SPANS = 24_000;
  private static final Duration READY = Duration.ofSeconds(120);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final LoadRun.Plan PLAN = new LoadRun.Plan(20, 256, 8, 6, PATIENCE);

  private static Composition readers;
  private static Composition ingest;

  @BeforeAll
  static void start() {
    Settings settings =
        servers.settings(
            Map.of(
                Keys.PRICES_PATHS,
                Path.of("..", "config", "prices").toAbsolutePath().normalize().toString()));
    readers = started(settings, ServiceKind.AGGREGATOR, ServiceKind.QUERY_API);
    ingest = started(settings, ServiceKind.INGEST);
  }

  @AfterAll
  static void stop() {
    ingest.close();
    readers.close();
  }

  @Test
  void loadWithDuplicatesAndLateSpansOverAnIngestRestart_comesToTheFiguresExpected()
      throws Exception {
    LoadRun run = run();
    CompletableFuture<LoadRun.Report> sending =
        CompletableFuture.supplyAsync(() -> run.run(12_000, SPANS, () -> false));
    await().atMost(PATIENCE).until(() -> run.soFar() > SPANS / 4);
    Settings taken = ingest.settings();
    ingest.close();
    ingest = started(taken, ServiceKind.INGEST);
    LoadRun.Report report = sending.get(PATIENCE.toSeconds() * 2, TimeUnit.SECONDS);

    assertThat(report.complete()).isTrue();
    assertThat(report.acknowledged() + report.repeated()).isGreaterThanOrEqualTo(SPANS);
    assertThat(report.repeated()).isPositive();
    assertThat(report.late()).isPositive();
    assertThat(report.retries()).isPositive();
    assertThat(report.expected().of(Layer.GATEWAY).calls).isPositive();
    assertThat(different(report)).isEmpty();

    // The same again: every span of it has been counted, so nothing changes.
    LoadRun.Report again = run().run(100_000, SPANS, () -> false);
    assertThat(again.expected().toJson()).isEqualTo(report.expected().toJson());
    assertThat(different(again)).isEmpty();
  }

  private static LoadRun run() {
    URI to = URI.create("http://127.0.0.1:" + ingest.settings().integer(Keys.INGEST_HTTP_PORT));
    return new LoadRun(
        new OtlpClient(to, null, true),
        new ExampleTraces(PLAN.seed(), "it", "load-it"),
        PLAN,
        Clock.systemUTC());
  }

  private static List<LoadCheck.Row> different(LoadRun.Report report) throws Exception {
    URI query = URI.create("http://127.0.0.1:" + readers.settings().integer(Keys.QUERY_PORT));
    List<LoadCheck.Row> rows = new LoadCheck(query, null, "load-it").compare(report, PATIENCE);
    assertThat(rows).hasSizeGreaterThan(50);
    return rows.stream().filter(row -> !row.equal()).toList();
  }

  private static Composition started(Settings settings, ServiceKind... kinds) {
    Composition composition =
        Composition.start(
            settings,
            List.of(kinds),
            why -> {
              throw new IllegalStateException(why);
            });
    composition.awaitReady(READY, () -> false, names -> {});
    return composition;
  }
}
