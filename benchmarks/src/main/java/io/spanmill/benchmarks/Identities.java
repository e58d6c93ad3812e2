/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.benchmarks;

import io.spanmill.codec.DedupBatch;
import io.spanmill.codec.DedupEntry;
import io.spanmill.config.Keys;
import io.spanmill.standalone.traffic.EncodedRequests;
import io.spanmill.standalone.traffic.EncodedRequests.Template;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Gives the job many identities to remember. They are not sent as spans, which would take many
 * minutes: they are written into the changelog of the job's state, as the job writes them, and the
 * job restores them from there, as after every kill.
 */
final class Identities {
  private static final String CHANGELOG = "spanmill-aggregator-dedup-changelog";
  private static final int IDENTITIES_A_RECORD = 128;
  private static final int REQUESTS_BEFORE = 20;

  private final Stage stage;

  Identities(Stage stage) {
    this.stage = stage;
  }

  /**
   * Stops the aggregator and leaves it stopped: its next start restores so many identities. Ingest
   * must run.
   */
  void remember(int identities) throws IOException, InterruptedException {
    sendSome();
    stage.stop("aggregator");
    int partitions = partitions();
    long began = System.nanoTime();
    write(identities, partitions);
    System.out.printf(
        Locale.ROOT,
        "%,d identities written to %d partitions in %.1f s%n",
        identities,
        partitions,
        (System.nanoTime() - began) / 1e9);
    deleteState();
  }

  /** Something of every partition is in the state before: position and source. */
  private void sendSome() throws IOException {
    Template template = EncodedRequests.encode(1, 8, 0, 1, "before").get(0);
    byte[] body = new byte[template.sizeBytes()];
    try (HttpSender sender = new HttpSender("127.0.0.1", stage.port("ingest.http.port"))) {
      for (int i = 0; i < REQUESTS_BEFORE; i++) {
        // Numbers that no other sender has.
        template.stamp((1L << 41) + i, System.currentTimeMillis() * 1_000_000, body);
        int status = sender.post(body, template.sizeBytes());
        if (status != 200) {
          throw new IOException("ingest answered " + status);
        }
      }
    }
  }

  private void write(int identities, int partitions) {
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
    DedupEntry entry = new DedupEntry();
    long now = System.currentTimeMillis();
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      // Offsets that the records sent before and after do not have.
      long offset = 1_000_000;
      for (int written = 0; written < identities; written += IDENTITIES_A_RECORD) {
        batch.begin(now);
        for (int i = 0; i < IDENTITIES_A_RECORD; i++) {
          entry.spanHash = random.nextLong();
          entry.attemptHash = random.nextLong();
          entry.spanBits = random.nextInt();
          entry.parentBits = random.nextInt();
          entry.startMicros = random.nextInt();
          entry.endMicros = entry.startMicros + random.nextInt(10_000_000);
          entry.idBits = 1;
          batch.add(entry);
        }
        batch.end();
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
}
