/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import io.spanmill.aggregator.PlainRollups;
import io.spanmill.aggregator.TestTraffic;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.PartialBatchWriter;
import io.spanmill.codec.RollupRow;
import io.spanmill.codec.RollupRowsReader;
import io.spanmill.model.Cube;
import io.spanmill.model.Generation;
import io.spanmill.model.Layer;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.model.Rollup;
import io.spanmill.model.WindowKind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RollupTableTest {
  private static final long NOON = 1_767_268_800_000L;
  private static final long MINUTE = 60_000;
  private static final long HOUR = 3_600_000;

  private final MapByteStore rows = new MapByteStore();
  private final MapByteStore index = new MapByteStore();
  private final List<byte[]> emitted = new ArrayList<>();
  private final List<byte[]> sinceCommit = new ArrayList<>();
  private HeldBytes heldBytes = new HeldBytes(1 << 20);
  private RollupTable table = table(1000);
  private long number;

  @Property(tries = 100)
  void foldAndTable_giveWhatPlainSumsGive_overRestartsCrashesAndEvictions(@ForAll long seed) {
    rows.entries.clear();
    index.entries.clear();
    emitted.clear();
    number = 0;
    Random random = new Random(seed);
    // From room for everything to room for next to nothing.
    heldBytes = new HeldBytes(1000L << random.nextInt(12));
    table = table(1000);
    Committed committed = new Committed();
    TestTraffic traffic = new TestTraffic(seed);
    List<NormalizedSpan> calls = new ArrayList<>();
    RollupFold fold = new RollupFold(Cube.BUILT_IN, 1);
    long now = NOON;
    for (int record = 0; record < 40; record++) {
      fold.begin();
      for (int i = random.nextInt(20); i > 0; i--) {
        // Anything from weeks ago to now.
        long age = random.nextInt(4) == 0 ? random.nextLong(40L * 86_400_000) : 0;
        NormalizedSpan call = traffic.next(now - age);
        if (call.layer != null) {
          calls.add(call.copy());
          fold.add(call);
        }
      }
      send(fold);
      now += random.nextInt(200_000);
      switch (random.nextInt(8)) {
        case 0 -> table.emitFinestAndEnded(now, emitted::add);
        case 1 -> {
          table.emitFinestAndEnded(now, emitted::add);
          table.evict(WindowKind.MINUTE, now - 5 * MINUTE);
          table.evict(WindowKind.HOUR, now - HOUR);
          table.evict(WindowKind.DAY, now - HOUR);
        }
        case 2 -> {
          committed = new Committed();
          table.close();
          table = table(1000);
          table.rebuild();
        }
        case 3 -> committed = new Committed();
        case 4 -> committed.crash();
        case 5 -> {
          if (random.nextInt(4) == 0) {
            table.flush();
          }
          table.dropIdle();
        }
        default -> table.emit(WindowKind.HOUR, emitted::add);
      }
    }
    emitAll(now);
    assertThat(table.dirtyRows()).isZero();
    assertThat(PlainRollups.ofRecords(emitted))
        .isEqualTo(PlainRollups.ofCalls(Cube.BUILT_IN, calls));
    table.close();
    assertThat(heldBytes.used()).isZero();
  }

  @Test
  void rowsInHand_stayWithinTheBudget_andNoneIsLost() {
    heldBytes = new HeldBytes(300_000);
    table = table(10_000);
    for (int i = 0; i < 5000; i++) {
      fold(user("user-" + i % 1000));
    }
    assertThat(table.heldRows()).isBetween(64, 300);
    emitAll(NOON);
    assertThat(ofUser(PlainRollups.ofRecords(emitted), "user-7")).isEqualTo(5);
    assertThat(
            PlainRollups.ofRecords(emitted).keySet().stream()
                .filter(s -> s.cube().equals("usage") && s.window() == WindowKind.HOUR))
        .hasSize(1000);
  }

  @Test
  void rowsNotUsed_areLetGo_butNotWhatIsUnwritten() {
    fold(user("a"));
    table.dropIdle();
    table.dropIdle();
    assertThat(table.heldRows()).isPositive();
    table.flush();
    table.dropIdle();
    assertThat(table.heldRows()).isZero();
    fold(user("a"));
    emitAll(NOON);
    assertThat(ofUser(PlainRollups.ofRecords(emitted), "a")).isEqualTo(2);
  }

  @Test
  void emittedRow_leavesNothingListedInTheStore() {
    fold(call(NOON));
    emitAll(NOON);
    int before = index.entries.size();
    table.flush();
    fold(call(NOON));
    table.flush();
    emitAll(NOON);
    table.flush();
    assertThat(index.entries.keySet()).noneMatch(key -> key[0] == 'd');
    assertThat(before).isPositive();
  }

  @Test
  void windows_areHalfOpen() {
    fold(call(NOON - 1));
    fold(call(NOON));
    fold(call(NOON + MINUTE - 1));
    emitAll(NOON);
    Map<PlainRollups.Series, Rollup> rollups = PlainRollups.ofRecords(emitted);
    assertThat(calls(rollups, WindowKind.MINUTE, NOON - MINUTE)).isEqualTo(1);
    assertThat(calls(rollups, WindowKind.MINUTE, NOON)).isEqualTo(2);
    assertThat(calls(rollups, WindowKind.HOUR, NOON - HOUR)).isEqualTo(1);
    assertThat(calls(rollups, WindowKind.HOUR, NOON)).isEqualTo(2);
    assertThat(calls(rollups, WindowKind.ALL, 0)).isEqualTo(3);
  }

  @Test
  void lateCall_afterEviction_opensAnotherGeneration() {
    fold(call(NOON));
    table.emitFinestAndEnded(NOON + 2 * HOUR, emitted::add);
    table.evict(WindowKind.MINUTE, NOON + 2 * HOUR);
    fold(call(NOON));
    emitAll(NOON + 2 * HOUR);
    Set<Long> generations = new HashSet<>();
    for (RollupRow row : rowsOf(WindowKind.MINUTE)) {
      assertThat(row.rollup.calls).isEqualTo(1);
      assertThat(row.version).isEqualTo(row.generation);
      generations.add(row.generation);
    }
    assertThat(generations).containsExactlyInAnyOrder(1L, 2L);
    assertThat(calls(PlainRollups.ofRecords(emitted), WindowKind.MINUTE, NOON)).isEqualTo(2);
    // The hour was still there: one generation, a newer version.
    assertThat(rowsOf(WindowKind.HOUR)).allMatch(r -> r.generation == 1);
  }

  @Test
  void anotherEdition_opensAnotherGeneration_butNotOfAllTime() {
    fold(call(NOON));
    edition = 3;
    fold(call(NOON));
    fold(call(NOON));
    emitAll(NOON);
    Map<Long, Long> calls = new HashMap<>();
    rowsOf(WindowKind.DAY).stream()
        .filter(r -> r.cube.equals("summary"))
        .forEach(r -> calls.put(r.generation, r.rollup.calls));
    assertThat(calls).isEqualTo(Map.of(Generation.ofJob(0, 1), 1L, Generation.ofJob(3, 2), 2L));
    assertThat(rowsOf(WindowKind.ALL)).hasSize(2);
    assertThat(rowsOf(WindowKind.ALL)).allMatch(r -> r.generation == 1 && r.rollup.calls == 3);
  }

  @Test
  void rowOfEditionZero_hasTheKeyItHadBeforeThereWereEditions() {
    RowKey key = new RowKey(WindowKind.HOUR, NOON, 5, 6, "summary", 0);
    assertThat(key.encode()).hasSize(1 + 8 + 16 + "summary".length());
    assertThat(RowKey.decode(key.encode())).isEqualTo(key);
    RowKey later = new RowKey(WindowKind.HOUR, NOON, 5, 6, "summary", 7);
    assertThat(RowKey.decode(later.encode())).isEqualTo(later);
  }

  @Test
  void coarseRow_isEmittedAtItsEndAndNotBefore() {
    fold(call(NOON));
    table.emitFinestAndEnded(NOON + HOUR - 1, emitted::add);
    assertThat(rowsOf(WindowKind.MINUTE)).isNotEmpty();
    assertThat(rowsOf(WindowKind.HOUR).stream().filter(r -> r.cube.equals("summary"))).isEmpty();
    table.emitFinestAndEnded(NOON + HOUR, emitted::add);
    assertThat(rowsOf(WindowKind.HOUR).stream().filter(r -> r.cube.equals("summary"))).hasSize(1);
    assertThat(rowsOf(WindowKind.DAY)).isEmpty();
  }

  @Test
  void unchangedRow_isNotEmittedAgain() {
    fold(call(NOON));
    emitAll(NOON);
    int before = emitted.size();
    emitAll(NOON);
    assertThat(emitted).hasSize(before);
  }

  @Test
  void valuesPastTheLimit_foldIntoOther_sumsStayExact() {
    table = table(10);
    List<NormalizedSpan> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      NormalizedSpan call = call(NOON);
      call.user = "user-" + i % 50;
      call.costPicoUsd = 1_000_000_007L * (i + 1);
      calls.add(call);
      fold(call);
    }
    emitAll(NOON);
    Map<PlainRollups.Series, Rollup> rollups = PlainRollups.ofRecords(emitted);
    Map<PlainRollups.Series, Rollup> exact = PlainRollups.ofCalls(Cube.BUILT_IN, calls);
    int user = 6;
    Set<String> users = new HashSet<>();
    long folded = 0;
    BigInteger cost = BigInteger.ZERO;
    for (var e : rollups.entrySet()) {
      if (!e.getKey().cube().equals("usage") || e.getKey().window() != WindowKind.HOUR) {
        continue;
      }
      String value = e.getKey().dimensions().get(user);
      users.add(value);
      cost = cost.add(e.getValue().cost.toBigInteger());
      if (value.equals(Cube.OTHER)) {
        folded = e.getValue().calls;
      } else {
        // Whoever is admitted is complete.
        assertThat(e.getValue()).isEqualTo(exact.get(e.getKey()));
      }
    }
    assertThat(users).hasSize(11).contains("user-0", "user-9", Cube.OTHER);
    assertThat(folded).isEqualTo(80);
    assertThat(cost).isEqualTo(BigInteger.valueOf(1_000_000_007L * 5050));
    assertThat(guard.folded())
        .contains(new Folded("usage", "default", WindowKind.HOUR, NOON, "user", 80));
  }

  @Test
  void admission_survivesRestartAndCountsOn() {
    table = table(2);
    for (String user : List.of("a", "b", "c")) {
      fold(user(user));
    }
    table.flush();
    table = table(2);
    table.rebuild();
    for (String user : List.of("c", "b", "a", "d")) {
      fold(user(user));
    }
    emitAll(NOON);
    Map<PlainRollups.Series, Rollup> rollups = PlainRollups.ofRecords(emitted);
    assertThat(ofUser(rollups, "a")).isEqualTo(2);
    assertThat(ofUser(rollups, "b")).isEqualTo(2);
    assertThat(ofUser(rollups, Cube.OTHER)).isEqualTo(3);
    assertThat(guard.folded())
        .contains(new Folded("usage", "default", WindowKind.HOUR, NOON, "user", 3));
  }

  @Test
  void recordsFoldedAgainAfterARestart_countWhereTheyDid() {
    table = table(2);
    // Past the values of a dimension, past the series of a window, and several of one row at once.
    List<NormalizedSpan> calls = new ArrayList<>();
    for (int i = 0; i < 2 * CardinalityGuard.SERIES_PER_VALUE + 20; i++) {
      NormalizedSpan call = user("user-" + i % 3);
      call.layer = Layer.values()[i % Layer.values().length];
      call.team = "t" + i % 2;
      call.apiKey = "k" + i / 2 % 2;
      call.model = "m" + i / 4 % 2;
      call.provider = "p" + i / 8 % 2;
      call.eventTimeMs += i % 7 * MINUTE;
      calls.add(call);
    }
    for (int i = 0; i < calls.size(); i += 5) {
      fold(calls.subList(i, i + 5).toArray(NormalizedSpan[]::new));
      if (i % 15 == 0) {
        table.keep();
      }
    }
    table.keep();
    emitAll(NOON);
    var before = PlainRollups.ofRecords(emitted);
    long folded = foldedUsers();
    assertThat(folded).isPositive();
    emitted.clear();
    table.close();
    table = table(2);
    table.rebuild();
    emitAll(NOON);
    assertThat(PlainRollups.ofRecords(emitted)).isEqualTo(before);
    fold(calls.get(2));
    assertThat(foldedUsers()).isEqualTo(folded + 1);
  }

  private long foldedUsers() {
    return guard.folded().stream()
        .filter(f -> f.window() == WindowKind.HOUR && f.dimension().equals("user"))
        .mapToLong(Folded::calls)
        .sum();
  }

  @Test
  void keptRecords_areFewOnceRowsAreFlushed_andTooManyFlushThem() {
    fold(call(NOON));
    table.keep();
    assertThat(index.entries.keySet()).anyMatch(RollupTableTest::isLogged);
    table.flush();
    assertThat(index.entries.keySet()).noneMatch(RollupTableTest::isLogged);
    RollupFold fold = new RollupFold(Cube.BUILT_IN, 1);
    fold.begin();
    for (int i = 0; i < 5000; i++) {
      fold.add(user("user-" + i));
    }
    int logged = 0;
    for (int i = 0; i < 40; i++) {
      send(fold);
      table.keep();
      logged = (int) index.entries.keySet().stream().filter(RollupTableTest::isLogged).count();
      if (logged == 0) {
        break;
      }
    }
    assertThat(logged).isZero();
  }

  private static boolean isLogged(byte[] key) {
    return key[0] == 'd' && key[1] == (byte) 0xff;
  }

  @Test
  void projects_haveLimitsOfTheirOwn() {
    table = table(1);
    NormalizedSpan other = user("b");
    other.project = "acme";
    fold(user("a"));
    fold(other);
    emitAll(NOON);
    assertThat(ofUser(PlainRollups.ofRecords(emitted), Cube.OTHER)).isZero();
  }

  @Test
  void combinations_pastTheSeriesLimit_foldToo() {
    table = table(10);
    long calls = 0;
    for (int u = 0; u < 10; u++) {
      for (int t = 0; t < 10; t++) {
        for (int k = 0; k < 11; k++) {
          NormalizedSpan call = user("u" + u);
          call.team = "t" + t;
          call.apiKey = "k" + k % 10;
          call.model = k == 10 ? "another" : "model";
          calls++;
          fold(call);
        }
      }
    }
    emitAll(NOON);
    long series = 0;
    long sum = 0;
    for (var e : PlainRollups.ofRecords(emitted).entrySet()) {
      if (e.getKey().cube().equals("usage") && e.getKey().window() == WindowKind.HOUR) {
        series++;
        sum += e.getValue().calls;
      }
    }
    assertThat(sum).isEqualTo(calls);
    assertThat(series).isEqualTo(10 * CardinalityGuard.SERIES_PER_VALUE + 1);
  }

  @Test
  void aMillionUsers_holdBoundedMemory() {
    MapByteStore store = new MapByteStore();
    CardinalityGuard bounded = new CardinalityGuard(10_000, store, 50_000);
    String[] values = {"default", "gateway", "openai", "gpt-4o", "", "", ""};
    for (int i = 0; i < 1_000_000; i++) {
      values[6] = "user-" + i;
      bounded.admit(Cube.USAGE, WindowKind.HOUR, NOON + HOUR * (i % 7), values, 1);
    }
    assertThat(bounded.heldValues()).isLessThanOrEqualTo(60_000);
    assertThat(store.entries).hasSizeLessThan(7 * 10_020);
  }

  private CardinalityGuard guard;
  private int edition;

  private RollupTable table(int limit) {
    guard = new CardinalityGuard(limit, index, 10_000);
    return new RollupTable(Cube.BUILT_IN, rows, index, guard, heldBytes);
  }

  private void fold(NormalizedSpan... calls) {
    RollupFold fold = new RollupFold(Cube.BUILT_IN, 1);
    fold.begin();
    for (NormalizedSpan call : calls) {
      fold.add(call);
    }
    send(fold);
  }

  private void send(RollupFold fold) {
    PartialBatchWriter writer = new PartialBatchWriter();
    writer.begin();
    fold.drain((target, cube, start, dims, r, last) -> writer.add(cube.name(), start, dims, r));
    byte[] record = writer.finish(0, 0, 0, edition);
    sinceCommit.add(record);
    take(record);
  }

  private void take(byte[] record) {
    PartialBatchReader reader = new PartialBatchReader();
    reader.reset(record);
    table.fold(record, reader, ++number);
  }

  private static Map<byte[], byte[]> copy(Map<byte[], byte[]> entries) {
    return new IdentityHashMap<>(entries);
  }

  /** What a commit makes durable: the stores, how far the input is read, what was emitted. */
  private final class Committed {
    private final Map<byte[], byte[]> rowsThen;
    private final Map<byte[], byte[]> indexThen;
    private final List<byte[]> emittedThen;
    private final long numberThen = number;

    Committed() {
      table.keep();
      sinceCommit.clear();
      rowsThen = copy(rows.entries);
      indexThen = copy(index.entries);
      emittedThen = List.copyOf(emitted);
    }

    /** The process dies: everything since is undone and the input comes again. */
    void crash() {
      table.close();
      rows.entries.clear();
      rows.entries.putAll(rowsThen);
      index.entries.clear();
      index.entries.putAll(indexThen);
      emitted.clear();
      emitted.addAll(emittedThen);
      number = numberThen;
      table = table(1000);
      table.rebuild();
      sinceCommit.forEach(RollupTableTest.this::take);
    }
  }

  private void emitAll(long now) {
    table.emitFinestAndEnded(now, emitted::add);
    for (WindowKind kind : WindowKind.values()) {
      table.emit(kind, emitted::add);
    }
  }

  private List<RollupRow> rowsOf(WindowKind kind) {
    List<RollupRow> out = new ArrayList<>();
    for (byte[] record : emitted) {
      RollupRowsReader reader = new RollupRowsReader();
      reader.reset(record);
      while (reader.hasNext()) {
        RollupRow row = reader.next();
        if (row.window == kind) {
          RollupRow copy = new RollupRow();
          copy.cube = row.cube;
          copy.generation = row.generation;
          copy.version = row.version;
          copy.rollup.merge(row.rollup);
          out.add(copy);
        }
      }
    }
    return out;
  }

  private static long calls(
      Map<PlainRollups.Series, Rollup> rollups, WindowKind kind, long startMs) {
    return rollups.get(
            new PlainRollups.Series(
                "summary", kind, startMs, List.of("default", Layer.GATEWAY.label())))
        .calls;
  }

  private static long ofUser(Map<PlainRollups.Series, Rollup> rollups, String user) {
    return rollups.entrySet().stream()
        .filter(e -> e.getKey().cube().equals("usage") && e.getKey().window() == WindowKind.HOUR)
        .filter(e -> e.getKey().dimensions().get(6).equals(user))
        .mapToLong(e -> e.getValue().calls)
        .sum();
  }

  private static NormalizedSpan user(String user) {
    NormalizedSpan call = call(NOON);
    call.user = user;
    return call;
  }

  private static NormalizedSpan call(long eventTimeMs) {
    NormalizedSpan call = new NormalizedSpan();
    call.project = "default";
    call.layer = Layer.GATEWAY;
    call.provider = "openai";
    call.model = "gpt-4o";
    call.eventTimeMs = eventTimeMs;
    call.durationMicros = 1_000_000;
    return call;
  }
}
