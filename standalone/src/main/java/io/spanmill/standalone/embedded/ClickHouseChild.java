/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Main class of the child JVM that is the ClickHouse server: it hands the thread to the native
 * library and runs nothing else.
 *
 * <p>The query it runs opens the HTTP port and then reads standard input, which the parent holds
 * open: the end of that stream, by {@link EmbeddedClickHouse#close()} or by the parent's death, is
 * the order to shut down. Depends on JNA alone, so the child's class path is two entries.
 */
final class ClickHouseChild {
  private static final Duration GRACE = Duration.ofSeconds(8);

  private ClickHouseChild() {}

  /** Arguments: the library's path, the configuration file. */
  public static void main(String[] args) {
    haltAfterParent();
    NativeLibrary library = NativeLibrary.getInstance(args[0]);
    // HotSpot uses SIGSEGV itself. With ClickHouse's handlers in place the first implicit null
    // check would look like a crash, and the process would hang instead of dying.
    library.getFunction("chdb_set_signal_handlers_enabled").invokeVoid(new Object[] {0});
    String[] argv = {
      "clickhouse",
      "--config-file=" + args[1],
      "--log-level=warning",
      "--query",
      "SYSTEM START LISTEN HTTP; SELECT count() FROM file('-', 'LineAsString', 'x String')"
    };
    Pointer result =
        (Pointer)
            library
                .getFunction("chdb_query_cmdline")
                .invoke(Pointer.class, new Object[] {argv.length, argv});
    // Zero also on errors: the parent takes any exit it did not ask for as a failure.
    Runtime.getRuntime().halt(result == null ? 1 : 0);
  }

  /** The end of input should be enough; this is for a server that does not react to it. */
  private static void haltAfterParent() {
    ProcessHandle.current()
        .parent()
        .ifPresent(
            parent -> {
              Thread watcher =
                  new Thread(
                      () -> {
                        parent.onExit().join();
                        parkFor(GRACE);
                        Runtime.getRuntime().halt(1);
                      },
                      "parent-watcher");
              watcher.setDaemon(true);
              watcher.start();
            });
  }

  private static void parkFor(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
