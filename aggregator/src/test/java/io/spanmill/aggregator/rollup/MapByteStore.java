/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.rollup;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** The port in memory. */
final class MapByteStore implements ByteStore {
  final TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

  @Override
  public byte[] get(byte[] key) {
    return entries.get(key);
  }

  @Override
  public void put(byte[] key, byte[] value) {
    entries.put(key, value);
  }

  @Override
  public void delete(byte[] key) {
    entries.remove(key);
  }

  @Override
  public void range(byte[] from, byte[] to, Visitor visitor) {
    for (Map.Entry<byte[], byte[]> e : entries.subMap(from, true, to, true).entrySet()) {
      if (!visitor.visit(e.getKey(), e.getValue())) {
        return;
      }
    }
  }
}
