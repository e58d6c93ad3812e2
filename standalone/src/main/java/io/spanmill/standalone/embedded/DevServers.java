/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Runs the two embedded servers alone, for working on one service by hand. */
public final class DevServers {
  private DevServers() {}

  /** Arguments: data folder, Kafka's port, ClickHouse's HTTP port (0 = any free one). */
  public static void main(String[] args) throws InterruptedException {
    PrintStream out = System.out;
    if (args.length != 3) {
      System.err.println("usage: DevServers DIR KAFKAPORT CLICKHOUSEPORT");
      System.exit(2);
    }
    Settings settings =
        Settings.of(
            Map.of(
                Keys.DATA_DIR,
                args[0],
                Keys.KAFKA_PORT,
                args[1],
                Keys.CLICKHOUSE_HTTP_PORT,
                args[2]));
    CountDownLatch end = new CountDownLatch(1);
    EmbeddedServers servers = EmbeddedServers.start(settings, why -> end.countDown());
    Runtime.getRuntime().addShutdownHook(new Thread(servers::close, "stop"));
    servers.settings().forEach((key, value) -> out.println(key + "=" + value));
    out.println("ready; Ctrl-C stops");
    end.await();
    System.exit(1);
  }
}
