/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.publish;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** How ingest talks to Kafka. */
public final class Producers {
  private static final int BATCH_BYTES = 512 * 1024;
  private static final long BUFFER_BYTES = 64L * 1024 * 1024;
  private static final int RECORD_OVERHEAD_BYTES = 100_000;

  private Producers() {}

  /** A producer that answers only when all replicas have the record. */
  public static Producer<byte[], byte[]> open(Settings settings) {
    return new KafkaProducer<>(
        config(settings), new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** The configuration of {@link #open}. */
  public static Map<String, Object> config(Settings settings) {
    int timeoutMs = settings.integer(Keys.INGEST_PRODUCE_TIMEOUT_MS);
    int recordBytes = settings.integer(Keys.KAFKA_RECORD_MAX_BYTES);
    Map<String, Object> config = new HashMap<>(client(settings));
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    // Packing has waited already; under load batches fill while others are in flight.
    config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    config.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(BUFFER_BYTES, 4L * recordBytes));
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, recordBytes + RECORD_OVERHEAD_BYTES);
    // The one publishing thread must come back soon to let the others' time run out fairly.
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Math.min(500, timeoutMs));
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMs);
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(250, timeoutMs / 2));
    return config;
  }

  /** What every client of ingest shares. */
  public static Map<String, Object> client(Settings settings) {
    Map<String, Object> config = new HashMap<>(settings.kafkaClient());
    config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    config.put(CommonClientConfigs.CLIENT_ID_CONFIG, "spanmill-ingest");
    config.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000);
    return config;
  }
}
