/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rebuild;

import io.spanmill.aggregator.rollup.ByteStore;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store in memory that knows about how large it is. Not thread-safe. */
final class MemoryByteStore implements ByteStore {
  /** Tree node and two array headers. */
  private static final int ENTRY_OVERHEAD_BYTES = 96;

  private final TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
  private long sizeBytes;

  @Override
  public byte @Nullable [] get(byte[] key) {
    return entries.get(key);
  }

  @Override
  public void put(byte[] key, byte[] value) {
    byte[] before = entries.put(key, value);
    sizeBytes +=
        before == null
            ? key.length + value.length + ENTRY_OVERHEAD_BYTES
            : value.length - before.length;
  }

  @Override
  public void delete(byte[] key) {
    byte[] before = entries.remove(key);
    if (before != null) {
      sizeBytes -= key.length + before.length + ENTRY_OVERHEAD_BYTES;
    }
  }

  @Override
  public void range(byte[] from, byte[] to, Visitor visitor) {
    for (Map.Entry<byte[], byte[]> entry : entries.subMap(from, true, to, true).entrySet()) {
      if (!visitor.visit(entry.getKey(), entry.getValue())) {
        return;
      }
    }
  }

  void clear() {
    entries.clear();
    sizeBytes = 0;
  }

  long sizeBytes() {
    return sizeBytes;
  }
}
