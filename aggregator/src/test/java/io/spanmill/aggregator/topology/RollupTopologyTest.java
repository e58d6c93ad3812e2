/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.TestTraffic;
import io.spanmill.codec.LetterHeaders;
import io.spanmill.codec.ProgressMarker;
import io.spanmill.codec.RecordFormat;
import io.spanmill.codec.Topics;
import io.spanmill.model.Cube;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.WindowKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RollupTopologyTest extends TopologyCase {
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
  void textTooLong_isCutInRowAndRollupAlike() {
    NormalizedSpan call = call(1);
    call.model = "m".repeat(5000);
    send(NOON, List.of(call));
    settle();
    assertThat(calls.get(0).model).hasSize(CallBounds.MAX_TEXT);
    assertThat(calls.get(0).has(NormalizedSpan.TRUNCATED)).isTrue();
    assertThat(PlainRollups.ofRecords(rows)).isEqualTo(PlainRollups.ofCalls(Cube.BUILT_IN, calls));
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
