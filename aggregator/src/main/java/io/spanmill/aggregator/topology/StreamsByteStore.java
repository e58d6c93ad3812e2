/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.topology;

import io.spanmill.aggregator.dedup.BatchStore;
import io.spanmill.aggregator.rollup.ByteStore;
import java.nio.ByteBuffer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** The fold's and the deduplicator's stores on a Streams store. */
final class StreamsByteStore implements ByteStore, BatchStore {
  private static final byte BATCH = 'b';

  private final KeyValueStore<byte[], byte[]> store;

  StreamsByteStore(KeyValueStore<byte[], byte[]> store) {
    this.store = store;
  }

  @Override
  public byte @Nullable [] get(byte[] key) {
    return store.get(key);
  }

  @Override
  public void put(byte[] key, byte[] value) {
    store.put(key, value);
  }

  @Override
  public void delete(byte[] key) {
    store.delete(key);
  }

  @Override
  public void range(byte[] from, byte[] to, ByteStore.Visitor visitor) {
    try (KeyValueIterator<byte[], byte[]> entries = store.range(from, to)) {
      while (entries.hasNext()) {
        KeyValue<byte[], byte[]> entry = entries.next();
        if (!visitor.visit(entry.key, entry.value)) {
          return;
        }
      }
    }
  }

  @Override
  public void put(long offset, byte[] batch) {
    store.put(key(offset), batch);
  }

  @Override
  public void delete(long offset) {
    store.delete(key(offset));
  }

  @Override
  public void forEach(BatchStore.Visitor visitor) {
    range(
        key(0),
        key(Long.MAX_VALUE),
        (key, value) -> {
          visitor.visit(ByteBuffer.wrap(key, 1, Long.BYTES).getLong(), value);
          return true;
        });
  }

  private static byte[] key(long offset) {
    return ByteBuffer.allocate(9).put(BATCH).putLong(offset).array();
  }
}
