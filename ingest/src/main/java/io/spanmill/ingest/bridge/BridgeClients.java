/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.ingest.bridge;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import io.spanmill.ingest.publish.Producers;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The Kafka clients of one instance of the bridge. Both go by one lasting name, as static member of
 * the group and as transactional id: an instance that comes back after kill -9 ends the transaction
 * it left open and has its partitions at once, instead of after time-outs during which readers of
 * committed records would stand still. Not thread-safe.
 */
final class BridgeClients {
  /** Few, for each may be a megabyte and all of a poll are in memory. */
  private static final int POLL_RECORDS = 64;

  private static final int FETCH_BYTES = 16 * 1024 * 1024;
  private static final int SESSION_TIMEOUT_MS = 10_000;
  private static final int METADATA_MAX_AGE_MS = 10_000;
  private static final int TRANSACTION_TIMEOUT_MS = 15_000;
  private static final int MARGIN_MS = 5_000;

  private final Settings settings;
  private final String name;
  private String instance;

  BridgeClients(Settings settings) {
    this.settings = settings;
    String configured = settings.string(Keys.INGEST_BRIDGE_INSTANCE);
    int port = settings.integer(Keys.INGEST_HTTP_PORT);
    name = configured.isEmpty() ? hostName() + "-" + port : configured;
    instance = name;
    if (configured.isEmpty() && port == 0) {
      // Nothing tells two such instances of one host apart.
      renamed();
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "host";
    }
  }

  /** The name of this instance. */
  String instance() {
    return instance;
  }

  /** Another instance goes by the same name: this one takes a name nobody else has. */
  void renamed() {
    instance = name + "-" + UUID.randomUUID();
  }

  /** A transactional producer, not yet initialised. */
  Producer<byte[], byte[]> producer() {
    int produceMs = settings.integer(Keys.INGEST_PRODUCE_TIMEOUT_MS);
    int transactionMs = Math.max(TRANSACTION_TIMEOUT_MS, produceMs + MARGIN_MS);
    Map<String, Object> config = new HashMap<>(Producers.config(settings));
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "spanmill-bridge");
    config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, group() + "-" + instance);
    config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, transactionMs);
    // Here waiting is right: nobody's request hangs on it, and it holds the consumer back.
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, transactionMs);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** A consumer of the group, not yet subscribed. */
  Consumer<byte[], byte[]> consumer() {
    Map<String, Object> config = new HashMap<>(Producers.client(settings));
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "spanmill-bridge");
    config.put(ConsumerConfig.GROUP_ID_CONFIG, group());
    config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MS);
    config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MS);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private String group() {
    return settings.string(Keys.INGEST_BRIDGE_GROUP);
  }
}
