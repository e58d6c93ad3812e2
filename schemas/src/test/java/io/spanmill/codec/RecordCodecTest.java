/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.model.Cube;
import io.spanmill.model.LatencySketch;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
  private static final String[] DIMENSIONS = {"default", "gateway", "openai", "gpt-4o", "", "é"};

  @Property(tries = 300)
  void callBatch_readsBackWhatWasWritten(@ForAll long seed) {
    Random random = new Random(seed);
    List<NormalizedSpan> calls = new ArrayList<>();
    List<NormalizedSpan> duplicates = new ArrayList<>();
    long arrival = random.nextLong() >>> 1;
    CallBatchWriter writer = new CallBatchWriter();
    writer.begin(7, Long.MAX_VALUE, arrival);
    for (int i = random.nextInt(20); i > 0; i--) {
      calls.add(placed(CodecSamples.span(random), arrival));
      writer.add(calls.get(calls.size() - 1));
    }
    for (int i = random.nextInt(5); i > 0; i--) {
      duplicates.add(placed(CodecSamples.span(random), arrival));
      writer.addDuplicate(duplicates.get(duplicates.size() - 1));
    }

    CallBatchReader reader = new CallBatchReader();
    reader.reset(writer.finish());

    NormalizedSpan into = new NormalizedSpan();
    for (NormalizedSpan call : calls) {
      assertThat(reader.nextCall(into)).isTrue();
      assertThat(into).usingRecursiveComparison().isEqualTo(call);
    }
    assertThat(reader.nextCall(into)).isFalse();
    for (NormalizedSpan duplicate : duplicates) {
      assertThat(reader.nextDuplicate(into)).isTrue();
      assertThat(into).usingRecursiveComparison().isEqualTo(duplicate);
    }
    assertThat(reader.nextDuplicate(into)).isFalse();
  }

  @Property(tries = 300)
  void partialBatch_readsBackWhatWasWritten(@ForAll long seed) {
    Random random = new Random(seed);
    List<Rollup> rollups = new ArrayList<>();
    List<Long> starts = new ArrayList<>();
    PartialBatchWriter writer = new PartialBatchWriter();
    writer.begin();
    for (int i = random.nextInt(10); i > 0; i--) {
      rollups.add(CodecSamples.rollup(random));
      starts.add(60_000L * random.nextInt(30_000_000));
      writer.add(
          Cube.MODEL.name(),
          starts.get(starts.size() - 1),
          DIMENSIONS,
          rollups.get(rollups.size() - 1));
    }

    PartialBatchReader reader = new PartialBatchReader();
    int edition = random.nextInt(3);
    reader.reset(writer.finish(2, 99, 1_700_000_000_000L, edition));

    assertThat(reader.edition()).isEqualTo(edition);

    assertThat(reader.sourcePartition()).isEqualTo(2);
    assertThat(reader.nextOffset()).isEqualTo(99);
    assertThat(reader.arrivalMs()).isEqualTo(1_700_000_000_000L);
    for (int i = 0; i < rollups.size(); i++) {
      assertThat(reader.hasNext()).isTrue();
      Partial partial = reader.next();
      assertThat(partial.cube).isEqualTo("model");
      assertThat(partial.windowStartMs).isEqualTo(starts.get(i));
      assertThat(partial.dimensions).containsExactly(DIMENSIONS);
      assertThat(partial.rollup).isEqualTo(rollups.get(i));
    }
    assertThat(reader.hasNext()).isFalse();
  }

  @Property(tries = 300)
  void rollupRow_readsBackWhatWasWritten(@ForAll long seed) {
    Random random = new Random(seed);
    RollupRow row = new RollupRow();
    row.cube = "usage";
    row.window = WindowKind.values()[random.nextInt(4)];
    row.windowStartMs = 3_600_000L * random.nextInt(1_000_000);
    row.seriesHashHi = random.nextLong();
    row.seriesHashLo = random.nextLong();
    row.generation = random.nextInt(1000);
    row.version = random.nextLong() >>> 1;
    row.dimensions = DIMENSIONS;
    row.rollup.merge(CodecSamples.rollup(random));
    RollupRowsWriter writer = new RollupRowsWriter();
    writer.begin();
    writer.add(row);
    writer.add(row);

    RollupRowsReader reader = new RollupRowsReader();
    reader.reset(writer.finish());

    assertThat(reader.size()).isEqualTo(2);
    for (int i = 0; i < 2; i++) {
      assertSame(reader.next(), row);
    }
    assertThat(reader.hasNext()).isFalse();
  }

  @Property(tries = 300)
  void rollupState_readsBackWhatWasWritten(@ForAll long seed) {
    RollupState written = new RollupState();
    written.open(5, 5, DIMENSIONS);
    written.version = 17;
    written.rollup.merge(CodecSamples.rollup(new Random(seed)));

    RollupState read = new RollupState();
    read.rollup.merge(CodecSamples.rollup(new Random(~seed)));
    read.decode(written.encode(new PackedWriter()), new PackedReader());

    assertThat(read.generation).isEqualTo(5);
    assertThat(read.version).isEqualTo(17);
    assertThat(read.dimensions).containsExactly(DIMENSIONS);
    assertThat(read.rollup).isEqualTo(written.rollup);
  }

  @Property(tries = 100)
  void rollupRow_ofStateIsTheRowItself(@ForAll long seed) {
    RollupState state = new RollupState();
    state.open(5, 5, DIMENSIONS);
    state.version = 17;
    state.rollup.merge(CodecSamples.rollup(new Random(seed)));
    RollupRowsWriter writer = new RollupRowsWriter();
    writer.begin();
    writer.addState("model", WindowKind.DAY, 86_400_000, -1, 2, state.encode(new PackedWriter()));

    RollupRowsReader reader = new RollupRowsReader();
    reader.reset(writer.finish());
    RollupRow row = reader.next();

    assertThat(row.cube).isEqualTo("model");
    assertThat(row.window).isEqualTo(WindowKind.DAY);
    assertThat(row.windowStartMs).isEqualTo(86_400_000);
    assertThat(row.seriesHashHi).isEqualTo(-1);
    assertThat(row.seriesHashLo).isEqualTo(2);
    assertThat(row.generation).isEqualTo(5);
    assertThat(row.version).isEqualTo(17);
    assertThat(row.dimensions).containsExactly(DIMENSIONS);
    assertThat(row.rollup).isEqualTo(state.rollup);
  }

  @Test
  void marker_readsBackWhatWasWritten() {
    ProgressMarker one = ProgressMarker.decode(ProgressMarker.of(123, 3, 45, 67).encode());
    assertThat(one.size()).isEqualTo(1);
    assertThat(one.tickMs()).isEqualTo(123);
    assertThat(one.partition(0)).isEqualTo(3);
    assertThat(one.nextOffset(0)).isEqualTo(45);
    assertThat(one.arrivalMs(0)).isEqualTo(67);

    byte[] vector = ProgressMarker.of(9, new long[] {1, 0}, new long[] {2, 0}).encode();
    assertThat(RecordFormat.of(vector)).isEqualTo(RecordFormat.MARKER);
    ProgressMarker two = ProgressMarker.decode(vector);
    assertThat(two.size()).isEqualTo(2);
    assertThat(two.partition(1)).isEqualTo(1);
    assertThat(two.nextOffset(0)).isEqualTo(1);
  }

  @Test
  void record_ofNewerVersionIsRefusedByName() {
    byte[] marker = ProgressMarker.of(1, 1, 1, 1).encode();
    marker[0]++;
    assertThatThrownBy(() -> ProgressMarker.decode(marker))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining("MARKER record of version 2");
    assertThatThrownBy(() -> new CallBatchReader().reset(new byte[] {0x31}))
        .hasMessageContaining("expected CALLS");
  }

  @Property(tries = 200)
  void record_cutAnywhereThrowsCodecExceptionOnly(@ForAll long seed) {
    Random random = new Random(seed);
    PartialBatchWriter partials = new PartialBatchWriter();
    partials.begin();
    partials.add("model", 0, DIMENSIONS, CodecSamples.rollup(random));
    cut(
        random,
        partials.finish(1, 2, 3, 4),
        bytes -> {
          PartialBatchReader reader = new PartialBatchReader();
          reader.reset(bytes);
          while (reader.hasNext()) {
            reader.next();
          }
        });
    CallBatchWriter calls = new CallBatchWriter();
    calls.begin(1, 2, 3);
    calls.add(CodecSamples.span(random));
    cut(
        random,
        calls.finish(),
        bytes -> {
          CallBatchReader reader = new CallBatchReader();
          reader.reset(bytes);
          NormalizedSpan into = new NormalizedSpan();
          while (reader.nextCall(into)) {
            assertThat(into.name).isNotNull();
          }
        });
  }

  // What earlier builds wrote must stay readable: topics and state outlive a release.

  @Test
  void callBatch_storedSampleStaysReadable() throws IOException {
    CallBatchWriter writer = new CallBatchWriter();
    writer.begin(3, 4711, 1_767_225_600_000L);
    writer.add(CodecSamples.fixedSpan(1));
    writer.add(CodecSamples.fixedSpan(2));
    writer.addDuplicate(CodecSamples.fixedSpan(3));
    CodecSamples.keep("call-batch-1", writer.finish());

    CallBatchReader reader = new CallBatchReader();
    reader.reset(CodecSamples.stored("call-batch-1"));
    NormalizedSpan into = new NormalizedSpan();
    for (int n = 1; n <= 2; n++) {
      assertThat(reader.nextCall(into)).isTrue();
      assertThat(into).usingRecursiveComparison().isEqualTo(CodecSamples.fixedSpan(n));
    }
    assertThat(reader.nextDuplicate(into)).isTrue();
    assertThat(into).usingRecursiveComparison().isEqualTo(CodecSamples.fixedSpan(3));
  }

  @Test
  void marker_storedSampleStaysReadable() throws IOException {
    CodecSamples.keep("marker-1", ProgressMarker.of(1_767_225_600_000L, 3, 4711, 42).encode());
    ProgressMarker marker = ProgressMarker.decode(CodecSamples.stored("marker-1"));
    assertThat(marker.tickMs()).isEqualTo(1_767_225_600_000L);
    assertThat(marker.partition(0)).isEqualTo(3);
    assertThat(marker.nextOffset(0)).isEqualTo(4711);
    assertThat(marker.arrivalMs(0)).isEqualTo(42);
  }

  @Test
  void partialBatch_storedSampleStaysReadable() throws IOException {
    Rollup rollup = CodecSamples.rollup(new Random(5));
    PartialBatchWriter writer = new PartialBatchWriter();
    writer.begin();
    writer.add("model", 1_767_225_600_000L, DIMENSIONS, rollup);
    CodecSamples.keep("partial-batch-1", writer.finish(3, 4712, 1_767_225_600_001L, 0));
    CodecSamples.keep("partial-batch-2", writer.finish(3, 4712, 1_767_225_600_001L, 5));

    PartialBatchReader reader = new PartialBatchReader();
    for (int version = 1; version <= 2; version++) {
      reader.reset(CodecSamples.stored("partial-batch-" + version));
      assertThat(reader.edition()).isEqualTo(version == 1 ? 0 : 5);
      assertThat(reader.nextOffset()).isEqualTo(4712);
      Partial partial = reader.next();
      assertThat(partial.windowStartMs).isEqualTo(1_767_225_600_000L);
      assertThat(partial.rollup).isEqualTo(rollup);
      assertThat(partial.dimensions).containsExactly(DIMENSIONS);
    }
  }

  @Test
  void cut_storedSampleStaysReadable() throws IOException {
    EditionCut cut = new EditionCut(3, 1, 4711, 1_767_225_600_000L, List.of("a(model|hour)", ""));
    CodecSamples.keep("cut-1", cut.encode());
    assertThat(EditionCut.decode(CodecSamples.stored("cut-1"))).isEqualTo(cut);
  }

  @Test
  void rollupRows_storedSampleStaysReadable() throws IOException {
    RollupRow row = new RollupRow();
    row.cube = "model";
    row.window = WindowKind.HOUR;
    row.windowStartMs = 1_767_225_600_000L;
    row.seriesHashHi = -5;
    row.seriesHashLo = 6;
    row.generation = 10;
    row.version = 11;
    row.dimensions = DIMENSIONS;
    row.rollup.merge(CodecSamples.rollup(new Random(6)));
    RollupRowsWriter writer = new RollupRowsWriter();
    writer.begin();
    writer.add(row);
    CodecSamples.keep("rollup-rows-1", writer.finish());

    RollupRowsReader reader = new RollupRowsReader();
    reader.reset(CodecSamples.stored("rollup-rows-1"));
    assertSame(reader.next(), row);
  }

  @Test
  void rollupState_storedSampleStaysReadable() throws IOException {
    RollupState state = new RollupState();
    state.open(4, 4, DIMENSIONS);
    state.version = 9;
    state.rollup.merge(CodecSamples.rollup(new Random(7)));
    CodecSamples.keep("rollup-state-1", state.encode(new PackedWriter()));

    RollupState read = new RollupState();
    read.decode(CodecSamples.stored("rollup-state-1"), new PackedReader());
    assertThat(read.generation).isEqualTo(4);
    assertThat(read.version).isEqualTo(9);
    assertThat(read.dimensions).containsExactly(DIMENSIONS);
    assertThat(read.rollup).isEqualTo(state.rollup);
  }

  @Test
  void dedupBatch_storedSampleStaysReadable() throws IOException {
    DedupBatch batch = new DedupBatch();
    addRecord(batch, 1_767_225_600_000L, 3);
    addRecord(batch, 1_767_225_600_007L, 0);
    addRecord(batch, 1_767_225_600_009L, 2);
    CodecSamples.keep("dedup-batch-2", batch.finish());
    assertThat(batch.sizeBytes()).isZero();

    DedupBatch read = new DedupBatch();
    read.decode(CodecSamples.stored("dedup-batch-2"));
    assertRecord(read, 1_767_225_600_000L, 3);
    assertRecord(read, 1_767_225_600_009L, 2);
    assertThat(read.nextRecord()).isFalse();
  }

  @Test
  void dedupBatch_ofTheReleaseBefore_isOneRecord() throws IOException {
    DedupBatch read = new DedupBatch();
    read.decode(CodecSamples.stored("dedup-batch-1"));
    assertRecord(read, 1_767_225_600_000L, 3);
    assertThat(read.nextRecord()).isFalse();
  }

  @Test
  void dedupBatch_cut_isRefused() {
    DedupBatch batch = new DedupBatch();
    addRecord(batch, 5, 2);
    byte[] value = batch.finish();
    DedupBatch read = new DedupBatch();
    read.decode(Arrays.copyOf(value, value.length - 1));
    assertThatThrownBy(read::nextRecord).isInstanceOf(CodecException.class);
  }

  private static void addRecord(DedupBatch batch, long arrivalMs, int entries) {
    batch.begin(arrivalMs);
    DedupEntry entry = new DedupEntry();
    for (int i = 1; i <= entries; i++) {
      entry.spanHash = -i;
      entry.attemptHash = 10L * i;
      entry.spanBits = i;
      entry.parentBits = -i;
      entry.startMicros = 1000 * i;
      entry.endMicros = 2000 * i;
      entry.idBits = i * i;
      batch.add(entry);
    }
    batch.end();
  }

  private static void assertRecord(DedupBatch read, long arrivalMs, int entries) {
    assertThat(read.nextRecord()).isTrue();
    assertThat(read.arrivalMs()).isEqualTo(arrivalMs);
    assertThat(read.size()).isEqualTo(entries);
    DedupEntry entry = new DedupEntry();
    for (int i = 1; i <= entries; i++) {
      assertThat(read.next(entry)).isTrue();
      assertThat(entry.spanHash).isEqualTo(-i);
      assertThat(entry.attemptHash).isEqualTo(10L * i);
      assertThat(entry.spanBits).isEqualTo(i);
      assertThat(entry.parentBits).isEqualTo(-i);
      assertThat(entry.startMicros).isEqualTo(1000 * i);
      assertThat(entry.endMicros).isEqualTo(2000 * i);
      assertThat(entry.idBits).isEqualTo(i * i);
    }
    assertThat(read.next(entry)).isFalse();
  }

  @Test
  void seriesHash_staysWhatRowsAreStoredUnder() {
    SeriesHasher hasher = new SeriesHasher();
    hasher.hash(new String[] {"default", "gateway"});
    assertThat(new long[] {hasher.hi(), hasher.lo()}).containsExactly(SERIES_HI, SERIES_LO);
    hasher.hash(new String[] {"defaultg", "ateway"});
    assertThat(hasher.hi()).isNotEqualTo(SERIES_HI);
  }

  // First half of SHA-256 over 07 "default" 07 "gateway".
  private static final long SERIES_HI = -864055406855583119L;
  private static final long SERIES_LO = -2891392054741484855L;

  private static NormalizedSpan placed(NormalizedSpan span, long arrival) {
    span.sourcePartition = 7;
    span.sourceOffset = Long.MAX_VALUE;
    span.arrivalMs = arrival;
    return span;
  }

  private static void cut(Random random, byte[] whole, Consumer<byte[]> read) {
    byte[] bytes = Arrays.copyOf(whole, random.nextInt(whole.length));
    assertThatThrownBy(() -> read.accept(bytes)).isInstanceOf(CodecException.class);
  }

  private static void assertSame(RollupRow actual, RollupRow expected) {
    // How much room a sketch has beyond its buckets is no part of it.
    assertThat(actual)
        .usingRecursiveComparison()
        .withEqualsForType(LatencySketch::equals, LatencySketch.class)
        .isEqualTo(expected);
  }
}
