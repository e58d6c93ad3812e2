/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.codec.DedupBatch;
import io.spanmill.config.Keys;
import io.spanmill.standalone.traffic.EncodedRequests;
import io.spanmill.standalone.traffic.EncodedRequests.Template;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How long the aggregator takes to be back at work after kill -9 with so many identities
 * remembered. They are not sent as spans, which would take many minutes: they are written into the
 * changelog of the job's state, as the job writes them, and the job restores them from there, as
 * after every kill.
 */
final class Restart {
  private static final String CHANGELOG = "spanmill-aggregator-dedup-changelog";
  private static final int IDENTITIES_A_RECORD = 128;
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
    // Something of every partition is in the state before: position and source.
    for (int i = 0; i < 20; i++) {
      send();
    }
    stage.stop("aggregator");
    int partitions = partitions();
    long began = System.nanoTime();
    remember(identities, partitions);
    out.printf(
        Locale.ROOT,
        "%,d identities written to %d partitions in %.1f s%n",
        identities,
        partitions,
        seconds(began));
    deleteState();
    began = System.nanoTime();
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

  private void remember(int identities, int partitions) {
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers",
            stage.setting(Keys.KAFKA_BOOTSTRAP),
            "compression.type",
            "lz4",
            "batch.size",
            256 * 1024);
    SplittableRandom random = new SplittableRandom(1);
    DedupBatch batch = new DedupBatch();
    long now = System.currentTimeMillis();
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      // Offsets that the records sent before and after do not have.
      long offset = 1_000_000;
      for (int written = 0; written < identities; written += IDENTITIES_A_RECORD) {
        batch.begin(now);
        for (int i = 0; i < IDENTITIES_A_RECORD; i++) {
          batch.spanHash = random.nextLong();
          batch.attemptHash = random.nextLong();
          batch.spanBits = random.nextInt();
          batch.parentBits = random.nextInt();
          batch.startMicros = random.nextInt();
          batch.endMicros = batch.startMicros + random.nextInt(10_000_000);
          batch.idBits = 1;
          batch.add();
        }
        byte[] key = ByteBuffer.allocate(9).put((byte) 'b').putLong(offset++).array();
        producer.send(
            new ProducerRecord<>(CHANGELOG, (int) (offset % partitions), key, batch.finish()));
      }
    }
  }

  private int partitions() {
    Map<String, Object> config = Map.of("bootstrap.servers", stage.setting(Keys.KAFKA_BOOTSTRAP));
    try (var producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      return producer.partitionsFor(CHANGELOG).size();
    }
  }

  private void deleteState() throws IOException {
    Path state = stage.dir().resolve("streams");
    try (Stream<Path> all = Files.walk(state)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }
}
