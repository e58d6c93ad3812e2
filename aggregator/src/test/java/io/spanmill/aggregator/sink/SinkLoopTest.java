/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spanmill.clickhouse.FixedColumn;
import io.spanmill.clickhouse.NativeBlock;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SinkLoopTest {
  private static final TopicPartition P0 = new TopicPartition("topic", 0);
  private static final TopicPartition P1 = new TopicPartition("topic", 1);
  private static final int MAX_ROWS = 1000;

  private final FakeStore store = new FakeStore();
  private final List<String> letters = new ArrayList<>();

  /** What the metrics tell the time by: turned forward by tests. */
  private final AtomicLong skippedMs = new AtomicLong();

  private final SinkMetrics metrics =
      new SinkMetrics(
          new SimpleMeterRegistry(),
          "test",
          new Clock() {
            @Override
            public Instant instant() {
              return Instant.now().plusMillis(skippedMs.get());
            }

            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }
          });

  private final Rows rows = new Rows();
  private long lingerMs = 20;
  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
  private SinkLoop loop = loop(0);
  private Thread thread = new Thread(loop, "sink-under-test");

  private SinkLoop loop(long intervalMs) {
    return new SinkLoop(
        new SinkLoop.Parts(
            () -> consumer,
            rows,
            store,
            Runnable::run,
            store,
            (topic, partition, offset, reason) ->
                letters.add(topic + "-" + partition + "@" + offset + ": " + reason),
            metrics,
            MAX_ROWS,
            lingerMs,
            intervalMs,
            Clock.systemUTC(),
            new SplittableRandom(1)));
  }

  @AfterEach
  void stop() throws InterruptedException {
    loop.stop();
    thread.join(60_000);
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void rowsComeFirst_thenProgress_thenOffsets() {
    start(Map.of(P0, 0L));
    atPoll(
        () -> {
          put(P0, 0, "1");
          put(P0, 1, "2");
        });
    awaitCommitted(P0, 2);
    assertThat(store.order.get(0)).isEqualTo("insert t");
    assertThat(store.order.get(1)).isEqualTo("progress");
    assertThat(store.inserts).contains(new FakeStore.Insert("t", 0, 2));
    assertThat(store.progress.get(store.progress.size() - 1).sourceOffset()).isEqualTo(2);
    assertThat(loop.hasJoined()).isTrue();
  }

  @Test
  void afterAnInsert_rowsWaitForTheInterval_unlessTheBatchIsFull() {
    loop = loop(3_600_000);
    thread = new Thread(loop, "sink-under-test");
    start(Map.of(P0, 0L));
    atPoll(() -> put(P0, 0, "1"));
    // The first batch after a quiet time waits for nothing but its linger.
    awaitCommitted(P0, 1);
    CountDownLatch taken = new CountDownLatch(1);
    atPoll(() -> put(P0, 1, "2"));
    atPoll(taken::countDown);
    Awaitility.await().until(() -> taken.getCount() == 0 && rows.seen.contains(1L));
    assertThat(committed(P0)).isEqualTo(1);
    atPoll(
        () -> {
          for (int i = 2; i <= MAX_ROWS; i++) {
            put(P0, i, "3");
          }
        });
    awaitCommitted(P0, MAX_ROWS + 1);
    assertThat(store.inserts)
        .containsExactly(new FakeStore.Insert("t", 0, 1), new FakeStore.Insert("t", 0, MAX_ROWS));
  }

  @Test
  void offsetsAlone_holdUpNoRowsAfterThem() {
    rows.tellsPositions = false;
    loop = loop(3_600_000);
    thread = new Thread(loop, "sink-under-test");
    start(Map.of(P0, 0L, P1, 0L));
    // As the mark of an ended transaction does: a position past it, and no record.
    atPoll(() -> consumer.seek(P0, 7));
    awaitCommitted(P0, 7);
    atPoll(() -> put(P0, 7, "1"));
    awaitCommitted(P0, 8);
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 1));
  }

  @Test
  void aBatchThatIsWhole_isNotHeldForMore() {
    lingerMs = 3_600_000;
    loop = loop(0);
    thread = new Thread(loop, "sink-under-test");
    start(Map.of(P0, 0L, P1, 0L));
    atPoll(() -> put(P0, 0, "1"));
    atPoll(() -> put(P1, 0, "2"));
    Awaitility.await().until(() -> rows.seen.size() == 2);
    assertThat(committed(P0)).isEqualTo(0);
    atPoll(
        () -> {
          rows.whole = true;
          put(P1, 1, "3");
        });
    awaitCommitted(P1, 2);
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 3));
  }

  @Test
  void whileClickHouseIsAway_nothingIsCommitted_andAllIsWrittenAfterwards() {
    store.down = true;
    start(Map.of(P0, 0L));
    atPoll(() -> put(P0, 0, "1"));
    Awaitility.await().until(metrics::isTroubled);
    assertThat(committed(P0)).isEqualTo(0);
    assertThat(store.inserts).isEmpty();
    store.down = false;
    awaitCommitted(P0, 1);
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 1));
    assertThat(metrics.isTroubled()).isFalse();
  }

  @Test
  void anInsertWithoutAnAnswer_showsAsHung_andNoOtherBatchIsInFlightBesideIt() {
    store.gate = new CountDownLatch(1);
    start(Map.of(P0, 0L, P1, 0L));
    atPoll(
        () -> {
          put(P0, 0, "1");
          put(P1, 0, "2");
        });
    Awaitility.await().until(() -> store.mostInFlight.get() == 1);
    // No failure, no trouble, and yet no progress: readiness goes by this.
    skippedMs.set(120_000);
    assertThat(metrics.isTroubled()).isFalse();
    assertThat(metrics.hungMs()).isGreaterThan(SinkRunner.HUNG_LIMIT_MS);
    store.gate.countDown();
    awaitCommitted(P0, 1);
    Awaitility.await().until(() -> metrics.hungMs() < 5000);
    assertThat(store.mostInFlight.get()).isEqualTo(1);
  }

  @Test
  void whileClickHouseIsAway_theLoopComesRound() {
    store.down = true;
    start(Map.of(P0, 0L));
    atPoll(() -> put(P0, 0, "1"));
    Awaitility.await().until(metrics::isTroubled);
    skippedMs.set(120_000);
    Awaitility.await().until(() -> metrics.hungMs() < 5000);
    assertThat(metrics.troubleMs()).isGreaterThan(100_000);
  }

  @Test
  void aRebalance_dropsTheBatchInHand_withoutCommitting() {
    store.down = true;
    start(Map.of(P0, 0L, P1, 0L));
    atPoll(() -> put(P0, 0, "1"));
    Awaitility.await().until(metrics::isTroubled);
    atPoll(() -> consumer.rebalance(List.of(P1)));
    Awaitility.await().until(() -> rows.cleared > 0 && consumer.assignment().equals(Set.of(P1)));
    store.down = false;
    atPoll(() -> put(P1, 0, "5"));
    awaitCommitted(P1, 1);
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 1));
    assertThat(committed(P0)).isEqualTo(0);
  }

  @Test
  void aRecordNobodyUnderstands_isSetAside_andTheRestGoesOn() {
    start(Map.of(P0, 0L));
    atPoll(
        () -> {
          put(P0, 0, "1");
          put(P0, 1, "garbage");
          put(P0, 2, "3");
        });
    awaitCommitted(P0, 3);
    assertThat(letters).hasSize(1);
    assertThat(letters.get(0)).startsWith("topic-0@1: not stored");
    assertThat(store.inserts).containsExactly(new FakeStore.Insert("t", 0, 2));
  }

  @Test
  void aPoisonousRow_isSetAside_byItsRecord() {
    store.poisoned = insert -> insert.holds(1);
    start(Map.of(P0, 0L));
    atPoll(
        () -> {
          put(P0, 0, "1");
          put(P0, 1, "2");
          put(P0, 2, "3");
        });
    awaitCommitted(P0, 3);
    assertThat(letters).hasSize(1);
    assertThat(letters.get(0)).startsWith("topic-0@1: table t refuses a row");
  }

  @Test
  void groupOffsetsThatAreGone_comeFromClickHouse() {
    store.sinkOffsets.put(0, 5L);
    start(Map.of());
    atPoll(
        () -> {
          for (int i = 0; i < 8; i++) {
            put(P0, i, "" + i);
          }
        });
    awaitCommitted(P0, 8);
    assertThat(rows.seen).doesNotContain(0L, 4L).contains(5L, 7L);
  }

  @Test
  void groupOffsetsThatAreGone_areWaitedForWhileClickHouseIsAway() {
    store.sinkOffsets.put(0, 5L);
    store.down = true;
    start(Map.of());
    Awaitility.await().until(metrics::isTroubled);
    atPoll(
        () -> {
          for (int i = 0; i < 8; i++) {
            put(P0, i, "" + i);
          }
        });
    store.down = false;
    awaitCommitted(P0, 8);
    assertThat(rows.seen).doesNotContain(0L, 4L).contains(5L, 7L);
  }

  @Test
  void aKnownGroupOffset_isWhereReadingGoesOn() {
    start(Map.of(P0, 3L));
    atPoll(
        () -> {
          for (int i = 0; i < 5; i++) {
            put(P0, i, "" + i);
          }
        });
    awaitCommitted(P0, 5);
    assertThat(rows.seen).doesNotContain(0L, 2L).contains(3L, 4L);
  }

  @Test
  void firstStartOfAll_beginsAtTheBeginning() {
    start(Map.of());
    atPoll(() -> put(P0, 0, "1"));
    awaitCommitted(P0, 1);
    assertThat(rows.seen).contains(0L);
  }

  /** Hands the partitions over, with these committed offsets, at the first poll. */
  private void start(Map<TopicPartition, Long> offsets) {
    consumer.updateBeginningOffsets(Map.of(P0, 0L, P1, 0L));
    consumer.updateEndOffsets(Map.of(P0, 100L, P1, 100L));
    Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
    offsets.forEach((p, o) -> commits.put(p, new OffsetAndMetadata(o)));
    atPoll(
        () -> {
          // Subscribing makes the mock forget earlier commits.
          consumer.commitSync(commits);
          consumer.rebalance(offsets.isEmpty() ? Set.of(P0) : offsets.keySet());
        });
    thread.start();
  }

  private void atPoll(Runnable task) {
    consumer.schedulePollTask(task);
  }

  private void put(TopicPartition partition, long offset, String value) {
    consumer.addRecord(
        new ConsumerRecord<>(
            partition.topic(),
            partition.partition(),
            offset,
            null,
            value.getBytes(StandardCharsets.UTF_8)));
  }

  private void awaitCommitted(TopicPartition partition, long offset) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .untilAsserted(() -> assertThat(committed(partition)).isEqualTo(offset));
  }

  private long committed(TopicPartition partition) {
    OffsetAndMetadata offset = consumer.committed(Set.of(partition)).get(partition);
    return offset == null ? 0 : offset.offset();
  }

  /** One row per record that holds a number. */
  private static final class Rows implements BatchRows {
    final NativeBlock block = new NativeBlock();
    final FixedColumn n = block.int32("n");
    final TableBlock table = new TableBlock("t", block);
    final Markers markers = new Markers();
    final List<Long> seen = new CopyOnWriteArrayList<>();
    volatile int cleared;

    /** Whether positions are told as progress. */
    volatile boolean tellsPositions = true;

    volatile boolean whole;

    @Override
    public String kind() {
      return "test";
    }

    @Override
    public String topic() {
      return "topic";
    }

    @Override
    public int fetchMinBytes() {
      return 1;
    }

    @Override
    public void add(ConsumerRecord<byte[], byte[]> record) {
      int value = Integer.parseInt(new String(record.value(), StandardCharsets.UTF_8));
      seen.add(record.offset());
      n.add(value);
      table.endRow(record.partition(), record.offset());
    }

    @Override
    public void positioned(int partition, long offset) {
      if (tellsPositions) {
        markers.put(new SourceProgress(partition, partition, offset, 1, offset, 1));
      }
    }

    @Override
    public boolean isWhole(int partitions) {
      return whole;
    }

    @Override
    public int rows() {
      return block.rows();
    }

    @Override
    public long sizeBytes() {
      return block.sizeBytes();
    }

    @Override
    public List<TableBlock> blocks() {
      return List.of(table);
    }

    @Override
    public boolean inOrder() {
      return false;
    }

    @Override
    public List<SourceProgress> progress() {
      return markers.latest();
    }

    @Override
    public void clear() {
      table.clear();
      markers.clear();
      cleared++;
    }
  }
}
