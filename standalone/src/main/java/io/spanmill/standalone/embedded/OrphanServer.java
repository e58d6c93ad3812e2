/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server process that a killed Spanmill left behind: it is on its way out, but may still hold
 * the port and the folder when the next start comes at once.
 */
final class OrphanServer {
  private static final Logger LOG = LoggerFactory.getLogger(OrphanServer.class);
  private static final String FILE = "process";
  private static final long GRACE_MS = 1500;
  private static final long KILLED_MS = 5000;

  private OrphanServer() {}

  /** Notes who runs the server of this folder, for {@link #end(Path)} of a later start. */
  static void remember(Path home, Process server) throws IOException {
    Files.writeString(
        home.resolve(FILE), id(server.toHandle()) + " " + id(ProcessHandle.current()));
  }

  /** Waits for the noted server to go if its parent is gone, and ends it if it does not. */
  static void end(Path home) throws IOException {
    Path file = home.resolve(FILE);
    if (!Files.exists(file)) {
      return;
    }
    String[] ids = Files.readString(file).strip().split(" ", -1);
    if (ids.length != 2 || living(ids[1]).isPresent()) {
      return;
    }
    Optional<ProcessHandle> orphan = living(ids[0]);
    if (orphan.isPresent() && !gone(orphan.get(), GRACE_MS)) {
      LOG.warn(
          "ending the ClickHouse that a killed Spanmill left behind pid={}", orphan.get().pid());
      orphan.get().destroyForcibly();
      gone(orphan.get(), KILLED_MS);
    }
  }

  private static boolean gone(ProcessHandle process, long limitMs) {
    try {
      process.onExit().get(limitMs, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot watch process " + process.pid(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Process id and start time: ids are used again. */
  private static String id(ProcessHandle process) {
    return process.pid()
        + "@"
        + process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static Optional<ProcessHandle> living(String id) {
    long pid = Long.parseLong(id.substring(0, id.indexOf('@')));
    return ProcessHandle.of(pid).filter(p -> p.isAlive() && id(p).equals(id));
  }
}
