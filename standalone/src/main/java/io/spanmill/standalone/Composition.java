/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.standalone;

import io.spanmill.auth.Projects;
import io.spanmill.auth.TlsFiles;
import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.config.SettingsException;
import io.spanmill.ingest.auth.Callers;
import io.spanmill.standalone.embedded.EmbeddedServers;
import io.spanmill.standalone.embedded.Ports;
import io.spanmill.standalone.embedded.SetupException;
import java.net.BindException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services in one process, over embedded servers where the settings name no others. Started by one
 * thread; may be closed by any.
 */
public final class Composition implements AutoCloseable {
  /** How long a start may take: reading much state back takes its time on a slow machine. */
  public static final Duration READY_LIMIT = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(Composition.class);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration TELL_INTERVAL = Duration.ofSeconds(20);

  private final EmbeddedServers servers;
  private final Settings settings;
  private final List<Part> parts;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Composition(EmbeddedServers servers, Settings settings, List<Part> parts) {
    this.servers = servers;
    this.settings = settings;
    this.parts = List.copyOf(parts);
  }

  /**
   * Starts the embedded servers that are needed, then the services side by side.
   *
   * @param given settings with absolute paths
   * @param onFatal told when an embedded server ends unasked
   * @throws SettingsException naming what is wrong with keys, addresses, projects and certificates,
   *     before anything is started
   * @throws SetupException if something cannot start; what had started is stopped then
   */
  public static Composition start(
      Settings given, List<ServiceKind> kinds, Consumer<String> onFatal) {
    checkSettings(given);
    checkPorts(given, kinds);
    EmbeddedServers servers = EmbeddedServers.start(given, onFatal);
    Settings settings = given.with(servers.settings());
    List<CompletableFuture<Part>> starting = new ArrayList<>();
    for (ServiceKind kind : kinds) {
      starting.add(CompletableFuture.supplyAsync(() -> kind.start(settings)));
    }
    List<Part> parts = new ArrayList<>();
    RuntimeException failure = null;
    for (int i = 0; i < kinds.size(); i++) {
      try {
        parts.add(starting.get(i).join());
      } catch (CompletionException e) {
        failure = failure == null ? notStarted(kinds.get(i), e) : failure;
      }
    }
    Map<String, String> actual = new HashMap<>();
    parts.forEach(
        part -> part.ports().forEach((key, port) -> actual.put(key, Integer.toString(port))));
    Composition composition = new Composition(servers, settings.with(actual), parts);
    if (failure != null) {
      composition.close();
      throw failure;
    }
    return composition;
  }

  /** What {@link Settings} cannot tell by one value alone, all of it at once. */
  private static void checkSettings(Settings given) {
    List<Runnable> checks =
        List.of(
            () -> new Callers(given, Clock.systemUTC()),
            () -> Projects.of(given),
            () -> TlsFiles.of(given));
    List<String> problems = new ArrayList<>();
    for (Runnable check : checks) {
      try {
        check.run();
      } catch (SettingsException e) {
        problems.addAll(e.problems());
      }
    }
    if (!problems.isEmpty()) {
      throw new SettingsException(problems);
    }
  }

  /**
   * Waits until every service serves.
   *
   * @param cancelled asked again and again; true ends the wait
   * @param stillWaiting told now and then which services are not ready yet
   * @throws SetupException naming the services that do not within the limit
   */
  public void awaitReady(Duration limit, BooleanSupplier cancelled, Consumer<String> stillWaiting) {
    long begin = System.nanoTime();
    long told = begin;
    Set<Part> waiting = new HashSet<>(parts);
    while (!cancelled.getAsBoolean()) {
      waiting.removeIf(part -> part.ready().getAsBoolean());
      if (waiting.isEmpty()) {
        return;
      }
      long now = System.nanoTime();
      String names = String.join(", ", waiting.stream().map(Part::name).toList());
      if (now - begin > limit.toNanos()) {
        throw new SetupException(
            "not ready after " + limit.toSeconds() + " s: " + names + "; the log tells more");
      }
      if (now - told > TELL_INTERVAL.toNanos()) {
        stillWaiting.accept(names);
        told = now;
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  /** The settings in force, with the ports really taken and the servers really used. */
  public Settings settings() {
    return settings;
  }

  /** The settings that lead another process of this machine to all of it. */
  public Map<String, String> addresses() {
    Map<String, String> found = new HashMap<>();
    List.of(
            Keys.BIND_ADDRESS,
            Keys.KAFKA_BOOTSTRAP,
            Keys.CLICKHOUSE_URL,
            Keys.CLICKHOUSE_USER,
            Keys.CLICKHOUSE_DATABASE)
        .forEach(key -> found.put(key, settings.string(key)));
    found.put(Keys.CLICKHOUSE_PASSWORD, settings.secret(Keys.CLICKHOUSE_PASSWORD));
    ports().forEach((key, port) -> found.put(key, Integer.toString(port)));
    return found;
  }

  /** Port settings and the ports really taken. */
  public Map<String, Integer> ports() {
    Map<String, Integer> found = new TreeMap<>();
    parts.forEach(part -> found.putAll(part.ports()));
    return found;
  }

  /** Stops the services, then the servers; further calls do nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    CompletableFuture.allOf(
            parts.stream()
                .map(part -> CompletableFuture.runAsync(() -> stop(part)))
                .toArray(CompletableFuture[]::new))
        .join();
    servers.close();
  }

  private static void stop(Part part) {
    try {
      part.stop().close();
      LOG.info("stopped service={}", part.name());
    } catch (Exception e) {
      LOG.error("service {} did not stop cleanly", part.name(), e);
    }
  }

  /** All at once and before anything starts: one clear line beats a half-started process. */
  private static void checkPorts(Settings settings, List<ServiceKind> kinds) {
    String address = settings.string(Keys.BIND_ADDRESS);
    Map<Integer, String> seen = new HashMap<>();
    for (ServiceKind kind : kinds) {
      for (String key : kind.portKeys()) {
        int port = settings.integer(key);
        String other = port == 0 ? null : seen.put(port, key);
        if (other != null) {
          throw new SetupException(
              other + " and " + key + " are both " + port + "; give one of them another port");
        }
        Ports.choose(address, port, key);
      }
    }
  }

  private static RuntimeException notStarted(ServiceKind kind, CompletionException failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    if (cause instanceof SetupException || cause instanceof SettingsException) {
      return (RuntimeException) cause;
    }
    LOG.error("service {} did not start", kind.commandName(), cause);
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof BindException) {
        return new SetupException(
            kind.commandName()
                + " did not get its port ("
                + t.getMessage()
                + "); change "
                + String.join(" or ", kind.portKeys()),
            cause);
      }
    }
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new SetupException(kind.commandName() + " did not start: " + message, cause);
  }
}
