/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ClickHouseFailure;
import io.spanmill.clickhouse.NativeBlock;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** ClickHouse as a record of what was asked of it, failing as told. */
final class FakeStore implements BlockStore, ProgressStore {
  record Insert(String table, int from, int to) {
    boolean holds(int row) {
      return from <= row && row < to;
    }
  }

  final List<Insert> inserts = new CopyOnWriteArrayList<>();
  final List<String> order = new CopyOnWriteArrayList<>();
  final List<SourceProgress> progress = new CopyOnWriteArrayList<>();
  final Map<Integer, Long> sinkOffsets = new HashMap<>();

  /** Failures of the next inserts, whatever they hold. */
  final Deque<ClickHouseFailure> next = new ArrayDeque<>();

  /** Inserts for which this holds fail with code 33, a fault of the data. */
  Predicate<Insert> poisoned = insert -> false;

  volatile boolean down;

  /** Whether inserts fail by a fault of ours. */
  volatile boolean broken;

  /** Inserts wait for it. */
  volatile CountDownLatch gate = new CountDownLatch(0);

  private final AtomicInteger inFlight = new AtomicInteger();

  /** Most inserts that were in flight at one time. */
  final AtomicInteger mostInFlight = new AtomicInteger();

  @Override
  public void insert(String table, NativeBlock block, int from, int to) {
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try {
      gate.await();
      insertNow(table, from, to);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private void insertNow(String table, int from, int to) {
    failIfDown();
    if (broken) {
      throw new UnsupportedOperationException("broken");
    }
    if (!next.isEmpty()) {
      throw next.remove();
    }
    Insert insert = new Insert(table, from, to);
    if (poisoned.test(insert)) {
      throw Failures.ofCode(33);
    }
    inserts.add(insert);
    order.add("insert " + table);
  }

  @Override
  public void write(String kind, Collection<SourceProgress> rows) {
    failIfDown();
    progress.addAll(rows);
    order.add("progress");
  }

  @Override
  public Map<Integer, Long> sinkOffsets(String kind) {
    failIfDown();
    return sinkOffsets;
  }

  private void failIfDown() {
    if (down) {
      throw Failures.noAnswer();
    }
  }
}
