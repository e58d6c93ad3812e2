/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.codec.PackedReader;
import io.spanmill.codec.PackedWriter;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The edition of the rollups that a task of stage 1 counts in, kept in its state: with the cut it
 * is part of one transaction, so a partition goes over at one offset, whatever dies. Not
 * thread-safe.
 */
final class TaskEdition {
  private static final byte[] KEY = {'e'};

  private final KeyValueStore<byte[], byte[]> store;
  private int edition;

  TaskEdition(KeyValueStore<byte[], byte[]> store) {
    this.store = store;
    byte[] stored = store.get(KEY);
    edition = stored == null ? 0 : new PackedReader(stored).count();
  }

  int get() {
    return edition;
  }

  void set(int newEdition) {
    edition = newEdition;
    PackedWriter out = new PackedWriter(8);
    out.varint(newEdition);
    store.put(KEY, out.toByteArray());
  }
}
