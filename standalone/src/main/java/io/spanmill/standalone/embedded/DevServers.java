/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Runs the two embedded servers alone, for working on one service by hand. */
public final class DevServers {
  private static final long MEMORY_MAX_BYTES = 3L << 30;

  private DevServers() {}

  /** Arguments: data folder, Kafka's port, ClickHouse's HTTP port (0 = any free one). */
  public static void main(String[] args) throws InterruptedException {
    PrintStream out = System.out;
    if (args.length != 3) {
      System.err.println("usage: DevServers DIR KAFKAPORT CLICKHOUSEPORT");
      System.exit(2);
    }
    CountDownLatch end = new CountDownLatch(1);
    EmbeddedServers servers =
        EmbeddedServers.start(
            Path.of(args[0]),
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            MEMORY_MAX_BYTES,
            why -> end.countDown());
    Runtime.getRuntime().addShutdownHook(new Thread(servers::close, "stop"));
    servers.settings().forEach((key, value) -> out.println(key + "=" + value));
    out.println("ready; Ctrl-C stops");
    end.await();
    System.exit(1);
  }
}
