/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator;

import io.spanmill.config.Keys;
import io.spanmill.config.Settings;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The job's Kafka Streams configuration. */
final class StreamsSettings {
  /** Also the consumer group, and the prefix of changelog topics and transactional ids. */
  static final String APPLICATION_ID = "spanmill-aggregator";

  /** Tasks ask for a commit at each mark; this is for when they don't get to it. */
  private static final int LATEST_COMMIT_MS = 5000;

  /** Compressed bytes that are fetched at once. */
  private static final int FETCH_BYTES = 1024 * 1024;

  /** Longest that a record waits at the broker for others to be fetched with. */
  private static final int FETCH_WAIT_MS = 100;

  private static final int RECORD_OVERHEAD_BYTES = 200_000;

  private StreamsSettings() {}

  static Properties of(Settings settings, RocksMemory memory) {
    Properties p = new Properties();
    p.putAll(settings.kafkaClient());
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION_ID);
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.string(Keys.KAFKA_BOOTSTRAP));
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, LATEST_COMMIT_MS);
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.integer(Keys.AGGREGATOR_THREADS));
    p.put(
        StreamsConfig.STATE_DIR_CONFIG,
        Path.of(settings.string(Keys.DATA_DIR), "streams").toString());
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, settings.integer(Keys.KAFKA_REPLICATION));
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksMemory.Setter.class);
    p.put(RocksMemory.CONFIG, memory);
    // A task has one partition to read: there is no other whose records it could wait for, and to
    // look whether it must costs a fiftieth of the thread.
    p.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
    // Records are up to a megabyte: Streams' own bound counts records, not bytes.
    p.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 8);
    consumer(p, ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 * 1024 * 1024);
    consumer(p, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 64);
    // A fetch costs about the same whatever it brings: rather some ten or twenty a second than
    // one for each record. What stage 1 hands on at a mark under load is as much at once, and not
    // held up.
    p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), FETCH_BYTES);
    p.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), FETCH_WAIT_MS);
    // As large as the system lets it grow: a fetch is then read in a few turns instead of many.
    consumer(p, ConsumerConfig.RECEIVE_BUFFER_CONFIG, -1);
    // A killed process' tasks move after this long.
    consumer(p, ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000);
    consumer(p, ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1500);
    producer(p, ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    // Nobody reads what is not committed, and a commit sends what waits: fewer, larger batches.
    producer(p, ProducerConfig.LINGER_MS_CONFIG, 300);
    producer(p, ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024);
    producer(
        p,
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
        settings.integer(Keys.KAFKA_RECORD_MAX_BYTES) + RECORD_OVERHEAD_BYTES);
    return p;
  }

  private static void consumer(Properties p, String key, Object value) {
    p.put(StreamsConfig.consumerPrefix(key), value);
  }

  private static void producer(Properties p, String key, Object value) {
    p.put(StreamsConfig.producerPrefix(key), value);
  }
}
