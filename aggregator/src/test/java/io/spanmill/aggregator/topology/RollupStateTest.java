/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.codec.EditionCut;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.codec.Topics;
import io.spanmill.model.Cube;
import io.spanmill.model.CubeSet;
import io.spanmill.model.Generation;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

/** What the two stages keep, bound and go over to. */
class RollupStateTest extends TopologyCase {
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
}
