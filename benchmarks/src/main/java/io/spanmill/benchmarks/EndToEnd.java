/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.config.Keys;
import io.spanmill.standalone.cli.Main;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs all of Spanmill under load, each service in its own process, and says what it took: CPU per
 * million spans by process, time to the acknowledgement, freshness, memory, and whether every total
 * is what was sent. Exit 1 if a total differs.
 */
final class EndToEnd {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String ENVIRONMENT = "e2e";
  private static final String QUERY_API = "query-api";
  private static final List<String> WRITING = List.of("ingest", "aggregator");
  private static final List<String> SERVICES = List.of("ingest", "aggregator", QUERY_API);
  private static final long DRAIN_LIMIT_MS = 60_000;
  private static final long RESTORE_LIMIT_MS = 240_000;

  private final Map<String, String> options;
  private final PrintStream out = System.out;
  private final List<String> differences = new ArrayList<>();

  private EndToEnd(Map<String, String> options) {
    this.options = options;
  }

  /** Arguments: {@code name=value}, see benchmarks/README.md. */
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Options.of(List.of(args));
    System.exit(new EndToEnd(options).run() ? 0 : 1);
  }

  private int number(String option, int otherwise) {
    return Options.number(options, option, otherwise);
  }

  private boolean run() throws Exception {
    Path home = Path.of(System.getProperty("spanmill.home"));
    boolean keep = options.containsKey("data");
    Path dir =
        keep
            ? Path.of(options.get("data")).toAbsolutePath()
            : Files.createTempDirectory("spanmill-e2e-");
    long kept = Long.parseLong(options.getOrDefault("kept", "0"));
    int rate = number("rate", 30_000);
    int warm = number("warm", 20);
    int seconds = number("seconds", 40);
    Map<String, String> more = new HashMap<>(Map.of("content.storage", "off"));
    if (kept > 0) {
      KeptStore.fill(dir, kept);
      // Spans, calls and rollups made by ClickHouse do not add up to each other.
      more.put(Keys.RECONCILE_INTERVAL_MS, "0");
    }
    more.putAll(Options.settings(options));
    ObjectNode result = MAPPER.createObjectNode();
    result.put("rate", rate).put("warmSeconds", warm).put("seconds", seconds).put("kept", kept);
    try (Stage stage = new Stage(dir, home, Options.java(options), more)) {
      begin(stage, isAsked() ? SERVICES : WRITING);
      if (keep) {
        stage.keep();
      }
      remember(stage, number("identities", 0));
      if (rate == 0) {
        return true;
      }
      measure(stage, rate, warm, seconds, result);
      if (options.getOrDefault("reconcile", "no").equals("yes")) {
        reconcile(stage, result);
      }
    }
    Path file =
        home.resolve("benchmarks/target/e2e-" + options.getOrDefault("label", "" + rate) + ".json");
    Files.writeString(file, result.toPrettyString() + "\n");
    out.println("written: " + home.relativize(file));
    return differences.isEmpty();
  }

  /** Whether anybody asks while spans come in, the query API itself included. */
  private boolean isAsked() {
    return options.getOrDefault("probes", "yes").equals("yes");
  }

  private static void begin(Stage stage, List<String> services)
      throws IOException, InterruptedException {
    for (String service : services) {
      stage.begin(service);
    }
    for (String service : services) {
      stage.awaitReady(service);
    }
  }

  /** Once a folder: the state is kept with it. */
  private void remember(Stage stage, int identities) throws IOException, InterruptedException {
    Path mark = stage.dir().resolve("identities");
    if (identities == 0 || Files.exists(mark)) {
      return;
    }
    new Identities(stage).remember(identities);
    stage.begin("aggregator");
    stage.awaitReady("aggregator");
    Api aggregator = new Api(stage.port("aggregator.port"));
    long limit = System.currentTimeMillis() + RESTORE_LIMIT_MS;
    // Of more than it may keep it forgets some at once.
    while (aggregator.metric("spanmill_aggregator_dedup_entries") < identities * 0.99) {
      stage.requireAlive();
      if (System.currentTimeMillis() > limit) {
        throw new IOException("the identities are not restored; see " + stage.dir());
      }
      Thread.sleep(200);
    }
    Files.writeString(mark, Integer.toString(identities));
  }

  /** All that is kept, by the command, in a process of its own. */
  private void reconcile(Stage stage, ObjectNode result) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("reconcile"));
    stage.settings().forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
    double before =
        stage.watchAll().stream()
            .filter(w -> w.name().equals("clickhouse"))
            .findFirst()
            .orElseThrow()
            .cpuSeconds();
    Process process = stage.java("reconcile", "256m", List.of(), Main.class, arguments);
    Watched watched = stage.watch("reconcile");
    long rssMib = 0;
    while (!process.waitFor(50, TimeUnit.MILLISECONDS)) {
      rssMib = Math.max(rssMib, watched.rssPeakMib());
    }
    stage.forget("reconcile");
    Watched clickHouse =
        stage.watchAll().stream()
            .filter(w -> w.name().equals("clickhouse"))
            .findFirst()
            .orElseThrow();
    String said = Files.readString(stage.dir().resolve("reconcile.log")).strip();
    out.println("reconcile: " + said);
    out.printf(
        Locale.ROOT,
        "reconcile: RSS %d MiB; ClickHouse %.1f CPU s, RSS at most %d MiB (in the whole run)%n",
        rssMib,
        clickHouse.cpuSeconds() - before,
        clickHouse.rssPeakMib());
    result.put("reconcile", said);
    if (process.exitValue() != 0) {
      differences.add("reconcile ended with " + process.exitValue());
    }
  }

  private void measure(Stage stage, int rate, int warm, int seconds, ObjectNode result)
      throws Exception {
    Api api = new Api(stage.port("query.port"));
    long fromMs = System.currentTimeMillis() - 60_000;
    JsonNode load;
    long measuredMs;
    Map<String, Double> before = new TreeMap<>();
    Map<String, Double> after = new TreeMap<>();
    Map<String, Map<String, Double>> threadsBefore = new TreeMap<>();
    Map<String, Map<String, Double>> threadsAfter = new TreeMap<>();
    List<Watched> watched = stage.watchAll();
    try (Freshness freshness =
            isAsked() ? new Freshness(stage.port("ingest.http.port"), api) : null;
        Intervals intervals = new Intervals(stage, number("every", 3600), watched, out)) {
      if (options.containsKey("every")) {
        intervals.start();
      }
      Load generator =
          new Load(
              stage,
              "generator",
              stage.port("ingest.http.port"),
              rate,
              number("warmrate", rate),
              warm,
              seconds,
              ENVIRONMENT);
      generator.awaitMeasuring();
      if (freshness != null) {
        freshness.count(true);
      }
      sample(watched, before, threadsBefore);
      generator.awaitMeasured();
      sample(watched, after, threadsAfter);
      if (freshness != null) {
        freshness.count(false);
      } else {
        begin(stage, List.of(QUERY_API));
      }
      measuredMs = System.currentTimeMillis();
      load = generator.end();
      result.set("load", load);
      report(watched, before, after, threadsBefore, threadsAfter, load, result);
      long drained = awaitComplete(stage, api, fromMs, load, differences);
      result.put("drainMs", drained - measuredMs);
      if (freshness != null) {
        result.put("freshP50Ms", freshness.quantileMs(0.5));
        result.put("freshP90Ms", freshness.quantileMs(0.9));
        result.put("freshP99Ms", freshness.quantileMs(0.99));
        result.put("freshProbes", freshness.probes());
        if (!freshness.failure().isEmpty()) {
          differences.add(freshness.failure());
        }
      }
    }
    check(api, fromMs, load);
    conclude(result);
  }

  private void conclude(ObjectNode result) {
    if (result.has("freshProbes")) {
      out.printf(
          Locale.ROOT,
          "visible p50 %.0f ms, p99 %.0f ms (%d probes); ",
          result.path("freshP50Ms").asDouble(),
          result.path("freshP99Ms").asDouble(),
          result.path("freshProbes").asInt());
    }
    out.printf(Locale.ROOT, "all written %d ms after the end%n", result.path("drainMs").asLong());
    if (differences.isEmpty()) {
      out.println("totals: all equal, nothing lost, nothing twice");
    } else {
      differences.forEach(difference -> out.println("DIFFERENT " + difference));
    }
    ArrayNode told = result.putArray("different");
    differences.forEach(told::add);
  }

  private static void sample(
      List<Watched> watched, Map<String, Double> cpu, Map<String, Map<String, Double>> threads)
      throws IOException {
    for (Watched process : watched) {
      cpu.put(process.name(), process.cpuSeconds());
      threads.put(process.name(), process.cpuByThread());
    }
  }

  /** Waits until every span is in what the overview answers from, and gives when that was. */
  private static long awaitComplete(
      Stage stage, Api api, long fromMs, JsonNode load, List<String> differences)
      throws IOException, InterruptedException {
    long lastAckMs = load.path("lastAckMs").asLong();
    long spans = load.path("spans").asLong();
    long limit = System.currentTimeMillis() + DRAIN_LIMIT_MS;
    while (true) {
      stage.requireAlive();
      JsonNode answer = api.overview("gateway", ENVIRONMENT, fromMs);
      long events = answer.path("totals").path("events").asLong();
      long now = System.currentTimeMillis();
      if (Api.completeThrough(answer) > lastAckMs && events >= spans) {
        return now;
      }
      if (now > limit) {
        differences.add(
            "not complete after " + DRAIN_LIMIT_MS + " ms: " + events + " of " + spans + " spans");
        return now;
      }
      // The answer counts spans: asked more often, it would hold up what it waits for.
      Thread.sleep(1000);
    }
  }

  private void check(Api api, long fromMs, JsonNode load) throws IOException {
    for (Map.Entry<String, JsonNode> layer : load.path("expected").path("layers").properties()) {
      if (layer.getKey().equals("gateway_request")) {
        continue;
      }
      JsonNode totals = api.overview(layer.getKey(), ENVIRONMENT, fromMs).path("totals");
      JsonNode wanted = layer.getValue();
      compare(layer.getKey() + " calls", wanted.path("calls"), totals.path("calls"));
      compare(layer.getKey() + " errors", wanted.path("errors"), totals.path("errors"));
      for (Map.Entry<String, JsonNode> kind : wanted.path("tokens").properties()) {
        compare(
            layer.getKey() + " tokens " + kind.getKey(),
            kind.getValue(),
            totals.path("tokens").path(kind.getKey()));
      }
      if (wanted.has("usd")) {
        compare(layer.getKey() + " usd", wanted.path("usd"), totals.path("cost").path("usd"));
      }
      if (layer.getKey().equals("gateway")) {
        JsonNode requests = load.path("expected").path("layers").path("gateway_request");
        compare("requests", requests.path("calls"), totals.path("requests").path("count"));
        compare("requests failed", requests.path("errors"), totals.path("requests").path("failed"));
        compare("events", load.path("spans"), totals.path("events"));
      }
    }
  }

  private void compare(String what, JsonNode wanted, JsonNode told) {
    BigDecimal a = new BigDecimal(wanted.asText());
    String text = told.asText("");
    BigDecimal b = text.isEmpty() || text.equals("null") ? BigDecimal.ZERO : new BigDecimal(text);
    if (a.compareTo(b) != 0) {
      differences.add(what + ": expected " + a.toPlainString() + ", answered " + b.toPlainString());
    }
  }

  private void report(
      List<Watched> watched,
      Map<String, Double> before,
      Map<String, Double> after,
      Map<String, Map<String, Double>> threadsBefore,
      Map<String, Map<String, Double>> threadsAfter,
      JsonNode load,
      ObjectNode result)
      throws IOException {
    double millions = load.path("measuredSpans").asDouble() / 1e6;
    int seconds = result.path("seconds").asInt();
    out.printf(
        Locale.ROOT,
        "%n%,.0f spans/s of %d B over %d s (%,d asked); acknowledged p50 %.1f ms, p99 %.1f ms; %d retries%n",
        load.path("spansPerSecond").asDouble(),
        load.path("spanBytes").asInt(),
        seconds,
        result.path("rate").asInt(),
        load.path("ackP50Ms").asDouble(),
        load.path("ackP99Ms").asDouble(),
        load.path("retries").asLong());
    out.printf(
        "%-12s %10s %12s %8s %10s %18s%n",
        "process", "CPU s", "CPU s/M", "cores", "RSS MiB", "heap MiB (live)");
    ArrayNode table = result.putArray("processes");
    for (Watched process : watched) {
      double cpu = after.get(process.name()) - before.get(process.name());
      int[] heap = process.heapPeakMib();
      out.printf(
          Locale.ROOT,
          "%-12s %10.2f %12.2f %8.2f %10d %12d (%d)%n",
          process.name(),
          cpu,
          cpu / millions,
          cpu / seconds,
          process.rssPeakMib(),
          heap[0],
          heap[1]);
      ObjectNode row = table.addObject();
      row.put("name", process.name()).put("cpuSeconds", cpu).put("cpuPerMillion", cpu / millions);
      row.put("rssMib", process.rssPeakMib()).put("heapMib", heap[0]).put("heapLiveMib", heap[1]);
      ObjectNode threads = row.putObject("threads");
      Map<String, Double> was = threadsBefore.get(process.name());
      threadsAfter
          .get(process.name())
          .forEach(
              (thread, used) -> {
                double spent = used - was.getOrDefault(thread, 0.0);
                if (spent > 0.02 * cpu) {
                  threads.put(thread, Math.round(spent / millions * 100) / 100.0);
                }
              });
      out.println("             s/M by thread: " + threads);
    }
  }
}
