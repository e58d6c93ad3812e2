/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.NormalizedSpan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tasks of stage 1 on one thread: {@code RollupTopologyTest} and {@code RollupStateTest} have a
 * single one.
 */
class HandingOnTest {
  private static final long NOON = TopologyCase.NOON;
  private static final int PARTITIONS = 3;

  @TempDir private Path dir;
  private int wanted;

  private final TopologyConfig config =
      new TopologyConfig(
          CubeSet.BUILT_IN,
          PARTITIONS,
          PackedSource::new,
          call -> {},
          "topics-1",
          new TopologyConfig.Limits(86_400_000, 100_000, 1000, new HeldBytes(1 << 20)),
          TopologyConfig.Timing.of(Settings.of(Map.of())),
          new JobMetrics(new SimpleMeterRegistry()),
          () -> wanted);
  private final ThreadTasks<SpanProcessor> thread = new ThreadTasks<>();

  @Test
  void theFirstToMark_handsOnForAll_andTellsHowFarTheyAre() {
    Task first = new Task(0);
    Task second = new Task(1);
    first.process(1);
    first.process(call(2, "gpt-4o-mini"));
    second.process(3);
    second.mark();
    // One of summary, two of model, traffic and usage each.
    assertThat(second.partials()).containsExactlyInAnyOrder(3L, 2L, 1L, 2L, 1L, 2L, 1L);
    assertThat(second.told()).containsOnly(List.of(2L, 1L, 0L));
    first.mark();
    assertThat(first.partials()).isEmpty();
    assertThat(first.told()).isEmpty();
    // Both tell the sink of calls, and both ask for the commit that both are part of.
    for (Task task : List.of(first, second)) {
      assertThat(task.context.forwarded(RollupTopology.CALLS_SINK)).isNotEmpty();
      assertThat(task.context.committed()).isTrue();
      task.commit();
      assertThat(task.kept()).isZero();
      task.context.resetForwards();
    }
    second.process(call(4, "gpt-4o-mini"));
    first.process(5);
    first.mark();
    assertThat(first.partials()).containsExactlyInAnyOrder(2L, 1L, 1L, 1L, 1L, 1L, 1L);
  }

  @Test
  void whoProcessedNothingSinceItsCommit_handsOnByItself() {
    Task first = new Task(0);
    Task second = new Task(1);
    first.process(1);
    first.commit();
    second.process(2);
    second.mark();
    // The first may be no part of the next commit, so what it kept stays its own.
    assertThat(second.partials()).containsExactly(1L, 1L, 1L, 1L);
    assertThat(second.told()).containsOnly(List.of(0L, 1L, 0L));
    assertThat(first.kept()).isPositive();
    first.mark();
    assertThat(first.partials()).containsExactly(1L, 1L, 1L, 1L);
    assertThat(first.told()).containsOnly(List.of(1L, 1L, 0L));
  }

  @Test
  void tasksOfDifferentEditions_andClosedOnes_areLeftAlone() {
    Task first = new Task(0);
    Task second = new Task(1);
    Task closed = new Task(2);
    wanted = 1;
    first.mark();
    first.process(1);
    second.process(2);
    closed.process(3);
    closed.processor.close();
    second.mark();
    assertThat(second.partials()).containsExactly(1L, 1L, 1L, 1L);
    first.mark();
    assertThat(first.partials()).containsExactly(1L, 1L, 1L, 1L);
  }

  private static NormalizedSpan call(long spanId, String model) {
    NormalizedSpan call = TopologyCase.call(spanId);
    call.model = model;
    return call;
  }

  /** A task of stage 1, whose turns the test gives. */
  private final class Task {
    private final int partition;
    private final MockProcessorContext<Integer, byte[]> context;
    private final KeyValueStore<byte[], byte[]> store;
    private final BeforeCommit beforeCommit;
    private final SpanProcessor processor;
    private long offset;

    private Task(int partition) {
      this.partition = partition;
      Path state = dir.resolve(Integer.toString(partition));
      context =
          new MockProcessorContext<>(new Properties(), new TaskId(0, partition), state.toFile());
      context.setCurrentSystemTimeMs(NOON);
      store =
          Stores.keyValueStoreBuilder(
                  Stores.inMemoryKeyValueStore(SpanProcessor.STORE),
                  Serdes.ByteArray(),
                  Serdes.ByteArray())
              .withLoggingDisabled()
              .build();
      store.init(context.getStateStoreContext(), store);
      context.addStateStore(store);
      beforeCommit = new BeforeCommit.Builder(SpanProcessor.COMMIT).build();
      context.addStateStore(beforeCommit);
      processor = new SpanProcessor(config, thread);
      processor.init(context);
    }

    void process(long spanId) {
      process(call(spanId, "gpt-4o"));
    }

    void process(NormalizedSpan call) {
      context.setRecordMetadata("otlp_spans", partition, offset++);
      processor.process(new Record<>(null, PackedSource.value(List.of(call)), NOON));
    }

    void mark() {
      context.scheduledPunctuators().forEach(p -> p.getPunctuator().punctuate(NOON + 1000));
    }

    void commit() {
      beforeCommit.flushCache();
      context.resetCommit();
    }

    /** Partials in the state: what would be handed on if the task went on elsewhere. */
    int kept() {
      RollupFold fold = new RollupFold(Cube.BUILT_IN, PARTITIONS);
      new PendingPartials(store).readInto(fold);
      return fold.size();
    }

    /** Calls of each partial handed on. */
    List<Long> partials() {
      List<Long> calls = new ArrayList<>();
      PartialBatchReader reader = new PartialBatchReader();
      for (byte[] value : sent(RecordFormat.PARTIALS)) {
        reader.reset(value);
        while (reader.hasNext()) {
          calls.add(reader.next().rollup.calls);
        }
      }
      return calls;
    }

    /** What each marker tells of all source partitions. */
    List<List<Long>> told() {
      List<List<Long>> told = new ArrayList<>();
      for (byte[] value : sent(RecordFormat.MARKER)) {
        ProgressMarker marker = ProgressMarker.decode(value);
        told.add(List.of(marker.nextOffset(0), marker.nextOffset(1), marker.nextOffset(2)));
      }
      return told;
    }

    private List<byte[]> sent(RecordFormat format) {
      return context.forwarded(RollupTopology.PARTIALS_SINK).stream()
          .<byte[]>map(forwarded -> forwarded.record().value())
          .filter(value -> RecordFormat.of(value) == format)
          .toList();
    }
  }
}
