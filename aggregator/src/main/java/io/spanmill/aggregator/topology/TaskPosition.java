/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.codec.PackedReader;
import io.spanmill.codec.PackedWriter;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Up to where a task has processed its partition, {@linkplain #save kept} in its state and so part
 * of the same transaction as everything the task wrote. Group offsets may expire; this does not,
 * and a record that is delivered again because of that is recognised. Not thread-safe.
 */
final class TaskPosition {
  private static final byte[] NEXT = {'p'};
  private static final byte[] SOURCE = {'s'};

  private final KeyValueStore<byte[], byte[]> store;
  private final PackedWriter out = new PackedWriter(32);
  private long next;
  private long arrivalMs;
  private boolean changed;

  /**
   * Reads the position back.
   *
   * @throws SourceReplacedException if the state was made from other topics
   */
  TaskPosition(KeyValueStore<byte[], byte[]> store, String sourceId, String task) {
    this.store = store;
    byte[] made = store.get(SOURCE);
    if (made == null) {
      store.put(SOURCE, sourceId.getBytes(StandardCharsets.UTF_8));
    } else if (!sourceId.equals(new String(made, StandardCharsets.UTF_8))) {
      throw new SourceReplacedException(
          "task "
              + task
              + " has state made from the topics "
              + new String(made, StandardCharsets.UTF_8)
              + ", but they are now "
              + sourceId
              + ": topics were deleted and made anew. Put the old ones back, or start over with an"
              + " empty kafka and clickhouse.database");
    }
    byte[] stored = store.get(NEXT);
    if (stored != null) {
      PackedReader in = new PackedReader(stored);
      next = in.varint();
      arrivalMs = in.zigzag();
    }
  }

  /** Offset after the last record processed; 0 before the first. */
  long next() {
    return next;
  }

  /** Arrival of the last record processed; 0 before the first. */
  long arrivalMs() {
    return arrivalMs;
  }

  /** The record at that offset is processed. */
  void advance(long offset, long recordArrivalMs) {
    next = offset + 1;
    arrivalMs = recordArrivalMs;
    changed = true;
  }

  /** Whether a record was processed since it was last {@linkplain #save written}. */
  boolean isChanged() {
    return changed;
  }

  /** Writes it to the state; before each commit. */
  void save() {
    if (changed) {
      out.clear();
      out.varint(next);
      out.zigzag(arrivalMs);
      store.put(NEXT, out.toByteArray());
      changed = false;
    }
  }
}
