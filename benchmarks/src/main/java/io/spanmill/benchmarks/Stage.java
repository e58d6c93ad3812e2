/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.standalone.cli.Main;
import io.spanmill.standalone.embedded.DevServers;
import io.spanmill.standalone.embedded.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Spanmill with every service in a process of its own, beside a broker and a ClickHouse of its own,
 * in a folder that is deleted at the end if it is not kept. Memory limits and garbage collectors
 * are those of {@code ./spanmill}.
 */
final class Stage implements AutoCloseable {
  private static final long START_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(90);
  private static final Map<String, String> HEAPS =
      Map.of("ingest", "384m", "aggregator", "1g", "query-api", "384m");

  private final Path dir;
  private final Path home;
  private final List<String> javaOptions;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, Process> processes = new LinkedHashMap<>();
  private final Map<String, Integer> starts = new LinkedHashMap<>();
  private boolean kept;

  /**
   * Starts broker and ClickHouse.
   *
   * @param home Spanmill's source tree
   * @param javaOptions for the services; {@code %n} stands for the service's name
   * @param more settings of all services
   */
  Stage(Path dir, Path home, List<String> javaOptions, Map<String, String> more)
      throws IOException, InterruptedException {
    this.dir = dir;
    this.home = home;
    this.javaOptions = javaOptions;
    Files.createDirectories(dir);
    Process servers =
        java("servers", "1g", List.of(), DevServers.class, List.of(dir.toString(), "0", "0"));
    BufferedReader said =
        new BufferedReader(new InputStreamReader(servers.getInputStream(), StandardCharsets.UTF_8));
    for (String line = said.readLine(); ; line = said.readLine()) {
      if (line == null) {
        throw new IOException("the servers did not start; see " + dir.resolve("servers.err"));
      }
      if (line.startsWith("ready")) {
        break;
      }
      if (line.contains("=")) {
        settings.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
      }
    }
    settings.put("data.dir", dir.toString());
    for (String port :
        List.of("ingest.http.port", "ingest.grpc.port", "aggregator.port", "query.port")) {
      settings.put(port, Integer.toString(Ports.free()));
    }
    settings.putAll(more);
  }

  /** Lets the folder stay as it is at the end, for another run. */
  void keep() {
    kept = true;
  }

  Path dir() {
    return dir;
  }

  Path home() {
    return home;
  }

  Map<String, String> settings() {
    return Map.copyOf(settings);
  }

  String setting(String key) {
    return settings.get(key);
  }

  int port(String key) {
    return Integer.parseInt(settings.get(key));
  }

  /** Starts a service and waits until it is ready. */
  void start(String service) throws IOException, InterruptedException {
    begin(service);
    awaitReady(service);
  }

  /** Starts a service. */
  void begin(String service) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(service));
    settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
    List<String> options = new ArrayList<>();
    javaOptions.forEach(option -> options.add(option.replace("%n", service)));
    boolean collectorChosen =
        options.stream().anyMatch(o -> o.startsWith("-XX:+Use") && o.endsWith("GC"));
    if (service.equals("ingest") && !collectorChosen) {
      options.add("-XX:+UseSerialGC");
    }
    java(service, HEAPS.get(service), options, Main.class, arguments);
  }

  void awaitReady(String service) throws IOException, InterruptedException {
    String key =
        service.equals("ingest")
            ? "ingest.http.port"
            : service.equals("aggregator") ? "aggregator.port" : "query.port";
    URI ready = URI.create("http://127.0.0.1:" + port(key) + "/ready");
    long deadline = System.nanoTime() + START_LIMIT_NANOS;
    while (!answers(ready)) {
      if (System.nanoTime() > deadline || !processes.get(service).isAlive()) {
        throw new IOException(service + " is not ready; see " + dir.resolve(service + ".log"));
      }
      Thread.sleep(50);
    }
  }

  private static boolean answers(URI uri) {
    try {
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
      connection.setConnectTimeout(500);
      connection.setReadTimeout(2000);
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false; // Not yet.
    }
  }

  /** Throws if one of the processes has ended by itself. */
  void requireAlive() throws IOException {
    for (Map.Entry<String, Process> process : processes.entrySet()) {
      if (!process.getValue().isAlive()) {
        throw new IOException(
            process.getKey() + " ended with " + process.getValue().exitValue() + "; see " + dir);
      }
    }
  }

  /** As a crash would end it. */
  void kill9(String service) throws InterruptedException {
    Process process = processes.get(service);
    process.destroyForcibly();
    process.waitFor();
  }

  Watched watch(String service) {
    return new Watched(service, processes.get(service).pid(), gcLog(service));
  }

  List<Watched> watchAll() {
    List<Watched> all = new ArrayList<>();
    for (String name : processes.keySet()) {
      all.add(name.equals("servers") ? new Watched("broker", pid(name), gcLog(name)) : watch(name));
    }
    processes
        .get("servers")
        .children()
        .forEach(child -> all.add(new Watched("clickhouse", child.pid(), Path.of("none"))));
    return all;
  }

  private long pid(String name) {
    return processes.get(name).pid();
  }

  private Path gcLog(String name) {
    return dir.resolve(name + "-" + starts.get(name) + ".gc.log");
  }

  Process java(
      String name, String heap, List<String> options, Class<?> main, List<String> arguments)
      throws IOException {
    starts.merge(name, 1, Integer::sum);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heap);
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.add("-Dspanmill.home=" + home);
    command.add("-Xlog:gc:file=" + gcLog(name));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return run(name, command, Map.of());
  }

  /** Starts a program; its output to read, its errors in a log of its name. */
  Process run(String name, List<String> command, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectError(dir.resolve(name + ".err").toFile());
    boolean read =
        name.equals("servers")
            || name.equals("sinks")
            || name.equals("job")
            || name.startsWith("generator");
    if (!read) {
      builder.redirectOutput(dir.resolve(name + ".log").toFile());
    }
    Process process = builder.start();
    processes.put(name, process);
    return process;
  }

  void forget(String name) {
    processes.remove(name);
  }

  void stop(String name) throws InterruptedException {
    Process process = processes.remove(name);
    process.destroy();
    if (!process.waitFor(15, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    List<String> names = new ArrayList<>(processes.keySet());
    names.remove("servers");
    for (String name : names) {
      stop(name);
    }
    stop("servers");
    if (kept) {
      return;
    }
    try (Stream<Path> all = Files.walk(dir)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        String name = path.getFileName().toString();
        boolean kept = name.endsWith(".log") || name.endsWith(".err");
        if (!path.equals(dir) && !(kept && dir.equals(path.getParent()))) {
          Files.deleteIfExists(path);
        }
      }
    }
  }
}
