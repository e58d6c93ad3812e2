/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.codec.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The rollup job as a topology: configuration in, topology out, nothing else.
 *
 * <pre>
 * otlp_spans ─► stage 1 ─► llm_calls (same partition)
 *                 │    └─► otlp_spans_dlq
 *                 └─► llm_partials ─► stage 2 ─► llm_rollups (same partition)
 * </pre>
 */
public final class RollupTopology implements Supplier<Topology> {
  static final String CALLS_SINK = "calls";
  static final String PARTIALS_SINK = "partials-out";
  static final String DEAD_LETTERS_SINK = "dead-letters";
  static final String ROLLUPS_SINK = "rows-out";

  /** What processors forward is keyed by the partition it is for; the record itself has no key. */
  private static final Serializer<Integer> NO_KEY = (topic, partition) -> null;

  private static final StreamPartitioner<Integer, byte[]> BY_KEY =
      (topic, partition, value, partitions) -> Optional.of(Set.of(partition));

  private final TopologyConfig config;

  public RollupTopology(TopologyConfig config) {
    this.config = config;
  }

  @Override
  public Topology get() {
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    ByteArraySerializer values = new ByteArraySerializer();
    ThreadTasks<SpanProcessor> marking = new ThreadTasks<>();
    ThreadTasks<EmissionMoment> emitting = new ThreadTasks<>();
    return new Topology()
        .addSource(AutoOffsetReset.earliest(), "spans-in", bytes, bytes, Topics.SPANS)
        .addProcessor(SpanProcessor.NAME, () -> new SpanProcessor(config, marking), "spans-in")
        .addStateStore(store(SpanProcessor.STORE), SpanProcessor.NAME)
        .addStateStore(new BeforeCommit.Builder(SpanProcessor.COMMIT), SpanProcessor.NAME)
        .addSink(CALLS_SINK, Topics.CALLS, NO_KEY, values, BY_KEY, SpanProcessor.NAME)
        .addSink(PARTIALS_SINK, Topics.PARTIALS, NO_KEY, values, BY_KEY, SpanProcessor.NAME)
        .addSink(DEAD_LETTERS_SINK, Topics.DEAD_LETTERS, NO_KEY, values, BY_KEY, SpanProcessor.NAME)
        .addSource(AutoOffsetReset.earliest(), "partials-in", bytes, bytes, Topics.PARTIALS)
        .addProcessor(
            RollupProcessor.NAME, () -> new RollupProcessor(config, emitting), "partials-in")
        .addStateStore(store(RollupProcessor.ROWS_STORE), RollupProcessor.NAME)
        .addStateStore(store(RollupProcessor.INDEX_STORE), RollupProcessor.NAME)
        .addStateStore(new BeforeCommit.Builder(RollupProcessor.COMMIT), RollupProcessor.NAME)
        .addSink(ROLLUPS_SINK, Topics.ROLLUPS, NO_KEY, values, BY_KEY, RollupProcessor.NAME);
  }

  /**
   * A persistent store. Without a cache: what changes more than once in a commit interval the
   * processors keep decoded and write {@linkplain BeforeCommit before the commit}. Persistent
   * although kill -9 wipes it: only a task with such a store keeps its process id, by which a
   * restarted one takes over at once.
   */
  private static StoreBuilder<KeyValueStore<byte[], byte[]>> store(String name) {
    return Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(name), Serdes.ByteArray(), Serdes.ByteArray())
        .withCachingDisabled()
        .withLoggingEnabled(
            Map.of(
                // Small segments and eager cleaning: a restart reads all that is not compacted.
                TopicConfig.SEGMENT_BYTES_CONFIG,
                Integer.toString(32 * 1024 * 1024),
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
                "0.3"));
  }
}
