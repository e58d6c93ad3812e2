/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.sink;

import io.spanmill.clickhouse.ClickHouseFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets blocks into their tables: waits and tries again while the server is at fault, halves a block
 * while the rows are, until the rows at fault stand alone. Used by one thread, which waits for what
 * others do for it.
 */
final class BlockInserter {
  private static final Logger LOG = LoggerFactory.getLogger(BlockInserter.class);
  private static final long FIRST_PAUSE_MS = 100;
  private static final long LONGEST_PAUSE_MS = 10_000;

  /** Attempts with a whole block before memory trouble is met by halving it. */
  private static final int ATTEMPTS_BEFORE_HALVING = 3;

  /**
   * So many refused rows and none accepted: then it is not the rows. Such a batch waits for help
   * instead of emptying the topic into the dead letters.
   */
  private static final int MAX_POISON_WITHOUT_SUCCESS = 16;

  private static final int MEMORY_LIMIT_EXCEEDED = 241;

  private final BlockStore store;
  private final Executor executor;
  private final Pause pause;
  private final RandomGenerator random;
  private final SinkMetrics metrics;

  /**
   * @param executor what inserts side by side run on
   */
  BlockInserter(
      BlockStore store,
      Executor executor,
      Pause pause,
      RandomGenerator random,
      SinkMetrics metrics) {
    this.store = store;
    this.executor = executor;
    this.pause = pause;
    this.random = random;
    this.metrics = metrics;
  }

  /** The same for several blocks, one after the other. */
  List<PoisonRow> insertInOrder(List<TableBlock> tables) throws BatchAbandoned {
    List<PoisonRow> poison = new ArrayList<>();
    for (TableBlock table : tables) {
      poison.addAll(insert(table));
    }
    return poison;
  }

  /**
   * The same with all blocks at once. Those the server does not take so are inserted one after the
   * other: trouble is met alone. Returns when none is in flight any more, however it ends.
   */
  List<PoisonRow> insertSideBySide(List<TableBlock> tables) throws BatchAbandoned {
    Queue<TableBlock> left = new ConcurrentLinkedQueue<>();
    List<CompletableFuture<Void>> inFlight = new ArrayList<>();
    for (TableBlock table : tables) {
      if (table.block().isEmpty()) {
        continue;
      }
      inFlight.add(
          CompletableFuture.runAsync(
              () -> {
                if (!isTaken(table)) {
                  left.add(table);
                }
              },
              executor));
    }
    try {
      CompletableFuture.allOf(inFlight.toArray(new CompletableFuture<?>[0])).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException fault ? fault : e;
    }
    return insertInOrder(List.copyOf(left));
  }

  private boolean isTaken(TableBlock table) {
    try {
      insertOnce(table, 0, table.block().rows());
      return true;
    } catch (ClickHouseFailure e) {
      report(e, 0);
      return false;
    }
  }

  private void insertOnce(TableBlock table, int from, int to) {
    long startedNanos = System.nanoTime();
    store.insert(table.table(), table.block(), from, to);
    metrics.inserted(table.table(), to - from, System.nanoTime() - startedNanos);
  }

  /**
   * Inserts all rows but the poisonous ones.
   *
   * @return the poisonous rows, in order
   * @throws BatchAbandoned if told so while waiting; some rows may have been written
   */
  List<PoisonRow> insert(TableBlock table) throws BatchAbandoned {
    for (int attempt = 0; ; attempt++) {
      Attempt run = new Attempt(table);
      try {
        if (!table.block().isEmpty()) {
          run.insert(0, table.block().rows());
        }
        return run.poison;
      } catch (NotTheRows e) {
        LOG.error(
            "{} rows for table {} were refused one by one and none was taken, so the rows are not"
                + " at fault; waiting. ClickHouse says: {}",
            run.poison.size(),
            table.table(),
            run.poison.get(0).reason());
        metrics.failed(0);
        pause.await(pauseMs(attempt + 4));
      }
    }
  }

  /** Repeats something that is no insert of rows until it succeeds. */
  void untilDone(Runnable action) throws BatchAbandoned {
    for (int attempt = 0; ; attempt++) {
      try {
        action.run();
        metrics.succeeded();
        return;
      } catch (ClickHouseFailure e) {
        report(e, attempt);
        pause.await(pauseMs(attempt));
      }
    }
  }

  private final class Attempt {
    private final TableBlock table;
    private final List<PoisonRow> poison = new ArrayList<>();
    private boolean anyTaken;

    Attempt(TableBlock table) {
      this.table = table;
    }

    void insert(int from, int to) throws BatchAbandoned, NotTheRows {
      for (int attempt = 0; ; attempt++) {
        try {
          insertOnce(table, from, to);
          anyTaken = true;
          return;
        } catch (ClickHouseFailure e) {
          report(e, attempt);
          boolean tooLarge =
              e.code() == MEMORY_LIMIT_EXCEEDED && attempt + 1 >= ATTEMPTS_BEFORE_HALVING;
          if (e.kind() == ClickHouseFailure.Kind.DATA || (tooLarge && to - from > 1)) {
            halve(from, to, e);
            return;
          }
          pause.await(pauseMs(attempt));
        }
      }
    }

    private void halve(int from, int to, ClickHouseFailure e) throws BatchAbandoned, NotTheRows {
      if (to - from == 1) {
        poison.add(
            new PoisonRow(
                table.table(),
                table.origins().partition(from),
                table.origins().offset(from),
                String.valueOf(e.getMessage())));
        if (!anyTaken && poison.size() >= MAX_POISON_WITHOUT_SUCCESS) {
          throw new NotTheRows();
        }
        return;
      }
      int middle = (from + to) >>> 1;
      insert(from, middle);
      insert(middle, to);
    }
  }

  private static final class NotTheRows extends Exception {
    private static final long serialVersionUID = 1;

    NotTheRows() {
      super("every row is refused", null, false, false);
    }
  }

  private void report(ClickHouseFailure e, int attempt) {
    metrics.failed(e.code());
    // Once at the beginning of a trouble, then about each minute.
    if (attempt == 0 || attempt % 6 == 5) {
      LOG.warn("{} ({}), attempt {}", e.getMessage(), e.kind(), attempt + 1);
    }
  }

  /** Doubling, with a quarter of jitter either way. */
  private long pauseMs(int attempt) {
    long base = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(attempt, 10));
    return base * 3 / 4 + random.nextLong(base / 2 + 1);
  }
}
