/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.standalone.traffic.EncodedRequests;
import io.spanmill.standalone.traffic.EncodedRequests.Template;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How long the aggregator takes to be back at work after kill -9 with so many identities
 * remembered.
 */
final class Restart {
  private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(4);

  private final PrintStream out = System.out;
  private final Stage stage;
  private final Api api;
  private final HttpSender sender;
  private final Template template;
  private final byte[] body;
  private long number;

  private Restart(Stage stage) throws IOException {
    this.stage = stage;
    this.api = new Api(stage.port("aggregator.port"));
    this.sender = new HttpSender("127.0.0.1", stage.port("ingest.http.port"));
    this.template = EncodedRequests.encode(1, 8, 0, 1, "restart").get(0);
    this.body = new byte[template.sizeBytes()];
  }

  /** Arguments: how many identities, how many kills. */
  public static void main(String[] args) throws Exception {
    int identities = Integer.parseInt(args[0]);
    int kills = Integer.parseInt(args[1]);
    Path home = Path.of(System.getProperty("spanmill.home"));
    Path dir = Files.createTempDirectory("spanmill-restart-");
    try (Stage stage = new Stage(dir, home, List.of(), Map.of("content.storage", "off"))) {
      stage.start("ingest");
      stage.start("aggregator");
      new Restart(stage).run(identities, kills);
    }
  }

  private void run(int identities, int kills) throws Exception {
    new Identities(stage).remember(identities);
    long began = System.nanoTime();
    stage.begin("aggregator");
    report("first start, all restored", began);
    for (int kill = 1; kill <= kills; kill++) {
      began = System.nanoTime();
      stage.kill9("aggregator");
      stage.begin("aggregator");
      report("kill -9 no. " + kill, began);
    }
  }

  private void report(String what, long began) throws Exception {
    // A record of this process counted: it is back at work.
    while (!isAtWork()) {
      send();
      if (System.nanoTime() - began > LIMIT_NANOS) {
        throw new IOException(what + ": not back at work; see " + stage.dir());
      }
      stage.requireAlive();
      Thread.sleep(50);
    }
    double back = seconds(began);
    Watched watched = stage.watch("aggregator");
    out.printf(
        Locale.ROOT,
        "%-26s back at work after %5.1f s; %,.0f identities; RSS %,d MiB; CPU %.1f s%n",
        what,
        back,
        api.metric("spanmill_aggregator_dedup_entries"),
        watched.rssPeakMib(),
        watched.cpuSeconds());
  }

  private boolean isAtWork() {
    return api.metric("spanmill_aggregator_records_total") > 0;
  }

  private void send() throws IOException {
    template.stamp(number++, System.currentTimeMillis() * 1_000_000, body);
    int status = sender.post(body, template.sizeBytes());
    if (status != 200) {
      throw new IOException("ingest answered " + status);
    }
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }
}
