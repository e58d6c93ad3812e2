/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.aggregator.dedup.Deduplicator;
import io.spanmill.aggregator.dedup.Verdict;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.codec.CallBatchWriter;
import io.spanmill.codec.EditionCut;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.PartialBatchWriter;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.Topics;
import io.spanmill.model.Cube;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stage 1, one per partition of {@code otlp_spans}: normalises, prices and deduplicates an input
 * record, writes its calls and, combined with those of the records before, at each mark its
 * partials. A record is understood wholly before anything is remembered or written; one that cannot
 * be goes to the dead letters wholly.
 *
 * <p>Keys of what it forwards are partition numbers, see {@link RollupTopology}.
 */
final class SpanProcessor implements Processor<byte[], byte[], Integer, byte[]> {
  static final String NAME = "spans";
  static final String STORE = "dedup";
  static final String COMMIT = "dedup-commit";

  /** Records are split past about this size, well under the broker's limit. */
  private static final int RECORD_BYTES = 400_000;

  /** Memory of partials held until the next mark; more are handed on at once. */
  private static final long MAX_PARTIAL_BYTES = 16L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(SpanProcessor.class);

  private final TopologyConfig config;
  private final SpanSource source;
  private final RollupFold fold;
  private final CallBatchWriter calls = new CallBatchWriter();
  private final PartialBatchWriter partials = new PartialBatchWriter();

  /**
   * The record's spans that count in a layer. Made anew for each: a reference stored into an old
   * object costs the G1 collector a fence, and a span has two dozen.
   */
  private final List<NormalizedSpan> read = new ArrayList<>();

  private final List<NormalizedSpan> counted = new ArrayList<>();
  private final List<NormalizedSpan> duplicates = new ArrayList<>();
  private final LatencySketch lateness = new LatencySketch();

  private final ThreadTasks<SpanProcessor> threads;
  private Set<SpanProcessor> together;

  /** Offset before which all partials are handed on and every target was told so. */
  private long toldTargets;

  /** Offset before which the sink of calls was told that all is processed. */
  private long toldCalls;

  private ProcessorContext<Integer, byte[]> context;
  private Deduplicator deduplicator;
  private TaskPosition position;
  private TaskEdition edition;
  private PendingPartials pending;
  private int partition;

  @SuppressWarnings("NullAway.Init") // Streams calls init before anything else.
  SpanProcessor(TopologyConfig config, ThreadTasks<SpanProcessor> threads) {
    this.config = config;
    this.source = config.sources().get();
    this.fold = new RollupFold(config.cubes().cubes(), config.partitions());
    this.threads = threads;
  }

  @Override
  public void init(ProcessorContext<Integer, byte[]> processorContext) {
    context = processorContext;
    partition = context.taskId().partition();
    KeyValueStore<byte[], byte[]> store = context.getStateStore(STORE);
    position = new TaskPosition(store, config.sourceId(), context.taskId().toString());
    BeforeCommit beforeCommit = context.getStateStore(COMMIT);
    beforeCommit.run(this::save);
    edition = new TaskEdition(store);
    pending = new PendingPartials(store);
    // A task that lost its state is begun anew with the same processor.
    fold.begin();
    toldTargets = 0;
    toldCalls = 0;
    config.metrics().unknownCubes.increment(pending.readInto(fold));
    deduplicator =
        new Deduplicator(
            config.limits().dedupHorizonMs(),
            config.limits().dedupEntries(),
            new StreamsByteStore(store));
    long startedNanos = System.nanoTime();
    deduplicator.rebuild();
    LOG.info(
        "partition {}: {} remembered identities read back in {} ms, next offset {}",
        partition,
        deduplicator.entries(),
        (System.nanoTime() - startedNanos) / 1_000_000,
        position.next());
    reportDedup(context.currentSystemTimeMs());
    // All tasks at the same moment, so that one commit serves them.
    context.schedule(
        Instant.EPOCH,
        Duration.ofMillis(config.timing().markMs()),
        PunctuationType.WALL_CLOCK_TIME,
        this::mark);
    together = threads.ofThisThread();
    together.add(this);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at = context.recordMetadata().orElseThrow();
    if (at.offset() < position.next()) {
      config.metrics().skipped.increment();
      return;
    }
    if (record.headers().lastHeader(LetterHeaders.STORE_ONLY) != null) {
      config.metrics().storeOnly.increment();
      position.advance(at.offset(), record.timestamp());
      return;
    }
    String project = project(record.headers());
    try {
      read(record, at, project);
      for (NormalizedSpan span : read) {
        config.pricer().price(span);
      }
    } catch (RuntimeException | StackOverflowError e) {
      deadLetter(record, at, project, e);
      position.advance(at.offset(), record.timestamp());
      return;
    }
    deduplicate(at.offset(), record.timestamp());
    writeCalls(at.offset(), record.timestamp());
    fold.add(counted);
    position.advance(at.offset(), record.timestamp());
    if (fold.sizeBytes() >= MAX_PARTIAL_BYTES) {
      writePartials();
    }
    account();
  }

  @Override
  public void close() {
    config.metrics().forgetDedup(partition);
    together.remove(this);
  }

  private void read(Record<byte[], byte[]> record, RecordMetadata at, String project) {
    if (record.value() == null) {
      throw new IllegalArgumentException("record without a value");
    }
    source.reset(record.value());
    read.clear();
    int spans = 0;
    NormalizedSpan span = new NormalizedSpan();
    while (true) {
      span.project = project;
      span.arrivalMs = record.timestamp();
      span.sourcePartition = at.partition();
      span.sourceOffset = at.offset();
      if (!source.next(span)) {
        break;
      }
      spans++;
      boolean withoutIds = (span.traceIdHi | span.traceIdLo) == 0 || span.spanId == 0;
      if (withoutIds) {
        config.metrics().withoutIds.increment();
      }
      if (withoutIds || span.layer == null) {
        span.clear();
      } else {
        CallBounds.apply(span);
        read.add(span);
        span = new NormalizedSpan();
      }
    }
    config.metrics().spans.increment(spans);
  }

  private void deduplicate(long offset, long arrivalMs) {
    counted.clear();
    duplicates.clear();
    deduplicator.begin(offset, arrivalMs, read);
    for (NormalizedSpan span : read) {
      Verdict verdict = deduplicator.offer(span);
      if (verdict == Verdict.RESENT) {
        config.metrics().resent.increment();
        continue;
      }
      if (verdict == Verdict.NEW) {
        counted.add(span);
      } else {
        duplicates.add(span);
      }
      // The attempt may have been told by the root's child before; the request it is was not.
      if (span.alsoGatewayRequest && deduplicator.offerRequest(span) == Verdict.NEW) {
        counted.add(GatewayRequest.of(span));
      }
    }
    deduplicator.end();
  }

  private void writeCalls(long offset, long arrivalMs) {
    if (counted.isEmpty() && duplicates.isEmpty()) {
      return;
    }
    calls.begin(partition, offset, arrivalMs);
    for (NormalizedSpan call : counted) {
      calls.add(call);
      splitCalls(offset, arrivalMs);
    }
    for (NormalizedSpan duplicate : duplicates) {
      calls.addDuplicate(duplicate);
      splitCalls(offset, arrivalMs);
    }
    if (calls.rows() > 0) {
      forward(RollupTopology.CALLS_SINK, partition, calls.finish(), arrivalMs);
    }
  }

  private void splitCalls(long offset, long arrivalMs) {
    if (calls.sizeBytes() >= RECORD_BYTES) {
      forward(RollupTopology.CALLS_SINK, partition, calls.finish(), arrivalMs);
      calls.begin(partition, offset, arrivalMs);
    }
  }

  /** Hands on what was combined since the last time. */
  private void writePartials() {
    partials.begin();
    fold.drain(this::writePartial);
    fold.begin();
  }

  private void writePartial(
      int target, Cube cube, long windowStartMs, String[] dimensions, Rollup rollup, boolean last) {
    partials.add(cube.name(), windowStartMs, dimensions, rollup);
    if (last || partials.sizeBytes() >= RECORD_BYTES) {
      // How far the source is, a marker tells once all are handed on.
      byte[] batch = partials.finish(partition, 0, 0, edition.get());
      forward(RollupTopology.PARTIALS_SINK, target, batch, position.arrivalMs());
      partials.begin();
    }
  }

  private void save() {
    deduplicator.save();
    pending.save(fold, edition.get());
    position.save();
  }

  /** Tells every target, and the sink of calls, how far this partition is. */
  private void mark(long nowMs) {
    reportDedup(nowMs);
    if (toldTargets < position.next()) {
      handOn(nowMs);
    }
    goOver(nowMs);
    if (toldCalls < position.next()) {
      toldCalls = position.next();
      byte[] marker = ProgressMarker.of(nowMs, partition, toldCalls, position.arrivalMs()).encode();
      forward(RollupTopology.CALLS_SINK, partition, marker, nowMs);
      // What readers wait for is complete now: no need to wait for the commit interval as well.
      context.commit();
    }
  }

  /**
   * Hands on what this task and the others of its thread combined, and tells every target how far
   * they are: calls of one series become one partial whatever partition they came by.
   */
  private void handOn(long nowMs) {
    long[] nextOffsets = new long[config.partitions()];
    long[] arrivalsMs = new long[config.partitions()];
    for (SpanProcessor task : together) {
      if (task == this || task.isCommittedWith(this)) {
        if (task != this) {
          fold.take(task.fold);
        }
        nextOffsets[task.partition] = task.position.next();
        arrivalsMs[task.partition] = task.position.arrivalMs();
        task.toldTargets = task.position.next();
      }
    }
    writePartials();
    byte[] marker = ProgressMarker.of(nowMs, nextOffsets, arrivalsMs).encode();
    for (int target = 0; target < nextOffsets.length; target++) {
      forward(RollupTopology.PARTIALS_SINK, target, marker, nowMs);
    }
  }

  /**
   * Whether the other may hand on what this one combined. It may only if this one writes its state
   * in the same transaction, for which it must have processed a record in it.
   */
  private boolean isCommittedWith(SpanProcessor other) {
    return position.isChanged()
        && edition.get() == other.edition.get()
        && other.fold.sizeBytes() < MAX_PARTIAL_BYTES;
  }

  /** Goes over to a wanted edition between two records, and says where. */
  private void goOver(long nowMs) {
    int wanted = config.wantedEdition().getAsInt();
    if (wanted <= edition.get()) {
      return;
    }
    edition.set(wanted);
    EditionCut cut =
        new EditionCut(
            wanted, partition, position.next(), position.arrivalMs(), config.cubes().shapes());
    forward(RollupTopology.CALLS_SINK, partition, cut.encode(), nowMs);
    LOG.info(
        "partition {}: counts in edition {} of the rollups from offset {} on",
        partition,
        wanted,
        position.next());
    context.commit();
  }

  private void deadLetter(
      Record<byte[], byte[]> record, RecordMetadata at, String project, Throwable cause) {
    String reason = cause.getClass().getSimpleName() + ": " + cause.getMessage();
    LOG.warn(
        "record {}-{}@{} of project {} is set aside: {}",
        at.topic(),
        at.partition(),
        at.offset(),
        project,
        reason);
    Headers headers =
        new RecordHeaders()
            .add(Topics.PROJECT_HEADER, utf8(project))
            .add(LetterHeaders.BY, utf8(LetterHeaders.JOB))
            .add(LetterHeaders.REASON, utf8(reason))
            .add(LetterHeaders.TOPIC, utf8(at.topic()))
            .add(LetterHeaders.PARTITION, utf8(Integer.toString(at.partition())))
            .add(LetterHeaders.OFFSET, utf8(Long.toString(at.offset())));
    context.forward(
        new Record<>(partition, record.value(), record.timestamp(), headers),
        RollupTopology.DEAD_LETTERS_SINK);
    config.metrics().deadLetters.increment();
    config.metrics().records.increment();
  }

  private void account() {
    lateness.clear();
    for (NormalizedSpan call : counted) {
      config.metrics().countFlags(call.flags);
      lateness.add((call.arrivalMs - call.eventTimeMs) * 1000);
    }
    config.metrics().addLateness(lateness);
    config.metrics().records.increment();
    config.metrics().calls.increment(counted.size());
    config.metrics().duplicates.increment(duplicates.size());
  }

  private void reportDedup(long nowMs) {
    config
        .metrics()
        .reportDedup(
            partition,
            nowMs,
            new JobMetrics.Dedup(
                deduplicator.entries(), deduplicator.oldestArrivalMs(), deduplicator.sizeBytes()));
  }

  private void forward(String sink, int target, byte[] value, long timestampMs) {
    context.forward(new Record<>(target, value, timestampMs), sink);
  }

  private static String project(Headers headers) {
    Header header = headers.lastHeader(Topics.PROJECT_HEADER);
    return header == null || header.value() == null
        ? "default"
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
