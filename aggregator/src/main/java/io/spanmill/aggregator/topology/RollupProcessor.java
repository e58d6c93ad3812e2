/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.aggregator.rollup.CardinalityGuard;
import io.spanmill.aggregator.rollup.RollupTable;
import io.spanmill.codec.CodecException;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.model.WindowKind;
import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Stage 2, one per partition of {@code llm_partials}: folds partials into cumulative rows, writes
 * out what changed when it is due and then says how far the source is in what was written.
 */
final class RollupProcessor implements Processor<byte[], byte[], Integer, byte[]> {
  static final String NAME = "rollups";
  static final String ROWS_STORE = "rollup-rows";
  static final String INDEX_STORE = "rollup-index";
  static final String COMMIT = "rollup-commit";

  private static final long EVICT_INTERVAL_MS = 60_000;

  /** Admitted values held in memory by one task; 16 bytes each at most. */
  private static final int MAX_HELD_VALUES = 500_000;

  private final TopologyConfig config;
  private final ThreadTasks<EmissionMoment> moments;
  private final PartialBatchReader partials = new PartialBatchReader();
  private ProcessorContext<Integer, byte[]> context;
  private RollupTable table;
  private CardinalityGuard guard;
  private TaskPosition position;
  private SourceVector sources;
  private EmissionMoment moment;
  private int partition;
  private long hoursDueMs;
  private long daysDueMs;
  private long evictionDueMs;

  @SuppressWarnings("NullAway.Init") // Streams calls init before anything else.
  RollupProcessor(TopologyConfig config, ThreadTasks<EmissionMoment> moments) {
    this.config = config;
    this.moments = moments;
  }

  @Override
  public void init(ProcessorContext<Integer, byte[]> processorContext) {
    context = processorContext;
    partition = context.taskId().partition();
    KeyValueStore<byte[], byte[]> rows = context.getStateStore(ROWS_STORE);
    KeyValueStore<byte[], byte[]> index = context.getStateStore(INDEX_STORE);
    position = new TaskPosition(index, config.sourceId(), context.taskId().toString());
    sources = new SourceVector(index, config.partitions());
    StreamsByteStore indexStore = new StreamsByteStore(index);
    guard = new CardinalityGuard(config.limits().cardinality(), indexStore, MAX_HELD_VALUES);
    table =
        new RollupTable(
            config.cubes().cubes(),
            new StreamsByteStore(rows),
            indexStore,
            guard,
            config.limits().heldBytes());
    table.rebuild();
    BeforeCommit beforeCommit = context.getStateStore(COMMIT);
    beforeCommit.run(this::save);
    long nowMs = context.currentSystemTimeMs();
    hoursDueMs = nowMs + config.timing().emitHourMs();
    daysDueMs = nowMs + config.timing().emitDayMs();
    // Not all tasks at once: what it writes holds up a commit.
    evictionDueMs = nowMs + EVICT_INTERVAL_MS * (1 + partition) / config.partitions();
    config.metrics().reportRollups(partition, nowMs, table.dirtyRows(), guard::folded);
    moment = new EmissionMoment(moments, config.timing(), nowMs);
    context.schedule(
        Instant.EPOCH,
        Duration.ofMillis(moment.lookMs()),
        PunctuationType.WALL_CLOCK_TIME,
        this::tickIfDue);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at = context.recordMetadata().orElseThrow();
    if (at.offset() < position.next()) {
      config.metrics().skipped.increment();
      return;
    }
    byte[] value = record.value();
    RecordFormat format = RecordFormat.of(value);
    switch (format) {
      case PARTIALS -> fold(value, at.offset());
      case MARKER -> {
        ProgressMarker marker = ProgressMarker.decode(value);
        for (int i = 0; i < marker.size(); i++) {
          advance(marker.partition(i), marker.nextOffset(i), marker.arrivalMs(i));
        }
      }
      default ->
          throw new CodecException(
              format + " record at " + at.topic() + "-" + at.partition() + "@" + at.offset());
    }
    position.advance(at.offset(), record.timestamp());
  }

  @Override
  public void close() {
    config.metrics().forgetRollups(partition);
    moment.close();
    table.close();
  }

  private void save() {
    table.keep();
    position.save();
    sources.save();
  }

  private void fold(byte[] value, long offset) {
    partials.reset(value);
    long unknownBefore = table.unknownCubes();
    table.fold(value, partials, offset);
    config.metrics().partials.increment(partials.size());
    config.metrics().unknownCubes.increment(table.unknownCubes() - unknownBefore);
    // The release before told here what markers tell now.
    advance(partials.sourcePartition(), partials.nextOffset(), partials.arrivalMs());
  }

  private void advance(int sourcePartition, long nextOffset, long arrivalMs) {
    if (sources.advance(sourcePartition, nextOffset, arrivalMs)) {
      moment.told(sourcePartition);
    }
  }

  private void tickIfDue(long nowMs) {
    if (moment.isDue(nowMs)) {
      tick(nowMs);
    }
  }

  private void tick(long nowMs) {
    table.emitFinestAndEnded(nowMs, this::emit);
    if (nowMs >= hoursDueMs) {
      table.emit(WindowKind.HOUR, this::emit);
      hoursDueMs = nowMs + config.timing().emitHourMs();
    }
    if (nowMs >= daysDueMs) {
      table.emit(WindowKind.DAY, this::emit);
      table.emit(WindowKind.ALL, this::emit);
      daysDueMs = nowMs + config.timing().emitDayMs();
    }
    if (nowMs >= evictionDueMs && !evict(nowMs)) {
      table.dropIdle();
      evictionDueMs = nowMs + EVICT_INTERVAL_MS;
    }
    emit(sources.marker(nowMs).encode());
    config.metrics().reportRollups(partition, nowMs, table.dirtyRows(), guard::folded);
    // Readers wait for what was just emitted: commit it now.
    context.commit();
  }

  /** Returns whether there is more to evict. Goes by arrival times, as all that rows depend on. */
  private boolean evict(long nowMs) {
    // A window may be evicted only if it was emitted as ended, which went by the wall clock.
    long clockMs = Math.min(sources.latestArrivalMs(), nowMs);
    TopologyConfig.Timing timing = config.timing();
    return table.evict(WindowKind.MINUTE, clockMs - timing.keepMinuteMs())
        | table.evict(WindowKind.HOUR, clockMs - timing.keepHourMs())
        | table.evict(WindowKind.DAY, clockMs - timing.keepDayMs());
  }

  private void emit(byte[] value) {
    context.forward(
        new Record<>(partition, value, context.currentSystemTimeMs()), RollupTopology.ROLLUPS_SINK);
    config.metrics().rows.increment();
  }
}
