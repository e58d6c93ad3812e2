/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone.embedded;

import io.spanmill.config.Keys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ClickHouse server as a child process, on loopback, with one user and a password drawn anew at
 * each start.
 *
 * <p>The child ends when this process does, however it ends: it reads a pipe that only this process
 * holds. Close clients before the server: it waits for open connections when it shuts down.
 */
public final class EmbeddedClickHouse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedClickHouse.class);
  private static final String USER = "spanmill";
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration PROBE_INTERVAL = Duration.ofMillis(25);
  private static final long STOP_BY_INPUT_MS = 3000;
  private static final long STOP_BY_SIGNAL_MS = 2000;

  private final Process process;
  private final int port;
  private final String password;
  private final Path log;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedClickHouse(Process process, int port, String password, Path log) {
    this.process = process;
    this.port = port;
    this.password = password;
    this.log = log;
  }

  /**
   * Starts a server; returns when it answers queries of its user. Takes under a second.
   *
   * @param dir its data, configuration and log; made if missing
   * @param wantedPort HTTP port, 0 for any free one
   * @param memoryMaxBytes the server's memory limit
   * @param onFatal told once, from another thread, when the server ends unasked
   * @throws SetupException if the port is taken, the folder unusable, or no ClickHouse is here
   */
  public static EmbeddedClickHouse start(
      Path dir, int wantedPort, long memoryMaxBytes, Consumer<String> onFatal) {
    return start(dir, wantedPort, memoryMaxBytes, newPassword(), onFatal);
  }

  /** The same with a password that stays from one start to the next. */
  static EmbeddedClickHouse start(
      Path dir, int wantedPort, long memoryMaxBytes, String password, Consumer<String> onFatal) {
    Path home = dir.toAbsolutePath().normalize();
    int port;
    Path log = home.resolve("server.log");
    Process process;
    try {
      Path scratch = emptied(home.resolve("jna"));
      OrphanServer.end(home);
      port = Ports.choose(wantedPort, Keys.CLICKHOUSE_HTTP_PORT);
      Path config = ClickHouseFiles.write(home, port, memoryMaxBytes, USER, password);
      if (Files.exists(log)) {
        Files.move(log, home.resolve("server.log.1"), StandardCopyOption.REPLACE_EXISTING);
      }
      process =
          new ProcessBuilder(ClickHouseProgram.command(config, scratch))
              .directory(home.toFile())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(log.toFile())
              .start();
      OrphanServer.remember(home, process);
    } catch (IOException e) {
      throw new SetupException(
          "the embedded ClickHouse did not start in " + home + ": " + EmbeddedKafka.rootMessage(e),
          e);
    }
    EmbeddedClickHouse server = new EmbeddedClickHouse(process, port, password, log);
    try {
      server.awaitReady();
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
    var unused = process.onExit().thenAccept(ended -> server.tellIfUnasked(ended, onFatal));
    LOG.info("embedded ClickHouse ready url={} dir={}", server.url(), home);
    return server;
  }

  public String url() {
    return "http://127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  public String user() {
    return USER;
  }

  /** The password of {@link #user()} in this run. */
  public String password() {
    return password;
  }

  /** The child's process id. */
  public long pid() {
    return process.pid();
  }

  /** Stops the server within five seconds; further calls do nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      LOG.debug("the server's input was closed already", e);
    }
    if (!ended(STOP_BY_INPUT_MS)) {
      // It waits for somebody's open connection. What it acknowledged is on disk: end it.
      process.destroy();
      if (!ended(STOP_BY_SIGNAL_MS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    LOG.info("embedded ClickHouse stopped port={}", port);
  }

  private boolean ended(long limitMs) {
    try {
      return process.waitFor(limitMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void tellIfUnasked(Process ended, Consumer<String> onFatal) {
    if (!closed.get()) {
      String why =
          "the embedded ClickHouse ended by itself (status "
              + ended.exitValue()
              + "); its log: "
              + log;
      LOG.error(why);
      onFatal.accept(why);
    }
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() < deadline) {
      // A stranger on the port may answer in our child's place: it has to live and know the
      // password.
      if (answers() && process.isAlive()) {
        return;
      }
      if (ended(PROBE_INTERVAL.toMillis())) {
        throw new SetupException("the embedded ClickHouse did not start: " + reason());
      }
    }
    throw new SetupException(
        "the embedded ClickHouse did not answer within "
            + START_LIMIT.toSeconds()
            + " s; its log: "
            + log);
  }

  private boolean answers() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create(url() + "/?query=SELECT%20currentUser()").toURL().openConnection();
      String credentials = USER + ":" + password;
      connection.setRequestProperty(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
      // An open connection would hold up the server's shutdown.
      connection.setRequestProperty("Connection", "close");
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(5000);
      try {
        return connection.getResponseCode() == 200
            && new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .strip()
                .equals(USER);
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      LOG.trace("not yet", e);
      return false;
    }
  }

  private String reason() {
    List<String> lines;
    try (Stream<String> all = Files.lines(log)) {
      lines = all.filter(line -> !line.isBlank()).toList();
    } catch (IOException | UncheckedIOException e) {
      return "its log " + log + " is unreadable";
    }
    for (String line : lines) {
      if (line.contains("Cannot lock file")) {
        return "another server uses " + log.getParent();
      }
      if (line.contains("Address already in use")) {
        return "port "
            + port
            + " was taken meanwhile; set "
            + Keys.CLICKHOUSE_HTTP_PORT
            + " to another port";
      }
    }
    for (String line : lines) {
      if (line.contains("Exception")) {
        return line.strip();
      }
    }
    return lines.isEmpty()
        ? "it said nothing; its log: " + log
        : lines.get(lines.size() - 1).strip();
  }

  private static Path emptied(Path dir) throws IOException {
    Files.createDirectories(dir);
    try (Stream<Path> left = Files.list(dir)) {
      for (Path file : left.toList()) {
        Files.deleteIfExists(file);
      }
    }
    return dir;
  }

  private static String newPassword() {
    byte[] bytes = new byte[24];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
