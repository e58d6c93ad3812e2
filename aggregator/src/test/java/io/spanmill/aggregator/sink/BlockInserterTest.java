/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.NativeBlock;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockInserterTest {
  private final FakeStore store = new FakeStore();
  private final List<Long> pauses = new ArrayList<>();
  private final SinkMetrics metrics =
      new SinkMetrics(new SimpleMeterRegistry(), "test", Clock.systemUTC());
  private final ExecutorService executor = Executors.newFixedThreadPool(4);
  private Pause pause = pauses::add;
  private final BlockInserter inserter =
      new BlockInserter(
          store, executor, millis -> pause.await(millis), new SplittableRandom(1), metrics);

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  @Test
  void aWholeBlock_isOneInsert() throws Exception {
    assertThat(inserter.insert(rows(100))).isEmpty();
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 100));
    assertThat(pauses).isEmpty();
  }

  @Test
  void anEmptyBlock_isNoInsert() throws Exception {
    assertThat(inserter.insert(rows(0))).isEmpty();
    assertThat(store.inserts).isEmpty();
  }

  @Test
  void transientFailures_areRetriedWithGrowingPauses_wholeBlockEachTime() throws Exception {
    for (int i = 0; i < 9; i++) {
      store.next.add(i % 2 == 0 ? Failures.ofCode(252) : Failures.noAnswer());
    }
    assertThat(inserter.insert(rows(10))).isEmpty();
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 10));
    assertThat(pauses).hasSize(9);
    assertThat(pauses.get(0)).isBetween(75L, 126L);
    assertThat(pauses.get(8)).isBetween(7500L, 12_501L);
  }

  @Test
  void failuresOfTheSetUp_areWaitedFor_andNothingIsSetAside() throws Exception {
    for (int i = 0; i < 20; i++) {
      store.next.add(Failures.ofCode(516));
    }
    assertThat(inserter.insert(rows(10))).isEmpty();
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 10));
    assertThat(pauses).hasSize(20);
  }

  @Test
  void poisonousRows_areFoundByHalving_andAllOthersGetIn() throws Exception {
    store.poisoned = insert -> insert.holds(3) || insert.holds(77);
    List<PoisonRow> poison = inserter.insert(rows(100));
    assertThat(poison).extracting(PoisonRow::offset).containsExactly(1003L, 1077L);
    assertThat(poison).extracting(PoisonRow::partition).containsOnly(7);
    for (int row = 0; row < 100; row++) {
      int n = row;
      assertThat(store.inserts.stream().filter(i -> i.holds(n)).count())
          .as("row %d", row)
          .isEqualTo(row == 3 || row == 77 ? 0 : 1);
    }
    assertThat(pauses).isEmpty();
  }

  @Test
  void aServerThatRefusesEveryRow_isWaitedFor_notFedToTheDeadLetters() throws Exception {
    store.poisoned = insert -> true;
    pause =
        millis -> {
          pauses.add(millis);
          store.poisoned = insert -> false;
        };
    assertThat(inserter.insert(rows(100))).isEmpty();
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 100));
    assertThat(pauses).hasSize(1);
  }

  @Test
  void memoryTrouble_halvesTheBlockAfterSomeAttempts() throws Exception {
    for (int i = 0; i < 3; i++) {
      store.next.add(Failures.ofCode(241));
    }
    assertThat(inserter.insert(rows(10))).isEmpty();
    assertThat(store.inserts)
        .containsExactly(new FakeStore.Insert("t", 0, 5), new FakeStore.Insert("t", 5, 10));
  }

  @Test
  void blocksSideBySide_areInFlightAtOnce_andAllWrittenWhenItReturns() throws Exception {
    store.gate = new CountDownLatch(1);
    Thread opener =
        new Thread(
            () -> {
              Awaitility.await().until(() -> store.mostInFlight.get() == 3);
              store.gate.countDown();
            });
    opener.start();
    assertThat(inserter.insertSideBySide(List.of(rows("a", 5), rows("b", 6), rows("c", 7))))
        .isEmpty();
    opener.join();
    assertThat(store.inserts)
        .containsExactlyInAnyOrder(
            new FakeStore.Insert("a", 0, 5),
            new FakeStore.Insert("b", 0, 6),
            new FakeStore.Insert("c", 0, 7));
  }

  @Test
  void ofBlocksSideBySide_thoseNotTaken_areInsertedAgainOneByOne_andNoOther() throws Exception {
    store.poisoned = insert -> insert.table().equals("b") && insert.holds(3);
    List<PoisonRow> poison =
        inserter.insertSideBySide(List.of(rows("a", 5), rows("b", 8), rows("c", 7)));
    assertThat(poison).extracting(PoisonRow::table).containsExactly("b");
    assertThat(poison).extracting(PoisonRow::offset).containsExactly(1003L);
    assertThat(store.inserts.stream().filter(i -> i.table().equals("a"))).hasSize(1);
    assertThat(store.inserts.stream().filter(i -> i.table().equals("c"))).hasSize(1);
    for (int row = 0; row < 8; row++) {
      int n = row;
      assertThat(store.inserts.stream().filter(i -> i.table().equals("b") && i.holds(n)).count())
          .as("row %d", row)
          .isEqualTo(row == 3 ? 0 : 1);
    }
  }

  @Test
  void whileTheServerIsAway_blocksSideBySideWait() throws Exception {
    store.down = true;
    pause =
        millis -> {
          pauses.add(millis);
          store.down = false;
        };
    assertThat(inserter.insertSideBySide(List.of(rows("a", 5), rows("b", 6)))).isEmpty();
    assertThat(pauses).hasSize(1);
    assertThat(store.inserts)
        .containsExactlyInAnyOrder(
            new FakeStore.Insert("a", 0, 5), new FakeStore.Insert("b", 0, 6));
  }

  @Test
  void aFaultOfOurs_isNotTakenForOneOfTheServer() {
    store.broken = true;
    assertThatThrownBy(() -> inserter.insertSideBySide(List.of(rows("a", 5), rows("b", 6))))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void anAbandonedBatch_endsTheWaiting() {
    store.down = true;
    pause =
        millis -> {
          throw new BatchAbandoned();
        };
    assertThatThrownBy(() -> inserter.insert(rows(10))).isInstanceOf(BatchAbandoned.class);
  }

  @Test
  void trouble_lastsFromTheFirstFailureToTheNextSuccess() throws Exception {
    store.next.add(Failures.noAnswer());
    List<Boolean> troubled = new ArrayList<>();
    pause = millis -> troubled.add(metrics.isTroubled());
    inserter.insert(rows(1));
    assertThat(troubled).containsExactly(true);
    assertThat(metrics.isTroubled()).isFalse();
  }

  private static TableBlock rows(int count) {
    return rows("t", count);
  }

  private static TableBlock rows(String name, int count) {
    NativeBlock block = new NativeBlock();
    FixedColumn n = block.int32("n");
    TableBlock table = new TableBlock(name, block);
    for (int i = 0; i < count; i++) {
      n.add(i);
      table.endRow(7, 1000 + i);
    }
    return table;
  }
}
