/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.aggregator.rollup.RollupFold;
import io.spanmill.codec.PartialBatchReader;
import io.spanmill.codec.PartialBatchWriter;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What stage 1 has combined but not yet handed on, kept in its state while a commit goes by: a call
 * whose record is committed waits in memory alone at no time. Partials that are derived from others
 * are left out. Not thread-safe.
 */
final class PendingPartials {
  private static final byte PREFIX = 'f';

  /** A value is split past about this size, well under the broker's limit. */
  private static final int CHUNK_BYTES = 400_000;

  private final KeyValueStore<byte[], byte[]> store;
  private final PartialBatchWriter writer = new PartialBatchWriter();
  private int chunks;

  PendingPartials(KeyValueStore<byte[], byte[]> store) {
    this.store = store;
  }

  /**
   * Adds what was kept to a fold.
   *
   * @return how many were of cubes that are no longer configured
   */
  int readInto(RollupFold fold) {
    int unknown = 0;
    PartialBatchReader reader = new PartialBatchReader();
    try (KeyValueIterator<byte[], byte[]> kept = store.range(key(0), key(0xff))) {
      while (kept.hasNext()) {
        KeyValue<byte[], byte[]> chunk = kept.next();
        // The release before kept those of all cubes: the derived ones among them add nothing.
        reader.reset(chunk.value);
        while (reader.hasNext()) {
          unknown += fold.add(reader.next()) ? 0 : 1;
        }
        chunks++;
      }
    }
    return unknown;
  }

  /** Keeps what the fold has, in place of what was kept before; of that edition. */
  void save(RollupFold fold, int edition) {
    int before = chunks;
    chunks = 0;
    writer.begin();
    fold.drainUnderived(
        (target, cube, windowStartMs, dimensions, rollup, last) -> {
          writer.add(cube.name(), windowStartMs, dimensions, rollup);
          if (writer.sizeBytes() >= CHUNK_BYTES) {
            put(edition);
          }
        });
    if (writer.size() > 0) {
      put(edition);
    }
    for (int i = chunks; i < before; i++) {
      store.delete(key(i));
    }
  }

  private void put(int edition) {
    store.put(key(chunks++), writer.finishUnderived(edition));
    writer.begin();
  }

  private static byte[] key(int chunk) {
    return new byte[] {PREFIX, (byte) chunk};
  }
}
