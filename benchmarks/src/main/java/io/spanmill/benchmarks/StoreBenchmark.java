/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.spanmill.aggregator.SinksAlone;
import io.spanmill.clickhouse.ClickHouse;
import io.spanmill.clickhouse.Sql;
import io.spanmill.config.Settings;
import io.spanmill.model.LatencySketch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What writing into ClickHouse costs: the sinks alone, fed with a recording of what they read from
 * the whole pipeline, at the pace it was recorded at. CPU of the server and of each sink's thread
 * per million spans, inserts, parts and bytes by table.
 */
final class StoreBenchmark {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Written beside the server's own files; it reads them too. */
  private static final String LOGS =
      """
      <clickhouse>
        <query_log>
          <database>system</database><table>query_log</table>
          <flush_interval_milliseconds>300000</flush_interval_milliseconds>
        </query_log>
        <part_log>
          <database>system</database><table>part_log</table>
          <flush_interval_milliseconds>300000</flush_interval_milliseconds>
        </part_log>
      </clickhouse>
      """;

  private static final String INSERTS =
      """
      SELECT extract(query, '(?i)INSERT INTO `?(?:spanmill`?\\.`?)?(\\w+)') AS name, count() AS inserts,
        sum(written_rows) AS written, toUInt64(sum(ProfileEvents['UserTimeMicroseconds'])
          + sum(ProfileEvents['SystemTimeMicroseconds'])) AS micros
      FROM system.query_log WHERE type = 'QueryFinish' AND query_kind = 'Insert' GROUP BY name
      """;

  private static final String OTHERS =
      """
      SELECT count() AS queries, toUInt64(sum(ProfileEvents['UserTimeMicroseconds'])
          + sum(ProfileEvents['SystemTimeMicroseconds'])) AS micros
      FROM system.query_log WHERE type = 'QueryFinish' AND query_kind != 'Insert'
      """;

  private static final String PARTS =
      """
      SELECT table AS name, countIf(event_type = 'NewPart') AS made, countIf(event_type = 'MergeParts') AS merges,
        sumIf(rows, event_type = 'MergeParts') AS merged,
        toUInt64(sumIf(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds'],
          event_type = 'MergeParts')) AS micros
      FROM system.part_log WHERE database = 'spanmill' GROUP BY name
      """;

  private static final String DISK =
      """
      SELECT table AS name, count() AS parts, sum(rows) AS row_count, sum(bytes_on_disk) AS bytes
      FROM system.parts WHERE active AND database = 'spanmill' GROUP BY name
      """;

  private static final class Table {
    long inserts;
    long written;
    long insertMicros;
    long made;
    long merges;
    long merged;
    long mergeMicros;
    long parts;
    long rows;
    long bytes;
  }

  private final Map<String, String> options;
  private final PrintStream out = System.out;

  private StoreBenchmark(Map<String, String> options) {
    this.options = options;
  }

  /** Arguments: {@code record} or {@code replay}, then {@code name=value}; see README.md. */
  public static void main(String[] args) throws Exception {
    List<String> given = List.of(args).subList(Math.min(1, args.length), args.length);
    StoreBenchmark benchmark = new StoreBenchmark(Options.of(given));
    switch (args.length == 0 ? "" : args[0]) {
      case "record" -> benchmark.record();
      case "replay" -> benchmark.replay();
      default -> {
        System.err.println("usage: store.sh record|replay [name=value]...");
        System.exit(2);
      }
    }
  }

  private int number(String option, int otherwise) {
    return Options.number(options, option, otherwise);
  }

  private static Path home() {
    return Path.of(System.getProperty("spanmill.home"));
  }

  private Path recording() {
    return Path.of(
        options.getOrDefault("data", home().resolve("benchmarks/target/recording").toString()));
  }

  private Map<String, String> settings() {
    Map<String, String> more = new HashMap<>(Map.of("content.storage", "off"));
    more.putAll(Options.settings(options));
    return more;
  }

  /** Runs ingest and aggregator under load and keeps what the topics hold at its end. */
  private void record() throws Exception {
    Path dir = Files.createTempDirectory("spanmill-record-");
    try (Stage stage = new Stage(dir, home(), List.of(), settings())) {
      stage.start("ingest");
      stage.start("aggregator");
      Load generator =
          new Load(
              stage,
              "generator",
              stage.port("ingest.http.port"),
              number("rate", 10_000),
              number("rate", 10_000),
              number("warm", 30),
              number("seconds", 30),
              "store");
      generator.awaitMeasuring();
      long fromMs = System.currentTimeMillis();
      generator.awaitMeasured();
      long toMs = System.currentTimeMillis();
      generator.end();
      long bytes =
          Recording.write(
              recording(), stage.setting("kafka.bootstrap"), partitions(stage), fromMs, toMs);
      out.printf("%,d bytes of %d s in %s%n", bytes, (toMs - fromMs) / 1000, recording());
    }
  }

  private static int partitions(Stage stage) {
    return Settings.of(stage.settings()).integer("kafka.partitions");
  }

  private static void awaitReady(Process process) throws IOException {
    BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = said.readLine(); !"ready".equals(line); line = said.readLine()) {
      if (line == null) {
        throw new IOException("the sinks ended before they were ready");
      }
    }
  }

  private void replay() throws Exception {
    Path dir = Files.createTempDirectory("spanmill-store-");
    boolean logs = !options.getOrDefault("logs", "on").equals("off");
    Path more = Files.createDirectories(dir.resolve("clickhouse/config.d"));
    if (logs) {
      Files.writeString(more.resolve("logs.xml"), LOGS);
    }
    if (options.containsKey("config")) {
      Files.copy(Path.of(options.get("config")), more.resolve("tried.xml"));
    }
    if (options.containsKey("users")) {
      Path users = Files.createDirectories(dir.resolve("clickhouse/users.d"));
      Files.copy(Path.of(options.get("users")), users.resolve("tried.xml"));
    }
    List<String> java = Options.java(options);
    try (Stage stage = new Stage(dir, home(), java, settings());
        ClickHouse clickHouse = ClickHouse.open(Settings.of(stage.settings()))) {
      List<String> arguments = new ArrayList<>();
      stage.settings().forEach((key, value) -> arguments.add(key + "=" + value));
      Process sinks = stage.java("sinks", "768m", java, SinksAlone.class, arguments);
      awaitReady(sinks);
      alter(clickHouse);
      measure(stage, clickHouse, logs);
    }
  }

  /** Statements to try, before the first row. */
  private void alter(ClickHouse clickHouse) throws IOException {
    if (options.containsKey("sql")) {
      for (String statement : Files.readString(Path.of(options.get("sql"))).split(";\\s*")) {
        if (!statement.isBlank()) {
          clickHouse.execute(Sql.of(statement));
        }
      }
    }
  }

  private void measure(Stage stage, ClickHouse clickHouse, boolean logs) throws Exception {
    Watched server =
        stage.watchAll().stream().filter(w -> w.name().equals("clickhouse")).findFirst().get();
    Watched sinks = stage.watch("sinks");
    int warmMs = number("warm", 10) * 1000;
    long untilMs = number("seconds", 3600) * 1000L;
    double serverBefore = server.cpuSeconds();
    Map<String, Double> threadsBefore;
    Map<String, Double> threadsAfter;
    Replay.Part warm;
    Replay.Part measured;
    Map<String, LatencySketch> visible;
    try (Recording.Reader recording = new Recording.Reader(recording());
        Replay replay = new Replay(stage.setting("kafka.bootstrap"))) {
      long begin = System.nanoTime();
      warm = replay.run(recording, begin, warmMs);
      threadsBefore = sinks.cpuByThread();
      replay.visible().values().forEach(LatencySketch::clear);
      measured = replay.run(recording, begin, untilMs);
      replay.awaitSinks();
      threadsAfter = sinks.cpuByThread();
      visible = replay.visible();
    }
    stage.requireAlive();
    int merging = awaitMerges(clickHouse);
    double millions = (warm.spans() + measured.spans()) / 1e6;
    double serverCpu = server.cpuSeconds() - serverBefore;
    ObjectNode result = MAPPER.createObjectNode();
    result.put("spans", warm.spans() + measured.spans()).put("clickhouse", serverCpu / millions);
    out.printf(
        Locale.ROOT,
        "%n%,d spans; ClickHouse %.2f CPU s per million spans (%.1f s), %d MiB; %d merges left%n",
        warm.spans() + measured.spans(),
        serverCpu / millions,
        serverCpu,
        server.rssPeakMib(),
        merging);
    double all = 0;
    for (Map.Entry<String, Double> thread : threadsAfter.entrySet()) {
      double used = thread.getValue() - threadsBefore.getOrDefault(thread.getKey(), 0.0);
      double perMillion = used / (measured.spans() / 1e6);
      if (thread.getKey().startsWith("sink-")) {
        all += perMillion;
        out.printf(
            Locale.ROOT, "  %-14s %6.2f CPU s per million spans%n", thread.getKey(), perMillion);
        result.put(thread.getKey(), perMillion);
      }
    }
    out.printf(Locale.ROOT, "  %-14s %6.2f%n", "all sinks", all);
    visible.forEach(
        (topic, sketch) -> {
          out.printf(
              Locale.ROOT,
              "  %-14s written p50 %.0f ms, p99 %.0f ms%n",
              topic,
              sketch.quantileMs(0.5),
              sketch.quantileMs(0.99));
          result.put(topic + "P50Ms", sketch.quantileMs(0.5));
          result.put(topic + "P99Ms", sketch.quantileMs(0.99));
        });
    int idle = number("idle", 0);
    if (idle > 0) {
      double was = server.cpuSeconds();
      TimeUnit.SECONDS.sleep(idle);
      double cores = (server.cpuSeconds() - was) / idle;
      out.printf(Locale.ROOT, "  idle %.4f cores%n", cores);
      result.put("idleCores", cores);
    }
    tables(clickHouse, logs, millions, result);
    Path file =
        home().resolve("benchmarks/target/store-" + options.getOrDefault("label", "run") + ".json");
    Files.writeString(file, result.toPrettyString() + "\n");
  }

  /** Waits until no merge has run for two seconds, half a minute at most. */
  private static int awaitMerges(ClickHouse clickHouse) throws InterruptedException {
    int quiet = 0;
    int running = 0;
    for (int i = 0; i < 60 && quiet < 4; i++) {
      running =
          (int)
              clickHouse.number(
                  Sql.of("SELECT count() FROM system.merges WHERE database = 'spanmill'"));
      quiet = running == 0 ? quiet + 1 : 0;
      TimeUnit.MILLISECONDS.sleep(500);
    }
    return running;
  }

  private void tables(ClickHouse clickHouse, boolean logs, double millions, ObjectNode result) {
    Map<String, Table> tables = new HashMap<>();
    if (logs) {
      clickHouse.execute(Sql.of("SYSTEM FLUSH LOGS"));
      clickHouse.forEach(
          Sql.of(INSERTS),
          row -> {
            Table table = tables.computeIfAbsent(row.getString("name"), n -> new Table());
            table.inserts = row.getLong("inserts");
            table.written = row.getLong("written");
            table.insertMicros = row.getLong("micros");
          });
      clickHouse.forEach(
          Sql.of(PARTS),
          row -> {
            Table table = tables.computeIfAbsent(row.getString("name"), n -> new Table());
            table.made = row.getLong("made");
            table.merges = row.getLong("merges");
            table.merged = row.getLong("merged");
            table.mergeMicros = row.getLong("micros");
          });
      clickHouse.forEach(
          Sql.of(OTHERS),
          row ->
              out.printf(
                  Locale.ROOT,
                  "  %d other queries: %.2f CPU s per million spans%n",
                  row.getLong("queries"),
                  row.getLong("micros") / 1e6 / millions));
    }
    clickHouse.forEach(
        Sql.of(DISK),
        row -> {
          Table table = tables.computeIfAbsent(row.getString("name"), n -> new Table());
          table.parts = row.getLong("parts");
          table.rows = row.getLong("row_count");
          table.bytes = row.getLong("bytes");
        });
    out.printf(
        "%-24s %8s %10s %9s %7s %10s %9s %6s %10s %8s %7s%n",
        "table", "inserts", "written", "ins s/M", "merges", "merged", "mrg s/M", "parts", "rows",
        "MB", "B/row");
    ObjectNode byTable = result.putObject("tables");
    tables.entrySet().stream()
        .sorted(
            (a, b) ->
                Long.compare(
                    b.getValue().insertMicros + b.getValue().mergeMicros,
                    a.getValue().insertMicros + a.getValue().mergeMicros))
        .forEach(
            entry -> {
              Table t = entry.getValue();
              out.printf(
                  Locale.ROOT,
                  "%-24s %8d %10d %9.2f %7d %10d %9.2f %6d %10d %8.1f %7.0f%n",
                  entry.getKey(),
                  t.inserts,
                  t.written,
                  t.insertMicros / 1e6 / millions,
                  t.merges,
                  t.merged,
                  t.mergeMicros / 1e6 / millions,
                  t.parts,
                  t.rows,
                  t.bytes / 1e6,
                  t.rows == 0 ? 0 : (double) t.bytes / t.rows);
              byTable
                  .putObject(entry.getKey())
                  .put("inserts", t.inserts)
                  .put("insertSecondsPerMillion", t.insertMicros / 1e6 / millions)
                  .put("merges", t.merges)
                  .put("mergeSecondsPerMillion", t.mergeMicros / 1e6 / millions)
                  .put("rows", t.rows)
                  .put("bytes", t.bytes);
            });
    long insert = tables.values().stream().mapToLong(t -> t.insertMicros).sum();
    long merge = tables.values().stream().mapToLong(t -> t.mergeMicros).sum();
    long inserts = tables.values().stream().mapToLong(t -> t.inserts).sum();
    out.printf(
        Locale.ROOT,
        "all: %d inserts, %.2f CPU s per million spans in inserts, %.2f in merges%n",
        inserts,
        insert / 1e6 / millions,
        merge / 1e6 / millions);
  }
}
