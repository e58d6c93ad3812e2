/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.TestTraffic;
import io.spanmill.aggregator.rollup.HeldBytes;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.codec.CallBatchReader;
import io.spanmill.codec.EditionCut;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.codec.Topics;
import io.spanmill.config.Settings;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Generation;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RollupTopologyTest {
  static final long NOON = 1_767_268_800_000L;

  @TempDir private Path stateDir;
  private final List<NormalizedSpan> calls = new ArrayList<>();
  private final List<NormalizedSpan> duplicates = new ArrayList<>();
  private final List<byte[]> rows = new ArrayList<>();
  private final List<ProgressMarker> callMarkers = new ArrayList<>();
  private final List<EditionCut> cuts = new ArrayList<>();
  private volatile int wanted;
  private final List<ProgressMarker> rowMarkers = new ArrayList<>();
  private MeterRegistry registry;
  private JobMetrics metrics;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> input;

  @BeforeEach
  void open() {
    open(1000);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomTraffic_rollupsEqualSumsOverCalls(long seed) {
    Random random = new Random(seed);
    TestTraffic traffic = new TestTraffic(seed);
    long now = NOON;
    for (int record = 0; record < 100; record++) {
      List<NormalizedSpan> spans = new ArrayList<>();
      for (int i = random.nextInt(12); i > 0; i--) {
        spans.add(traffic.next(random.nextInt(3) == 0 ? NOON : now));
      }
      send(now, spans);
      long step = random.nextInt(30_000);
      now += step;
      driver.advanceWallClockTime(Duration.ofMillis(step));
    }
    settle();
    assertThat(calls).isNotEmpty();
    assertThat(PlainRollups.ofRecords(rows)).isEqualTo(PlainRollups.ofCalls(Cube.BUILT_IN, calls));
    // Nothing counts twice, whatever was sent again.
    assertThat(
            calls.stream()
                .map(c -> List.of(c.project, c.traceIdHi, c.traceIdLo, c.spanId, c.layer)))
        .doesNotHaveDuplicates();
  }

  @Test
  void recordSentAgain_changesNothing() {
    List<NormalizedSpan> spans = List.of(call(1), call(2));
    send(NOON, spans);
    send(NOON + 5, spans);
    settle();
    assertThat(calls).hasSize(2);
    assertThat(count("spans.resent")).isEqualTo(2);
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(2);
  }

  @Test
  void collapsedRoot_countsOnceInEachOfTwoLayers() {
    NormalizedSpan root = call(1);
    root.alsoGatewayRequest = true;
    root.costPicoUsd = 5;
    send(NOON, List.of(root));
    settle();
    assertThat(calls)
        .extracting(c -> c.layer)
        .containsExactly(Layer.GATEWAY, Layer.GATEWAY_REQUEST);
    assertThat(calls.get(1).hasUsage()).isFalse();
    assertThat(calls).extracting(c -> c.eventTimeMs).containsOnly(NOON);
  }

  @Test
  void callSpanOfAProject_takesTheProjectOfItsRecord() {
    input.pipeInput(
        new TestRecord<>(
            null,
            PackedSource.value(List.of(call(1))),
            new RecordHeaders().add(Topics.PROJECT_HEADER, "acme".getBytes(StandardCharsets.UTF_8)),
            Instant.ofEpochMilli(NOON)));
    settle();
    assertThat(calls).extracting(c -> c.project).containsExactly("acme");
    assertThat(calls).extracting(c -> c.arrivalMs).containsExactly(NOON);
  }

  @Test
  void poisonRecord_goesWhollyToTheDeadLetters_andTheNextIsCounted() {
    NormalizedSpan poison = call(2);
    poison.name = PackedSource.POISON;
    byte[] bad = PackedSource.value(List.of(call(1), poison));
    send(NOON, bad);
    send(NOON, new byte[] {99, 1, 2});
    send(NOON, List.of(call(3)));
    settle();
    assertThat(calls).extracting(c -> c.spanId).containsExactly(3L);
    var letters =
        driver
            .createOutputTopic(
                Topics.DEAD_LETTERS, new ByteArrayDeserializer(), new ByteArrayDeserializer())
            .readRecordsToList();
    assertThat(letters).hasSize(2);
    assertThat(letters.get(0).value()).isEqualTo(bad);
    assertThat(header(letters.get(0), "reason")).contains("cannot be normalised");
    assertThat(header(letters.get(0), "source.topic")).isEqualTo("otlp_spans");
    assertThat(header(letters.get(1), "source.offset")).isEqualTo("1");
    assertThat(header(letters.get(1), "project")).isEqualTo("default");
    assertThat(count("dead.letters")).isEqualTo(2);
    // The dead record is processed: progress passes it.
    assertThat(lastOf(callMarkers).nextOffset(0)).isEqualTo(3);
    assertThat(lastOf(rowMarkers).nextOffset(0)).isEqualTo(3);
  }

  @Test
  void poisonSentAgainWhole_isCountedThen() {
    // Nothing of the dead record was remembered, or its good span would be lost.
    NormalizedSpan poison = call(2);
    poison.name = PackedSource.POISON;
    send(NOON, List.of(call(1), poison));
    send(NOON, List.of(call(1), call(2)));
    settle();
    assertThat(calls).extracting(c -> c.spanId).containsExactly(1L, 2L);
  }

  @Test
  void farFutureAndPast_countAtArrival_andDisturbNoOther() {
    NormalizedSpan future = call(1);
    future.eventTimeMs = 4_070_908_800_000L;
    NormalizedSpan past = call(2);
    past.eventTimeMs = 0;
    NormalizedSpan old = call(3);
    old.eventTimeMs = NOON - 300L * 86_400_000;
    send(NOON, List.of(future, past, old, call(4)));
    settle();
    assertThat(calls)
        .extracting(c -> c.eventTimeMs)
        .containsExactly(NOON, NOON, old.eventTimeMs, NOON);
    assertThat(calls)
        .extracting(c -> c.has(NormalizedSpan.BAD_TIME))
        .containsExactly(true, true, false, false);
    assertThat(summary(WindowKind.MINUTE, NOON).calls).isEqualTo(3);
    assertThat(summary(WindowKind.MINUTE, old.eventTimeMs).calls).isEqualTo(1);
  }

  @Test
  void lateCall_afterEviction_isAddedByAnotherGeneration() {
    send(NOON, List.of(call(1)));
    driver.advanceWallClockTime(Duration.ofMinutes(1));
    // Three hours on: the minute is out of state.
    driver.advanceWallClockTime(Duration.ofHours(3));
    NormalizedSpan later = call(2);
    later.eventTimeMs += 3 * 3_600_000;
    send(NOON + 3 * 3_600_000, List.of(later));
    driver.advanceWallClockTime(Duration.ofMinutes(2));
    send(NOON + 3 * 3_600_000 + 1, List.of(call(3)));
    settle();
    assertThat(summary(WindowKind.MINUTE, NOON).calls).isEqualTo(2);
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(3);
  }

  @Test
  void markers_tellHowFarEverythingIs() {
    send(NOON, List.of(call(1)));
    send(NOON + 7, List.of());
    driver.advanceWallClockTime(Duration.ofMillis(999));
    read();
    assertThat(callMarkers).isEmpty();
    // Stage 2 tells the time from the beginning, but has heard nothing.
    assertThat(lastOf(rowMarkers).tickMs()).isEqualTo(NOON + 999);
    assertThat(lastOf(rowMarkers).nextOffset(0)).isZero();
    driver.advanceWallClockTime(Duration.ofMillis(1));
    read();
    assertThat(lastOf(callMarkers).partition(0)).isZero();
    assertThat(lastOf(callMarkers).nextOffset(0)).isEqualTo(2);
    assertThat(lastOf(callMarkers).arrivalMs(0)).isEqualTo(NOON + 7);
    assertThat(rows).isEmpty();
    driver.advanceWallClockTime(Duration.ofMillis(400));
    read();
    assertThat(lastOf(rowMarkers).nextOffset(0)).isEqualTo(2);
    assertThat(lastOf(rowMarkers).arrivalMs(0)).isEqualTo(NOON + 7);
    assertThat(summary(WindowKind.MINUTE, NOON).calls).isEqualTo(1);

    int told = callMarkers.size();
    driver.advanceWallClockTime(Duration.ofMillis(1000));
    read();
    // Nothing new from stage 1, yet stage 2 goes on telling the time.
    assertThat(callMarkers).hasSize(told);
    assertThat(lastOf(rowMarkers).tickMs()).isEqualTo(NOON + 2400);
  }

  @Test
  void whatACommitFinds_isInTheState() {
    KeyValueStore<byte[], byte[]> first = driver.getKeyValueStore(SpanProcessor.STORE);
    KeyValueStore<byte[], byte[]> rowsStore = driver.getKeyValueStore(RollupProcessor.ROWS_STORE);
    KeyValueStore<byte[], byte[]> index = driver.getKeyValueStore(RollupProcessor.INDEX_STORE);
    send(NOON, List.of(call(1)));
    send(NOON, List.of(call(2)));
    // Combined, not yet handed on: one partial of each built-in cube, two of them kept as such.
    assertThat(new TaskPosition(first, "topics-1", "0_0").next()).isEqualTo(2);
    RollupFold kept = new RollupFold(Cube.BUILT_IN, 1);
    assertThat(new PendingPartials(first).readInto(kept)).isZero();
    assertThat(kept.size()).isEqualTo(2);
    List<String> cubes = new ArrayList<>();
    kept.drain(
        (target, cube, start, values, r, last) -> {
          assertThat(r.calls).isEqualTo(2);
          cubes.add(cube.name());
        });
    assertThat(cubes).containsExactlyInAnyOrder("summary", "model", "traffic", "usage");
    assertThat(rowsStore.approximateNumEntries()).isZero();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    // Handed on and folded: of each cube and window one row.
    RollupFold none = new RollupFold(Cube.BUILT_IN, 1);
    new PendingPartials(first).readInto(none);
    assertThat(none.size()).isZero();
    try (KeyValueIterator<byte[], byte[]> stored = rowsStore.all()) {
      assertThat(stored).toIterable().hasSize(4 + 4 + 3 + 2);
    }
    // The partials, and the marker that tells how far they are.
    assertThat(new TaskPosition(index, "topics-1", "0_0").next()).isEqualTo(2);
  }

  @Test
  void manyPartialsAtOnce_areHandedOnBeforeTheMark() {
    List<NormalizedSpan> spans = new ArrayList<>();
    for (int i = 0; i < 12_000; i++) {
      NormalizedSpan call = call(1000 + i);
      call.traceIdLo = i;
      call.user = "user-" + i;
      call.team = "team-" + i;
      spans.add(call);
    }
    send(NOON, spans);
    KeyValueStore<byte[], byte[]> first = driver.getKeyValueStore(SpanProcessor.STORE);
    RollupFold kept = new RollupFold(Cube.BUILT_IN, 1);
    new PendingPartials(first).readInto(kept);
    assertThat(kept.size()).isZero();
    settle();
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(12_000);
  }

  @Test
  void manyPendingPartials_areKeptInValuesTheBrokerTakes() {
    KeyValueStore<byte[], byte[]> state = driver.getKeyValueStore(SpanProcessor.STORE);
    RollupFold fold = new RollupFold(Cube.BUILT_IN, 1);
    for (int i = 0; i < 8000; i++) {
      NormalizedSpan call = call(i);
      call.user = "user-" + i;
      call.team = "team-" + i;
      fold.add(call);
    }
    int size = fold.size();
    PendingPartials pending = new PendingPartials(state);
    pending.save(fold, 0);
    List<Integer> lengths = new ArrayList<>();
    state
        .range(new byte[] {'f'}, new byte[] {'g'})
        .forEachRemaining(e -> lengths.add(e.value.length));
    assertThat(lengths).hasSizeGreaterThan(2).allMatch(length -> length < 600_000);
    RollupFold read = new RollupFold(Cube.BUILT_IN, 1);
    PendingPartials later = new PendingPartials(state);
    later.readInto(read);
    assertThat(read.size()).isEqualTo(size);
    // Fewer take the place of many.
    read.begin();
    read.add(call(1));
    later.save(read, 0);
    RollupFold fewer = new RollupFold(Cube.BUILT_IN, 1);
    new PendingPartials(state).readInto(fewer);
    assertThat(fewer.size()).isEqualTo(2);
  }

  @Test
  void everyTask_tellsThatItGetsItsTurns() {
    // Of both stages: a stage that hangs while the other goes on is what readiness must see.
    driver.advanceWallClockTime(Duration.ofSeconds(10));
    assertThat(metrics.oldestTickMs()).isEqualTo(NOON + 10_000);
    metrics.reportDedup(7, NOON - 60_000, new JobMetrics.Dedup(0, -1, 0));
    assertThat(metrics.oldestTickMs()).isEqualTo(NOON - 60_000);
    metrics.forgetDedup(7);
    assertThat(metrics.oldestTickMs()).isEqualTo(NOON + 10_000);
    driver.close();
    assertThat(metrics.oldestTickMs()).isEqualTo(Long.MAX_VALUE);
    open();
  }

  @Test
  void storeOnlyRecord_isPassedButNotCounted() {
    input.pipeInput(
        new TestRecord<>(
            null,
            PackedSource.value(List.of(call(1))),
            new RecordHeaders()
                .add(LetterHeaders.STORE_ONLY, "0:7".getBytes(StandardCharsets.UTF_8)),
            Instant.ofEpochMilli(NOON)));
    send(NOON, List.of(call(2)));
    settle();
    assertThat(calls).extracting(c -> c.spanId).containsExactly(2L);
    assertThat(count("records.store.only")).isEqualTo(1);
    assertThat(lastOf(callMarkers).nextOffset(0)).isEqualTo(2);
  }

  @Test
  void coarseRows_areOutBeforeTheMarkerThatTellsTheirWindowHasEnded() {
    send(NOON, List.of(call(1)));
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    driver.advanceWallClockTime(Duration.ofHours(1));
    List<byte[]> beforeMarker = new ArrayList<>();
    for (byte[] value : rollupRecords()) {
      if (RecordFormat.of(value) == RecordFormat.MARKER
          && ProgressMarker.decode(value).tickMs() >= NOON + 3_600_000) {
        break;
      }
      if (RecordFormat.of(value) == RecordFormat.ROWS) {
        beforeMarker.add(value);
      }
    }
    assertThat(PlainRollups.ofRecords(beforeMarker).keySet())
        .anyMatch(s -> s.window() == WindowKind.HOUR && s.cube().equals("summary"));
  }

  @Test
  void usersPastTheLimit_foldVisibly() {
    driver.close();
    open(10);
    for (int i = 0; i < 40; i++) {
      NormalizedSpan call = call(100 + i);
      call.user = "user-" + i;
      send(NOON, List.of(call));
    }
    settle();
    assertThat(registry.get("spanmill.aggregator.folded.calls").gauge().value())
        .isGreaterThanOrEqualTo(30);
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(40);
    long users =
        PlainRollups.ofRecords(rows).keySet().stream()
            .filter(s -> s.cube().equals("usage") && s.window() == WindowKind.HOUR)
            .count();
    assertThat(users).isEqualTo(11);
  }

  @Test
  void hugeRecord_isSplitUnderTheBrokersLimit() {
    List<NormalizedSpan> spans = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      NormalizedSpan call = call(1000 + i);
      call.traceIdLo = i;
      call.user = "user-" + i;
      call.callId = "c".repeat(300) + i;
      spans.add(call);
    }
    send(NOON, spans);
    driver.advanceWallClockTime(Duration.ofSeconds(40));
    var records =
        driver
            .createOutputTopic(
                Topics.CALLS, new ByteArrayDeserializer(), new ByteArrayDeserializer())
            .readRecordsToList();
    assertThat(records.size()).isGreaterThan(4);
    assertThat(records).allMatch(r -> r.value().length < 600_000);
    assertThat(rollupRecords()).allMatch(v -> v.length < 600_000);
  }

  @Test
  void stateOfOtherTopics_isRefused() {
    send(NOON, List.of(call(1)));
    KeyValueStore<byte[], byte[]> state = driver.getKeyValueStore(SpanProcessor.STORE);
    assertThat(new TaskPosition(state, "topics-1", "0_0").next()).isEqualTo(1);
    assertThatThrownBy(() -> new TaskPosition(state, "topics-2", "0_0"))
        .isInstanceOf(SourceReplacedException.class)
        .hasMessageContaining("made from the topics topics-1")
        .hasMessageContaining("deleted and made anew");
  }

  @Test
  void wantedEdition_isGoneOverToBetweenTwoRecords_andToldOnce() {
    send(NOON, List.of(call(1)));
    wanted = 2;
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    send(NOON, List.of(call(2), call(3)));
    settle();
    assertThat(cuts).containsExactly(new EditionCut(2, 0, 1, NOON, CubeSet.BUILT_IN.shapes()));
    Map<Integer, Long> calls = new HashMap<>();
    RollupRowsReader reader = new RollupRowsReader();
    for (byte[] record : rows) {
      reader.reset(record);
      while (reader.hasNext()) {
        RollupRow row = reader.next();
        if (row.cube.equals("summary") && row.window == WindowKind.HOUR) {
          calls.put(Generation.edition(row.generation), row.rollup.calls);
        }
      }
    }
    assertThat(calls).isEqualTo(Map.of(0, 1L, 2, 2L));
    assertThat(summary(WindowKind.ALL, 0).calls).isEqualTo(3);
    // A task that takes the state up again finds itself gone over.
    KeyValueStore<byte[], byte[]> store = driver.getKeyValueStore(SpanProcessor.STORE);
    assertThat(new TaskEdition(store).get()).isEqualTo(2);
  }

  @Test
  void textTooLong_isCutInRowAndRollupAlike() {
    NormalizedSpan call = call(1);
    call.model = "m".repeat(5000);
    send(NOON, List.of(call));
    settle();
    assertThat(calls.get(0).model).hasSize(CallBounds.MAX_TEXT);
    assertThat(calls.get(0).has(NormalizedSpan.TRUNCATED)).isTrue();
    assertThat(PlainRollups.ofRecords(rows)).isEqualTo(PlainRollups.ofCalls(Cube.BUILT_IN, calls));
  }

  private void open(int cardinality) {
    registry = new SimpleMeterRegistry();
    metrics = new JobMetrics(registry);
    TopologyConfig config =
        new TopologyConfig(
            CubeSet.BUILT_IN,
            1,
            PackedSource::new,
            call -> {},
            "topics-1",
            new TopologyConfig.Limits(86_400_000, 100_000, cardinality, new HeldBytes(1 << 20)),
            TopologyConfig.Timing.of(Settings.of(Map.of())),
            metrics,
            () -> wanted);
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    driver =
        new TopologyTestDriver(
            new RollupTopology(config).get(), properties, Instant.ofEpochMilli(NOON));
    input =
        driver.createInputTopic(Topics.SPANS, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private void send(long arrivalMs, List<NormalizedSpan> spans) {
    send(arrivalMs, PackedSource.value(spans));
  }

  private void send(long arrivalMs, byte[] value) {
    input.pipeInput(null, value, arrivalMs);
  }

  /** Lets every emission come due and reads all outputs. */
  private void settle() {
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    driver.advanceWallClockTime(Duration.ofSeconds(40));
    read();
  }

  private void read() {
    TestOutputTopic<byte[], byte[]> callsOut =
        driver.createOutputTopic(
            Topics.CALLS, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    CallBatchReader reader = new CallBatchReader();
    for (byte[] value : callsOut.readValuesToList()) {
      if (RecordFormat.of(value) == RecordFormat.CUT) {
        cuts.add(EditionCut.decode(value));
        continue;
      }
      if (RecordFormat.of(value) == RecordFormat.MARKER) {
        callMarkers.add(ProgressMarker.decode(value));
        continue;
      }
      reader.reset(value);
      NormalizedSpan call = new NormalizedSpan();
      while (reader.nextCall(call)) {
        calls.add(call.copy());
      }
      while (reader.nextDuplicate(call)) {
        duplicates.add(call.copy());
      }
    }
    for (byte[] value : rollupRecords()) {
      if (RecordFormat.of(value) == RecordFormat.MARKER) {
        rowMarkers.add(ProgressMarker.decode(value));
      } else {
        rows.add(value);
      }
    }
  }

  private List<byte[]> rollupRecords() {
    return driver
        .createOutputTopic(Topics.ROLLUPS, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readValuesToList();
  }

  private Rollup summary(WindowKind kind, long atMs) {
    return PlainRollups.ofRecords(rows)
        .get(
            new PlainRollups.Series(
                "summary", kind, kind.startOf(atMs), List.of("default", "gateway")));
  }

  private double count(String name) {
    return registry.get("spanmill.aggregator." + name).counter().count();
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static <T> T lastOf(List<T> list) {
    return list.get(list.size() - 1);
  }

  static NormalizedSpan call(long spanId) {
    NormalizedSpan call = new NormalizedSpan();
    call.layer = Layer.GATEWAY;
    call.traceIdHi = 1;
    call.traceIdLo = spanId;
    call.spanId = spanId;
    call.callId = "c" + spanId;
    call.model = "gpt-4o";
    call.inputTokens = 10;
    call.outputTokens = 20;
    call.startEpochNanos = (NOON - 1000) * 1_000_000;
    call.endEpochNanos = NOON * 1_000_000;
    call.eventTimeMs = NOON;
    call.durationMicros = 1_000_000;
    return call;
  }
}
